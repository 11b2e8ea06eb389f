"""Chunks: some results of one program, to be read one by one, or in columns by whoever has millions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy

from core.engine.alone import Column
from core.engine.result import Result
from core.period import day_number


class Columns(NamedTuple):
    """Results in columns; amounts in minor units, periods by their first days."""

    beneficiaries: Column
    periods: Column
    amounts: Column


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
    def of(cls, results: list[Result]) -> Chunk:
        """Results that are there already."""

        def columns() -> Columns:
            rows = [(item.beneficiary, day_number(item.period.start), item.amount) for item in results]
            return Columns(*numpy.array(rows, object).reshape(-1, 3).T)

        return cls(lambda: results, columns)
