"""The tax code of a line: what the taxes on it add up to, where a plain percentage says it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from connectors.odoo.reading.names import Names
from connectors.odoo.reading.rows import Row, Rows, plain
from connectors.odoo.reading.stream import text
from core.documents import TAX_CATEGORIES
from core.money import plain_number

MODEL = "account.tax"
_SHARES = "invoice_repartition_line_ids"
_PERCENT_DIGITS = 4
_HUNDRED = Decimal(100)


class TaxCode(NamedTuple):
    """Percentage and EN 16931 category as a line tells them."""

    percent: str
    category: str


class NoRate(NamedTuple):
    """Why taxes are no percentage."""

    message: str


class _Tax(NamedTuple):
    """A tax. `percent` is what it adds to what it is levied on, 0 where it takes back what it adds."""

    id: int
    name: str
    sequence: int
    kind: str
    percent: Decimal
    category: str
    raises_base: bool
    on_raised_base: bool
    parts: tuple[int, ...]


class Taxes:
    """The taxes of the company, and the tax codes of the combinations met, for one pull."""

    def __init__(self, rows: Rows, categories: dict[str, str]) -> None:
        self._rows, self._categories = rows, categories
        self._names: Names[_Tax | None] = Names(rows, MODEL, self._specification(), self._tax, None)
        self.codes: dict[tuple[int, ...], TaxCode | NoRate] = {}

    def fill(self) -> None:
        """Read all taxes."""
        self._names.fill()

    def code(self, ids: tuple[int, ...]) -> TaxCode | NoRate:
        """The tax code of a line with these taxes; kept in `codes`."""
        found = self.codes.get(ids)
        if found is None:
            found = self.codes[ids] = self._code(ids)
        return found

    def _specification(self) -> dict[str, dict[str, Any]]:
        names = ("name", "amount", "amount_type", "sequence", "include_base_amount", "children_tax_ids")
        optional = self._rows.known(MODEL, ("is_base_affected", "ubl_cii_tax_category_code"))
        if self._rows.has(MODEL, _SHARES):
            optional[_SHARES] = {"fields": plain("repartition_type", "factor_percent")}
        return {**plain(*names), **optional}

    def _tax(self, row: Row) -> _Tax:
        amount = Decimal(row["amount"])
        shares = [
            Decimal(part["factor_percent"]) for part in row.get(_SHARES, ()) if part.get("repartition_type") == "tax"
        ]
        table = self._categories
        stated = table.get(str(row["id"])) or table.get(row["name"]) or text(row.get("ubl_cii_tax_category_code"))
        return _Tax(
            row["id"],
            row["name"],
            row["sequence"],
            row["amount_type"],
            amount * sum(shares) / _HUNDRED if shares else amount,
            stated if stated in TAX_CATEGORIES else "",
            bool(row["include_base_amount"]),
            bool(row.get("is_base_affected", True)),
            tuple(row["children_tax_ids"]),
        )

    def _code(self, ids: tuple[int, ...]) -> TaxCode | NoRate:
        taxes: list[_Tax] = []
        for tax in self._flat(ids):
            if isinstance(tax, NoRate):
                return tax
            taxes.append(tax)
        taxes.sort(key=lambda tax: (tax.sequence, tax.id))
        raised, rate = Decimal(1), Decimal(0)
        for tax in taxes:
            added = tax.percent * (raised if tax.on_raised_base else 1)
            rate += added
            if tax.raises_base:
                raised += added / _HUNDRED
        if round(rate, _PERCENT_DIGITS) != rate:
            names = ", ".join(_named(tax) for tax in taxes)
            return NoRate(f"the taxes {names} make {rate} % together, which is finer than a rate can be")
        levying = [tax for tax in taxes if tax.percent] or taxes
        category = next((tax.category for tax in levying if tax.category), "") or ("S" if rate else "Z")
        return TaxCode(plain_number(rate), category)

    def _flat(self, ids: Iterable[int]) -> Iterable[_Tax | NoRate]:
        """The taxes with groups taken apart, and why one of them is no percentage."""
        for tax_id in ids:
            tax = self._names.of(tax_id)
            if tax is None:
                yield NoRate(f"the tax with id {tax_id} cannot be read")
            elif tax.kind == "group":
                yield from self._flat(tax.parts)
            elif tax.kind == "percent" and tax.percent >= 0:
                yield tax
            elif tax.percent:
                yield NoRate(f"{_named(tax)} is no percentage of the net amount: {_WHY.get(tax.kind, tax.kind)}")


_WHY = {
    "percent": "it withholds a part of it",
    "fixed": "it is a fixed amount",
    "division": "it is a percentage of the gross amount",
    "code": "it is computed by a formula",
}


def _named(tax: _Tax) -> str:
    return f"{tax.name!r} (id {tax.id})"
