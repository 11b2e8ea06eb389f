"""The outlook of an account: its tier, and how far it is to the next one and to keeping this one."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from core.programs import Program
from core.tiers.days import first_day, month
from core.tiers.ladder import Ladder, Measure, Sums, ladder
from core.tiers.standing import Override, override_at, timeline
from core.tiers.windows import Window, beginning, reached, rolled, window_of


class Outlook(NamedTuple):
    """Where an account stands, for people."""

    level: int
    since: int
    valid_until: int | None
    """The last day the level is sure, whatever is bought; None for the lowest level and for one without end."""
    measure: int
    """In the window that is running: the year, everything, or the n months that end with this one. Documents of the
    day count. Rounded down where it is a fraction of the smallest unit; what is missing is rounded up."""
    to_next: tuple[int, str] | None
    """What is still missing for the next level, and its name; None at the highest level."""
    to_keep: int | None
    """What is still missing to have the level after the window ends; None where it ends whatever is bought."""


def outlook(
    program: Program | Ladder,
    sums: Sums,
    as_of: int,
    *,
    enrolled: int | None = None,
    overrides: Sequence[Override] = (),
) -> Outlook:
    """Where an account stands at the start of a day, and what it still needs. Named as in `timeline`."""
    rung = program if isinstance(program, Ladder) else ladder(program)
    known = [item for item in sums if item[0] <= as_of]
    now = timeline(rung, known, as_of, as_of + 1, enrolled=enrolled, overrides=overrides)[0]
    until = now.valid_until
    if rung.months:
        first, last = first_day(month(as_of) - rung.months + 1), first_day(month(as_of) + 1) - 1
        measure = _sum(known, max(first, first_day(month(rung.valid_from))))
        best = rung.level(measure)
        if now.level and override_at(overrides, as_of) is None:
            until = _rolling_until(rung, known, as_of, last)
    else:
        begin = beginning(rung, known, enrolled)
        window = window_of(rung, as_of if begin is None else begin, as_of)
        bought = [item for item in known if item[0] >= max(window.first, rung.valid_from, begin or window.first)]
        measure = _sum(bought, window.first)
        best = _best(rung, window, bought)
    upper = now.level + 1
    missing = max(ceil(rung.bounds[upper] - measure), 0) if upper < len(rung.names) and best < upper else 0
    keep: int | None = 0 if best >= now.level else max(ceil(rung.bounds[now.level] - measure), 0)
    if now.level and rung.window in ("calendar", "anniversary") and not rung.keeps:
        keep = None
    to_next = (missing, rung.names[upper]) if upper < len(rung.names) else None
    return Outlook(now.level, now.since, until, floor(measure), to_next, keep)


def _sum(sums: Sums, first: int) -> Measure:
    return sum(amount for day, amount in sums if day >= first)


def _best(rung: Ladder, window: Window, bought: Sums) -> int:
    """The level that what was bought in a window comes to."""
    found = reached(rung, window, bought)
    return found[-1][1] if found else 0


def _rolling_until(rung: Ladder, known: Sums, as_of: int, last: int) -> int:
    """The last day the level is sure: the months after this one may earn nothing."""
    if rung.is_plain:
        return last
    return rolled(rung, known, as_of + 1, last)[-1][1].until
