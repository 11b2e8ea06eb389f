"""Reach: which lines count where, for programs that look at each other.

A program of an exclusive group leaves lines to those before it, and the cells of a program that others are net of
tell which of their spans the same lines count in. Both follow from the class of the account, the class of the item
and the slot of the day, like everything else. Classes are told apart here only by the programs concerned, so there
are few of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy
import pyarrow

if TYPE_CHECKING:
    from core.engine.plan import Plan
    from core.engine.slots import Span


class Reach(NamedTuple):
    """Tables for counting some programs in place of the plan's."""

    account_class: pyarrow.Table
    item_class: pyarrow.Table
    rows: pyarrow.Table
    """account_class, item_class, slot, program, span, period, measure, tier, shared"""
    told_apart: tuple[bool, bool]
    """Whether there is more than one class of accounts, and of items."""


_COLUMNS = ("account_class", "item_class", "slot", "program", "span", "period", "measure", "tier", "shared")


def reach_of(plan: Plan, programs: Sequence[int]) -> Reach:
    """What counts where for programs that have the same takers. The shares that are met are added to the plan's."""
    takers = plan.countings[programs[0]].takers
    looked_at = {*programs, *takers}
    looked_at |= {rival for program in tuple(looked_at) for rival in plan.rivals[program]}
    bits = sum(1 << program for program in looked_at)
    accounts, account_class = _fewer(plan.account_masks, plan.account_class, bits)
    items, item_class = _fewer(plan.item_masks, plan.item_class, bits)
    by_slot = _by_slot(plan, looked_at)
    before = {program: sum(1 << rival for rival in plan.rivals[program]) for program in looked_at}
    found: list[tuple[tuple[int, ...], tuple[Span, ...]]] = []
    for account, account_mask in enumerate(accounts):
        for item, item_mask in enumerate(items):
            both = account_mask & item_mask
            for slot, rows in by_slot.items():
                present = both & sum(1 << program for program in rows)
                counted = {program for program in rows if present >> program & 1 and not present & before[program]}
                shared = tuple(plan.spans[rows[taker][0]] for taker in takers if taker in counted)
                found += [
                    ((account, item, slot, program, *rows[program]), shared)
                    for program in programs
                    if program in counted
                ]
    numbers = {shared: len(plan.shares) + i for i, shared in enumerate(sorted({shared for _, shared in found}))}
    if takers:
        plan.shares.extend(numbers)
    values = [(*row, numbers[shared] if takers and shared else -1) for row, shared in found]
    columns = list(zip(*values, strict=True)) or [()] * len(_COLUMNS)
    table = pyarrow.table([pyarrow.array(column, pyarrow.int32()) for column in columns], names=list(_COLUMNS))
    return Reach(account_class, item_class, table, (len(accounts) > 1, len(items) > 1))


def _fewer(masks: Sequence[int], classes: pyarrow.Table, bits: int) -> tuple[list[int], pyarrow.Table]:
    """The masks told apart by some programs only, and the table of classes in their numbers. What stood for the
    unknown is the first still."""
    numbers: dict[int, int] = {}
    place = [numbers.setdefault(mask & bits, len(numbers)) for mask in masks]
    column = classes.column_names.index("class")
    renumbered = numpy.array(place, numpy.int32)[classes["class"].to_numpy()]
    return list(numbers), classes.set_column(column, "class", pyarrow.array(renumbered, pyarrow.int32()))


def _by_slot(plan: Plan, programs: set[int]) -> Mapping[int, dict[int, tuple[int, int, int, int]]]:
    """For each slot the programs that count in it: (span, period, measure, tier)."""
    found: dict[int, dict[int, tuple[int, int, int, int]]] = {}
    names = ("program", "slot", "span", "period", "measure", "tier")
    for program, slot, *rest in zip(*(plan.calendar[name].to_pylist() for name in names), strict=True):
        if program in programs:
            span, period, measure, tier = rest
            found.setdefault(slot, {})[program] = span, period, measure, tier
    return found
