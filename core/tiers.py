"""Tiers: the level an account has on each day, as a pure function of what it bought.

The tier on a date is the tier at the start of that business day: a document counts from the next day on. An account
has the lowest level until it has earned a higher one.

- calendar window: the running measure of the year (from `fiscal_start`) earns the highest level it reaches; a return
  does not take it back before the window ends. `at_once`: the day after the document; `next_period`: looked at
  on the first of each month over the whole months before. A level earned is kept until its year ends
  (`window_end`), or until the next year ends (`next_window_end`).
- rolling window: the n whole calendar months before the month of the date; changes only on the first of a month.

Days are numbers since 1970-01-01, ranges are half-open, amounts are minor units of the tier program's currency.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate, compress, groupby, repeat
from operator import itemgetter, ne, sub
from typing import Literal, NamedTuple

from core.money import exponent, scaled
from core.period import day_date, day_number
from core.programs import Program

Sums = Sequence[tuple[int, int]]
"""(day, measure) for a calendar window, (first day of the month, measure) for a rolling one."""

_DAY = itemgetter(0)


class Standing(NamedTuple):
    """A level held on the days from `start` up to, not including, `end`."""

    start: int
    end: int
    level: int
    since: int
    """The day the present level began."""
    valid_until: int | None
    """The last day it is kept whatever happens; None for the lowest level and for rolling windows."""


class Outlook(NamedTuple):
    """Where an account stands, for people."""

    level: int
    since: int
    valid_until: int | None
    """The last day the level is sure; for a rolling window the last day of the month. None for the lowest level."""
    measure: int
    """In the window that is running: the year, or the n months that end with this one. Documents of the day count."""
    to_next: tuple[int, str] | None
    """What is still missing for the next level, and its name; None at the highest level."""
    to_keep: int | None
    """What is still missing to have the level after the window ends; None where it ends whatever is bought."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A tier program compiled to integers."""

    names: tuple[str, ...]
    bounds: tuple[int, ...]
    """The measure from which each level is reached; the first is 0."""
    valid_from: int
    months: int
    """Length of a rolling window; 0 for a calendar window."""
    first_month: int
    """Month of the year, 0 for January, that the window begins with."""
    upgrade: Literal["at_once", "next_period", "retroactive"]
    keeps: bool
    """Whether a level is kept through the year after the one it was earned in."""

    def level(self, measure: int) -> int:
        """The level that a measure reaches."""
        return max(bisect_right(self.bounds, measure) - 1, 0)


def ladder(program: Program) -> Ladder:
    """The tier program in integers: compile once where `timeline` is asked for many accounts."""
    status, head = program.status, program.program
    if status is None:
        raise ValueError(f"{program.id} is no tier program")
    return Ladder(
        names=tuple(level.name for level in status.levels),
        bounds=tuple(scaled(level.from_, exponent(head.currency)) for level in status.levels),
        valid_from=day_number(head.valid_from),
        months=status.months if status.window == "rolling" else 0,
        first_month=head.fiscal_start - 1,
        upgrade=status.upgrade,
        keeps=status.keep == "next_window_end",
    )


def timeline(program: Program | Ladder, sums: Sums, start: int, end: int) -> list[Standing]:
    """The standings of one account on the days from `start` up to, not including, `end`, without gaps.

    `sums` may come in any order; what lies before the program's first day counts for nothing.
    """
    rung = program if isinstance(program, Ladder) else ladder(program)
    points = _rolling(rung, sums, end) if rung.months else _calendar(rung, sums)
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


def outlook(program: Program | Ladder, sums: Sums, as_of: int) -> Outlook:
    """Where an account stands at the start of a day, and what it still needs."""
    rung = program if isinstance(program, Ladder) else ladder(program)
    now = timeline(rung, sums, as_of, as_of + 1)[0]
    month = _month(as_of)
    if rung.months:
        first, last = _first_day(month - rung.months + 1), _first_day(month + 1) - 1
    else:
        year = month - (month - rung.first_month) % 12
        first, last = _first_day(year), _first_day(year + 12) - 1
    first = max(first, _first_day(_month(rung.valid_from)) if rung.months else rung.valid_from)
    known = [(day, amount) for day, amount in sums if first <= day <= as_of]
    measure = sum(amount for _, amount in known)
    if rung.months:
        reached, until = rung.level(measure), last if now.level else None
    else:
        reached, until = max((level for _, level in _earned(rung, known)), default=0), now.valid_until
    upper = now.level + 1
    missing = max(rung.bounds[upper] - measure, 0) if upper < len(rung.names) and reached < upper else 0
    keep: int | None = 0 if reached >= now.level else max(rung.bounds[now.level] - measure, 0)
    if now.level and not rung.months and not rung.keeps:
        keep = None
    to_next = (missing, rung.names[upper]) if upper < len(rung.names) else None
    return Outlook(now.level, now.since, until, measure, to_next, keep)


def _calendar(rung: Ladder, sums: Sums) -> Iterable[tuple[int, int, int | None]]:
    """(day, level from that day on, last day it is kept): every change, and some that are none."""
    known = sorted(item for item in sums if item[0] >= rung.valid_from)
    years = {year: list(days) for year, days in groupby(known, key=lambda item: _year(rung, item[0]))}
    best: dict[int, int] = {}
    for year in sorted({later for known_year in years for later in (known_year, known_year + 1, known_year + 2)}):
        begin, end = _first_day(year * 12 + rung.first_month), _first_day(year * 12 + 12 + rung.first_month)
        level = best.get(year - 1, 0) if rung.keeps else 0
        yield begin, level, end - 1 if level else None
        kept = _first_day(year * 12 + 24 + rung.first_month) - 1 if rung.keeps else end - 1
        for day, earned in _earned(rung, years.get(year, ())):
            best[year] = earned
            if earned >= level and day < end:
                level = earned
                yield day, level, kept


def _earned(rung: Ladder, days: Sums) -> Iterable[tuple[int, int]]:
    """(day from which it counts, level): each time the running measure of one year first reaches a level above 0."""
    running = best = 0
    at_once = rung.upgrade == "at_once"
    for counts_from, group in groupby(
        sorted(days), key=lambda item: item[0] + 1 if at_once else _first_day(_month(item[0]) + 1)
    ):
        running += sum(amount for _, amount in group)
        level = rung.level(running)
        if level > best:
            best = level
            yield counts_from, level


def _rolling(rung: Ladder, sums: Sums, end: int) -> Iterable[tuple[int, int, None]]:
    """(first day of a month, level from that day on, None) for each change of level."""
    earliest = _month(rung.valid_from)
    months: dict[int, int] = {}
    for month, (_, amount) in zip(map(_month, map(_DAY, sums)), sums, strict=True):
        if month >= earliest:
            months[month] = months.get(month, 0) + amount
    if not months:
        return
    first, length = min(months), rung.months
    last = max(first, min(max(months), _month(end)))
    # Running totals, with the window's length of nothing on both sides; a window is the difference of two of them.
    amounts = map(months.get, range(first - length, last + length + 1), repeat(0))
    totals = list(accumulate(amounts, initial=0))
    levels = list(map(bisect_right, repeat(rung.bounds[1:]), map(sub, totals[length + 1 :], totals[1:])))
    for i in compress(range(len(levels)), map(ne, levels, [0, *levels])):
        yield _first_day(first + 1 + i), levels[i], None


@lru_cache(maxsize=1 << 16)
def _month(day: int) -> int:
    """The month of a day, counted from the beginning of the calendar."""
    found = day_date(day)
    return found.year * 12 + found.month - 1


@lru_cache(maxsize=1 << 12)
def _first_day(month: int) -> int:
    return day_number(date(month // 12, month % 12 + 1, 1))


def _year(rung: Ladder, day: int) -> int:
    return (_month(day) - rung.first_month) // 12
