"""The tier of a partner: a tag, and custom fields where an administrator made them. Only what changed is written.

All our tags stand under one parent tag and begin with their program: what stands there for the program and is not the
tier is the tier before, and goes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.identity import NotLoaded, load
from connectors.odoo.settings import OdooSettings
from connectors.spi import Remote, TierRequest, WriteRefused
from core.errors import DataError, FatalError
from core.money import divide, parse_decimal, text

_PERCENT = 100


class Tiers:
    """Writes the standing of partners. Writing the same standing again changes nothing."""

    def __init__(self, client: OdooClient, settings: OdooSettings, companies: Companies) -> None:
        self.client, self.settings, self.companies = client, settings, companies
        self._tags: dict[tuple[str, int], int] = {}

    def create(self, request: TierRequest) -> Remote:
        """State the standing. Raises WriteRefused where the company has no such partner."""
        wanted = self._fields(request)
        partner = self._partner(request.account, list(wanted))
        if self.settings.write.tag:
            self._tag(partner, request)
        changed = {name: value for name, value in wanted.items() if not _same(partner[name], value)}
        if changed:
            row = [request.account, *changed.values()]
            try:
                load(self.client, self._context(), "res.partner", [".id", *changed], [row])
            except NotLoaded as error:
                raise WriteRefused(error.messages) from None
        return Remote(request.key, request.account, account=request.account)

    def _call(self, model: str, method: str, **named: Any) -> Any:
        return self.client.call(model, method, context=self._context(), **named)

    def _context(self) -> dict[str, Any]:
        """The context of calls that see archived partners too: they may be owed something still."""
        return self.companies.context() | {"active_test": False}

    def _partner(self, account: str, names: list[str]) -> dict[str, Any]:
        """The partner with its tags and custom fields. Found by searching: reading one of another company would end in
        an error about rights, and stop everything else."""
        rows: list[dict[str, Any]] = []
        if account.isdecimal():
            domain = [("id", "=", int(account))]
            try:
                rows = self._call("res.partner", "search_read", domain=domain, fields=["category_id", *names])
            except FatalError:
                self._explain(names)
                raise
        if not rows:
            raise WriteRefused(f"there is no partner {account} in Odoo")
        return rows[0]

    def _explain(self, names: list[str]) -> None:
        """Raises FatalError where fields are missing."""
        there = self._call("res.partner", "fields_get", allfields=names, attributes=["type"]) if names else {}
        if missing := [name for name in names if name not in there]:
            raise FatalError(
                f"partners in Odoo have no field {', '.join(missing)}",
                hint="let an administrator add it to Contacts, or take it out of write.fields",
            )

    def _fields(self, request: TierRequest) -> dict[str, str]:
        """Custom fields and their values, as text."""
        to_next = request.to_next or 0
        reached = request.measure + to_next
        progress = divide(max(request.measure, 0) * _PERCENT, reached) if to_next > 0 and reached > 0 else _PERCENT
        values = {
            "tier": request.tier,
            "since": request.since.isoformat() if request.since else "",
            "progress": str(progress),
            "to_next": request.text(to_next),
            "accrued": text(request.accrued, request.currency),
        }
        return {name: values[shown] for shown, name in self.settings.write.fields.items()}

    def _tag(self, partner: dict[str, Any], request: TierRequest) -> None:
        try:
            self._put_tag(partner, request)
        except WriteRefused:
            self._tags.clear()  # somebody may have deleted a tag we knew
            self._put_tag(partner, request)

    def _put_tag(self, partner: dict[str, Any], request: TierRequest) -> None:
        parent, program = self._tag_id(self.settings.write.tag, 0), f"{request.program}: "
        wanted, carried = self._tag_id(program + request.tier, parent), partner["category_id"]
        commands = [[4, wanted]] if wanted not in carried else []
        if others := [tag for tag in carried if tag != wanted]:
            domain = [("id", "in", others), ("parent_id", "=", parent)]
            ours = self._call("res.partner.category", "search_read", domain=domain, fields=["name"])
            commands += [[3, tag["id"]] for tag in ours if tag["name"].startswith(program)]
        if commands:
            values = {"category_id": commands}
            self._call("res.partner", "write", ids=[partner["id"]], vals=values, writes=True)

    def _tag_id(self, name: str, parent: int) -> int:
        """The tag of a name under a parent (0: none), the oldest where there are several; made where there is none."""
        if (name, parent) not in self._tags:
            domain = [("name", "=", name), ("parent_id", "=", parent or False)]
            found = self._call("res.partner.category", "search", domain=domain, order="id")
            if not found:
                values = {"name": name} | ({"parent_id": parent} if parent else {})
                self._call("res.partner.category", "create", vals_list=[values], writes=True)
                found = self._call("res.partner.category", "search", domain=domain, order="id")
            self._tags[name, parent] = found[0]
        return self._tags[name, parent]


def _same(theirs: object, ours: str) -> bool:
    """Whether a field holds the value already; empty fields are False in Odoo."""
    if theirs is False or theirs is None:
        return ours == ""
    if isinstance(theirs, int | Decimal):
        try:
            return parse_decimal(ours) == theirs
        except DataError:  # a field of another type than it should be: the import tells
            return False
    return theirs == ours
