"""The computation: from counted cells to what each beneficiary is entitled to, program by program in their order.

Nothing is read from or written to the book: definitions, master data and rates come in with the plan, lines stand in
the engine's cache. `core.ledger.accruals` stores and posts what comes out; the tests compare it with the oracle.

    for stratum in order:
        for program, results in computation.computed(stratum):
            ...

Tiers must be given to `tiers` before the programs that use them. What is counted alike in a stratum is counted by one
statement, so that the results of several programs come in turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy

from core.cells import Cell
from core.engine.block import Block
from core.engine.bounding import limited
from core.engine.chunks import Chunk
from core.engine.combining import best
from core.engine.counted import merged
from core.engine.deciding import Deciding, Facts
from core.engine.deductions import Deductions
from core.engine.duck import DuckEngine
from core.engine.entitling import Entitling
from core.engine.grounds import Grounds
from core.engine.measured import Measured
from core.programs import Program, groups
from core.rules import compile_rule
from core.tiers import Standing

__all__ = ["Computation", "Grounds"]


@dataclass(slots=True)
class Computation:
    """One computation over all programs."""

    engine: DuckEngine
    grounds: Grounds
    tiers: dict[str, Mapping[int, Sequence[Standing]]] = field(default_factory=dict)
    _deductions: Deductions = field(init=False)
    _waiting: dict[str, list[tuple[Program, Chunk]]] = field(default_factory=dict)
    _mates: dict[str, list[Program]] = field(init=False)

    def __post_init__(self) -> None:
        self._deductions = Deductions(self.grounds.plan, self.grounds.counters, self.grounds.local_taxes)
        self._mates = {
            name: members
            for name, members in groups(self.grounds.programs).items()
            if members[0].combination is not None and members[0].combination.rule == "best"
        }

    def computed(self, programs: Iterable[Program]) -> Iterator[tuple[Program, Chunk]]:
        """The results of rebate programs of one stratum, each in one chunk or more.

        A program of a `best` group comes with the last of its group. Read each chunk before the next.
        """
        works = {program.id: self._work(program) for program in programs if not program.is_tier}
        self._measure(works)
        whole: dict[str, list[Chunk]] = {name: [] for name, work in works.items() if self._collects(work.program)}
        met = set(whole)
        for program, chunk in self._chunks(works):
            if program.id in whole:
                whole[program.id].append(chunk)
            else:
                met.add(program.id)
                yield program, self._noted(program, chunk)
        for name in list(whole):
            yield from self._finished(works[name], Chunk.joined(whole.pop(name)))
        for name in sorted(works.keys() - met):
            yield works[name].program, Chunk.of([])

    def _collects(self, program: Program) -> bool:
        """Whether all results of a program are needed before any is final."""
        return _is_bounded(program) or self._mate(program) is not None

    def _mate(self, program: Program) -> str | None:
        """The `best` group a program belongs to."""
        combination = program.combination
        return combination.group if combination is not None and combination.group in self._mates else None

    def _finished(self, work: Entitling, chunk: Chunk) -> Iterator[tuple[Program, Chunk]]:
        """The programs that are finished when all results of one are there."""
        program = work.program
        if _is_bounded(program):
            chunk = limited(program, work.rule, chunk, self.grounds.as_of)
        group = self._mate(program)
        if group is None:
            yield program, self._noted(program, chunk)
            return
        members = self._waiting.setdefault(group, [])
        members.append((program, chunk))
        if len(members) == len(self._mates[group]):
            order = {mate.id: i for i, mate in enumerate(self._mates[group])}
            members.sort(key=lambda pair: order[pair[0].id])
            for mate, of_mate in best(self._waiting.pop(group)):
                yield mate, self._noted(mate, of_mate)

    def _noted(self, program: Program, chunk: Chunk) -> Chunk:
        """The results, remembered for programs that are net of this one."""
        if not self._deductions.wanted(program.id):
            return chunk
        results = list(chunk)
        for result in results:
            self._deductions.note(result)
        return Chunk.of([result._replace(counted=()) for result in results])

    def _work(self, program: Program) -> Entitling:
        grounds = self.grounds
        mine = [(i, counter) for i, counter in enumerate(grounds.counters) if counter.of == program.id]
        measured = {counter.role: Measured(counter) for _, counter in mine if counter.role != "paid"}
        use = program.slices()[0].tier
        timelines = self.tiers.get(use.program, {}) if use is not None else {}
        facts = Facts(grounds.accounts, grounds.enrolled.get(program.id, {}), grounds.merged, grounds.as_of)
        return Entitling(
            program,
            compile_rule(program, self.level_names(program)),
            grounds,
            [i for i, counter in mine if counter.role == "paid"],
            measured,
            Deciding(program, measured, timelines, facts),
            self._deductions.wanted(program.id),
        )

    def _measure(self, works: Mapping[str, Entitling]) -> None:
        """Count what decides beside the paid measures."""
        counters = self.grounds.counters
        wanted = [i for i, counter in enumerate(counters) if counter.of in works and counter.role != "paid"]
        for i, block in self._blocks([i for i in wanted if not self._is_awkward(i)]):
            works[counters[i].of].measured[counters[i].role].add(block)
        for i in filter(self._is_awkward, wanted):
            found = [cells for _, _, cells in self._count(i) if cells]
            if found:
                works[counters[i].of].measured[counters[i].role].add(Block.of(found))

    def _chunks(self, works: Mapping[str, Entitling]) -> Iterator[tuple[Program, Chunk]]:
        """The results of all programs before anything bounds or compares them."""
        counters = self.grounds.counters
        whole = {work.paid[0] for work in works.values() if len(work.paid) == 1 and not self._is_awkward(work.paid[0])}
        for i, block in self._blocks(sorted(whole)):
            work = works[counters[i].of]
            yield work.program, work.block(block)
        for work in works.values():
            if work.paid[0] not in whole:
                found = [result for group in self._groups(work.paid) for result in work.group(*group)]
                yield work.program, Chunk.of(found)

    def _is_awkward(self, index: int) -> bool:
        """Whether the cells of a counter are to be sifted, or lowered, before they are its own."""
        program = self.grounds.counters[index].program
        return bool(program.basis.net_of) or program.slices()[0].audience.tiers is not None

    def _blocks(self, indexes: Sequence[int]) -> Iterator[tuple[int, Block]]:
        """Whole groups of counters, those of each in their order."""
        rows = {row: None for i in indexes for row in self._standings(i)}
        for block in self.engine.blocks(
            self.grounds.plan, indexes, standings=rows, known_batch=self.grounds.known_batch
        ):
            owners = block.firsts("program")
            for i in numpy.unique(owners).tolist():
                yield i, block.only(numpy.flatnonzero(owners == i))

    def _groups(self, mine: Sequence[int]) -> Iterator[tuple[int, int, list[Cell]]]:
        """(beneficiary, first day of the period, cells) of the paid measure; slices counted apart are put together."""
        if len(mine) == 1:
            yield from self._count(mine[0])
            return
        together: dict[tuple[int, int], list[Cell]] = {}
        for i in mine:
            offset = self.grounds.counters[i].first_slice
            for beneficiary, first, cells in self._count(i):
                into = together.setdefault((beneficiary, first), [])
                into += [cell._replace(program=mine[0], slice=cell.slice + offset) for cell in cells]
        for (beneficiary, first), cells in sorted(together.items()):
            yield beneficiary, first, cells

    def _count(self, index: int) -> Iterator[tuple[int, int, list[Cell]]]:
        """The groups of one counter, less what other programs have taken."""
        counter = self.grounds.counters[index]
        wanted = self._wanted_levels(counter.program)
        for _, block in self._blocks([index]):
            for _, beneficiary, first, cells in block.groups():
                if wanted is not None:
                    cells = [cell for cell in cells if cell.level in wanted]
                    use = counter.program.tier
                    if use is None or use.at != "document":
                        cells = merged(cell._replace(level=-1) for cell in cells)
                yield beneficiary, first, list(self._deductions.off(counter, cells))

    def _standings(self, index: int) -> Iterator[tuple[int, int, int, int, int]]:
        """The standings that are needed to count a counter."""
        plan = self.grounds.plan
        for giver in plan.givers(index):
            for account_id, standing in self.tiers.get(plan.programs[giver].id, {}).items():
                for item in standing:
                    if item.level:
                        yield giver, account_id, item.start, item.end, item.level

    def _wanted_levels(self, program: Program) -> frozenset[int] | None:
        asked = program.slices()[0].audience.tiers
        if asked is None:
            return None
        names = self._levels(asked.program)
        return frozenset(names.index(name) for name in asked.levels)

    def level_names(self, program: Program) -> tuple[str, ...]:
        """The levels of the tier program whose levels a program has scales for."""
        use = program.slices()[0].tier
        return self._levels(use.program) if use is not None else ()

    def _levels(self, giver: str) -> tuple[str, ...]:
        status = next(program.status for program in self.grounds.programs if program.id == giver)
        return tuple(level.name for level in status.levels) if status is not None else ()


def _is_bounded(program: Program) -> bool:
    """Whether limits change what is earned."""
    return program.limits.bounds_amounts or program.limits.below_minimum == "drop"
