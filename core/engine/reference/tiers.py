"""Tiers, looked up from their definition for each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from core.engine.reference.counting import measured
from core.engine.reference.days import DAY, date_of, months_later
from core.engine.reference.earning import unit_of
from core.engine.reference.matching import beneficiary, counts
from core.engine.reference.world import Fact, World
from core.programs import Audience, Level, Program

Bought = Sequence[tuple[date, int | Fraction]]
"""(day, measure in the smallest units) of every line that counts for a tier program."""


def level_names(world: World, program: Program) -> tuple[str, ...]:
    """The levels of the tier program whose levels a program has scales for, from the lowest up."""
    use = program.slices()[0].tier
    return tuple(level.name for level in _levels(world.program(use.program))) if use is not None else ()


def level_of(world: World, giver: Program, whose: int, day: date) -> int:
    """The index of the level of somebody at the start of a day."""
    return level_on(giver, bought(world, giver, whose), day)


def has_tier(world: World, audience: Audience, line: Fact) -> bool:
    """Whether the account has one of the tiers an audience asks for on the line's day."""
    if audience.tiers is None:
        return True
    giver = world.program(audience.tiers.program)
    level = level_of(world, giver, beneficiary(world, giver, line), date_of(line.day))
    return _levels(giver)[level].name in audience.tiers.levels


def bought(world: World, giver: Program, whose: int) -> Bought:
    """What somebody bought that counts for a tier program."""
    found: dict[date, Fraction] = defaultdict(Fraction)
    for line in world.known(giver):
        if beneficiary(world, giver, line) == whose and counts(world, giver, line):
            value = measured(world, giver, line).value
            if value is not None:
                found[date_of(line.day)] += value
    return sorted(found.items())


def level_on(program: Program, purchases: Bought, day: date) -> int:
    """The index of the level at the start of a day: calendar and rolling windows, protected from returns."""
    status = program.status
    assert status is not None  # noqa: S101
    scale = unit_of(program.basis.measure, program.program.currency)

    def level(measure: int | Fraction) -> int:
        return max([0, *(i for i, step in enumerate(status.levels) if measure >= step.from_ * scale)])

    def total(first: date, end: date) -> int | Fraction:
        return sum(amount for when, amount in purchases if first <= when < end)

    if status.window == "rolling":
        end = day.replace(day=1)
        return level(total(months_later(end, -status.months), end))

    def highest(year: date, until: date) -> int:
        """The highest level that the running measure of the year reached before `until`."""
        if status.upgrade == "at_once":
            looks = {when + DAY for when, _ in purchases if year <= when < months_later(year, 12)}
        else:
            looks = {months_later(year, months) for months in range(1, 13)}
        return max([0, *(level(total(year, look)) for look in looks if look <= until)])

    this_year = months_later(day, -((day.month - program.program.fiscal_start) % 12))
    reached = highest(this_year, day)
    if status.keep == "next_window_end":
        reached = max(reached, highest(months_later(this_year, -12), this_year))
    return reached


def _levels(giver: Program) -> Sequence[Level]:
    assert giver.status is not None  # noqa: S101
    return giver.status.levels
