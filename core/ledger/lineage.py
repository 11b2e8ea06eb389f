"""Who stands above an account: its parent and the account at the top, with the days they hold.

Days are numbers; a span is `[from, to)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

_DEEPEST = 100
"""No chain of parents is followed further than this: its last account is then the top."""


class Parent(NamedTuple):
    """The parent of an account on some days; None: it has none."""

    from_day: int
    to_day: int
    parent: int | None


class Above(NamedTuple):
    """Parent and topmost parent of an account on some days; both None where it has no parent."""

    from_day: int
    to_day: int
    parent: int | None
    top: int | None


def lineage(parents: Mapping[int, Sequence[Parent]]) -> dict[int, list[Above]]:
    """What stands above each account, cut wherever anything above it changes.

    `parents` are consecutive spans by account; an account that is missing has no parent. Where parents go round in a
    circle the account of the smallest id in it is the top. An account that is its own parent has none.
    """
    return {
        account: [above for span in spans for above in _above(parents, account, span)]
        for account, spans in parents.items()
    }


def _above(parents: Mapping[int, Sequence[Parent]], account: int, span: Parent) -> Iterator[Above]:
    if span.parent is None or span.parent == account:
        yield Above(span.from_day, span.to_day, None, None)
        return
    found: list[Above] = []
    climbs: list[tuple[Parent, tuple[int, ...]]] = [(span, (account,))]
    while climbs:
        step, path = climbs.pop()
        if step.parent is None or step.parent == path[-1] or len(path) > _DEEPEST:
            found.append(Above(step.from_day, step.to_day, span.parent, path[-1]))
        elif step.parent in path:
            circle = path[path.index(step.parent) :]
            found.append(Above(step.from_day, step.to_day, span.parent, min(circle)))
        else:
            climbs += [(higher, (*path, step.parent)) for higher in _within(parents, step)]
    yield from sorted(found)


def _within(parents: Mapping[int, Sequence[Parent]], step: Parent) -> Iterator[Parent]:
    """The parents of the parent on the days of a step."""
    assert step.parent is not None  # noqa: S101 - asked only where there is one
    day = step.from_day
    for span in parents.get(step.parent, ()):
        first, last = max(span.from_day, day), min(span.to_day, step.to_day)
        if first < last:
            yield Parent(first, last, span.parent)
            day = last
    if day < step.to_day:
        yield Parent(day, step.to_day, None)
