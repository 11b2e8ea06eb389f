"""Our documents in Odoo as they stand: found by the key in their reference or by id, with Odoo's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.masters import Masters
from connectors.odoo.settings import OdooSettings
from connectors.spi import Remote, TaxPart
from core.keys import find_keys
from core.money import minor_units

TYPES: dict[str, str] = {"credit_note": "out_refund", "debit_invoice": "out_invoice", "journal": "entry"}
_STATES: dict[str, Literal["draft", "posted", "cancelled"]] = {
    "draft": "draft",
    "posted": "posted",
    "cancel": "cancelled",
}
_HEADER = ("name", "move_type", "ref", "state", "partner_id", "commercial_partner_id", "amount_untaxed", "amount_tax")
_LINE = ("display_type", "tax_ids", "tax_line_id", "price_subtotal", "amount_currency")
_FIRST_NESTED = (17, 0)
_SPECIFICATION: dict[str, Any] = {
    **{name: {} for name in _HEADER},
    "currency_id": {"fields": {"name": {}}},
    "line_ids": {"fields": {name: {} for name in _LINE}},
}
"""What a nested read is asked for."""
_HIDDEN = "exclude_from_invoice_tab"
"""What tells product lines from others before version 16."""


class Documents:
    """Reads credit notes, debit invoices and accrual entries of one company."""

    def __init__(self, client: OdooClient, settings: OdooSettings, companies: Companies, masters: Masters) -> None:
        self.client, self.settings = client, settings
        self.companies, self.masters = companies, masters

    def look_up(self, kind: str, key: str) -> tuple[Remote, ...]:
        """Every document of ours whose reference holds the key, in any state."""
        domain = [("ref", "like", key), ("move_type", "=", TYPES[kind])]
        found = self._read(domain)
        return tuple(replace(remote, key=key) for remote in found if key in find_keys(remote.detail["reference"]))

    def read_back(self, kind: str, remote_id: str) -> Remote | None:
        """The document as it stands now. It is the one with this id, whatever its reference says by now."""
        if not remote_id.isdecimal():
            return None
        found = self._read([("id", "=", int(remote_id)), ("move_type", "=", TYPES[kind])])
        return found[0] if found else None

    def _read(self, domain: list[Any]) -> list[Remote]:
        """Documents with their lines, however many they are: one call, two before Odoo 17."""
        domain = [*domain, ("company_id", "=", self.companies.current().id)]
        nested = self.client.version >= _FIRST_NESTED
        return [self._remote(head) for head in (self._nested(domain) if nested else self._flat(domain))]

    def _nested(self, domain: list[Any]) -> list[dict[str, Any]]:
        answer = self.client.call(
            "account.move",
            "web_search_read",
            domain=domain,
            specification=_SPECIFICATION,
            order="id",
            context=self.companies.context(),
        )
        heads: list[dict[str, Any]] = answer["records"]
        return heads

    def _flat(self, domain: list[Any]) -> list[dict[str, Any]]:
        """As the nested read answers."""
        context = self.companies.context()
        fields = [*_HEADER, "currency_id", "line_ids"]
        heads: list[dict[str, Any]] = self.client.call(
            "account.move", "search_read", domain=domain, fields=fields, order="id", context=context
        )
        ids = [line for head in heads for line in head["line_ids"]]
        lines: dict[int, dict[str, Any]] = {}
        if ids:
            hidden = [_HIDDEN] if self.client.has("account.move.line", _HIDDEN) else []
            rows = self.client.call(
                "account.move.line", "read", ids=ids, fields=[*_LINE, *hidden], load="", context=context
            )
            lines = {row["id"]: row for row in rows}
        for head in heads:
            for name in ("partner_id", "commercial_partner_id"):
                head[name] = head[name] and head[name][0]
            head["currency_id"] = {"name": head["currency_id"][1]}
            head["line_ids"] = [lines[line] for line in head["line_ids"] if line in lines]
        return heads

    def _remote(self, head: Mapping[str, Any]) -> Remote:
        currency, lines = head["currency_id"]["name"], head["line_ids"]
        if head["move_type"] == TYPES["journal"]:
            return self._entry(head)
        own_tax = self.settings.write.taxes == "fiscal_position"
        rows = [row for row in lines if row["display_type"] in ("product", False) and not row.get(_HIDDEN)]
        products = [row for row in rows if not row["tax_line_id"]]
        state = _STATES[head["state"]]
        left_as_draft = state == "draft" and not self.settings.write.post
        partner = head["commercial_partner_id"] if self.settings.read.account == "company" else head["partner_id"]
        keys = find_keys(head["ref"] or "")
        return Remote(
            key=keys[-1] if keys else "",
            remote_id=str(head["id"]),
            number=head["name"] if head["name"] and head["name"] != "/" else "",
            state="posted" if left_as_draft else state,
            account=str(partner) if partner else "",
            currency=currency,
            net=minor_units(head["amount_untaxed"], currency),
            tax=minor_units(head["amount_tax"], currency),
            taxes=() if own_tax else self._parts(products, lines, currency, head["move_type"]),
            line_count=len(products),
            detail={"state": head["state"], "reference": head["ref"] or ""},
            own_tax=own_tax,
        )

    @staticmethod
    def _entry(head: Mapping[str, Any]) -> Remote:
        keys = find_keys(head["ref"] or "")
        return Remote(
            key=keys[-1] if keys else "",
            remote_id=str(head["id"]),
            number=head["name"] or "",
            state=_STATES[head["state"]],
            line_count=len(head["line_ids"]),
            detail={"state": head["state"], "reference": head["ref"] or ""},
        )

    def _parts(
        self, products: list[dict[str, Any]], lines: list[dict[str, Any]], currency: str, move_type: str
    ) -> tuple[TaxPart, ...]:
        """Net and tax by tax code. A line with no tax, or with several, is under no code of ours."""
        net: dict[tuple[str, int], int] = {}
        tax: dict[tuple[str, int], int] = {}
        for row in products:
            code = self.masters.tax_code(row["tax_ids"][0]) if len(row["tax_ids"]) == 1 else ("", 0)
            net[code] = net.get(code, 0) + minor_units(row["price_subtotal"], currency)
        for row in lines:
            if row["tax_line_id"]:
                code = self.masters.tax_code(row["tax_line_id"])
                tax[code] = tax.get(code, 0) + minor_units(row["amount_currency"], currency)
        sign = -1 if move_type == "out_invoice" else 1  # the tax of an invoice is a credit, and below zero
        return tuple(TaxPart(*code, amount, sign * tax.get(code, 0)) for code, amount in sorted(net.items()))
