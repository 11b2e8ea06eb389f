"""Credit notes and debit invoices in Odoo: imported as a draft under our key, compared, posted, read back.

The import is one transaction, so a draft is whole or not there; posting is another. A crash between them leaves a
draft, which is found by the key in its reference and posted later. The external id keeps a second document out even
where somebody edited the reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any, Literal

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.faults import Missing
from connectors.odoo.identity import NotLoaded, exists, external_id, load
from connectors.odoo.masters import Masters
from connectors.odoo.settings import OdooSettings
from connectors.spi import (
    AlreadyExists,
    DocumentRequest,
    NeedsPerson,
    Remote,
    TaxPart,
    UnknownOutcome,
    WriteRefused,
)
from core.errors import FatalError, RetryableError
from core.keys import find_keys
from core.money import minor_units, shown, text

MoveKind = Literal["credit_note", "debit_invoice"]
TYPES: dict[str, str] = {"credit_note": "out_refund", "debit_invoice": "out_invoice", "journal": "entry"}
_STATES: dict[str, Literal["draft", "posted", "cancelled"]] = {
    "draft": "draft",
    "posted": "posted",
    "cancel": "cancelled",
}
_HEADER = (
    "id",
    "name",
    "move_type",
    "ref",
    "state",
    "partner_id",
    "commercial_partner_id",
    "currency_id",
    "amount_untaxed",
    "amount_tax",
    "line_ids",
)
_LINE = ("move_id", "display_type", "tax_ids", "tax_line_id", "price_subtotal", "amount_currency")
_HIDDEN = "exclude_from_invoice_tab"
"""What tells product lines from others before version 16."""
_WHOLE_UNIT = "1"


class Moves:
    """Writes and reads documents of one company."""

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

    def create(self, request: DocumentRequest) -> Remote:
        """Import, compare, post, read back. Raises what `Adapter.create` raises."""
        if not self.settings.write.post and self.look_up(request.kind, request.key):
            raise AlreadyExists(f"{request.key} is there already")  # an import would change a draft, and not say so
        fields, rows = self._rows(request)
        move_id = self.load(request.kind, request.key, fields, rows)
        try:
            self._compare(request, move_id)
            remote = self.post_fresh(request.kind, move_id)
            self._apply(request, move_id)
        except RetryableError as error:  # the draft is there: only the next look-up tells how far it got
            raise UnknownOutcome(error.message, after=error.after) from None
        return remote

    def load(self, kind: str, key: str, fields: list[str], rows: list[list[str]]) -> int:
        """Import a document under its key; the id of its draft."""
        context = self.companies.context()
        try:
            return load(self.client, context, "account.move", fields, rows)[0]
        except NotLoaded as error:
            if not exists(self.client, context, "account.move", key):
                raise WriteRefused(error.messages) from None
            found = self.look_up(kind, key)
            if not found:
                raise NeedsPerson(
                    f"Odoo holds a document under {external_id(key)}, and none whose reference contains {key}",
                    hint="find it in Odoo and put the key back into its reference",
                ) from None
            if all(remote.state == "draft" for remote in found) and self.settings.write.post:
                raise WriteRefused(error.messages, remote_id=found[0].remote_id) from None
            raise AlreadyExists(f"{key} is there already") from None

    def post(self, kind: str, remote_id: str) -> Remote:
        """Post a draft of ours; one that is posted already is returned as it is."""
        try:
            return self._post(kind, int(remote_id), fresh=False)
        except RetryableError as error:
            raise UnknownOutcome(error.message, after=error.after) from None

    def post_fresh(self, kind: str, move_id: int) -> Remote:
        """Post a draft this request has just imported. Raises AlreadyExists where another request was faster."""
        return self._post(kind, move_id, fresh=True)

    def discard(self, kind: str, remote_id: str) -> None:
        """Remove a draft of ours. One that is gone already is no error."""
        try:
            self.client.call(
                "account.move", "unlink", ids=[int(remote_id)], context=self.companies.context(), writes=True
            )
        except Missing:
            return

    def _post(self, kind: str, move_id: int, *, fresh: bool) -> Remote:
        context = self.companies.context()
        if self.settings.write.post or kind == "journal":
            try:
                self.client.call("account.move", "action_post", ids=[move_id], context=context, writes=True)
            except WriteRefused as error:
                self._not_posted(kind, move_id, error, fresh)
        remote = self.read_back(kind, str(move_id))
        if remote is None:
            raise UnknownOutcome(f"the document {move_id} was written and cannot be read back")
        return remote

    def _not_posted(self, kind: str, move_id: int, error: WriteRefused, fresh: bool) -> None:
        """Odoo would not post it: because it is posted already, or for a reason of its own; then our draft goes."""
        remote = self.read_back(kind, str(move_id))
        if remote is None:
            raise UnknownOutcome(f"the draft {move_id} vanished while it was being posted") from None
        if remote.state == "posted":
            if fresh:
                raise AlreadyExists(f"{remote.key} was posted by another request") from None
            return
        self._refuse(kind, move_id, error.message)

    def _refuse(self, kind: str, move_id: int, message: str) -> None:
        """Remove the draft, and say why there is no document."""
        try:
            self.discard(kind, str(move_id))
        except (WriteRefused, FatalError):
            raise WriteRefused(message, remote_id=str(move_id)) from None
        raise WriteRefused(message)

    def _compare(self, request: DocumentRequest, move_id: int) -> None:
        """A draft whose net amount is not what was approved is never posted."""
        remote = self.read_back(request.kind, str(move_id))
        if remote is not None and remote.state == "draft" and remote.net != request.net:
            mine, theirs = shown(request.net, request.currency), shown(remote.net, request.currency)
            self._refuse(
                request.kind,
                move_id,
                f"Odoo makes the net amount {theirs} of {mine}: see its decimal accuracy of prices",
            )

    def _rows(self, request: DocumentRequest) -> tuple[list[str], list[list[str]]]:
        """The document as an import: names of columns, then a row a line. Every value is text."""
        write, company = self.settings.write, self.companies.current()
        issued = request.issued if write.date == "today" else request.period_end
        header = {
            "id": external_id(request.key),
            "move_type": TYPES[request.kind],
            "partner_id/.id": request.account,
            "journal_id/.id": str(self.masters.journal("sale")),
            "currency_id/.id": str(self.masters.currency(request.currency)),
            "invoice_date": issued.isoformat(),
            "ref": f"{request.program} {request.period} {request.key}",
            "narration": f"<p>{escape(request.note)}</p>",
        }
        if company.first_open is not None and issued < company.first_open:
            header["date"] = company.first_open.isoformat()
        if request.original:
            header["reversed_entry_id/.id"] = request.original
        lines = [self._line(request, number) for number in range(1, len(request.lines) + 1)]
        fields = [*header, *lines[0]]
        blank = [""] * len(header)
        return fields, [
            [*(header.values() if number == 0 else blank), *line.values()] for number, line in enumerate(lines)
        ]

    def _line(self, request: DocumentRequest, number: int) -> dict[str, str]:
        line, booked = request.lines[number - 1], self.masters.lines_of(request.program)
        values = {
            "id": external_id(request.key, number),
            "name": line.description,
            "quantity": _WHOLE_UNIT,
            "price_unit": text(line.net, request.currency),
        }
        if booked.product:
            values["product_id/.id"] = str(self.masters.product(booked.product))
        if booked.account:
            values["account_id/.id"] = str(self.masters.account(booked.account))
        if self.settings.write.taxes == "split":
            values["tax_ids/.id"] = str(self.masters.tax(line.category, line.rate))
        if booked.analytic:
            values |= self._analytic(booked.analytic)
        return {f"invoice_line_ids/{name}": value for name, value in values.items()}

    def _analytic(self, shares: Mapping[str, Any]) -> dict[str, str]:
        ids = {str(self.masters.analytic(name)): share for name, share in shares.items()}
        if self.client.has("account.move.line", "analytic_distribution"):
            return {"analytic_distribution": json.dumps(ids, default=float)}  # percentages, not money
        return {"analytic_account_id/.id": next(iter(ids))}

    def _apply(self, request: DocumentRequest, move_id: int) -> None:
        """Match a credit note with the invoice it corrects, where that is wanted. What cannot be matched stays open."""
        if self.settings.write.apply != "original" or not request.original or not self.settings.write.post:
            return
        context = self.companies.context()
        kinds = ("account_type", "asset_receivable")
        if not self.client.has("account.account", "account_type"):
            kinds = ("internal_type", "receivable")
        domain = [("move_id", "=", move_id), (f"account_id.{kinds[0]}", "=", kinds[1])]
        lines = self.client.call("account.move.line", "search_read", domain=domain, fields=["id"], context=context)
        try:
            for line in lines:
                self.client.call(
                    "account.move",
                    "js_assign_outstanding_line",
                    ids=[int(request.original)],
                    line_id=line["id"],
                    context=context,
                    writes=True,
                )
        except (WriteRefused, RetryableError):
            return

    def _read(self, domain: list[Any]) -> list[Remote]:
        """Documents with their lines: two calls, however many they are."""
        context = self.companies.context()
        domain = [*domain, ("company_id", "=", self.companies.current().id)]
        heads = self.client.call(
            "account.move", "search_read", domain=domain, fields=list(_HEADER), order="id", context=context
        )
        ids = [line for head in heads for line in head["line_ids"]]
        lines: dict[int, list[dict[str, Any]]] = {}
        if ids:
            hidden = [_HIDDEN] if self.client.has("account.move.line", _HIDDEN) else []
            for row in self.client.call(
                "account.move.line", "read", ids=ids, fields=[*_LINE, *hidden], context=context
            ):
                lines.setdefault(row["move_id"][0], []).append(row)
        return [self._remote(head, lines.get(head["id"], [])) for head in heads]

    def _remote(self, head: Mapping[str, Any], lines: list[dict[str, Any]]) -> Remote:
        currency = head["currency_id"][1]
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
            account=str(partner[0]) if partner else "",
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
        """Net and tax by tax code. A line with no tax, or several, is under no code of ours and shows as one without."""
        net: dict[tuple[str, int], int] = {}
        tax: dict[tuple[str, int], int] = {}
        for row in products:
            code = self.masters.tax_code(row["tax_ids"][0]) if len(row["tax_ids"]) == 1 else ("", 0)
            net[code] = net.get(code, 0) + minor_units(row["price_subtotal"], currency)
        for row in lines:
            if row["tax_line_id"]:
                code = self.masters.tax_code(row["tax_line_id"][0])
                tax[code] = tax.get(code, 0) + minor_units(row["amount_currency"], currency)
        sign = -1 if move_type == "out_invoice" else 1  # the tax of an invoice is a credit, and below zero
        return tuple(TaxPart(*code, amount, sign * tax.get(code, 0)) for code, amount in sorted(net.items()))
