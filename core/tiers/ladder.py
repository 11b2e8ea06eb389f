"""A tier program in integers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from core.money import scaled
from core.period import day_number
from core.programs import Program
from core.tiers.figures import figures

Measure = int | Fraction
"""A Fraction where a quantity or a currency was converted."""

Sums = Sequence[tuple[int, Measure]]
"""(day, measure) of what an account bought; (first day of the month, measure) for a rolling window."""

ENDLESS = 2**31 - 1
"""The last day of what never ends."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A tier program compiled to integers."""

    names: tuple[str, ...]
    bounds: tuple[int, ...]
    """The measure from which each level is reached; the first is 0."""
    window: Literal["calendar", "rolling", "anniversary", "lifetime"]
    valid_from: int
    months: int
    """Length of a rolling window; 0 for the others."""
    first_month: int
    """Month of the year, 0 for January, that a calendar window begins with."""
    upgrade: Literal["at_once", "next_period", "retroactive"]
    keeps: bool
    """Whether a level is kept through the window after the one it was earned in."""
    grace: int
    """Days a level is kept beyond its end."""
    lands: bool
    """Whether a level that ends is followed by the next lower one."""
    stay: int
    """Months a level is kept at least."""
    recomputes: bool
    """Whether a return takes back at once what its purchase has earned."""
    is_plain: bool
    """A calendar or rolling window and none of the rules that let a level outlast or miss its end."""

    def level(self, measure: Measure) -> int:
        """The level that a measure reaches."""
        return max(bisect_right(self.bounds, measure) - 1, 0)


def ladder(program: Program) -> Ladder:
    """The tier program in integers: compile once where `timeline` is asked for many accounts.

    Raises ValueError for a program that gives no tier, DataError for a bound finer than the measure.
    """
    status, head = program.status, program.program
    if status is None:
        raise ValueError(f"{program.id} is no tier program")
    digits = figures(program).digits
    lifts = status.grace_days or status.soft_landing or status.minimum_stay
    by_years = status.window == "calendar" and status.upgrade != "retroactive" and status.returns == "protect"
    return Ladder(
        names=tuple(level.name for level in status.levels),
        bounds=tuple(scaled(level.from_, digits, path=f"status.levels.{level.name}") for level in status.levels),
        window=status.window,
        valid_from=day_number(head.valid_from),
        months=status.months if status.window == "rolling" else 0,
        first_month=head.fiscal_start - 1,
        upgrade=status.upgrade,
        keeps=status.keep == "next_window_end",
        grace=status.grace_days,
        lands=status.soft_landing,
        stay=status.minimum_stay,
        recomputes=status.returns == "recompute",
        is_plain=not lifts and (by_years or status.window == "rolling"),
    )
