"""What decides, beside its own cells, what the groups of one program earn: level, qualifier, conditions and baseline.

For one group as a record (`side`), or for many groups of one cell as columns (`columns`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy

from core.cells import Cell, measure_of
from core.engine import sides
from core.engine.alone import SAFE, Column, Reached
from core.engine.measured import Measured
from core.engine.plan import AccountState
from core.money import scaled
from core.period import Period, add_months, day_date, day_number
from core.programs import Program
from core.rules import ALONE, Rule, Side
from core.tiers import Standing, level_at


class Facts(NamedTuple):
    """What is known of accounts: their states, the first day of their enrolment in the program, and the accounts that
    were merged into each."""

    accounts: Mapping[int, Sequence[AccountState]]
    enrolled: Mapping[int, int]
    merged: Mapping[int, Sequence[int]]
    as_of: date


class Decided(NamedTuple):
    """What decides for many groups, in columns."""

    levels: Column
    earns: Any
    """Whether anything is earned, whatever the scale."""
    reached: Reached | None
    """What picks the band; None where it is the measure."""
    measure: Column
    growth: Column | None
    """What scales about a growth pay on."""


class Deciding:
    """What decides beside the cells of one program. `measured` are its side measures by role."""

    def __init__(
        self,
        program: Program,
        measured: Mapping[str, Measured],
        timelines: Mapping[int, Sequence[Standing]],
        facts: Facts,
    ) -> None:
        self.program, self._found, self._timelines, self._facts = program, measured, timelines, facts
        self._by_number = {i: measured[f"condition.{i}"] for i in range(len(program.condition))}
        self._groups = _group_names(facts.accounts) if program.audience.beneficiary == "group" else {}
        use = program.slices()[0].tier
        self._at = use.at if use is not None else None
        self._plain = program.qualifier is None and not program.condition and program.baseline is None

    def side(self, beneficiary: int, period: Period, cells: Sequence[Cell], through: date | None = None) -> Side:
        """What decides beside the cells; `through`: as it stood at the end of a settlement period."""
        program = self.program
        level = self._level(beneficiary, period)
        side = ALONE if level < 0 else Side(level=level)
        if self._plain:
            return side
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

    def columns(
        self, rule: Rule, beneficiaries: Column, starts: Column, periods: Mapping[int, Period], measures: Column
    ) -> Decided | None:
        """What decides for groups of one cell each; None where columns cannot hold it.

        `starts` are the first days of their periods, `measures` those of their cells.
        """
        program = self.program
        levels = self._levels(beneficiaries, starts, periods)
        measure = numpy.maximum(measures, 0) if rule.floor else measures
        decided = Decided(levels, numpy.ones(len(measures), bool), None, measure, None)
        if self._plain:
            return decided
        if not all(found.exact for found in self._found.values()):
            return None
        ends = _mapped(starts, {start: day_number(period.end) for start, period in periods.items()})
        for number, condition in enumerate(program.condition):
            value = self._by_number[number].values(beneficiaries, starts, ends)
            if condition.minimum is None:
                return None
            least = scaled(condition.minimum, sides.digits(condition.measure, program.program.currency))
            decided = decided._replace(earns=decided.earns & (value >= least))
        if program.qualifier is not None:
            firsts, months = starts, program.qualifier.months
            if months is not None:
                past = {start: add_months(period.last, 1) for start, period in periods.items()}
                ends = _mapped(starts, {start: day_number(end) for start, end in past.items()})
                firsts = _mapped(starts, {start: day_number(add_months(end, -months)) for start, end in past.items()})
            value = self._found["qualifier"].values(beneficiaries, firsts, ends)
            return decided._replace(reached=Reached(value, value))
        if program.baseline is not None:
            return self._grown(decided, beneficiaries, starts, periods)
        return decided

    def _grown(
        self, decided: Decided, beneficiaries: Column, starts: Column, periods: Mapping[int, Period]
    ) -> Decided | None:
        """The growth against the same measure of another period, where nobody joined within it."""
        stated = self.program.baseline
        assert stated is not None  # noqa: S101 - the caller has looked
        if stated.against == "target" or stated.joiners != "as_is" or self._facts.merged:
            return None
        compared = {start: sides.comparison(self.program, period) for start, period in periods.items()}
        first = _mapped(starts, {start: day_number(one.start) if one else 0 for start, one in compared.items()})
        end = _mapped(starts, {start: day_number(one.end) if one else 0 for start, one in compared.items()})
        measured = self._found["baseline"]
        joined = _mapped(beneficiaries, self._joined, SAFE)
        base = numpy.where(joined < end, measured.values(beneficiaries, first, end), 0)
        there = base > 0
        measure = decided.measure
        growth = measure - numpy.where(there, base, 0)
        paid = numpy.maximum(growth, 0)
        earns = decided.earns & there if stated.without == "nothing" else decided.earns
        if stated.bands_in == "amount":
            return decided._replace(earns=earns, reached=Reached(growth, growth), growth=paid)
        part = growth if stated.bands_in == "percent" else measure
        if len(part) and max(abs(int(part.min())), abs(int(part.max()))) >= SAFE // 10**8:
            return None
        whole, divisor = part * 10**8, numpy.where(there, base, 1)
        nothing = numpy.where(measure > 0, SAFE, measure)
        reached = Reached(
            numpy.where(there, whole // divisor, nothing), numpy.where(there, -(-whole // divisor), nothing)
        )
        return decided._replace(earns=earns, reached=reached, growth=paid)

    @cached_property
    def _joined(self) -> Mapping[int, int]:
        """The day from which each account has a baseline."""
        firsts = self._found["baseline"].first_days
        begun = {beneficiary: day_number(day_date(day).replace(day=1)) for beneficiary, day in firsts.items()}
        return begun | dict(self._facts.enrolled)

    def _baseline(self, beneficiary: int, period: Period) -> sides.Baseline:
        states = self._facts.accounts.get(beneficiary, ())
        return sides.baseline(
            self.program,
            self._found.get("baseline"),
            beneficiary,
            period,
            self._groups.get(beneficiary) or dict.fromkeys(name for state in states for name in state.external_ids),
            self._facts.enrolled.get(beneficiary),
            self._facts.merged.get(beneficiary, ()),
        )

    def _level(self, beneficiary: int, period: Period) -> int:
        if self._at is None or self._at == "document":
            return -1
        known = self._timelines.get(beneficiary)
        return level_at(known, self._day(period)) if known else 0

    def _day(self, period: Period) -> int:
        """The day whose tier counts."""
        return day_number(period.start if self._at == "period_start" else min(period.last, self._facts.as_of))

    def _levels(self, beneficiaries: Column, starts: Column, periods: Mapping[int, Period]) -> Column:
        if self._at is None or self._at == "document":
            return numpy.full(len(starts), -1, numpy.int64)
        days = {start: self._day(period) for start, period in periods.items()}
        known = self._timelines
        return numpy.array(
            [
                level_at(known[beneficiary], days[start]) if beneficiary in known else 0
                for beneficiary, start in zip(beneficiaries.tolist(), starts.tolist(), strict=True)
            ],
            numpy.int64,
        )


def _mapped(column: Column, known: Mapping[int, int], default: int = 0) -> Column:
    """What is known of each number of a column."""
    numbers, places = numpy.unique(column, return_inverse=True)
    found: Column = numpy.array([known.get(number, default) for number in numbers.tolist()], numpy.int64)[places]
    return found


def _group_names(accounts: Mapping[int, Sequence[AccountState]]) -> dict[int, list[str]]:
    """The name of each buying group, by the account that stands for it."""
    known = {state.group_id: state.group for states in accounts.values() for state in states if state.group}
    return {group_id: [name] for group_id, name in known.items() if group_id is not None}
