"""Limits over the periods of each beneficiary, and over all of them: what `core.limits` bounds, on results.

A bounded amount is spread over the cells anew. In a period of a guarantee without any line, the result stands on the
cells of the last period that had some, with nothing measured in them: their tax codes tell how the guarantee is taxed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy

from core.cells import Cell, weights
from core.engine.chunks import Chunk
from core.engine.result import Result, Step
from core.limits import Bounded, CompiledLimits, Earned, Limited, bound, bound_program, compile_limits, spread
from core.period import Period, day_number
from core.programs import Program
from core.rules import Rule, Side


def limited(program: Program, rule: Rule, chunk: Chunk, as_of: date) -> Chunk:
    """All results of a program within its limits. Those that no limit touches stay as they are, in their columns."""
    limits = compile_limits(program)
    if limits.guarantee is not None or limits.program_budget is not None or program.settles_within:
        results = bounded(program, rule, list(chunk), as_of)
        return Chunk.of(results if limits.program_budget is None else budgeted(program, rule, results))
    beneficiaries, _, amounts, _ = chunk.columns()
    touched = numpy.zeros(len(amounts), bool)
    if limits.cap is not None:
        touched |= (amounts > limits.cap).astype(bool)
    if limits.minimum is not None:
        touched |= ((amounts > 0) & (amounts < limits.minimum)).astype(bool)
    if limits.account_budget is not None:
        _, whose = numpy.unique(beneficiaries, return_inverse=True)
        sums = numpy.zeros(len(amounts), amounts.dtype)
        numpy.add.at(sums, whose, numpy.maximum(amounts, 0))
        over = (sums > limits.account_budget).astype(bool)
        touched = numpy.isin(beneficiaries, beneficiaries[touched | over[whose]])
    if not touched.any():
        return chunk
    return Chunk.joined([chunk.only(~touched), Chunk.of(bounded(program, rule, list(chunk.only(touched)), as_of))])


def bounded(program: Program, rule: Rule, results: Sequence[Result], as_of: date) -> list[Result]:
    """The results within the limits of their own beneficiary, in order of beneficiary and period.

    The periods of a beneficiary begin with the first in which something stands: what was cancelled is as if it had
    never been, and what waits bounds nothing yet.
    """
    limits = compile_limits(program)
    by_beneficiary: dict[int, list[Result]] = {}
    for result in results:
        by_beneficiary.setdefault(result.beneficiary, []).append(result)
    found: list[Result] = []
    for _, mine in sorted(by_beneficiary.items()):
        mine.sort(key=lambda item: item.period.start)
        first = next((i for i, item in enumerate(mine) if item.cells), len(mine))
        found += mine[:first]
        whole = _every_period(program, limits, mine[first:], as_of)
        amounts = bound(limits, [Earned(item.amount, item.period.end <= as_of) for item in whole])
        left = limits.account_budget
        for item, now in zip(whole, amounts, strict=True):
            found.append(_within(rule, limits, item, now, left))
            left = None if left is None else left - now.amount
    return [item for item in found if item.cells or item.waiting]


def budgeted(program: Program, rule: Rule, results: Sequence[Result]) -> list[Result]:
    """The results within the budget of the program. Raises ValueError for a program without one."""
    budget = compile_limits(program).program_budget
    if budget is None:
        raise ValueError(f"{program.id} has no budget")
    amounts: dict[date, dict[int, int]] = {}
    for item in results:
        amounts.setdefault(item.period.start, {})[item.beneficiary] = item.amount
    within = bound_program(budget, amounts)
    found = []
    for item in results:
        amount = within[item.period.start][item.beneficiary]
        steps = () if amount == item.amount else (Limited("program_budget", item.amount, amount),)
        found.append(_changed(rule, item, amount, (*item.limits, *steps)))
    return found


def _every_period(program: Program, limits: CompiledLimits, results: list[Result], as_of: date) -> list[Result]:
    """The results with those of periods in which nothing was bought, where there is a guarantee.

    A period of a guarantee that has begun counts for whoever has bought before, while the program runs.
    """
    if not results or limits.guarantee is None:
        return results
    running = program.calendar.between(results[-1].period.start, min(program.end, as_of + timedelta(days=1)))
    over = [period for period in running if limits.at_start or period.end <= as_of]
    last = max([results[-1].period.end, *(period.end for period in over)])
    known = {item.period.start: item for item in results}
    found: list[Result] = []
    for period in program.calendar.between(results[0].period.start, last):
        item = known.get(period.start)
        if item is None or not item.cells:
            waiting = item.waiting if item is not None else []
            item = _empty(found[-1], period)._replace(waiting=waiting)
        found.append(item)
    return found


def _empty(before: Result, period: Period) -> Result:
    """A period without lines: the cells of the one before with nothing in them."""
    day = day_number(period.start)
    seen: dict[tuple[int, int], Cell] = {}
    for cell in before.cells:
        own = (cell.payee, cell.tax)
        net = (seen[own].net if own in seen else 0) + abs(cell.net)
        seen[own] = cell._replace(
            period=day, settle=day, slice=0, level=-1, document=0, line=0, measure=0, net=net, unknown=0, lines=0,
            times=1, over=1, less=0, shared=-1,
        )  # fmt: skip
    cells = sorted(seen.values())
    return Result(before.beneficiary, period, before.currency, 0, cells, [0] * len(cells), Side(), [])


def _within(rule: Rule, limits: CompiledLimits, item: Result, now: Bounded, left: int | None) -> Result:
    """The result with its bounded amount; steps inside the period never exceed what the period may have."""
    most = min((value for value in (limits.cap, left) if value is not None), default=None)
    steps = []
    for step in item.steps:
        earned = sum(step.parts)
        allowed = earned if most is None else min(earned, most)
        steps.append(Step(step.end, _spread(rule, item.cells, step.parts, allowed)))
    return _changed(rule, item._replace(steps=tuple(steps)), now.amount, now.steps)


def _changed(rule: Rule, item: Result, amount: int, steps: tuple[Limited, ...]) -> Result:
    if amount == item.amount:
        return item._replace(limits=steps)
    accrued = item.accrued
    if accrued is not None and item.amount:
        accrued = None if sum(accrued) > amount else accrued
    return item._replace(
        amount=amount, parts=_spread(rule, item.cells, item.parts, amount), limits=steps, accrued=accrued
    )


def _spread(rule: Rule, cells: Sequence[Cell], parts: Sequence[int], amount: int) -> list[int]:
    if amount == sum(parts):
        return list(parts)
    return spread(amount, parts, weights(cells, money=rule.unit == "money"))
