"""The tier of a partner: a tag, and custom fields where an administrator made them. Only what changed is written.

All our tags stand under one parent tag and begin with their program: what stands there for the program and is not the
tier is the tier before, and goes.
"""

from __future__ import annotations

from typing import Any

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.settings import OdooSettings
from connectors.spi import Remote, TierRequest, WriteRefused
from core.money import divide, minor_units, text

_PERCENT = 100


class Tiers:
    """Writes the standing of partners. Writing the same standing again changes nothing."""

    def __init__(self, client: OdooClient, settings: OdooSettings, companies: Companies) -> None:
        self.client, self.settings, self.companies = client, settings, companies
        self._tags: dict[tuple[str, int], int] = {}

    def create(self, request: TierRequest) -> Remote:
        """State the standing. Raises WriteRefused where there is no such partner."""
        fields = self._fields(request)
        names = ["category_id", *fields]
        rows: list[dict[str, Any]] = []
        if request.account.isdecimal():
            partner = int(request.account)
            rows = self.client.call(
                "res.partner", "read", ids=[partner], fields=names, context=self.companies.context()
            )
        if not rows:
            raise WriteRefused(f"there is no partner {request.account} in Odoo")
        if self.settings.write.tag:
            self._tag(partner, rows[0]["category_id"], request)
        changed = {name: value for name, value in fields.items() if not self._same(rows[0][name], value, request)}
        if changed:
            answer = self.client.call(
                "res.partner",
                "load",
                fields=[".id", *changed],
                data=[[request.account, *changed.values()]],
                context=self.companies.context(),
                writes=True,
            )
            if not answer["ids"]:
                raise WriteRefused("\n".join(str(message.get("message", "")) for message in answer["messages"]))
        return Remote(request.key, request.account, account=request.account)

    def _fields(self, request: TierRequest) -> dict[str, str]:
        """Custom fields and their values, as text."""
        currency, to_next = request.currency, request.to_next or 0
        reached = request.measure + to_next
        progress = divide(max(request.measure, 0) * _PERCENT, reached) if to_next > 0 and reached > 0 else _PERCENT
        values = {
            "tier": request.tier,
            "since": request.since.isoformat() if request.since else "",
            "progress": str(progress),
            "to_next": text(to_next, currency),
            "accrued": text(request.accrued, currency),
        }
        return {name: values[shown] for shown, name in self.settings.write.fields.items()}

    @staticmethod
    def _same(theirs: object, ours: str, request: TierRequest) -> bool:
        """Whether a field holds the value already; empty fields are False in Odoo."""
        if theirs is False or theirs is None:
            return ours == ""
        if isinstance(theirs, str) or ours == "":
            return theirs == ours
        return minor_units(ours, request.currency) == minor_units(theirs, request.currency)

    def _tag(self, partner: int, carried: list[int], request: TierRequest) -> None:
        parent, program = self._tag_id(self.settings.write.tag, 0), f"{request.program}: "
        wanted = self._tag_id(program + request.tier, parent)
        pattern = program.replace("_", r"\_") + "%"
        domain = [("parent_id", "=", parent), ("name", "=like", pattern)]
        siblings = self.client.call("res.partner.category", "search", domain=domain, context=self.companies.context())
        commands = [[3, tag] for tag in carried if tag in siblings and tag != wanted]
        if wanted not in carried:
            commands.append([4, wanted])
        if commands:
            self.client.call(
                "res.partner",
                "write",
                ids=[partner],
                vals={"category_id": commands},
                context=self.companies.context(),
                writes=True,
            )

    def _tag_id(self, name: str, parent: int) -> int:
        """The tag of a name under a parent (0: none), the oldest where there are several; made where there is none."""
        if (name, parent) not in self._tags:
            context = self.companies.context()
            domain = [("name", "=", name), ("parent_id", "=", parent or False)]
            found = self.client.call("res.partner.category", "search", domain=domain, order="id", context=context)
            if not found:
                values = {"name": name} | ({"parent_id": parent} if parent else {})
                self.client.call("res.partner.category", "create", vals_list=[values], context=context, writes=True)
                found = self.client.call("res.partner.category", "search", domain=domain, order="id", context=context)
            self._tags[name, parent] = found[0]
        return self._tags[name, parent]
