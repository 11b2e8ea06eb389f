"""Words that sentences about programs have in common."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.programs.audience import AccountSelection
from core.programs.basis import Measure, ProductSelection

MEASURES: dict[Measure, str] = {
    "net": "net amount",
    "gross": "gross amount",
    "quantity": "quantity",
    "orders": "number of invoices",
    "products": "number of distinct products",
}
PERIODS = {"half": "half-year", "program": "the whole of it", "ranges": "the periods stated"}
SELECTED = {
    "accounts": "the accounts",
    "segments": "segments",
    "countries": "countries",
    "groups": "buying groups",
    "channels": "channels",
    "parents": "accounts below",
    "tags": "accounts labelled",
    "skus": "products",
    "categories": "categories",
    "brands": "brands",
}


def number(value: Decimal | int) -> str:
    """A number for people: `100,000`, `2.5`."""
    plain = Decimal(value)
    plain = plain.quantize(Decimal(1)) if plain == plain.to_integral() else plain.normalize()
    return f"{plain:,f}"


def selection(selection: AccountSelection | ProductSelection, fields: Iterable[str]) -> str:
    """`segments dealer, workshop and countries DE`."""
    parts = [f"{SELECTED[name]} {', '.join(values)}" for name in fields if (values := getattr(selection, name))]
    return " and ".join(parts)
