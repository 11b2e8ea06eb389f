"""Standings: the level of an account on the days of a range, without gaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from core.period import day_date, day_number
from core.programs import Program
from core.tiers import plain
from core.tiers.ladder import Ladder, Sums, ladder
from core.tiers.plain import Point
from core.tiers.windows import rolled, windowed


class Standing(NamedTuple):
    """A level held on the days from `start` up to, not including, `end`."""

    start: int
    end: int
    level: int
    since: int
    """The day the present level began."""
    valid_until: int | None
    """The last day it is kept whatever is bought; None for the lowest level, for rolling windows, and without end."""


class Override(NamedTuple):
    """A level somebody has decided, on the days from the first to the last one. None ends what was decided before."""

    first: int
    last: int
    level: int | None


def timeline(
    program: Program | Ladder,
    sums: Sums,
    start: int,
    end: int,
    *,
    enrolled: int | None = None,
    overrides: Sequence[Override] = (),
) -> list[Standing]:
    """The standings of one account on the days from `start` up to, not including, `end`, without gaps.

    `sums` may come in any order; what lies before the program's first day counts for nothing. `enrolled` is the day
    of enrolment in the tier program: anniversary windows begin with it. Of `overrides` a later one wins.
    """
    rung = program if isinstance(program, Ladder) else ladder(program)
    points = _points(rung, sums, end, enrolled)
    if overrides:
        points = _overridden(points, overrides)
    standings: list[Standing] = []
    begin, level, since, until = start, 0, rung.valid_from, None
    for day, new, kept in points:
        if new == level and kept == until:
            continue
        if day >= end:
            break
        if day > begin:
            standings.append(Standing(begin, day, level, since, until))
            begin = day
        if new != level:
            level, since = new, day
        until = kept
    if begin < end:
        standings.append(Standing(begin, end, level, since, until))
    return standings


def level_at(standings: Sequence[Standing], day: int) -> int:
    """The level on a day; the lowest where there are no standings at all."""
    return standing_at(standings, day).level if standings else 0


def standing_at(standings: Sequence[Standing], day: int) -> Standing:
    """The standing on a day. Raises ValueError for a day the standings do not cover."""
    found = standings[max(bisect_right(standings, day, key=itemgetter(0)) - 1, 0)]
    if not found.start <= day < found.end:
        raise ValueError(f"the standings do not cover {day_date(day)}")
    return found


def tier_day(program: Program, period: int) -> int | None:
    """The day whose tier counts for a whole calculation period: its first or its last day.

    None for a program that uses no tier, or each document's own.
    """
    use = program.slices()[0].tier
    if use is None or use.at == "document":
        return None
    return period if use.at == "period_start" else day_number(program.calendar.of(day_date(period)).last)


def override_at(overrides: Sequence[Override], day: int) -> tuple[int, int] | None:
    """(level, last day) that is decided for a day; None where nothing is."""
    for i in range(len(overrides) - 1, -1, -1):
        first, last, level = overrides[i]
        if first <= day <= last:
            if level is None:
                return None
            later = [item.first - 1 for item in overrides[i + 1 :] if day < item.first <= last]
            return level, min([last, *later])
    return None


def _points(rung: Ladder, sums: Sums, end: int, enrolled: int | None) -> Iterable[Point]:
    if rung.window == "rolling":
        if rung.is_plain:
            return plain.rolling(rung, sums, end)
        return ((day, held.level, None) for day, held in rolled(rung, sums, end))
    return plain.calendar(rung, sums) if rung.is_plain else windowed(rung, sums, end, enrolled)


def _overridden(points: Iterable[Point], overrides: Sequence[Override]) -> Iterator[Point]:
    """The points with what was decided in place of what was earned."""
    earned = list(points)
    days = {day for day, _, _ in earned} | {day for item in overrides for day in (item.first, item.last + 1)}
    place = 0
    present: tuple[int, int | None] = (0, None)
    for day in sorted(days):
        while place < len(earned) and earned[place][0] <= day:
            present = earned[place][1], earned[place][2]
            place += 1
        decided = override_at(overrides, day)
        yield (day, *(decided or present))
