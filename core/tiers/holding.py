"""Holding a level: what is earned, until when it is kept, and what follows when that ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from core.tiers.days import months_after
from core.tiers.ladder import ENDLESS, Ladder


class Award(NamedTuple):
    """A level earned: the first and the last day it is held for, grace included."""

    first: int
    level: int
    last: int


class Held(NamedTuple):
    """The level held, the day it began, and the last day it is kept."""

    level: int
    since: int
    until: int


NOTHING = Held(0, 0, ENDLESS)


def hold(rung: Ladder, level: int, since: int, until: int) -> Held:
    """A level that began on a day and is kept until another one, and for the minimum stay at least."""
    if not level:
        return Held(0, since, ENDLESS)
    return Held(level, since, max(until, months_after(since, rung.stay) - 1))


def carry(
    rung: Ladder, awards: Sequence[Award], held: Held, begin: int, end: int, landing: Callable[[int], int]
) -> list[tuple[int, Held]]:
    """(day, what is held from it on) from `begin` up to, not including, `end`, where these awards are all there is.

    `held` is what was held before; `landing` tells until when a level is kept that others have fallen to on a day.
    """
    found: list[tuple[int, Held]] = []
    day = begin
    while day < end:
        level, until = max(
            ((award.level, award.last) for award in awards if award.first <= day <= award.last), default=(0, ENDLESS)
        )
        if level > held.level:
            held = hold(rung, level, day, until)
        elif level == held.level:
            held = held._replace(until=max(held.until, until))
        elif day > held.until:
            lower = held.level - 1 if rung.lands else 0
            held = hold(rung, lower, day, landing(day)) if lower > level else hold(rung, level, day, until)
        found.append((day, held))
        ahead = [award.first for award in awards if award.first > day]
        day = min([held.until + 1, *ahead])
    return found
