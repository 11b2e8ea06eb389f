"""Which lines count for a program, one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

from core.engine.reference.days import date_of
from core.engine.reference.world import Fact, World
from core.programs import AccountSelection, Audience, ProductSelection, Program, Scope

Lists = list[tuple[tuple[str, ...], list[str | None]]]


def slice_of(program: Program, line: Fact) -> int:
    """The number of the program's slice in force on a line's day; -1 before the first."""
    day = date_of(line.day)
    return max((i for i, part in enumerate(program.slices()) if part.start <= day), default=-1)


def counts(world: World, program: Program, line: Fact) -> bool:
    """Whether a line counts for the paid measure of a program, the tier of its account aside."""
    number = slice_of(program, line)
    day = date_of(line.day)
    if number < 0 or not day < program.end or day > world.as_of:
        return False
    part = program.slices()[number]
    if not is_in(world, program, part.audience, part.scope, returns_of(program, program.basis.measure), line):
        return False
    return not any(counts(world, first, line) for first in _before(world, program))


def returns_of(program: Program, measure: str) -> str:
    """What becomes of credit notes in a measure of a program: orders are invoices, and nothing is taken off them."""
    return "exclude" if measure == "orders" else program.basis.returns


def is_in(world: World, program: Program, audience: Audience, scope: Scope, returns: str, line: Fact) -> bool:
    """Whether a line's account takes part on its day and its item is in scope."""
    account, item = world.account(line), world.item(line)
    line_kind, is_return = (item.line_kind, item.is_return) if item is not None else ("goods", False)
    if line_kind in scope.line_kinds_out or (is_return and returns == "exclude"):
        return False
    lists = _account_lists(audience, account) + _product_lists(scope, item)
    if any(patterns and not _any(patterns, values) for patterns, values in lists):
        return False
    if audience.enrolled and (account is None or program.id.split(":")[0] not in account.enrolled):
        return False
    if not _drawn(program, audience, account):
        return False
    out = _account_lists(audience.exclude, account) + _product_lists(scope.exclude, item)
    return not any(_any(patterns, values) for patterns, values in out)


def beneficiary(world: World, program: Program, line: Fact) -> int:
    """Whose measure a line adds to: the invoiced account's, or that of its group or parent on the line's day."""
    name = {"group": "group_id", "parent": "parent_id", "top_parent": "top_id"}.get(program.audience.beneficiary)
    found = getattr(world.account(line), name, None) if name is not None else None
    return line.account if found is None else int(found)


def _before(world: World, program: Program) -> list[Program]:
    """Programs of an exclusive group that go first."""
    ours = program.combination
    if ours is None or ours.rule != "exclusive":
        return []
    return [
        other
        for other in world.programs
        if other.combination is not None
        and other.combination.group == ours.group
        and (other.combination.priority, other.id) < (ours.priority, program.id)
    ]


def _drawn(program: Program, audience: Audience, state: Any) -> bool:
    """Whether the account's number, drawn from the seed and its id, is in the part that takes part."""
    pilot = audience.pilot
    if pilot is None:
        return True
    names = list(state.external_ids) if state is not None else []
    if not names:
        return False
    text = f"{pilot.seed or program.id.split(':')[0]}\n{names[0]}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 10_000
    return (number < Fraction(pilot.percent) * 100) == (pilot.part == "pilot")


def _account_lists(selection: AccountSelection, state: Any) -> Lists:
    found: Lists = [
        (selection.accounts, list(state.external_ids) if state is not None else []),
        (selection.tags, list(state.tags) if state is not None else []),
    ]
    for patterns, name in (
        (selection.segments, "segment"),
        (selection.countries, "country"),
        (selection.groups, "group"),
        (selection.channels, "channel"),
        (selection.parents, "parent"),
    ):
        found.append((patterns, [getattr(state, name, None)]))
    return found


def _product_lists(selection: ProductSelection, state: Any) -> Lists:
    return [
        (selection.skus, [getattr(state, "sku", None)]),
        (selection.categories, [getattr(state, "category", None)]),
        (selection.brands, [getattr(state, "brand", None)]),
    ]


def selects(selection: ProductSelection, state: Any) -> bool:
    """Whether an item matches every list that is filled."""
    return all(not patterns or _any(patterns, values) for patterns, values in _product_lists(selection, state))


def _any(patterns: Collection[str], values: Collection[str | None]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns for value in values if value is not None)
