"""Reach: which lines count where, for programs that look at each other.

A program of an exclusive group leaves lines to those before it, and the cells of a program that others are net of
tell which of their spans the same lines count in. Both follow from the class of the account, the class of the item
and the slot of the day, like everything else; where one of the others asks for a tier, also from the level on the
day. Classes are told apart here only by the programs concerned, so there are few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy
import pyarrow

from core.engine.block import Column

if TYPE_CHECKING:
    from core.engine.plan import Plan
    from core.engine.slots import Span


class Share(NamedTuple):
    """A span of another program that lines count in too, and their tier level there; -1 where it does not matter."""

    span: Span
    level: int = -1


class Reach(NamedTuple):
    """Tables for counting some programs in place of the plan's."""

    account_class: pyarrow.Table
    item_class: pyarrow.Table
    rows: pyarrow.Table
    """account_class, item_class, slot, program, span, period, measure, tier, shared: a number of a case"""
    told_apart: tuple[bool, bool]
    """Whether there is more than one class of accounts, and of items."""
    counts: Column
    """For each case and level of the others' tier whether the lines count."""
    shares: Column
    """For each case and level the place in the plan's shares; -1 where there are none."""


_COLUMNS = ("account_class", "item_class", "slot", "program", "span", "period", "measure", "tier", "shared")
Outcome = tuple[tuple[bool, tuple[Share, ...]], ...]
"""For each level whether lines count, and for what else."""
Place = tuple[int, int, int, int]
"""Span, period, measure, tier."""


def reach_of(plan: Plan, programs: Sequence[int]) -> Reach:
    """What counts where for programs that are counted alike. The shares that are met are added to the plan's."""
    how = plan.countings[programs[0]]
    looked_at = {*programs, *how.takers}
    looked_at |= {rival for program in tuple(looked_at) for rival in plan.rivals[program]}
    bits = sum(1 << program for program in looked_at)
    accounts, account_class = _fewer(plan.account_masks, plan.account_class, bits)
    items, item_class = _fewer(plan.item_masks, plan.item_class, bits)
    by_slot = _by_slot(plan, looked_at)
    found: list[tuple[tuple[int, ...], Outcome]] = []
    counted: dict[int, list[tuple[tuple[int, ...], Outcome]]] = {}
    for account, account_mask in enumerate(accounts):
        for item, item_mask in enumerate(items):
            both = account_mask & item_mask
            if both not in counted:
                counted[both] = list(_counted(plan, programs, both, by_slot))
            found += [((account, item, *row), outcome) for row, outcome in counted[both]]
    cases = {outcome: i for i, outcome in enumerate(sorted({outcome for _, outcome in found}))}
    met = sorted({shared for outcome in cases for _, shared in outcome if shared})
    numbers: dict[tuple[Share, ...], int] = {(): -1} | {shared: len(plan.shares) + i for i, shared in enumerate(met)}
    plan.shares.extend(met)
    columns = list(zip(*((*row, cases[outcome]) for row, outcome in found), strict=True)) or [()] * len(_COLUMNS)
    table = pyarrow.table([pyarrow.array(column, pyarrow.int32()) for column in columns], names=list(_COLUMNS))
    shape = (len(cases), len(plan.levels(how.others)) or 1)
    counts = numpy.array([[counts for counts, _ in outcome] for outcome in cases], bool).reshape(shape)
    shares = numpy.array([[numbers[shared] for _, shared in outcome] for outcome in cases], numpy.int64).reshape(shape)
    return Reach(account_class, item_class, table, (len(accounts) > 1, len(items) > 1), counts, shares)


def _counted(
    plan: Plan, programs: Sequence[int], both: int, by_slot: Mapping[int, Mapping[int, Place]]
) -> Iterator[tuple[tuple[int, ...], Outcome]]:
    """What counts where account and item are both in the programs `both`: slot, program and its place."""
    for slot, rows in by_slot.items() if both else ():
        present = {program: row for program, row in rows.items() if both >> program & 1}
        for program in programs:
            if program in present:
                outcome = _outcome(plan, program, present)
                if any(counts for counts, _ in outcome):
                    yield (slot, program, *present[program]), outcome


def _outcome(plan: Plan, program: int, present: Mapping[int, Place]) -> Outcome:
    """What becomes of lines of a program where the programs `present` count too, for each level of their tier."""
    how = plan.countings[program]
    names = plan.levels(how.others) or ("",)
    return tuple(_at_level(plan, program, present, level, name) for level, name in enumerate(names))


def _at_level(
    plan: Plan, program: int, present: Mapping[int, Place], level: int, name: str
) -> tuple[bool, tuple[Share, ...]]:
    taking = {other for other in present if other == program or _takes(plan, other, name)}
    counting = {other for other in taking if not taking & set(plan.rivals[other])}
    if program not in counting:
        return False, ()
    shares = []
    for taker in plan.countings[program].takers:
        if taker in counting:
            use = plan.programs[taker].slices()[0].tier
            at_document = use is not None and use.at == "document"
            shares.append(Share(plan.spans[present[taker][0]], level if at_document else -1))
    return True, tuple(shares)


def _takes(plan: Plan, program: int, name: str) -> bool:
    """Whether a program wants lines of days with this level."""
    wanted = plan.programs[program].slices()[0].audience.tiers
    return wanted is None or name in wanted.levels


def _fewer(masks: Sequence[int], classes: pyarrow.Table, bits: int) -> tuple[list[int], pyarrow.Table]:
    """The masks told apart by some programs only, and the table of classes in their numbers. What stood for the
    unknown is the first still."""
    numbers: dict[int, int] = {}
    place = [numbers.setdefault(mask & bits, len(numbers)) for mask in masks]
    column = classes.column_names.index("class")
    renumbered = numpy.array(place, numpy.int32)[classes["class"].to_numpy()]
    return list(numbers), classes.set_column(column, "class", pyarrow.array(renumbered, pyarrow.int32()))


def _by_slot(plan: Plan, programs: set[int]) -> Mapping[int, dict[int, Place]]:
    """For each slot the programs that count in it."""
    found: dict[int, dict[int, Place]] = {}
    names = ("program", "slot", "span", "period", "measure", "tier")
    for program, slot, *rest in zip(*(plan.calendar[name].to_pylist() for name in names), strict=True):
        if program in programs:
            span, period, measure, tier = rest
            found.setdefault(slot, {})[program] = span, period, measure, tier
    return found
