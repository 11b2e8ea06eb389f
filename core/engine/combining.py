"""Programs of a `best` group: of those that would pay a beneficiary for the same period, the one that gives most does.

What two give alike goes to the one of the smaller priority. The others earn nothing, and say which one does. A program
nothing stands for in the period, all of it cancelled say, does not take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.engine.result import Result
from core.programs import Program


def best(members: Sequence[tuple[Program, Sequence[Result]]]) -> list[tuple[Program, list[Result]]]:
    """The results of every member, in the order given, which is that of their priority."""
    winners: dict[tuple[int, date], tuple[int, str]] = {}
    for program, results in members:
        for result in results:
            key = (result.beneficiary, result.period.start)
            if result.cells and (key not in winners or result.amount > winners[key][0]):
                winners[key] = result.amount, program.id
    return [(program, [_left(program, result, winners) for result in results]) for program, results in members]


def _left(program: Program, result: Result, winners: dict[tuple[int, date], tuple[int, str]]) -> Result:
    _, winner = winners.get((result.beneficiary, result.period.start), (0, program.id))
    if winner == program.id or not result.cells:
        return result
    nothing = [0] * len(result.parts)
    return result._replace(
        amount=0,
        parts=nothing,
        side=result.side._replace(excluded=f"{winner} gives more, and only the best of the group pays"),
        steps=tuple(step._replace(parts=nothing) for step in result.steps),
        accrued=None if result.accrued is None else nothing,
    )
