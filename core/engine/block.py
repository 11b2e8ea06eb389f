"""Blocks: many whole groups of cells in columns, for whoever has millions of them.

`entitle_block` gives what `core.entitlement.entitle` gives group by group. Groups of one cell, by far the most, are
computed a column at a time (`core.engine.alone`); the others one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy

from core.engine.alone import Column, alike, earned
from core.entitlement import ALONE, Cell, Rule, Side, entitle

__all__ = ["Block", "BlockEntitled", "Column", "Group", "entitle_block"]

Group = tuple[int, int, int, list[Cell]]
"""(program, beneficiary, period, cells); the period by its first day."""

_ANY_SIZE = ("times", "over", "less")
"""Fields of a cell that 64 bits may not hold."""
_OVER = Cell._fields.index("over")


@dataclass(frozen=True, eq=False)
class Block:
    """Cells in columns, one for each field of Cell. Group g has the cells from bounds[g] up to bounds[g + 1]."""

    columns: tuple[Column, ...]
    bounds: Column

    @classmethod
    def of(cls, groups: Sequence[Sequence[Cell]]) -> Block:
        """Whole groups of cells in columns."""
        cells = [cell for group in groups for cell in group]
        columns = tuple(
            numpy.array(column, object if name in _ANY_SIZE else numpy.int64)
            for name, column in zip(Cell._fields, zip(*cells, strict=True), strict=True)
        )
        return cls(columns, numpy.cumsum([0, *map(len, groups)]))

    def __len__(self) -> int:
        """The number of groups."""
        return len(self.bounds) - 1

    def column(self, name: str) -> Column:
        """One field of all cells."""
        return self.columns[Cell._fields.index(name)]

    @property
    def converts(self) -> bool:
        """Whether measures may have to be multiplied and divided."""
        return len(self.columns) > _OVER

    def only(self, groups: Column) -> Block:
        """Some of the groups, by their positions."""
        if len(groups) == len(self):
            return self
        sizes = numpy.diff(self.bounds)[groups]
        ends = numpy.cumsum(sizes)
        places = numpy.repeat(self.bounds[groups] - ends + sizes, sizes) + numpy.arange(ends[-1] if len(ends) else 0)
        return Block(tuple(column[places] for column in self.columns), numpy.concatenate(([0], ends)))

    def firsts(self, name: str) -> Column:
        """One field of the first cell of each group: for fields that are the same in a whole group."""
        return self.column(name)[self.bounds[:-1]]

    def cells(self) -> list[Cell]:
        """Every cell."""
        return list(map(Cell, *(column.tolist() for column in self.columns)))

    def groups(self) -> Iterator[Group]:
        """The groups one by one."""
        cells = self.cells()
        for first, end in pairwise(self.bounds.tolist()):
            head = cells[first]
            yield head[0], head[1], head[3], cells[first:end]


class BlockEntitled(NamedTuple):
    """What the groups of a block are entitled to, in minor units."""

    amounts: list[int]
    """One for each group."""
    parts: list[int]
    """One for each cell; those of a group add up to its amount."""


def entitle_block(
    rules: Sequence[Rule | None],
    block: Block,
    levels: Sequence[int] | None = None,
    sides: Mapping[int, Side] | None = None,
) -> BlockEntitled:
    """The entitlements of all groups. `rules` are by program index, `levels` (-1: none) by group.

    `sides` are by the position of the group, for those where more than the level counts.
    """
    sides = sides or {}
    firsts, sizes = block.bounds[:-1], numpy.diff(block.bounds)
    level = numpy.full(len(block), -1, numpy.int64) if levels is None else numpy.asarray(levels, numpy.int64)
    amounts = numpy.zeros(len(block), numpy.int64)
    parts = numpy.zeros(len(block.columns[0]), numpy.int64)
    alone = sizes == 1
    alone[list(sides)] = False
    simple = numpy.array([rule is None or rule.simple for rule in rules], bool)
    single = numpy.flatnonzero(alone)
    if not simple.all():
        single = single[simple[block.column("program")[firsts[single]]]]
    if block.converts:
        places = firsts[single]
        single = single[block.column("times")[places] == block.column("over")[places]]
    places = firsts[single]
    program, slices = block.column("program")[places], block.column("slice")[places]
    at_document = numpy.array([rule is not None and rule.at_document for rule in rules], bool)
    chosen = numpy.where(at_document[program], block.column("level")[places], level[single])
    for (number, slice_, reached), members in alike(program, slices, chosen):
        rule = _rule(rules, number)
        where = places[members]
        found = earned(rule, rule.scales[slice_][reached + 1], block.column("measure")[where])
        amounts[single[members]] = parts[where] = found
    several = numpy.setdiff1d(numpy.arange(len(block)), single, assume_unique=True)
    if len(several):
        _entitle_each(rules, block, level, sides, several, amounts, parts)
    return BlockEntitled(amounts.tolist(), parts.tolist())


def _entitle_each(
    rules: Sequence[Rule | None],
    block: Block,
    level: Column,
    sides: Mapping[int, Side],
    groups: Column,
    amounts: Column,
    parts: Column,
) -> None:
    """The entitlements of groups of several cells, or of rules that are not simple, one by one."""
    few = block.only(groups)
    sizes = numpy.diff(few.bounds)
    places = numpy.repeat(block.bounds[groups] - few.bounds[:-1], sizes) + numpy.arange(len(few.columns[0]))
    found: list[int] = []
    shares: list[int] = []
    plain = {reached: ALONE._replace(level=reached) for reached in set(level[groups].tolist())}
    for (program, _, _, cells), place, reached in zip(
        few.groups(), groups.tolist(), level[groups].tolist(), strict=True
    ):
        entitled = entitle(_rule(rules, program), cells, sides.get(place, plain[reached]))
        found.append(entitled.amount)
        shares += entitled.parts
    amounts[groups] = found
    parts[places] = shares


def _rule(rules: Sequence[Rule | None], program: int) -> Rule:
    rule = rules[program]
    if rule is None:
        raise ValueError(f"program {program} has no rule")
    return rule
