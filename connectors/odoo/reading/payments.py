"""What was paid of invoices: the matches of an invoice with anything but our own documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from connectors.odoo.reading.moves import KINDS
from connectors.odoo.reading.names import Names
from connectors.odoo.reading.rows import Domain, Row, Rows, plain
from connectors.odoo.reading.stream import Mapped, Stream, order_of, text
from connectors.odoo.settings import OdooSettings
from core.documents import RawRecord, RecordKind

MODEL = "account.partial.reconcile"


class Payments(Stream):
    """A match of an invoice with a credit note is no payment; one with a payment, a statement line or an entry is.

    A match is never changed: it is made, and removed when it is undone.
    """

    name: ClassVar[str] = "payments"
    model: ClassVar[str] = MODEL
    kinds: ClassVar[tuple[RecordKind, ...]] = ("payment",)

    def __init__(self, rows: Rows, settings: OdooSettings, entity: Callable[[], str]) -> None:
        super().__init__(rows, settings, entity)
        self._whose = "commercial_partner_id" if settings.read.account == "company" else "partner_id"
        self._currencies: Names[str] = Names(rows, "res.currency", plain("name"), lambda row: text(row["name"]), "")
        invoice = {"fields": {"move_id": {"fields": plain(self._whose)}}}
        self.light = {**plain("write_date"), "debit_move_id": invoice}
        self.specification = {**self.light, **plain("max_date", "debit_amount_currency", "debit_currency_id")}

    def prepare(self) -> None:
        self._currencies.fill()

    def base(self) -> Domain:
        domain = self._matches()
        start = self.settings.read.issued_from
        if start is not None:
            domain.append(("debit_move_id.move_id.invoice_date", ">=", start.isoformat()))
        return domain

    def find(self, kind: RecordKind, external_id: str) -> Domain | None:
        # The payment of an invoice older than what is read now was landed when more was read: it is there.
        domain = super().find(kind, external_id)
        return None if domain is None else [*self._matches(), domain[-1]]

    def identity(self, row: Row) -> tuple[RecordKind, str]:
        return "payment", str(row["id"])

    def mark(self, row: Row) -> str:
        return f"{self.stamp(row)} {self._invoice(row)[self._whose]}"

    def reading(self) -> Sequence[object]:
        return self.settings.read.account, self.settings.read.issued_from

    def mapped(self, rows: Sequence[Row]) -> list[Mapped]:
        return [self._payment(row) for row in rows]

    def _matches(self) -> Domain:
        names = {"account_type": "asset_receivable", "internal_type": "receivable"}  # the latter before 16
        receivable = [
            (f"debit_move_id.account_id.{name}", "=", value)
            for name, value in names.items()
            if self.rows.has("account.account", name)
        ]
        return [
            ("debit_move_id.move_id.move_type", "=", "out_invoice"),
            ("debit_move_id.company_id", "=", self.rows.company_id),
            *receivable,
            ("credit_move_id.move_id.move_type", "not in", list(KINDS)),
            ("debit_amount_currency", "!=", 0),  # else it is a difference of exchange rates
        ]

    def _payment(self, row: Row) -> RawRecord:
        invoice = self._invoice(row)
        external_id = str(row["id"])
        fields = {
            "account": str(invoice[self._whose] or ""),
            "invoice": str(invoice["id"]),
            "paid_on": row["max_date"],
            "currency": self._currencies.of(row["debit_currency_id"]),
            "amount": row["debit_amount_currency"],
        }
        origin = f"Odoo match {external_id} of invoice id {invoice['id']}"
        return RawRecord("payment", external_id, fields, (), order_of(self.stamp(row)), origin=origin)

    @staticmethod
    def _invoice(row: Row) -> dict[str, Any]:
        invoice: dict[str, Any] = row["debit_move_id"]["move_id"]
        return invoice
