"""Units of products: how quantities become base units, on each day."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection

from core.keys import content_hash
from core.ledger.masters import Product, dated, products
from core.money import MAX_MINOR


class Measures(NamedTuple):
    """The units of a product on the days from `from_day` up to, not including, `to_day`: its base unit, and what others
    hold of it."""

    from_day: int
    to_day: int
    base: str
    others: dict[str, tuple[int, int]]


class Units(NamedTuple):
    """How quantities become base units, by product."""

    by_product: dict[Product, list[Measures]]
    hash: str

    def ratio(self, product: Product, unit: str, day: int) -> tuple[int, int] | None:
        """Base units in one `unit` on a day as (numerator, denominator); None where it is not known."""
        if not unit:
            return 1, 1
        for state in self.by_product.get(product, ()):
            if state.from_day <= day < state.to_day:
                return (1, 1) if unit == state.base else state.others.get(unit)
        return None

    def base(self, product: Product, unit: str, day: int, quantity: int) -> int | None:
        """A quantity of a line in base units, both in 10^-6; None where it is not known, or not a whole number."""
        if not unit:
            return quantity
        ratio = self.ratio(product, unit, day)
        if ratio is None:
            return None
        whole, rest = divmod(quantity * ratio[0], ratio[1])
        return None if rest or abs(whole) > MAX_MINOR else whole


def units(connection: Connection, known_batch: int | None = None) -> Units:
    """The unit definitions of the product master, now or at a batch."""
    by_product = {}
    plain = []
    for product, contents in products(connection, known_batch).items():
        states = [
            Measures(start, end, content.get("unit", ""), dict(map(_ratio, (content.get("units") or {}).items())))
            for start, end, content in dated(contents)
        ]
        if any(state.base or state.others for state in states):
            by_product[product] = states
            plain.append([*product, *([*state[:3], sorted(state.others.items())] for state in states)])
    return Units(by_product, content_hash(sorted(plain, key=str)))


def _ratio(stated: tuple[str, str]) -> tuple[str, tuple[int, int]]:
    unit, text = stated
    return unit, Fraction(text).as_integer_ratio()
