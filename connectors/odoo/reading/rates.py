"""Exchange rates as the company keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from typing import ClassVar

from connectors.odoo.reading.names import Names
from connectors.odoo.reading.rows import Domain, Row, Rows, plain
from connectors.odoo.reading.stream import Mapped, Stream, order_of, shared, text
from connectors.odoo.settings import OdooSettings
from core.documents import RawRecord, RecordKind
from core.money import plain_number

MODEL = "res.currency.rate"
_INVERSE = "inverse_company_rate"
_DOUBLE = Context(prec=15)
"""As many digits as a binary number keeps of what was typed in."""


class ExchangeRates(Stream):
    """Each in the direction it was typed in; the other one is computed from it, and not exact."""

    name: ClassVar[str] = "exchange_rates"
    model: ClassVar[str] = MODEL
    kinds: ClassVar[tuple[RecordKind, ...]] = ("exchange_rate",)

    def __init__(self, rows: Rows, settings: OdooSettings, entity: Callable[[], str]) -> None:
        super().__init__(rows, settings, entity)
        self._currencies: Names[str] = Names(rows, "res.currency", plain("name"), lambda row: text(row["name"]), "")
        self._own = 0
        self._rate = "company_rate" if rows.has(MODEL, "company_rate") else "rate"
        self.light = plain("write_date", "currency_id")
        self.specification = {**self.light, **plain("name", self._rate), **rows.known(MODEL, (_INVERSE,))}

    def prepare(self) -> None:
        [company] = self.rows.by_ids("res.company", [self.rows.company_id], plain("currency_id"))
        self._own = company["currency_id"]

    def base(self) -> Domain:
        return shared(self.rows.company_id)

    def identity(self, row: Row) -> tuple[RecordKind, str]:
        return "exchange_rate", str(row["id"])

    def mapped(self, rows: Sequence[Row]) -> list[Mapped]:
        return [None if row["currency_id"] == self._own else self._dated(row) for row in rows]

    def _dated(self, row: Row) -> RawRecord:
        base, quote = self._currencies.of(self._own), self._currencies.of(row["currency_id"])
        rate, inverse = _DOUBLE.create_decimal(row[self._rate]), _DOUBLE.create_decimal(row.get(_INVERSE) or 0)
        if inverse and _digits(inverse) < _digits(rate):
            base, quote, rate = quote, base, inverse
        fields = {"base": base, "quote": quote, "on": row["name"], "rate": plain_number(rate), "provider": "Odoo"}
        origin = f"Odoo rate {base}/{quote} of {row['name']} (id {row['id']})"
        return RawRecord("exchange_rate", str(row["id"]), fields, (), order_of(self.stamp(row)), origin=origin)


def _digits(rate: Decimal) -> int:
    return len(rate.normalize().as_tuple().digits)
