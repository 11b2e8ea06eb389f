"""Limits: what bounds an entitlement from below and above, in integers.

The order is fixed: cap, smallest amount, guarantee, budget of the account, budget of the program. Amounts are minor
units of the program's currency. The guarantee follows Dynamics 365: one that is cumulative counts what was paid above
it in earlier periods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeVar

from core.errors import ConfigError, DataError
from core.money import exponent, largest_remainder, scaled
from core.programs import Program

Period = TypeVar("Period", int, date)
Beneficiary = TypeVar("Beneficiary", int, str)
Kind = Literal["cap", "minimum", "guarantee", "account_budget", "program_budget"]


class CompiledLimits(NamedTuple):
    """The limits of a program in minor units; None where there is none."""

    cap: int | None
    minimum: int | None
    """What a period must earn to earn anything; None where less is carried on."""
    guarantee: int | None
    cumulative: bool
    at_start: bool
    """Whether the guarantee is due when the period begins."""
    account_budget: int | None
    program_budget: int | None


class Earned(NamedTuple):
    """What one beneficiary earned in one period, and whether the period is over."""

    amount: int
    over: bool


class Limited(NamedTuple):
    """A limit that changed an amount, with the amount before and after."""

    kind: Kind
    before: int
    after: int


class Bounded(NamedTuple):
    """An amount within the limits, and those that changed it, in their order."""

    amount: int
    steps: tuple[Limited, ...]


def compile_limits(program: Program) -> CompiledLimits:
    """The limits of a program. Raises ConfigError where an amount is finer than the currency."""
    limits = program.limits

    def minor(name: str) -> int | None:
        value: Decimal | None = getattr(limits, name)
        try:
            return None if value is None else scaled(value, exponent(program.program.currency))
        except DataError as error:
            raise ConfigError(f"limits.{name} is no amount of {program.program.currency}: {error.message}") from None

    return CompiledLimits(
        cap=minor("cap"),
        minimum=minor("minimum") if limits.below_minimum == "drop" else None,
        guarantee=minor("guarantee"),
        cumulative=limits.guarantee_cumulative,
        at_start=limits.guarantee_paid == "start",
        account_budget=minor("account_budget"),
        program_budget=minor("program_budget"),
    )


def bound(limits: CompiledLimits, earned: Sequence[Earned]) -> list[Bounded]:
    """What one beneficiary has of each period; all but the budget of the program.

    `earned` are its periods in order, none left out between the first and the last: one in which nothing was earned
    counts for a cumulative guarantee. What is taken back (an amount below zero) is below no minimum and within every
    cap and budget, to which it returns.
    """
    found: list[Bounded] = []
    paid = 0
    for number, item in enumerate(earned, start=1):
        now = item.amount
        steps: list[Limited] = []
        for kind, after in _bounds(limits, number, item, paid):
            bounded = after(now)
            if bounded != now:
                steps.append(Limited(kind, now, bounded))
            now = bounded
        found.append(Bounded(now, tuple(steps)))
        paid += now
    return found


def _bounds(
    limits: CompiledLimits, number: int, item: Earned, paid: int
) -> Iterator[tuple[Kind, Callable[[int], int]]]:
    """What each limit makes of an amount, in their order; `paid` is what the periods before have."""
    cap, least, budget = limits.cap, limits.minimum, limits.account_budget
    if cap is not None:
        yield "cap", lambda now: min(now, cap)
    if least is not None:
        yield "minimum", lambda now: 0 if 0 < now < least else now
    if limits.guarantee is not None and (item.over or limits.at_start):
        due = limits.guarantee * number - paid if limits.cumulative else limits.guarantee
        yield "guarantee", lambda now: max(now, due)
    if budget is not None:
        yield "account_budget", lambda now: min(now, budget - paid)


def bound_program(
    budget: int, amounts: Mapping[Period, Mapping[Beneficiary, int]]
) -> dict[Period, dict[Beneficiary, int]]:
    """The amounts of all beneficiaries within the budget of the program, the earlier period first.

    Where a period has more than is left, what is paid is lowered in proportion, by largest remainder and the lower
    beneficiary first; what is taken back stays, and returns to the budget.
    """
    left = budget
    found: dict[Period, dict[Beneficiary, int]] = {}
    for period in sorted(amounts):
        row = dict(amounts[period])
        if sum(row.values()) > left:
            paid = sorted(key for key, amount in row.items() if amount > 0)
            returned = sum(amount for amount in row.values() if amount < 0)
            row.update(zip(paid, largest_remainder(left - returned, [row[key] for key in paid]), strict=True))
        left -= sum(row.values())
        found[period] = row
    return found


def spread(total: int, parts: Sequence[int], weights: Sequence[int]) -> list[int]:
    """The parts of cells brought to a bounded amount, so that they add up to it.

    In proportion to the parts where it only shrinks, or where all of them have one sign; what is added to parts of
    both signs, or to none, goes by `weights` (the size of the net, say: not negative). Raises ValueError where there
    is something to spread and no cell.
    """
    whole = sum(parts)
    if total == whole:
        return list(parts)
    shrinks = 0 <= total <= whole or whole <= total <= 0
    if whole and (shrinks or all(part >= 0 for part in parts) or all(part <= 0 for part in parts)):
        return largest_remainder(total, parts)
    added = largest_remainder(total - whole, weights)
    return [part + more for part, more in zip(parts, added, strict=True)]
