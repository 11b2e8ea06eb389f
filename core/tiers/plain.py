"""Plain windows: calendar and rolling ones whose levels end where the window says. Most programs, and fast."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, compress, groupby, repeat
from operator import itemgetter, ne, sub

from core.tiers.days import first_day, month
from core.tiers.ladder import Ladder, Measure, Sums

Point = tuple[int, int, int | None]
"""(day, level from that day on, last day it is kept): every change of them, and some that are none."""

_DAY = itemgetter(0)


def calendar(rung: Ladder, sums: Sums) -> Iterable[Point]:
    """The points of a calendar window."""
    known = sorted(item for item in sums if item[0] >= rung.valid_from)
    years = {year: list(days) for year, days in groupby(known, key=lambda item: _year(rung, item[0]))}
    best: dict[int, int] = {}
    for year in sorted({later for known_year in years for later in (known_year, known_year + 1, known_year + 2)}):
        begin, end = first_day(year * 12 + rung.first_month), first_day(year * 12 + 12 + rung.first_month)
        level = best.get(year - 1, 0) if rung.keeps else 0
        yield begin, level, end - 1 if level else None
        kept = first_day(year * 12 + 24 + rung.first_month) - 1 if rung.keeps else end - 1
        for day, earned in _earned(rung, years.get(year, ())):
            best[year] = earned
            if earned >= level and day < end:
                level = earned
                yield day, level, kept


def _earned(rung: Ladder, days: Sums) -> Iterable[tuple[int, int]]:
    """(day from which it counts, level): each time the running measure of one year first reaches a level above 0."""
    running: Measure = 0
    best = 0
    at_once = rung.upgrade == "at_once"
    for counts_from, group in groupby(
        sorted(days), key=lambda item: item[0] + 1 if at_once else first_day(month(item[0]) + 1)
    ):
        running += sum(amount for _, amount in group)
        level = rung.level(running)
        if level > best:
            best = level
            yield counts_from, level


def rolling(rung: Ladder, sums: Sums, end: int) -> Iterable[Point]:
    """The points of a rolling window up to a day: the first of a month each, kept for no certain time."""
    earliest = month(rung.valid_from)
    months: dict[int, Measure] = {}
    for number, (_, amount) in zip(map(month, map(_DAY, sums)), sums, strict=True):
        if number >= earliest:
            months[number] = months.get(number, 0) + amount
    if not months:
        return
    first, length = min(months), rung.months
    last = max(first, min(max(months), month(end)))
    # Running totals, with the window's length of nothing on both sides; a window is the difference of two of them.
    amounts = map(months.get, range(first - length, last + length + 1), repeat(0))
    totals = list(accumulate(amounts, initial=0))
    levels = list(map(bisect_right, repeat(rung.bounds[1:]), map(sub, totals[length + 1 :], totals[1:])))
    for i in compress(range(len(levels)), map(ne, levels, [0, *levels])):
        yield first_day(first + 1 + i), levels[i], None


def _year(rung: Ladder, day: int) -> int:
    return (month(day) - rung.first_month) // 12
