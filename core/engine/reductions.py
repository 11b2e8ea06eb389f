"""Reductions: what a program gives for lines that another one, which is net of it, counts too.

The amount of A stands on A's cells, in parts that add up to it. Cells of A that B is net of are counted as fine as
needed: each lies within one of B's spans, or outside of all of them, and within one document or line where B
accumulates by these. So the part of each can be taken off B's measure as it stands. Where several cells of B hold the
same lines (dated rates tell them apart, say), they share by their measures, by largest remainder.

Accounts are matched by payee: A may be for accounts and B for their group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

from core.cells import CANONICAL, Cell, measure_of, weights, whole
from core.engine.plan import Plan
from core.money import largest_remainder
from core.programs import COUNTED


class Place(NamedTuple):
    """Where something is taken off: which cells of which program. A `level` of -1, `document` and `line` of 0: any."""

    program: int
    payee: int
    period: int
    settle: int
    slice: int
    tax: int
    level: int = -1
    document: int = 0
    line: int = 0


def given(plan: Plan, cells: Sequence[Cell], parts: Sequence[int], finer: Sequence[Cell]) -> list[int]:
    """The parts of cells as parts of the `finer` cells they were put together from.

    Each part is spread by the measures of its finer cells; by the size of their nets where counts of things are
    measured, or the measures add up to nothing.
    """
    members: dict[tuple[int, ...], list[int]] = {}
    for i, cell in enumerate(finer):
        for key in _keys(cell):
            members.setdefault(key, []).append(i)
    found = [0] * len(finer)
    for cell, part in zip(cells, parts, strict=True):
        places = sorted(members.get(_keys(cell)[0], ()), key=lambda i: (*CANONICAL(finer[i]), finer[i].shared))
        if part:
            counts = plan.programs[cell.program].basis.measure in COUNTED
            for i, share in zip(places, _spread(part, [finer[i] for i in places], counts), strict=True):
                found[i] += share
    return found


def _keys(cell: Cell) -> list[tuple[int, ...]]:
    """By its own document and line first, then by the document, then by neither."""
    rest = (cell.slice, cell.level, cell.tax, cell.payee, cell.settle, cell.times, cell.over)
    parts = {(cell.document, cell.line): None, (cell.document, 0): None, (0, 0): None}
    return [(*part, *rest) for part in parts]


def reductions(plan: Plan, cells: Sequence[Cell], parts: Sequence[int]) -> dict[Place, int]:
    """What the parts of a program's cells, in minor units, take off the measures of those that are net of it."""
    found: dict[Place, int] = {}
    for cell, part in zip(cells, parts, strict=True):
        if not part or cell.shared < 0:
            continue
        for span, level in plan.shares[cell.shared]:
            grain = plan.countings[span.program].merged
            document = 0 if grain == "period" else cell.document
            # Where products are counted, `line` is a product: all lines of the document share.
            by_line = grain == "line" and "product" not in plan.countings[cell.program].grain
            place = Place(
                span.program, cell.payee, span.period, span.settle, span.slice, cell.tax, level,
                document, cell.line if by_line else 0,
            )  # fmt: skip
            found[place] = found.get(place, 0) + part
    return found


def reduced(
    cells: Sequence[Cell], taken: Mapping[Place, int], taxes: Mapping[int, int] = MappingProxyType({})
) -> list[Cell]:
    """The cells of a program that is net of others, with their measures lowered by what those give.

    `taxes` names the tax key that `taken` has for one of the cells, where it is another. Cells that wait for a rate
    are left as they are, and so is what nobody counts any more.
    """
    places: dict[Place, list[int]] = {}
    for i, cell in enumerate(cells):
        if cell.over:
            keys = {(cell.document, cell.line), (cell.document, 0), (0, 0)}
            for level, (document, line) in product({cell.level, -1}, keys):
                place = Place(
                    cell.program, cell.payee, cell.period, cell.settle, cell.slice, taxes.get(cell.tax, cell.tax),
                    level, document, line,
                )  # fmt: skip
                if place in taken:
                    places.setdefault(place, []).append(i)
    less = [0] * len(cells)
    for place, members in places.items():
        members.sort(key=lambda i: CANONICAL(cells[i]))
        for i, share in zip(members, _spread(taken[place], [cells[i] for i in members]), strict=True):
            less[i] += share
    return [_lowered(cell, amount) if amount else cell for cell, amount in zip(cells, less, strict=True)]


def _spread(amount: int, cells: Sequence[Cell], counts: bool = False) -> list[int]:
    """An amount in parts by the measures of cells in canonical order."""
    measures = whole([measure_of(cell) for cell in cells])
    return largest_remainder(amount, weights(cells, money=False) if counts or not sum(measures) else measures)


def _lowered(cell: Cell, amount: int) -> Cell:
    """A cell whose measure is lowered by an amount in the program's minor units, exactly."""
    less = cell.less + amount
    if cell.times == cell.over:
        return cell._replace(measure=cell.measure - amount, less=less)
    return cell._replace(measure=cell.measure * cell.times - amount * cell.over, times=1, less=less)
