"""Side measures in columns: sorted by beneficiary and day, with running sums, so that any window is a difference.

A measure is an integer (minor units, 10^-6 units, whole counts), or a Fraction where something was converted; what
nobody can convert counts as 0. Beneficiaries and days are integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy

from core.engine.block import Block, Column
from core.period import day_number
from core.programs import COUNTED
from core.programs.counters import Counter

_DAYS = 2**23
"""More than the days from the first to the last that a date can name."""
_FIELDS = ("beneficiary", "period", "settle", "document", "line", "measure", "unknown", "lines")


class _Sums(NamedTuple):
    keys: Column
    """Beneficiary and day in one number, rising."""
    sums: Any
    """The sum of everything before each of them, and of all at the end. A running sum of 64 bits may overflow; the
    difference of two is right all the same."""


@dataclass(eq=False)
class Measured:
    """A side measure of all beneficiaries."""

    counter: Counter
    _blocks: list[dict[str, Any]] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Take in whole groups of cells."""
        found: dict[str, Any] = {name: block.column(name) for name in _FIELDS}
        if block.converts:
            times, over = block.column("times"), block.column("over")
            if (times != over).any():
                found["measure"] = numpy.array(
                    [
                        measure if up == down else Fraction(measure * up, down) if down else 0
                        for measure, up, down in zip(found["measure"].tolist(), times, over, strict=True)
                    ],
                    object,
                )
        self._blocks.append(found)

    @property
    def exact(self) -> bool:
        """Whether every value is an integer of 64 bits."""
        return self._sums is not None and self._sums.sums.dtype != object

    def value(self, beneficiary: int, start: date, end: date, through: date | None = None) -> Fraction:
        """The measure of the periods, or days, from `start` up to, not including, `end`.

        `through`: only of the settlement steps that begin before it.
        """
        last = end if through is None else min(end, through)
        first, past = day_number(start), day_number(last)
        if self._sums is None:
            return Fraction(self._things_between(beneficiary, first, past))
        one = numpy.array([beneficiary])
        return Fraction(self.values(one, numpy.array([first]), numpy.array([past])).tolist()[0])

    def values(self, beneficiaries: Column, first: Column, end: Column) -> Any:
        """The measure of each beneficiary on the days from `first` up to, not including, `end`."""
        assert self._sums is not None  # noqa: S101 - things counted day by day do not add up
        keys, sums = self._sums
        return (
            sums[numpy.searchsorted(keys, _key(beneficiaries, end))]
            - sums[numpy.searchsorted(keys, _key(beneficiaries, first))]
        )

    def first_day(self, beneficiary: int) -> int | None:
        """The first day that any line stands on, where it is counted by day."""
        return self.first_days.get(beneficiary)

    @cached_property
    def first_days(self) -> Mapping[int, int]:
        """For each beneficiary the first day on which any line stands, where it is counted by day."""
        rows = self._rows
        keys = _key(rows["beneficiary"], rows["day"])
        order = numpy.argsort(keys, kind="stable")
        keys, lines = keys[order], rows["lines"][order]
        bounds = _bounds(keys)
        if not len(bounds):
            return {}
        standing = bounds[numpy.add.reduceat(lines, bounds) > 0]
        beneficiaries, days = rows["beneficiary"][order][standing], rows["day"][order][standing]
        # Of several the last one written stays, which has to be the first.
        return dict(zip(beneficiaries[::-1].tolist(), days[::-1].tolist(), strict=True))

    @cached_property
    def _rows(self) -> dict[str, Any]:
        """All columns, with the day that decides in which window a row falls."""
        blocks, self._blocks = self._blocks, []
        empty = numpy.zeros(0, numpy.int64)
        rows = {name: numpy.concatenate([empty, *(block[name] for block in blocks)]) for name in _FIELDS}
        rows["day"] = rows["document"] if self.counter.by == "day" else rows["settle"]
        return rows

    @cached_property
    def _sums(self) -> _Sums | None:
        """None for things counted day by day: those of several days are not the sum of the days'."""
        counts = self.counter.program.basis.measure in COUNTED
        if counts and self.counter.by == "day":
            return None
        rows = self._things() if counts else self._rows
        keys = _key(rows["beneficiary"], rows["day"])
        order = numpy.argsort(keys, kind="stable")
        values = rows["measure"][order]
        sums = numpy.zeros(len(values) + 1, values.dtype)
        numpy.cumsum(values, out=sums[1:])
        return _Sums(keys[order], sums)

    def _things(self) -> dict[str, Any]:
        """A row for each document or product that counts in a period."""
        rows = self._rows
        thing = numpy.where(rows["line"] > 0, rows["line"], rows["document"])
        order = numpy.lexsort((rows["day"], thing, rows["period"], rows["beneficiary"]))
        bounds = _bounds(*(column[order] for column in (rows["beneficiary"], rows["period"], thing)))
        if not len(bounds):
            return rows
        kept = self._kept(order, bounds)
        place = order[bounds]
        return {"beneficiary": rows["beneficiary"][place], "day": rows["day"][place], "measure": kept}

    def _kept(self, order: Column, bounds: Column) -> Column:
        """1 for each document with any line, and for each product of which more was kept than given back; their rows
        stand together in `order`."""
        rows = self._rows
        there = numpy.add.reduceat(rows["lines"][order], bounds) > 0
        if self.counter.program.basis.measure == "products":
            unknown = numpy.logical_or.reduceat(rows["unknown"][order] != 0, bounds)
            there = numpy.where(unknown, there, numpy.add.reduceat(rows["measure"][order], bounds) > 0)
        kept: Column = there.astype(numpy.int64)
        return kept

    def _things_between(self, beneficiary: int, first: int, end: int) -> int:
        """How many documents or products count on some days."""
        rows = self._rows
        lower, upper = numpy.searchsorted(rows["beneficiary"], (beneficiary, beneficiary + 1))
        inside = lower + numpy.flatnonzero((rows["day"][lower:upper] >= first) & (rows["day"][lower:upper] < end))
        order = inside[numpy.argsort(rows["line"][inside], kind="stable")]
        bounds = _bounds(rows["line"][order])
        if not len(bounds):
            return 0
        return int(self._kept(order, bounds).sum())


def _key(beneficiaries: Column, days: Column) -> Column:
    """One number that sorts as both."""
    return beneficiaries.astype(numpy.int64) * _DAYS + days + _DAYS // 2


def _bounds(*columns: Column) -> Column:
    """The positions where a run of equal values begins."""
    changes = numpy.zeros(len(columns[0]), bool)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return numpy.flatnonzero(changes)
