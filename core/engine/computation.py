"""The computation: from counted cells to what each beneficiary is entitled to, program by program in their order.

Nothing is read from or written to the book: definitions, master data and rates come in with the plan, lines stand in
the engine's cache. `core.ledger.accruals` stores and posts what comes out; the tests compare it with the oracle.

    for stratum in order:
        for program in stratum:
            for finished, results in computation.done(program):
                ...

Tiers must be given to `tiers` before the programs that use them. A program of a `best` group is finished when the last
of its group is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from core.accrual import accrual_amount
from core.cells import Cell, measure_of
from core.engine import sides
from core.engine.bounding import bounded, budgeted
from core.engine.combining import best
from core.engine.counted import counted, merged
from core.engine.deductions import Deductions
from core.engine.duck import DuckEngine
from core.engine.plan import AccountState, Plan
from core.engine.result import Result, Step
from core.engine.sides import Measured
from core.entitlement import entitle, entitle_by_currency
from core.period import Period, day_date, day_number
from core.programs import COUNTED, Program, groups
from core.programs.counters import Counter
from core.rules import Rule, Side, compile_rule
from core.tiers import Standing, level_at

Taxes = Mapping[tuple[int, str], int]
"""(tax key, currency) -> the tax key that is the same in that currency."""


class Grounds(NamedTuple):
    """What a computation rests on, beside the lines.

    `currencies` tells the currency of each tax key, `local_taxes` what stands for a key in another currency.
    `enrolled` is the first day of each account's enrolment, by program; `merged` tells for an account those that were
    merged into it from a day on.
    """

    plan: Plan
    counters: Sequence[Counter]
    programs: Sequence[Program]
    accounts: Mapping[int, Sequence[AccountState]]
    currencies: Mapping[int, str]
    as_of: date
    local_taxes: Taxes = {}  # noqa: RUF012 - never changed
    enrolled: Mapping[str, Mapping[int, int]] = {}
    merged: Mapping[int, Sequence[int]] = {}
    known_batch: int | None = None


@dataclass(slots=True)
class Computation:
    """One computation over all programs."""

    engine: DuckEngine
    grounds: Grounds
    tiers: dict[str, Mapping[int, Sequence[Standing]]] = field(default_factory=dict)
    _deductions: Deductions = field(init=False)
    _waiting: dict[str, list[tuple[Program, list[Result]]]] = field(default_factory=dict)
    _mates: dict[str, list[Program]] = field(init=False)

    def __post_init__(self) -> None:
        self._deductions = Deductions(self.grounds.plan, self.grounds.counters, self.grounds.local_taxes)
        self._mates = {
            name: members
            for name, members in groups(self.grounds.programs).items()
            if members[0].combination is not None and members[0].combination.rule == "best"
        }

    def done(self, program: Program) -> Iterator[tuple[Program, Iterable[Result]]]:
        """The programs that are finished with this one, each with its results."""
        combination = program.combination
        if combination is None or combination.group not in self._mates:
            yield program, self._noted(program, self._results(program))
            return
        members = self._waiting.setdefault(combination.group, [])
        members.append((program, list(self._results(program))))
        if len(members) == len(self._mates[combination.group]):
            order = {mate.id: i for i, mate in enumerate(self._mates[combination.group])}
            members.sort(key=lambda pair: order[pair[0].id])
            for mate, results in best(members):
                yield mate, self._noted(mate, results)

    def _noted(self, program: Program, results: Iterable[Result]) -> Iterator[Result]:
        """The results, remembered for programs that are net of this one."""
        if not self._deductions.wanted(program.id):
            yield from results
            return
        for result in results:
            self._deductions.note(result)
            yield result._replace(counted=())

    def _results(self, program: Program) -> Iterator[Result]:
        rule = compile_rule(program, self.level_names(program))
        found = self._entitled(program, rule)
        limits = program.limits
        if limits.bounds_amounts or limits.below_minimum == "drop":
            found = iter(bounded(program, rule, list(found), self.grounds.as_of))
            if limits.program_budget is not None:
                found = iter(budgeted(program, rule, list(found)))
        return found

    def level_names(self, program: Program) -> tuple[str, ...]:
        """The levels of the tier program whose levels a program has scales for."""
        use = program.slices()[0].tier
        return self._levels(use.program) if use is not None else ()

    def _levels(self, giver: str) -> tuple[str, ...]:
        status = next(program.status for program in self.grounds.programs if program.id == giver)
        return tuple(level.name for level in status.levels) if status is not None else ()

    def _entitled(self, program: Program, rule: Rule) -> Iterator[Result]:
        found = _Sides(self, program)
        for beneficiary, period, cells in self._groups(program):
            yield from self._group(program, rule, found, beneficiary, period, cells)

    def _group(
        self, program: Program, rule: Rule, found: _Sides, beneficiary: int, period: Period, cells: list[Cell]
    ) -> Iterator[Result]:
        waiting, known = self._known(program, cells)
        finer, known = known, _together(program, known) if self._deductions.wanted(program.id) else known
        side = found.side(beneficiary, period, known)
        entitled = entitle(rule, known, side)
        result = Result(
            beneficiary, period, program.program.currency, entitled.amount, known, entitled.parts, side, waiting,
            base=found.told(beneficiary, period), counted=tuple(finer),
        )  # fmt: skip
        if program.accrual.rate != "achieved" and period.end > self.grounds.as_of:
            accrued = accrual_amount(program, rule, known, side)
            result = result._replace(accrued=accrued.parts)
        if program.settles_within and (program.qualifier or program.condition or program.limits.bounds_amounts):
            result = result._replace(steps=self._steps(program, rule, found, result))
        if program.currency.payout == "invoice":
            yield from self._by_currency(program, rule, found, result)
        else:
            yield result

    def _steps(self, program: Program, rule: Rule, found: _Sides, result: Result) -> tuple[Step, ...]:
        """What was earned through each settlement period inside the calculation period but the last."""
        made = []
        for part in self._inner_settlements(program, result.period):
            last = day_number(part.end)
            inside = [i for i, cell in enumerate(result.cells) if cell.settle < last]
            cells = [result.cells[i] for i in inside]
            side = found.side(result.beneficiary, result.period, cells, part.end)
            parts = [0] * len(result.cells)
            for i, amount in zip(inside, entitle(rule, cells, side).parts, strict=True):
                parts[i] = amount
            made.append(Step(part.end, parts))
        return tuple(made)

    def _inner_settlements(self, program: Program, period: Period) -> list[Period]:
        """The settlement periods inside a calculation period that are over, but the last."""
        if not program.settles_within:
            return []
        found = program.settlement_calendar.between(period.start, period.end)
        return [part for part in found if part.end < period.end and part.end <= self.grounds.as_of]

    def _groups(self, program: Program) -> Iterator[tuple[int, Period, list[Cell]]]:
        """(beneficiary, period, cells) of the paid measure; slices counted apart are put together."""
        mine = [i for i, item in enumerate(self.grounds.counters) if item.of == program.id and item.role == "paid"]
        if len(mine) == 1:
            for _, beneficiary, first, cells in self.count(mine[0]):
                yield beneficiary, program.calendar.of(day_date(first)), cells
            return
        together: dict[tuple[int, int], list[Cell]] = {}
        for i in mine:
            offset = self.grounds.counters[i].first_slice
            for _, beneficiary, first, cells in self.count(i):
                into = together.setdefault((beneficiary, first), [])
                into += [cell._replace(program=mine[0], slice=cell.slice + offset) for cell in cells]
        for (beneficiary, first), cells in sorted(together.items()):
            yield beneficiary, program.calendar.of(day_date(first)), cells

    def count(self, index: int) -> Iterator[tuple[int, int, int, list[Cell]]]:
        """The groups of one counter, less what other programs have taken."""
        counter = self.grounds.counters[index]
        plan = self.grounds.plan
        rows = [
            (giver, account_id, item.start, item.end, item.level)
            for giver in plan.givers(index)
            for account_id, standing in self.tiers.get(plan.programs[giver].id, {}).items()
            for item in standing
            if item.level
        ]
        wanted = self._wanted_levels(counter.program)
        for program, beneficiary, first, counted_cells in self.engine.count(
            plan, [index], standings=rows, known_batch=self.grounds.known_batch
        ):
            cells = counted_cells
            if wanted is not None:
                cells = [cell for cell in cells if cell.level in wanted]
                use = counter.program.tier
                if use is None or use.at != "document":
                    cells = merged(cell._replace(level=-1) for cell in cells)
            yield program, beneficiary, first, list(self._deductions.off(counter, cells))

    def _wanted_levels(self, program: Program) -> frozenset[int] | None:
        asked = program.slices()[0].audience.tiers
        if asked is None:
            return None
        names = self._levels(asked.program)
        return frozenset(names.index(name) for name in asked.levels)

    def _known(self, program: Program, cells: Sequence[Cell]) -> tuple[list[str], list[Cell]]:
        """What waits with its reason, and the cells that can be computed, in canonical order."""
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

    def _by_currency(self, program: Program, rule: Rule, found: _Sides, result: Result) -> Iterator[Result]:
        """A result for each currency of the invoices. Each keeps all cells, for the band rests on all of them."""
        by_currency = self._paid_by_currency(rule, result.cells, result.side)
        ends = [part.end for part in self._inner_settlements(program, result.period)]
        steps: dict[str, list[Step]] = {currency: [] for currency in by_currency}
        for end in ends:
            inside = [i for i, cell in enumerate(result.cells) if cell.settle < day_number(end)]
            cells = [result.cells[i] for i in inside]
            there = self._paid_by_currency(rule, cells, found.side(result.beneficiary, result.period, cells, end))
            for currency, into in steps.items():
                parts = [0] * len(result.cells)
                for i, part in zip(inside, there.get(currency, [0] * len(inside)), strict=True):
                    parts[i] = part
                into.append(Step(end, parts))
        for currency, parts in by_currency.items():
            yield result._replace(
                currency=currency, amount=sum(parts), parts=parts, steps=tuple(steps[currency]), counted=()
            )

    def _paid_by_currency(self, rule: Rule, cells: Sequence[Cell], side: Side) -> dict[str, list[int]]:
        """The part of each cell, by currency; those in other currencies have none."""
        currencies = self.grounds.currencies
        found = {}
        for currency, entitled in entitle_by_currency(rule, cells, currencies, side).items():
            own = iter(entitled.parts)
            found[currency] = [next(own) if currencies[cell.tax] == currency else 0 for cell in cells]
        return found


def _together(program: Program, cells: Sequence[Cell]) -> list[Cell]:
    """Cells that were told apart for the sake of other programs, as the program itself has them."""
    by = program.basis.accumulate
    return merged(
        cell._replace(shared=-1, document=0 if by == "period" else cell.document, line=cell.line if by == "line" else 0)
        for cell in cells
    )


class _Sides:
    """The side measures of one program."""

    def __init__(self, computation: Computation, program: Program) -> None:
        self.computation, self.program = computation, program
        self._found: dict[str, Measured] = {}
        for i, counter in enumerate(computation.grounds.counters):
            if counter.of != program.id or counter.role == "paid":
                continue
            measured = self._found.setdefault(counter.role, Measured(counter))
            for _, beneficiary, _, cells in computation.count(i):
                measured.add(beneficiary, cells)
        use = program.slices()[0].tier
        self._timelines = computation.tiers.get(use.program, {}) if use is not None else {}
        self._by_number = {i: self._found[f"condition.{i}"] for i in range(len(program.condition))}
        self._groups = _group_names(computation.grounds.accounts) if program.audience.beneficiary == "group" else {}

    def side(self, beneficiary: int, period: Period, cells: Sequence[Cell], through: date | None = None) -> Side:
        """What decides beside the cells; `through`: as it stood at the end of a settlement period."""
        program = self.program
        side = Side(level=self._level(beneficiary, period))
        if program.qualifier is not None:
            found = self._found["qualifier"]
            side = side._replace(qualifier=sides.qualifier(program, found, beneficiary, period, through))
        if program.condition:
            paid = sum((Fraction(measure_of(cell)) for cell in cells), Fraction(0))
            checked = sides.conditions(program, self._by_number, beneficiary, period, paid, through)
            side = side._replace(conditions=checked)
        if program.baseline is not None:
            base = self._baseline(beneficiary, period)
            side = side._replace(baseline=base.value, excluded=base.excluded)
        return side

    def told(self, beneficiary: int, period: Period) -> dict[str, Any]:
        """What an explanation has to tell of the baseline beyond its value."""
        if self.program.baseline is None:
            return {}
        base, compared = self._baseline(beneficiary, period), sides.comparison(self.program, period)
        told: dict[str, Any] = {}
        if compared is not None:
            told |= {"compared_from": compared.start.isoformat(), "compared_to": compared.last.isoformat()}
        if base.joined is not None:
            day, measure, days, whole = base.joined
            told |= {"joined": day.isoformat(), "before": str(measure), "days": days, "whole": whole}
        return told

    def _baseline(self, beneficiary: int, period: Period) -> sides.Baseline:
        grounds = self.computation.grounds
        states = grounds.accounts.get(beneficiary, ())
        return sides.baseline(
            self.program,
            self._found.get("baseline"),
            beneficiary,
            period,
            self._groups.get(beneficiary) or dict.fromkeys(name for state in states for name in state.external_ids),
            grounds.enrolled.get(self.program.id, {}).get(beneficiary),
            grounds.merged.get(beneficiary, ()),
        )

    def _level(self, beneficiary: int, period: Period) -> int:
        use = self.program.slices()[0].tier
        if use is None or use.at == "document":
            return -1
        day = period.start if use.at == "period_start" else min(period.last, self.computation.grounds.as_of)
        known = self._timelines.get(beneficiary)
        return level_at(known, day_number(day)) if known else 0


def _group_names(accounts: Mapping[int, Sequence[AccountState]]) -> dict[int, list[str]]:
    """The name of each buying group, by the account that stands for it."""
    known = {state.group_id: state.group for states in accounts.values() for state in states if state.group}
    return {group_id: [name] for group_id, name in known.items() if group_id is not None}
