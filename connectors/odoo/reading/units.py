"""Units of measure: their names, and how many of a product's base unit each other unit holds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from typing import Any, NamedTuple

from connectors.odoo.reading.rows import Row, Rows, plain
from connectors.odoo.reading.stream import text
from core.money import plain_number

MODEL = "uom.uom"
_DIGITS = Decimal("1e-9")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[Inexact])
_NO_NAME = frozenset("=;")
_LONGEST_NAME = 40


class Unit(NamedTuple):
    """A unit by name, and the others that are measured in it, as `box=12; pallet=480`."""

    name: str = ""
    others: str = ""


class _Size(NamedTuple):
    """A unit: what it is measured with (all of one `family` can be), and how large it is there."""

    name: str
    family: int
    size: Decimal


class Units:
    """The units of the database, for one pull."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._sizes: dict[int, _Size] = {}
        self._known: dict[int, Unit] = {}

    def fill(self) -> None:
        """Read all units."""
        if self._rows.has(MODEL, "relative_factor"):
            rows = self._rows.search(MODEL, [], plain("name", "relative_factor", "relative_uom_id"))
            by_id = {row["id"]: row for row in rows}
            self._sizes = {id_: _of_tree(by_id, id_) for id_ in by_id}
        else:
            names = ("category_id", "uom_type", "factor", "factor_inv")
            rows = self._rows.search(MODEL, [], {**plain("name"), **self._rows.known(MODEL, names)})
            self._sizes = {row["id"]: _of_category(row) for row in rows}

    def of(self, id_: int | bool) -> Unit:
        """A unit with those it can be told from; an empty one where it is not known."""
        own = self._sizes.get(id_) if id_ else None
        if own is None:
            return Unit()
        if id_ not in self._known:
            self._known[id_] = Unit(own.name, self._others(own))
        return self._known[id_]

    def _others(self, own: _Size) -> str:
        told = {own.name}
        parts = []
        for unit in self._sizes.values():
            if unit.family != own.family or unit.name in told or not _tellable(unit.name):
                continue
            ratio = _ratio(unit.size, own.size)
            if ratio is not None:
                told.add(unit.name)
                parts.append(f"{unit.name}={ratio}")
        return "; ".join(sorted(parts))


def _of_tree(rows: Mapping[int, Row], id_: int) -> _Size:
    """From 19 on a unit names another one and how many of it it holds, up to one that names none."""
    size, root, met = Decimal(1), id_, {id_}
    while True:
        row: dict[str, Any] = rows[root]
        size *= Decimal(row["relative_factor"])
        above = row["relative_uom_id"]
        if not above or above in met or above not in rows:
            return _Size(text(rows[id_]["name"]), root, size)
        met.add(above)
        root = above


def _of_category(row: Row) -> _Size:
    """Before 19 units of a category are larger or smaller than its reference; of the two factors one was typed in."""
    kind = row.get("uom_type")
    if kind == "bigger":
        size = Decimal(row["factor_inv"])
    elif kind == "smaller" and row["factor"]:
        size = 1 / Decimal(row["factor"])
    else:
        size = Decimal(1)
    family = row["category_id"] if kind else -row["id"]
    return _Size(text(row["name"]), family, size.quantize(_DIGITS))


def _ratio(size: Decimal, base: Decimal) -> str | None:
    """How many `base` are in `size`, where nine digits after the point say it exactly."""
    if size <= 0 or base <= 0:
        return None
    ratio = (size / base).quantize(_DIGITS)
    try:
        exact = ratio > 0 and _EXACT.multiply(ratio, base) == size
    except Inexact:
        return None
    return plain_number(ratio) if exact else None


def _tellable(name: str) -> bool:
    return bool(name) and len(name) <= _LONGEST_NAME and not _NO_NAME.intersection(name)
