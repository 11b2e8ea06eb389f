"""Entitling: from the counted cells of one program to its results, before anything bounds or compares them.

Groups of one cell that need nothing but columns are computed a column at a time, the others one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy

from core.accrual import accrual_amount
from core.cells import Cell
from core.engine.alone import SAFE, Column, alike, earned
from core.engine.block import Block
from core.engine.chunks import Chunk, Columns
from core.engine.counted import counted, merged
from core.engine.deciding import Decided, Deciding
from core.engine.grounds import Grounds
from core.engine.measured import Measured
from core.engine.result import Result, Step
from core.entitlement import entitle, entitle_by_currency
from core.period import Period, day_date, day_number
from core.programs import COUNTED, Program
from core.rules import Rule, Side


@dataclass(eq=False)
class Entitling:
    """One program on its way to results. `shared`: other programs are net of it."""

    program: Program
    rule: Rule
    grounds: Grounds
    paid: Sequence[int]
    """Its counters of what is paid on."""
    measured: Mapping[str, Measured]
    deciding: Deciding
    shared: bool
    _periods: dict[int, Period] = field(default_factory=dict)

    def period(self, first: int) -> Period:
        """The calculation period that begins with a day."""
        found = self._periods.get(first)
        if found is None:
            found = self._periods[first] = self.program.calendar.of(day_date(first))
        return found

    def block(self, block: Block) -> Chunk:
        """The results of whole groups."""
        single = self._alone(block)
        firsts = block.bounds[:-1][single]
        beneficiaries, starts = block.column("beneficiary")[firsts], block.column("period")[firsts]
        decided = None
        if len(single):
            periods = {start: self.period(start) for start in numpy.unique(starts).tolist()}
            measures = block.column("measure")[firsts]
            decided = self.deciding.columns(self.rule, beneficiaries, starts, periods, measures)
        if decided is None:
            return Chunk.of(self._each(block))
        amounts = self._amounts(block, firsts, decided)
        others = numpy.setdiff1d(numpy.arange(len(block)), single, assume_unique=True)
        rest = self._each(block.only(others))

        def results() -> Iterator[Result]:
            made = self._results(block.only(single), amounts)
            if not len(others):
                yield from made
                return
            kept = iter(rest)
            is_other = numpy.zeros(len(block), bool)
            is_other[others] = True
            for other in is_other.tolist():
                yield next(kept if other else made)

        def columns() -> Columns:
            found = numpy.zeros(len(block), object if rest else numpy.int64)
            stands = numpy.ones(len(block), bool)
            found[single] = amounts
            if rest:
                _, _, found[others], stands[others] = Chunk.of(rest).columns()
            return Columns(block.firsts("beneficiary"), block.firsts("period"), found, stands)

        return Chunk(results, columns)

    def _each(self, block: Block) -> list[Result]:
        """The results of groups, one by one."""
        return [
            result
            for _, beneficiary, first, cells in block.groups()
            for result in self.group(beneficiary, first, cells)
        ]

    def _alone(self, block: Block) -> Column:
        """The positions of groups that columns are enough for."""
        program, rule = self.program, self.rule
        nothing = numpy.zeros(0, numpy.int64)
        if self.shared or program.currency.payout == "invoice" or program.basis.measure in COUNTED or self._in_steps:
            return nothing
        single = numpy.flatnonzero(numpy.diff(block.bounds) == 1)
        firsts = block.bounds[:-1][single]
        if not len(firsts):
            return nothing
        cells = {name: block.column(name)[firsts] for name in ("measure", "net", "lines", "tax", "period", "unknown")}
        own = [tax for tax, currency in self.grounds.currencies.items() if currency == program.program.currency]
        fit = numpy.isin(cells["tax"], own) & ((cells["lines"] != 0) | (cells["measure"] != 0) | (cells["net"] != 0))
        fit &= numpy.abs(cells["measure"]) < SAFE
        if block.converts:
            fit &= (block.column("times")[firsts] == block.column("over")[firsts]).astype(bool)
        if rule.unit == "quantity":
            fit &= cells["unknown"] == 0
        if program.accrual.rate != "achieved":
            starts = numpy.unique(cells["period"]).tolist()
            over = [start for start in starts if self.period(start).end <= self.grounds.as_of]
            fit &= numpy.isin(cells["period"], over)
        found: Column = single[fit]
        return found

    def _amounts(self, block: Block, firsts: Column, decided: Decided) -> Column:
        """The amounts of groups of one cell."""
        rule = self.rule
        amounts = numpy.zeros(len(firsts), numpy.int64)
        levels = block.column("level")[firsts] if rule.at_document else decided.levels
        for (slice_, level), members in alike(block.column("slice")[firsts], levels):
            scale = rule.scales[slice_][level + 1]
            paid = decided.measure
            if decided.growth is not None and scale is not None and rule.pays_on_growth(scale):
                paid = decided.growth
            reached = None if decided.reached is None else decided.reached.at(members)
            amounts[members] = earned(rule, scale, paid[members], reached)
        amounts[~decided.earns] = 0
        return amounts

    def _results(self, block: Block, amounts: Column) -> Iterator[Result]:
        """The results of groups of one cell, with their amounts."""
        currency, deciding = self.program.program.currency, self.deciding
        for cell, amount in zip(block.cells(), amounts.tolist(), strict=True):
            period, cells = self.period(cell.period), [cell]
            beneficiary = cell.beneficiary
            side = deciding.side(beneficiary, period, cells)
            told = deciding.told(beneficiary, period)
            yield Result(beneficiary, period, currency, amount, cells, [amount], side, [], base=told)

    def group(self, beneficiary: int, first: int, cells: Sequence[Cell]) -> Iterator[Result]:
        """The results of one group: one, unless each currency of the invoices is paid in itself."""
        program, rule, period = self.program, self.rule, self.period(first)
        waiting, known = self._known(cells)
        finer, known = known, self._together(known) if self.shared else known
        side = self.deciding.side(beneficiary, period, known)
        entitled = entitle(rule, known, side)
        result = Result(
            beneficiary, period, program.program.currency, entitled.amount, known, entitled.parts, side, waiting,
            base=self.deciding.told(beneficiary, period), counted=tuple(finer) if self.shared else (),
        )  # fmt: skip
        if program.accrual.rate != "achieved" and period.end > self.grounds.as_of:
            accrued = accrual_amount(program, rule, known, side)
            result = result._replace(accrued=accrued.parts)
        if self._in_steps:
            result = result._replace(steps=self._steps(result))
        if program.currency.payout == "invoice":
            yield from self._by_currency(result)
        else:
            yield result

    @property
    def _in_steps(self) -> bool:
        """Whether what was earned through each settlement period has to be computed apart."""
        program = self.program
        return program.settles_within and bool(program.qualifier or program.condition or program.limits.bounds_amounts)

    def _steps(self, result: Result) -> tuple[Step, ...]:
        """What was earned through each settlement period inside the calculation period but the last."""
        made = []
        for part in self._inner_settlements(result.period):
            last = day_number(part.end)
            inside = [i for i, cell in enumerate(result.cells) if cell.settle < last]
            cells = [result.cells[i] for i in inside]
            side = self.deciding.side(result.beneficiary, result.period, cells, part.end)
            parts = [0] * len(result.cells)
            for i, amount in zip(inside, entitle(self.rule, cells, side).parts, strict=True):
                parts[i] = amount
            made.append(Step(part.end, parts))
        return tuple(made)

    def _inner_settlements(self, period: Period) -> list[Period]:
        """The settlement periods inside a calculation period that are over, but the last."""
        if not self.program.settles_within:
            return []
        found = self.program.settlement_calendar.between(period.start, period.end)
        return [part for part in found if part.end < period.end and part.end <= self.grounds.as_of]

    def _known(self, cells: Sequence[Cell]) -> tuple[list[str], list[Cell]]:
        """What waits with its reason, and the cells that can be computed, in canonical order."""
        program = self.program
        if program.basis.measure in COUNTED:
            cells = counted(cells)
        currency, local = program.program.currency, self.grounds.local_taxes
        quantity = program.basis.measure == "quantity"
        foreign: dict[str, int] = {}
        units = 0
        known = []
        for cell in sorted(cells):
            own = self.grounds.currencies[cell.tax]
            if quantity:
                units += cell.unknown if cell.over else cell.lines
            elif not cell.over:
                foreign[own] = foreign.get(own, 0) + cell.lines
            if not cell.over or not (cell.lines or cell.measure or cell.net):
                continue
            if own != currency and program.currency.payout == "program":
                cell = cell._replace(tax=local.get((cell.tax, currency), cell.tax))
            known.append(cell)
        waiting = [
            f"{count} lines in {other} wait: the program is in {currency} and no exchange rate applies"
            for other, count in sorted(foreign.items())
            if count
        ]
        if units:
            waiting.append(f"{units} lines wait: their unit has no ratio to {program.basis.unit or 'the base unit'}")
        return waiting, known

    def _together(self, cells: Sequence[Cell]) -> list[Cell]:
        """Cells that were told apart for the sake of other programs, as the program itself has them."""
        by = self.program.basis.accumulate
        return merged(
            cell._replace(
                shared=-1, document=0 if by == "period" else cell.document, line=cell.line if by == "line" else 0
            )
            for cell in cells
        )

    def _by_currency(self, result: Result) -> Iterator[Result]:
        """A result for each currency of the invoices. Each keeps all cells, for the band rests on all of them."""
        by_currency = self._paid_by_currency(result.cells, result.side)
        steps: dict[str, list[Step]] = {currency: [] for currency in by_currency}
        for end in (part.end for part in self._inner_settlements(result.period)):
            inside = [i for i, cell in enumerate(result.cells) if cell.settle < day_number(end)]
            cells = [result.cells[i] for i in inside]
            there = self._paid_by_currency(cells, self.deciding.side(result.beneficiary, result.period, cells, end))
            for currency, into in steps.items():
                parts = [0] * len(result.cells)
                for i, part in zip(inside, there.get(currency, [0] * len(inside)), strict=True):
                    parts[i] = part
                into.append(Step(end, parts))
        for currency, parts in by_currency.items():
            yield result._replace(
                currency=currency, amount=sum(parts), parts=parts, steps=tuple(steps[currency]), counted=()
            )

    def _paid_by_currency(self, cells: Sequence[Cell], side: Side) -> dict[str, list[int]]:
        """The part of each cell, by currency; those in other currencies have none."""
        currencies = self.grounds.currencies
        found = {}
        for currency, entitled in entitle_by_currency(self.rule, cells, currencies, side).items():
            own = iter(entitled.parts)
            found[currency] = [next(own) if currencies[cell.tax] == currency else 0 for cell in cells]
        return found
