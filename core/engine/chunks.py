"""Chunks: some results of one program, to be read one by one, or in columns by whoever has millions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Any, NamedTuple

import numpy

from core.engine.alone import Column
from core.engine.result import Result
from core.period import day_number


class Columns(NamedTuple):
    """Results in columns, in their order; amounts in minor units, periods by their first days."""

    beneficiaries: Column
    periods: Column
    amounts: Any
    stands: Any
    """Whether something stands behind them: what was cancelled, or waits, has no cells."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Results of one program."""

    _results: Callable[[], Iterable[Result]]
    _columns: Callable[[], Columns]

    def __iter__(self) -> Iterator[Result]:
        return iter(self._results())

    def columns(self) -> Columns:
        """The results in columns."""
        return self._columns()

    @classmethod
    def of(cls, results: Sequence[Result]) -> Chunk:
        """Results that are there already."""

        def columns() -> Columns:
            beneficiaries = numpy.array([item.beneficiary for item in results], numpy.int64)
            periods = numpy.array([day_number(item.period.start) for item in results], numpy.int64)
            amounts = numpy.array([item.amount for item in results], object)
            return Columns(beneficiaries, periods, amounts, numpy.array([bool(item.cells) for item in results], bool))

        return cls(lambda: results, columns)

    @classmethod
    def joined(cls, chunks: Sequence[Chunk]) -> Chunk:
        """Several chunks as one."""
        if len(chunks) == 1:
            return chunks[0]

        def columns() -> Columns:
            found = [chunk.columns() for chunk in chunks] or [cls.of(()).columns()]
            return Columns(*map(numpy.concatenate, zip(*found, strict=True)))

        return cls(lambda: chain.from_iterable(chunks), columns)

    def only(self, wanted: Any) -> Chunk:
        """Some of the results."""
        return Chunk(
            lambda: compress(self, wanted.tolist()), lambda: Columns(*(column[wanted] for column in self.columns()))
        )
