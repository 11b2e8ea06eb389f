"""Bounds of what is earned, period by period, by the words of the definition. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from core.engine.reference.rounding import in_proportion
from core.money import exponent
from core.programs import Program


class Gained(NamedTuple):
    """What one beneficiary earned in a period, and whether the period is over."""

    start: date
    amount: int
    over: bool


def bounded(program: Program, periods: Sequence[Gained]) -> list[int]:
    """What a beneficiary gets of each period, the periods in order and none left out between the first and the last."""
    limits, minor = program.limits, 10 ** exponent(program.program.currency)

    def stated(value: Decimal | None) -> int:
        return int(Fraction(value or 0) * minor)

    paid: list[int] = []
    for number, period in enumerate(periods, start=1):
        amount = period.amount
        if limits.cap is not None:
            amount = min(amount, stated(limits.cap))
        if limits.below_minimum == "drop" and 0 < amount < stated(limits.minimum):
            amount = 0
        if limits.guarantee is not None and (period.over or limits.guarantee_paid == "start"):
            due = stated(limits.guarantee)
            if limits.guarantee_cumulative:
                due = number * due - sum(paid)
            amount = max(amount, due)
        if limits.account_budget is not None:
            amount = min(amount, stated(limits.account_budget) - sum(paid))
        paid.append(amount)
    return paid


def budgeted(budget: int, amounts: Mapping[date, Mapping[int, int]]) -> dict[date, dict[int, int]]:
    """What is left of amounts by period and beneficiary under the budget of the program: the earlier period first,
    within one what is paid in proportion; what is taken back comes back to the budget."""
    left = budget
    found: dict[date, dict[int, int]] = {}
    for start in sorted(amounts):
        row = dict(amounts[start])
        if sum(row.values()) > left:
            paid = sorted(key for key in row if row[key] > 0)
            room = left - sum(row[key] for key in row if row[key] <= 0)
            row |= zip(paid, in_proportion(room, [Fraction(row[key]) for key in paid]), strict=True)
        found[start] = row
        left -= sum(found[start].values())
    return found
