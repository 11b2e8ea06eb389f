"""Windows one after another, with every rule: calendar, anniversary and lifetime ones, and rolling ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby, pairwise
from typing import NamedTuple

from core.tiers import plain
from core.tiers.days import first_day, month, months_after
from core.tiers.holding import NOTHING, Award, Held, carry, hold
from core.tiers.ladder import ENDLESS, Ladder, Measure, Sums
from core.tiers.plain import Point


class Window(NamedTuple):
    """The days from the first to the last one."""

    first: int
    last: int


def beginning(rung: Ladder, sums: Sums, enrolled: int | None) -> int | None:
    """The first day whose documents count; None where the years of an account have not begun."""
    if rung.window != "anniversary":
        return rung.valid_from
    if enrolled is not None:
        return enrolled
    days: dict[int, Measure] = {}
    for day, amount in sums:
        days[day] = days.get(day, 0) + amount
    return min((day for day, amount in days.items() if day >= rung.valid_from and amount > 0), default=None)


def window_of(rung: Ladder, begin: int, day: int) -> Window:
    """The window that holds a day, for an account whose documents count from `begin` on. Not for rolling windows."""
    if rung.window == "lifetime":
        return Window(rung.valid_from, ENDLESS)
    if rung.window == "calendar":
        number = month(day) - (month(day) - rung.first_month) % 12
        return Window(first_day(number), first_day(number + 12) - 1)
    years = (month(day) - month(begin)) // 12
    if day < months_after(begin, 12 * years):
        years -= 1
    return Window(months_after(begin, 12 * years), months_after(begin, 12 * years + 12) - 1)


def reached(rung: Ladder, window: Window, sums: Sums) -> list[tuple[int, int]]:
    """(day from which it counts, level) of every change of what the documents of one window reach.

    The last one is what the window comes to; days after the window are those of what counts only then.
    """
    found: list[tuple[int, int]] = []
    running: Measure = 0
    level = look = 0
    for day, group in groupby(sorted(sums), key=lambda item: item[0]):
        if look and day >= look and rung.upgrade == "next_period":
            level = _next(rung, running, level)
            found.append((look, level))
        running += sum(amount for _, amount in group)
        look = first_day(month(day) + 1)
        new = _next(rung, running, level)
        if new < level or rung.upgrade != "next_period":
            level = new
            found.append((day + 1, level))
    if look and rung.upgrade == "next_period":
        level = _next(rung, running, level)
        found.append((look, level))
    if rung.upgrade == "retroactive":
        return [(max(window.first, rung.valid_from), level)] if found else []
    return found


def _next(rung: Ladder, running: Measure, level: int) -> int:
    """The level after a change of the running measure."""
    new = rung.level(running)
    return new if rung.recomputes else max(new, level)


def windowed(rung: Ladder, sums: Sums, end: int, enrolled: int | None) -> Iterator[Point]:
    """The points of calendar, anniversary and lifetime windows that begin before `end`."""
    begin = beginning(rung, sums, enrolled)
    if begin is None:
        return
    counted = sorted(item for item in sums if item[0] >= max(begin, rung.valid_from))
    bought = {
        window: list(group) for window, group in groupby(counted, key=lambda item: window_of(rung, begin, item[0]))
    }
    ahead = sorted(bought, reverse=True)
    held, awards = NOTHING, list[Award]()
    level, since, after = 0, begin, begin
    while ahead or level or awards:
        window = window_of(rung, begin, after) if level or awards else ahead[-1]
        if ahead and ahead[-1] == window:
            ahead.pop()
        after, kept = window.last + 1, _kept(rung, begin, window)
        running = reached(rung, window, bought.get(window, ()))
        # What would be held without anything bought in this window: to that a return takes back.
        without = dict(carry(rung, awards, held, window.first, after, partial(_landing, rung, begin)))
        within = dict(item for item in running if item[0] <= window.last)
        present = 0
        for day in sorted({*without, *within}):
            held, present = without.get(day, held), within.get(day, present)
            best = max(held.level, present)
            if best != level:
                level, since = best, day
            # What is earned in this window is kept no shorter than what was held before it.
            until = hold(rung, level, since, kept).until if present == level else held.until
            yield day, level, until if level and until < ENDLESS else None
        if after >= end:
            return
        # What the next window begins with: what was held on the last day, unless a return of that day takes it back.
        final = running[-1][1] if running else 0
        left = min(present, final)
        if left and left >= held.level:
            held = _entering(rung, left, since if left == level else after, kept)
        awards = [award for award in awards if award.last > window.last]
        if left and kept >= after:
            awards.append(Award(after, left, kept))
        if rung.keeps and final > left:
            awards.append(Award(running[-1][0], final, kept))


def _kept(rung: Ladder, begin: int, window: Window) -> int:
    """The last day that what is earned in a window is kept."""
    if window.last >= ENDLESS:
        return ENDLESS
    return (window_of(rung, begin, window.last + 1).last if rung.keeps else window.last) + rung.grace


def _landing(rung: Ladder, begin: int, day: int) -> int:
    """The last day a level is kept that others have fallen to on a day: the window's, and the grace days."""
    if rung.window == "rolling":
        return first_day(month(day) + rung.months) - 1 + rung.grace
    return window_of(rung, begin, day).last + rung.grace


def _entering(rung: Ladder, level: int, since: int, kept: int) -> Held:
    """What the next window begins with, where this one has earned a level no lower than the one held without it."""
    return hold(rung, level, since, kept) if since <= kept else Held(level, since, kept)


def rolled(rung: Ladder, sums: Sums, end: int, through: int = ENDLESS) -> list[tuple[int, Held]]:
    """(day, what is held from it on) in a rolling window, up to `end`, from the levels of the months up to `through`.

    Months after that day earn nothing.
    """
    awards = [
        Award(day, level, min(following - 1, through) + rung.grace)
        for (day, level, _), (following, _, _) in pairwise([*plain.rolling(rung, sums, end), (ENDLESS, 0, None)])
        if level and day <= through
    ]
    if not awards:
        return []
    return carry(rung, awards, NOTHING, awards[0].first, end, partial(_landing, rung, rung.valid_from))
