"""Cells: the sums that leave the engine and carry everything that matters for money."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from operator import itemgetter
from typing import NamedTuple

from core.scales import Number


class Cell(NamedTuple):
    """Sums of the lines that agree in everything that matters for money.

    Days are numbers since 1970-01-01; `measure` and `net` are in minor units of the tax key's currency, except that
    `measure` is in 10^-6 base units where the program measures quantity, and a whole count where it counts things.
    """

    program: int
    """Index of the program in the plan."""
    beneficiary: int
    payee: int
    period: int
    """First day of the calculation period."""
    settle: int
    """First day of the settlement period the lines fall in; `period` where settlement is not shorter."""
    slice: int
    """Index of the program's slice in force."""
    level: int
    """Index of the tier level on the document's day; -1 unless the program uses the tier at the document."""
    tax: int
    """Id of the tax key: entity, registration, category, rate, currency."""
    document: int
    """0 unless the program accumulates by document or line."""
    line: int
    """0 unless the program accumulates by line."""
    measure: int
    net: int
    unknown: int
    """Number of lines whose quantity in base units is unknown."""
    lines: int
    """Number of lines; negated lines count -1."""
    times: int = 1
    """The measure in the program's unit or currency is `measure * times / over`; `over` of 0: nobody knows it yet."""
    over: int = 1
    """0 where nobody knows it yet: the cell waits."""
    less: int = 0
    """What other programs have taken off the measure already."""
    shared: int = -1
    """While counting: which other programs' lines these are too (`Plan.shares`)."""


CANONICAL = itemgetter(5, 6, 7, 8, 9, 2, 4)
"""The order of cells in which ties are broken: slice, level, tax, document, line, payee, settle."""


def measure_of(cell: Cell) -> Number:
    """The measure in the program's own unit or currency, exactly; 0 while nobody knows it."""
    measure, times, over = cell[10], cell[14], cell[15]
    if times == over:
        return measure
    return Fraction(measure * times, over) if over else 0


def net_of(cell: Cell, *, money: bool) -> Number:
    """The net in the program's currency; where the measure is not `money`, as the document states it."""
    if not cell.over:
        return 0
    return Fraction(cell.net * cell.times, cell.over) if money and cell.times != cell.over else cell.net


def weights(cells: Sequence[Cell], *, money: bool) -> list[int]:
    """By what an amount is shared that follows no measure: the size of the net, else of the measure, else evenly.

    Never all 0. Cells that wait weigh nothing unless all do.
    """
    found = whole([_size(net_of(cell, money=money)) for cell in cells])
    if not any(found):
        found = whole([_size(measure_of(cell)) for cell in cells])
    return found if any(found) else [1] * len(cells)


def whole(numbers: Sequence[Number]) -> list[int]:
    """Numbers in the same proportion that are integers."""
    common = lcm(*(number.denominator for number in numbers))
    return [number.numerator * (common // number.denominator) for number in numbers]


def _size(number: Number) -> Number:
    return number if number >= 0 else -number
