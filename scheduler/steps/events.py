"""What is worth telling about an account's tier, and under which id it is told, once.

An id says what happened and in which window, never when it was noticed: what goes back and forth over a threshold
in one window is one event. Windows are known by their first day, or by how long what was earned in them lasts:
anniversary windows are known to nobody but the engine that counted them.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from core.period import period_of
from core.programs import Program
from core.tiers import ladder
from scheduler.config_sections import NoticeEvent

_EVER = "ever"
_MONTHS_OF_A_YEAR = 12


class Stand(NamedTuple):
    """Where an account stood on a day: the tier, and in the measure's smallest unit what it needs."""

    tier: str
    since: date
    valid_until: date | None
    measure: int
    to_next: int | None
    next_tier: str | None
    to_keep: int | None
    as_of: date


class Event(NamedTuple):
    """Something to tell. `months`: it may be told again so many months after it was; 0 for never."""

    kind: NoticeEvent
    id: str
    stand: Stand
    before: str = ""
    months: int = 0


def changed(program: Program, stand: Stand, before: str | None, kept_until: date | None) -> Event:
    """A tier that is not what it was `before`, which would have lasted to `kept_until`; before the first one an
    account has the lowest."""
    names = ladder(program).names
    old = names[0] if before is None else before
    is_up = _rank(names, stand.tier) > _rank(names, old)
    window = program.status.window if program.status is not None else ""
    if window == "anniversary":
        until = stand.valid_until if is_up else kept_until
        within = _EVER if until is None else until.isoformat()
    else:
        within = stand.since.isoformat() if window == "rolling" else _window(program, stand.since)
    return Event("tier_reached" if is_up else "tier_lost", f"{program.id}:{stand.tier}:{within}", stand, old)


def at_risk(program: Program, stand: Stand, today: date, days: int) -> Event | None:
    """A tier that ends within so many days and is not kept with what was measured so far; None where it is not so."""
    until = stand.valid_until
    if until is None or not stand.to_keep or not today <= until <= today + timedelta(days):
        return None
    return Event("tier_at_risk", f"{program.id}:{stand.tier}:{until}", stand)


def near(program: Program, stand: Stand, percent: Decimal) -> Event | None:
    """A next tier of whose threshold no more than so many percent are missing; None where it is not so."""
    rung = ladder(program)
    if not stand.to_next or stand.next_tier not in rung.names:
        return None
    if Decimal(100 * stand.to_next) > percent * rung.bounds[rung.names.index(stand.next_tier)]:
        return None
    told = f"{program.id}:{stand.next_tier}"
    if rung.window == "rolling":
        return Event("near_tier", told, stand, months=rung.months)
    if rung.window == "anniversary":
        return Event("near_tier", told, stand, months=_MONTHS_OF_A_YEAR)
    return Event("near_tier", f"{told}:{_window(program, stand.as_of)}", stand)


def _rank(names: tuple[str, ...], tier: str) -> int:
    """The place of a tier; below all where the program has no tier of that name any more."""
    return names.index(tier) if tier in names else -1


def _window(program: Program, day: date) -> str:
    """The calendar window that holds a day, by its first day; the one window of a program that has one for ever."""
    if program.status is None or program.status.window != "calendar":
        return _EVER
    return period_of(day, "year", program.program.fiscal_start).start.isoformat()
