"""Programs of a `best` group: of those that would pay a beneficiary for the same period, the one that gives most does.

What two give alike goes to the one of the smaller priority. The others earn nothing, and say which one does. A program
nothing stands for in the period, all of it cancelled say, does not take part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy

from core.engine.alone import Column
from core.engine.chunks import Chunk, Columns
from core.engine.result import Result
from core.programs import Program


def best(members: Sequence[tuple[Program, Chunk]]) -> list[tuple[Program, Chunk]]:
    """The results of every member, in the order given, which is that of their priority."""
    columns = [chunk.columns() for _, chunk in members]
    sizes = [len(one.amounts) for one in columns]
    mine = numpy.repeat(numpy.arange(len(members)), sizes)
    beneficiaries, periods, amounts, stands = map(numpy.concatenate, zip(*columns, strict=True))
    winner = mine.copy()
    order = numpy.flatnonzero(stands)
    order = order[numpy.argsort(-amounts[order], kind="stable")]
    order = order[numpy.lexsort((periods[order], beneficiaries[order]))]
    if len(order):
        first = numpy.ones(len(order), bool)
        first[1:] = (numpy.diff(beneficiaries[order]) != 0) | (numpy.diff(periods[order]) != 0)
        winner[order] = mine[order[first]][numpy.cumsum(first) - 1]
    ends = numpy.cumsum(sizes)
    return [
        (program, _after(members, number, winner[end - size : end]))
        for number, ((program, _), size, end) in enumerate(zip(members, sizes, ends.tolist(), strict=True))
    ]


def _after(members: Sequence[tuple[Program, Chunk]], number: int, winner: Column) -> Chunk:
    """The results of one member, given who wins each."""
    _, chunk = members[number]
    if (winner == number).all():
        return chunk

    def results() -> Iterator[Result]:
        for result, other in zip(chunk, winner.tolist(), strict=True):
            yield result if other == number else _left(result, members[other][0].id)

    def columns() -> Columns:
        found = chunk.columns()
        return found._replace(amounts=numpy.where(winner == number, found.amounts, 0))

    return Chunk(results, columns)


def _left(result: Result, winner: str) -> Result:
    nothing = [0] * len(result.parts)
    return result._replace(
        amount=0,
        parts=nothing,
        side=result.side._replace(excluded=f"{winner} gives more, and only the best of the group pays"),
        steps=tuple(step._replace(parts=nothing) for step in result.steps),
        accrued=None if result.accrued is None else nothing,
    )
