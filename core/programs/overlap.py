"""Programs that may pay for the same purchase, and say nothing of how they go together."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import combinations

from core.programs.audience import AccountSelection
from core.programs.basis import ProductSelection
from core.programs.program import Program

_WILD = frozenset("*?[")


def overlaps(programs: Sequence[Program]) -> list[tuple[Program, Program]]:
    """Pairs of rebates that can count the same line, where neither is net of the other and no combination joins them.

    Looked at are days, accounts and products as the definitions state them; exclusions, enrolments and tiers are not,
    so a pair may turn out never to meet.
    """
    rebates = [program for program in programs if not program.is_tier]
    return [(a, b) for a, b in combinations(rebates, 2) if not _are_joined(a, b) and _meet(a, b)]


def _are_joined(a: Program, b: Program) -> bool:
    if a.id in b.basis.net_of or b.id in a.basis.net_of:
        return True
    return a.combination is not None and b.combination is not None and a.combination.group == b.combination.group


def _meet(a: Program, b: Program) -> bool:
    if max(a.program.valid_from, b.program.valid_from) >= min(a.end, b.end):
        return False
    if _are_pilot_and_control(a, b):
        return False
    return any(
        _selections_meet(one.audience, other.audience, AccountSelection)
        and _selections_meet(one.scope, other.scope, ProductSelection)
        for one in a.slices()
        for other in b.slices()
    )


def _are_pilot_and_control(a: Program, b: Program) -> bool:
    one, other = a.audience.pilot, b.audience.pilot
    if one is None or other is None or not one.seed or one.seed != other.seed:
        return False
    return one.percent == other.percent and one.part != other.part


def _selections_meet(
    a: AccountSelection | ProductSelection,
    b: AccountSelection | ProductSelection,
    of: type[AccountSelection] | type[ProductSelection],
) -> bool:
    """Whether something can match both: no list that both fill keeps them apart. An account can have several tags."""
    for name in of.model_fields:
        ours, theirs = getattr(a, name), getattr(b, name)
        if name != "tags" and ours and theirs and not any(_agree(x, y) for x in ours for y in theirs):
            return False
    return True


def _agree(x: str, y: str) -> bool:
    """Whether some text can match both patterns; two wild ones are compared by what stands before the first sign."""
    if not _WILD & set(x):
        return fnmatchcase(x, y)
    if not _WILD & set(y):
        return fnmatchcase(y, x)
    before = [pattern[: min(i for i, sign in enumerate(pattern) if sign in _WILD)] for pattern in (x, y)]
    return before[0].startswith(before[1]) or before[1].startswith(before[0])
