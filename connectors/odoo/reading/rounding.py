"""Cash rounding of documents, which stands on lines of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from connectors.odoo.reading.rows import Domain, Row, Rows, plain

_MODEL = "account.move.line"


class Rounded(NamedTuple):
    """What rounding adds to the net and to the tax total of a document, signed as its amounts."""

    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)


class Rounding:
    """Finds it for the documents that state a way of rounding."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._marks: Domain = (
            [("is_rounding_line", "=", True)]
            if rows.has(_MODEL, "is_rounding_line")
            else [("display_type", "=", "rounding")]
        )

    def of(self, moves: Sequence[Row]) -> dict[int, Rounded]:
        """By id of the document; only those that are rounded."""
        ids = [move["id"] for move in moves if move.get("invoice_cash_rounding_id")]
        if not ids:
            return {}
        specification = plain("move_id", "amount_currency", "tax_repartition_line_id")
        found: dict[int, Rounded] = {}
        for row in self._rows.search(_MODEL, [("move_id", "in", ids), *self._marks], specification):
            sum_ = found.get(row["move_id"], Rounded())
            amount = -row["amount_currency"]
            found[row["move_id"]] = (
                sum_._replace(tax=sum_.tax + amount)
                if row["tax_repartition_line_id"]
                else sum_._replace(net=sum_.net + amount)
            )
        return found
