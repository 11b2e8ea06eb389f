"""Lines as exact measures, and measures as cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from core.engine.reference.days import Days, date_of, period_with, settles_from
from core.engine.reference.earning import unit_of
from core.engine.reference.matching import slice_of
from core.engine.reference.rounding import rounded
from core.engine.reference.world import Fact, World
from core.money import exponent
from core.programs import COUNTED, Program

NOTHING = Fraction(0)


class Measured(NamedTuple):
    """A line with what it adds to a measure, in the smallest units of the program's measure (None: nobody knows)."""

    line: Fact
    value: Fraction | None
    ratio: Fraction | None
    """Minor units of the program's currency for one of the line's; 1 where nothing is converted."""


class Cell(NamedTuple):
    """As `core.entitlement.Cell`, with an exact measure; `times` and `over` are 1."""

    slice: int
    level: int
    tax: int
    document: int
    line: int
    payee: int
    settle: date
    measure: Fraction
    net: Fraction
    lines: int
    times: int = 1
    over: int = 1


def ratio_of(world: World, program: Program, line: Fact, period: Days) -> Fraction | None:
    """Minor units of the program's currency for one minor unit of the line's; None where no rate is known."""
    ours, theirs = program.program.currency, world.currencies[line.tax]
    if ours == theirs:
        return Fraction(1)
    stated = program.currency
    if stated.lines == "wait" or world.exchange is None:
        return None
    day = date_of(line.day)
    found = world.exchange.ratio(theirs, ours, day, stated.date, stated.provider, period.last)
    return None if found is None else Fraction(found) * Fraction(10) ** (exponent(ours) - exponent(theirs))


def measured(world: World, program: Program, line: Fact) -> Measured:
    """What a line adds to the measure of its period."""
    return measured_as(world, program, line, program.basis.measure, program.basis.unit)


def measured_as(world: World, program: Program, line: Fact, measure: str, unit: str) -> Measured:
    """What a line adds to some measure of its period."""
    if measure == "quantity":
        held = held_by(world, line, unit)
        if line.quantity is None or held is None:
            return Measured(line, None, Fraction(1))
        return Measured(line, line.quantity / held, Fraction(1))
    if measure in COUNTED:
        return Measured(line, NOTHING, Fraction(1))
    try:
        period = period_with(program, date_of(line.day))
    except LookupError:  # a baseline looks at days before the program's own periods
        period = Days(date_of(line.day), date_of(line.day))
    ratio = ratio_of(world, program, line, period)
    amount = line.net + (line.tax_amount if measure == "gross" else 0)
    return Measured(line, None if ratio is None else amount * ratio, ratio)


def held_by(world: World, line: Fact, unit: str) -> Fraction | None:
    """How many base units of the line's product one unit holds; None where the product has no such unit."""
    if not unit:
        return Fraction(1)
    item = world.item(line)
    if item is None:
        return None
    if item.base_unit == unit:
        return Fraction(1)
    return next((Fraction(ratio) for name, ratio in item.units if name == unit), None)


def things(world: World, measure: str, lines: Sequence[Fact]) -> int:
    """How many orders were placed, or distinct products kept.

    An order is an invoice of which lines still stand. A product counts where the quantity that was kept is above
    nothing; where no quantity is known, where more lines came than went.
    """
    by: dict[Any, list[Fact]] = defaultdict(list)
    for line in lines:
        item = world.item(line)
        product = (item.sku if item is not None else None, line.item if item is None or item.sku is None else 0)
        by[line.document if measure == "orders" else product].append(line)
    if measure == "orders":
        return sum(1 for members in by.values() if sum(line.sign for line in members) > 0)
    return sum(1 for members in by.values() if _kept(members))


def _kept(lines: Sequence[Fact]) -> bool:
    kept = sum(line.quantity or 0 for line in lines)
    return kept > 0 if kept else sum(line.sign for line in lines) > 0


def cells_of(world: World, program: Program, found: Iterable[tuple[Measured, int]], period: Days) -> list[Cell]:
    """The cells of one beneficiary and period, from its measured lines, each with the tier level of its day."""
    by = program.basis.accumulate
    rounds = program.currency.rounding == "line"
    sums: dict[tuple[Any, ...], list[Fraction]] = defaultdict(lambda: [NOTHING, NOTHING, NOTHING])
    fine: dict[tuple[Any, ...], list[Fraction]] = defaultdict(lambda: [NOTHING, NOTHING, NOTHING])
    for item, level in found:
        if item.value is None:
            continue
        line, day = item.line, date_of(item.line.day)
        key = (
            slice_of(program, line),
            level,
            line.tax,
            line.document if by != "period" else 0,
            line.line if by == "line" else 0,
            line.account,
            settles_from(program, day, period),
        )
        foreign = item.ratio not in (None, 1) or world.currencies[line.tax] != program.program.currency
        single = (line.document, line.line, item.ratio) if rounds and foreign else ()
        row = fine[(*key, single)]
        net = line.net * (item.ratio or 1)
        for i, number in enumerate((item.value, net, line.sign)):
            row[i] += number
    for key, row in fine.items():
        total = sums[key[:-1]]
        value = Fraction(rounded(row[0], program.program.rounding)) if key[-1] else row[0]
        for i, number in enumerate((value, row[1], row[2])):
            total[i] += number
    return [Cell(*key, row[0], row[1], int(row[2])) for key, row in sorted(sums.items())]


def minor_of(program: Program, stated: Any, measure: str) -> Fraction:
    """A stated amount or quantity in the smallest units of a measure."""
    return Fraction(stated) * unit_of(measure, program.program.currency)
