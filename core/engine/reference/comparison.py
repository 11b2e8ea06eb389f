"""What is looked at beside the paid measure: a qualifier, conditions, a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from core.engine.reference.counting import Measured, measured_as, minor_of, things
from core.engine.reference.days import Days, date_of, month_run, months_later, period_with
from core.engine.reference.matching import beneficiary, is_in, returns_of, selects
from core.engine.reference.tiers import has_tier
from core.engine.reference.world import Fact, World
from core.programs import COUNTED, Program, Scope

NOTHING = Fraction(0)
YEARS_BEFORE = 5


class Looked(NamedTuple):
    """A condition with what was found, in the smallest units of its measure."""

    name: str
    measure: Fraction
    minimum: Fraction
    met: bool


class Compared(NamedTuple):
    """A baseline; None: there is none. Or why nothing is earned at all."""

    value: Fraction | None
    excluded: str = ""


def _lines(world: World, program: Program, whose: int, scope: Scope, returns: str, days: Days) -> list[Fact]:
    """The lines of a beneficiary on some days, in a scope; the audience is the program's own."""
    return [
        line
        for line in world.known(program)
        if date_of(line.day) in days
        and date_of(line.day) <= world.as_of
        and date_of(line.day) < program.end
        and beneficiary(world, program, line) == whose
        and is_in(world, program, program.audience, scope, returns, line)
        and has_tier(world, program.audience, line)
    ]


def _value(world: World, program: Program, measure: str, unit: str, lines: Sequence[Fact]) -> Fraction:
    if measure in COUNTED:
        return Fraction(things(world, measure, lines))
    found = [measured_as(world, program, line, measure, unit).value for line in lines]
    return sum((value for value in found if value is not None), NOTHING)


def qualifier(world: World, program: Program, whose: int, period: Days) -> Fraction:
    """The measure that picks the band: of the period, or of the n whole months that end with its last one."""
    stated = program.qualifier
    assert stated is not None  # noqa: S101
    first = max(period.first, program.program.valid_from)
    if stated.months is not None:
        end = months_later(period.last, 1)
        earliest = months_later(program.program.valid_from, -stated.months)
        first = max(months_later(end, -stated.months), earliest)
        days = Days(first, date.fromordinal(end.toordinal() - 1))
        if stated.measure in COUNTED:  # whole months are counted one by one
            return _by_months(world, program, whose, days)
    else:
        days = Days(first, period.last)
    returns = returns_of(program, stated.measure)
    found = _lines(world, program, whose, stated.scope, returns, days)
    return _value(world, program, stated.measure, stated.unit, found)


def _by_months(world: World, program: Program, whose: int, days: Days) -> Fraction:
    stated = program.qualifier
    assert stated is not None  # noqa: S101
    total, first = NOTHING, days.first
    returns = returns_of(program, stated.measure)
    while first <= days.last:
        last = date.fromordinal(months_later(first, 1).toordinal() - 1)
        found = _lines(world, program, whose, stated.scope, returns, Days(first, last))
        total += _value(world, program, stated.measure, stated.unit, found)
        first = months_later(first, 1)
    return total


def conditions(world: World, program: Program, whose: int, period: Days, paid: Fraction) -> tuple[Looked, ...]:
    """Every condition; `paid` is the paid measure of the period, in its smallest units."""
    rows = []
    for stated in program.condition:
        days = Days(max(period.first, program.program.valid_from), period.last)
        returns = returns_of(program, stated.measure)
        found = _lines(world, program, whose, stated.scope, returns, days)
        value = _value(world, program, stated.measure, stated.unit, found)
        if stated.minimum is not None:
            minimum = minor_of(program, stated.minimum, stated.measure)
        else:
            minimum = paid * Fraction(stated.minimum_percent or 0) / 100
        rows.append(Looked(stated.name, value, minimum, value >= minimum))
    return tuple(rows)


def baseline(world: World, program: Program, whose: int, period: Days) -> Compared:
    """What the period of a beneficiary is compared with."""
    stated = program.baseline
    assert stated is not None  # noqa: S101
    if stated.against == "target":
        names = [name for state in world.accounts.get(whose, ()) for name in state.external_ids]
        target = next((stated.targets[name] for name in names if name in stated.targets), stated.target)
        return Compared(None if target is None else minor_of(program, target, program.basis.measure))
    days = compared_days(program, period)
    scope, returns = program.slices()[-1].scope, returns_of(program, program.basis.measure)
    start = _earliest(program)
    before = _lines(world, program, whose, scope, returns, Days(start, date(2200, 12, 31)))
    inside = [line for line in before if date_of(line.day) in days]
    joined = _joined(world, program, whose, before)
    if joined is None or joined > days.last:
        return Compared(None)
    value = _indexed(world, program, inside)
    if joined <= days.first or stated.joiners == "as_is":
        return Compared(value)
    if stated.joiners == "exclude":
        return Compared(None, "joined within the baseline")
    return Compared(value * len(days) / len(Days(joined, days.last)))


def compared_days(program: Program, period: Days) -> Days:
    """The days a period is compared with."""
    stated = program.baseline
    assert stated is not None  # noqa: S101
    if stated.against == "previous_period":
        return period_with(program, date.fromordinal(period.first.toordinal() - 1))
    end = date.fromordinal(period.last.toordinal() + 1)
    return Days(_a_year_before(period.first), date.fromordinal(_a_year_before(end).toordinal() - 1))


def _joined(world: World, program: Program, whose: int, lines: Sequence[Fact]) -> date | None:
    """The first day of the enrolment, else of the month of the first day on which something was bought."""
    enrolled = world.enrolled.get(program.id, {}).get(whose)
    if enrolled is not None:
        return enrolled
    by_day: dict[int, int] = {}
    for line in lines:
        by_day[line.day] = by_day.get(line.day, 0) + line.sign
    days = [day for day, count in by_day.items() if count > 0]
    return date_of(min(days)).replace(day=1) if days else None


def _indexed(world: World, program: Program, lines: Sequence[Fact]) -> Fraction:
    """The measure of a baseline, each product raised by the first index that matches it."""
    basis, stated = program.basis, program.baseline
    assert stated is not None  # noqa: S101
    if basis.measure in COUNTED:
        return Fraction(things(world, basis.measure, lines))
    total = NOTHING
    for line in lines:
        found: Measured = measured_as(world, program, line, basis.measure, basis.unit)
        item: Any = world.item(line)
        raised = next((index.percent for index in stated.index if selects(index, item)), 0)
        total += (found.value or NOTHING) * (100 + Fraction(raised)) / 100
    return total


def _earliest(program: Program) -> date:
    first = period_with(program, program.program.valid_from).first
    return months_later(month_run(program, first, "month"), -12 * YEARS_BEFORE)


def _a_year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 3, 1)
    return date(day.year - 1, day.month, day.day)
