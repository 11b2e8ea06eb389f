"""Lines as exact measures, and measures as cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from core.engine.reference.days import Days, date_of, months_later, period_with, settles_from
from core.engine.reference.earning import unit_of
from core.engine.reference.matching import slice_of
from core.engine.reference.rounding import rounded
from core.engine.reference.world import Fact, World
from core.money import exponent
from core.programs import COUNTED, Program

NOTHING = Fraction(0)


class Measured(NamedTuple):
    """A line with what it adds to a measure, in the smallest units of the program's measure."""

    line: Fact
    value: Fraction | None
    """None: nobody knows yet, the line waits."""
    ratio: Fraction
    """What its own figure was multiplied with."""
    net: Fraction
    """In the program's currency where the measure is money, else as the document states it."""


Place = tuple[int, int, int, int, int, int, date]
"""Slice, level, tax, document, line, payee, settle: the cell of a period that a line falls into."""


class Cell(NamedTuple):
    """As `core.entitlement.Cell`, with an exact measure; `times` and `over` are 1, the rate is in `ratio` where it is
    needed again."""

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
    ratio: Fraction = Fraction(1)


def ratio_of(world: World, program: Program, line: Fact, period: Days) -> Fraction | None:
    """Minor units of the program's currency for one minor unit of the line's; None where no rate is known."""
    ours, theirs = program.program.currency, world.currencies[line.tax]
    if ours == theirs:
        return Fraction(1)
    stated = program.currency
    if stated.lines == "wait" or world.exchange is None:
        return None
    day = date_of(line.day)
    last = min(period.last, world.as_of)
    found = world.exchange.ratio(theirs, ours, day, stated.date, stated.provider, last)
    return None if found is None else Fraction(found) * Fraction(10) ** (exponent(ours) - exponent(theirs))


def measured(world: World, program: Program, line: Fact) -> Measured:
    """What a line adds to the measure of its period."""
    return measured_as(world, program, line, program.basis.measure, program.basis.unit)


def measured_as(world: World, program: Program, line: Fact, measure: str, unit: str) -> Measured:
    """What a line adds to some measure of its period. A line without a known quantity adds nothing to quantities."""
    net = Fraction(line.net)
    if measure == "quantity":
        held = held_by(world, line, unit)
        if held is None:
            return Measured(line, None, NOTHING, net)
        return Measured(line, (line.quantity or 0) / held, 1 / held, net)
    if measure in COUNTED:
        return Measured(line, NOTHING, Fraction(1), net)
    ratio = ratio_of(world, program, line, period_around(program, date_of(line.day)))
    if ratio is None:
        return Measured(line, None, NOTHING, net)
    amount = line.net + (line.tax_amount if measure == "gross" else 0)
    return Measured(line, amount * ratio, ratio, net * ratio)


def period_around(program: Program, day: date) -> Days:
    """The calculation period of a day, also of one before the program: of a later year, where they are explicit ones
    that begin later."""
    for years in range(10):
        try:
            found = period_with(program, _years_later(day, years))
        except LookupError:
            continue
        return Days(_years_later(found.first, -years), _years_later(found.last, -years))
    return Days(day.replace(day=1), date.fromordinal(months_later(day, 1).toordinal() - 1))


def _years_later(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + years, day.month, 28) if leap and years else date(day.year + years, day.month, day.day)


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
    """How many orders were placed, or distinct products kept."""
    return len(kept_things(world, measure, lines))


def thing_of(world: World, measure: str, line: Fact) -> Any:
    """The order or the product a line belongs to. Items of one sku are one product."""
    if measure == "orders":
        return line.document
    skus = [state.sku for state in world.items.get(line.item, ()) if state.sku is not None]
    return skus[0] if skus else line.item


def kept_things(world: World, measure: str, lines: Sequence[Fact]) -> set[Any]:
    """The orders of which lines stand, or the products of which more was kept than given back: by quantity, or by
    lines where a quantity is unknown."""
    by: dict[Any, list[Fact]] = defaultdict(list)
    for line in lines:
        by[thing_of(world, measure, line)].append(line)
    if measure == "orders":
        return {thing for thing, members in by.items() if sum(line.sign for line in members) > 0}
    return {thing for thing, members in by.items() if _kept(members)}


def _kept(lines: Sequence[Fact]) -> bool:
    if any(line.quantity is None for line in lines):
        return sum(line.sign for line in lines) > 0
    return sum(line.quantity or 0 for line in lines) > 0


def cells_of(world: World, program: Program, found: Sequence[tuple[Measured, int]], period: Days) -> list[Cell]:
    """The cells of one beneficiary and period, from its measured lines, each with the tier level of its day."""
    sums: dict[tuple[Any, ...], list[Fraction]] = defaultdict(lambda: [NOTHING, NOTHING, NOTHING])
    converted: dict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
    measure = program.basis.measure
    left = kept_things(world, measure, [item.line for item, _ in found]) if measure in COUNTED else set()
    paid_back = program.currency.payout == "invoice"
    rows = sorted(
        (((*place_of(program, item.line, level, period), item.ratio if paid_back else Fraction(1)), item)
         for item, level in found),
        key=lambda row: row[0],
    )  # fmt: skip
    for key, item in rows:
        if item.value is None:
            continue
        value, line = item.value, item.line
        if measure in COUNTED and thing_of(world, measure, line) in left:
            left.remove(thing_of(world, measure, line))
            value = Fraction(1)
        if program.currency.rounding == "line" and world.currencies[line.tax] != program.program.currency:
            converted[*key, line.document, line.line, item.ratio] += value
            value = NOTHING
        for i, number in enumerate((value, item.net, Fraction(line.sign))):
            sums[key][i] += number
    for key, value in converted.items():
        whole = rounded(value, program.program.rounding) if measure in ("net", "gross") else value
        sums[key[:-3]][0] += whole
    return [Cell._make((*key[:-1], row[0], row[1], int(row[2]), 1, 1, key[-1])) for key, row in sorted(sums.items())]


def place_of(program: Program, line: Fact, level: int, period: Days) -> Place:
    """The cell that a line of a period falls into, by the first fields of Cell."""
    by = program.basis.accumulate
    return (
        slice_of(program, line),
        level,
        line.tax,
        line.document if by != "period" else 0,
        line.line if by == "line" else 0,
        line.account,
        settles_from(program, date_of(line.day), period),
    )


def minor_of(program: Program, stated: Any, measure: str) -> Fraction:
    """A stated amount or quantity in the smallest units of a measure."""
    return Fraction(stated) * unit_of(measure, program.program.currency)
