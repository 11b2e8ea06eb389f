"""Counted cells: documents and products become numbers of them, converted lines are rounded, cells are put together.

All functions are pure. The order of what they give depends on nothing but the cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from core.cells import CANONICAL, Cell
from core.money import Rounding, divide


def counted(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of one (program, beneficiary, period) that were told apart by document or product, with the number of
    documents or products as their measure.

    A document counts 1 where it has any line, a product where more was kept than given back: its quantity is above
    zero, or, where a unit is unknown, it has any line. The 1 stands on the first cell in canonical order that has
    lines: one that a later version has left has none. Cells come back put together over the period, except those whose
    lines other programs count too, document by document. Cells put together already stay as they are.
    """
    ordered = sorted(cells, key=_order)
    things = groupby(sorted(ordered, key=_thing), key=_thing)
    kept = {thing: _is_kept(members, product=thing[1] > 0) for thing, members in things}
    found = []
    for cell in ordered:
        thing = _thing(cell)
        if thing == (0, 0):
            found.append(cell)
            continue
        one = kept[thing] and cell.lines > 0
        kept[thing] = kept[thing] and not one
        document = cell.document if cell.shared >= 0 else 0
        found.append(cell._replace(measure=int(one), document=document, line=0))
    return merged(found)


def rounded(cells: Iterable[Cell], rounding: Rounding, grain: str) -> list[Cell]:
    """Cells told apart by line, each conversion rounded, put together by `grain`."""
    found = []
    for cell in cells:
        document = 0 if grain == "period" else cell.document
        whole = cell._replace(document=document, line=cell.line if grain == "line" else 0)
        if cell.over and cell.times != cell.over:
            measure = divide(cell.measure * cell.times, cell.over, rounding)
            whole = whole._replace(measure=measure, times=1, over=1)
        found.append(whole)
    return merged(found)


def merged(cells: Iterable[Cell]) -> list[Cell]:
    """Cells that agree in all but their sums put together, in canonical order."""
    return [_sum(list(members)) for _, members in groupby(sorted(cells, key=_order), key=_order)]


def _order(cell: Cell) -> tuple[object, ...]:
    """Canonical order, and then whatever else tells cells apart."""
    return (*CANONICAL(cell), cell.program, cell.beneficiary, cell.period, cell.shared, cell.times, cell.over)


def _sum(cells: Sequence[Cell]) -> Cell:
    if len(cells) == 1:
        return cells[0]
    measure, net, unknown, lines = (sum(cell[place] for cell in cells) for place in range(10, 14))
    less = sum(cell.less for cell in cells)
    return cells[0]._replace(measure=measure, net=net, unknown=unknown, lines=lines, less=less)


def _thing(cell: Cell) -> tuple[int, int]:
    """The product, or the document, or neither."""
    return (0, cell.line) if cell.line else (cell.document, 0)


def _is_kept(cells: Iterable[Cell], product: bool) -> bool:
    """Whether a document or product counts."""
    members = list(cells)
    if product and not any(cell.unknown for cell in members):
        return sum(cell.measure for cell in members) > 0
    return sum(cell.lines for cell in members) > 0
