"""Customer invoices and credit notes with their lines.

A document that was never posted is not told of. One that was posted and is a draft again is told as cancelled, until
it is posted once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from connectors.odoo.reading.names import Names
from connectors.odoo.reading.products import sku
from connectors.odoo.reading.rounding import Rounded, Rounding
from connectors.odoo.reading.rows import Domain, Row, Rows, plain
from connectors.odoo.reading.stream import Mapped, Stream, order_of, text
from connectors.odoo.reading.taxes import NoRate, Taxes
from connectors.odoo.settings import OdooSettings
from core.documents import BadRecord, RawRecord, RecordKind

MODEL = "account.move"
LINES = "account.move.line"
KINDS: dict[str, RecordKind] = {"out_invoice": "invoice", "out_refund": "credit_note"}
_PAYMENT_STATES = {
    "not_paid": "open",
    "partial": "partial",
    "paid": "paid",
    "in_payment": "paid",
    "reversed": "reversed",
}
_PRODUCT_LINES = ("product", False, None)
"""What the display type of a line says that is no title and no note; before 16 it says nothing."""
_LONGEST_TEXT = 1000
_NAMELESS = ("", "/")


class Moves(Stream):
    """Amounts carry the sign of the journal entry: those of credit notes are below zero."""

    name: ClassVar[str] = "documents"
    model: ClassVar[str] = MODEL
    kinds: ClassVar[tuple[RecordKind, ...]] = ("invoice", "credit_note")

    def __init__(self, rows: Rows, settings: OdooSettings, entity: Callable[[], str]) -> None:
        super().__init__(rows, settings, entity)
        self.start = settings.read.issued_from
        self._whose = "commercial_partner_id" if settings.read.account == "company" else "partner_id"
        self._delivered_to = "partner_shipping_id" if rows.has(MODEL, "partner_shipping_id") else "partner_id"
        self._tells_posted = rows.has(MODEL, "posted_before")
        self._taxes = Taxes(rows, settings.read.tax_categories)
        self._products: Names[str] = Names(rows, "product.product", plain("default_code"), sku, "")
        self._units: Names[str] = Names(rows, "uom.uom", plain("name"), lambda row: text(row["name"]), "")
        self._currencies: Names[str] = Names(rows, "res.currency", plain("name"), lambda row: text(row["name"]), "")
        self._countries: Names[str] = Names(rows, "res.country", plain("code"), lambda row: text(row["code"]), "")
        self._rounding = Rounding(rows)
        self._issuer = ""
        line = {
            **plain("product_id", "name", "quantity", "product_uom_id", "amount_currency", "display_type", "tax_ids"),
            **rows.known(LINES, ("is_downpayment", "is_rounding_line")),
        }
        optional = (("delivered", "delivery_date"), ("due", "invoice_date_due"), ("reference", "ref"))
        self._optional = [(field, name) for field, name in optional if rows.has(MODEL, name)]
        self.light = plain("write_date", "move_type", "state", "payment_state", self._whose)
        self.specification = {
            **self.light,
            **plain("name", "ref", "invoice_date", "invoice_date_due", "date", "currency_id", "reversed_entry_id"),
            **plain("amount_untaxed", "amount_tax", "amount_total"),
            **rows.known(MODEL, ("delivery_date", "invoice_cash_rounding_id")),
            self._delivered_to: {"fields": plain("country_id")},
            "invoice_line_ids": {"fields": line},
        }

    def prepare(self) -> None:
        self._taxes.fill()
        self._issuer = self.entity()

    def base(self) -> Domain:
        domain: Domain = [("move_type", "in", list(KINDS)), ("company_id", "=", self.rows.company_id)]
        if self.start is not None:
            # What is no document yet may have no date yet.
            domain += ["|", ("invoice_date", ">=", self.start.isoformat()), ("invoice_date", "=", False)]
        if self._tells_posted:
            return [*domain, "|", ("state", "=", "posted"), ("posted_before", "=", True)]
        return [*domain, "|", ("state", "=", "posted"), ("name", "not in", [False, *_NAMELESS])]

    def find(self, kind: RecordKind, external_id: str) -> Domain | None:
        domain = super().find(kind, external_id)
        types = [name for name, found in KINDS.items() if found == kind]
        return None if domain is None else [*domain, ("move_type", "in", types)]

    def identity(self, row: Row) -> tuple[RecordKind, str]:
        return KINDS[row["move_type"]], str(row["id"])

    def mark(self, row: Row) -> str:
        account = row[self._whose]
        whose = account["id"] if isinstance(account, dict) else account
        return f"{row['write_date']} {whose} {row['state']} {row['payment_state']}"

    def reading(self) -> Sequence[object]:
        read = self.settings.read
        return read.account, read.issued_from, sorted(read.tax_categories.items()), self.entity()

    def mapped(self, rows: Sequence[Row]) -> list[Mapped]:
        self._products.need(
            line["product_id"] for row in rows for line in row["invoice_line_ids"] if line.get("product_id")
        )
        rounded = self._rounding.of(rows)
        return [self._document(row, rounded.get(row["id"])) for row in rows]

    def _document(self, row: Row, rounded: Rounded | None) -> RawRecord | BadRecord:
        kind = KINDS[row["move_type"]]
        external_id, number = str(row["id"]), text(row["name"])
        origin = f"Odoo {number if number not in _NAMELESS else 'draft'} (id {external_id})"
        fields = self._header(row, number)
        order = order_of(row["write_date"] or "")
        if row["state"] != "posted":
            fields["state"] = "cancelled"
            return RawRecord(kind, external_id, fields, (), order, origin=origin)
        lines, faults = self._lines(row["invoice_line_ids"], row["move_type"] == "out_refund")
        self._totals(fields, row, rounded)
        if faults:
            raw = {"about": fields, "lines": lines}
            reason, message = faults[0][0], "; ".join(dict.fromkeys(message for _, message in faults))
            return BadRecord(reason, message, raw, kind, external_id, origin=origin, order=order)
        return RawRecord(kind, external_id, fields, lines, order, origin=origin)

    def _header(self, row: Row, number: str) -> dict[str, Any]:
        account = row[self._whose]
        fields: dict[str, Any] = {
            "account": str(account["id"] if isinstance(account, dict) else account or ""),
            "issued": row["invoice_date"] or row["date"],
            "currency": self._currencies.of(row["currency_id"]),
            "entity": self._issuer,
            "payment_state": _PAYMENT_STATES.get(row["payment_state"], ""),
        }
        if number not in _NAMELESS:
            fields["number"] = number
        for field, name in self._optional:
            value = row[name]
            if value:
                fields[field] = value
        if row["reversed_entry_id"]:
            fields["original"] = str(row["reversed_entry_id"])
        place = row[self._delivered_to]
        if place and place.get("country_id"):
            fields["country"] = self._countries.of(place["country_id"])
        return fields

    def _totals(self, fields: dict[str, Any], row: Row, rounded: Rounded | None) -> None:
        net, tax, gross = row["amount_untaxed"], row["amount_tax"], row["amount_total"]
        if row["move_type"] == "out_refund":
            net, tax, gross = -net, -tax, -gross
        if rounded is not None:
            # Rounding booked on a tax is told as rounding too: it is no tax of any line.
            fields["rounding"] = rounded.net + rounded.tax
            net, tax = net + rounded.tax, tax - rounded.tax
        fields["total_net"], fields["total_tax"], fields["total_gross"] = net, tax, gross

    def _lines(self, rows: Iterable[Row], refund: bool) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
        """The lines as far as they can be read, and reason and message of what cannot."""
        lines: list[dict[str, Any]] = []
        faults: list[tuple[str, str]] = []
        codes, products, units = self._taxes.codes, self._products.found, self._units.found
        for row in rows:
            if "tax_ids" not in row:
                message = f"the line with id {row['id']} cannot be read with the rights of the API key's user"
                faults.append(("unreadable_line", message))
                continue
            if row["display_type"] not in _PRODUCT_LINES or row.get("is_rounding_line"):
                continue
            line = {
                "net": -row["amount_currency"],  # a sale is a credit
                "quantity": -row["quantity"] if refund else row["quantity"],
            }
            lines.append(line)
            if row["name"]:
                line["description"] = row["name"][:_LONGEST_TEXT]
            product, unit = row["product_id"], row["product_uom_id"]
            if product:
                line["product"] = products[product] or str(product)
                if unit:
                    line["unit"] = units[unit] if unit in units else self._units.of(unit)
            if row.get("is_downpayment"):
                line["line_kind"] = "deposit"
            taxes = tuple(row["tax_ids"])
            code = codes.get(taxes) or self._taxes.code(taxes)
            if isinstance(code, NoRate):
                faults.append(("no_tax_rate", code.message))
            else:
                line["tax_percent"], line["tax_category"] = code
        return lines, faults
