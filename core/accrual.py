"""What is posted while a period runs, where that is not what was earned so far. It never changes what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from core.cells import Cell, measure_of, net_of
from core.entitlement import Entitled, entitle, round_shares, units
from core.errors import ConfigError, DataError
from core.money import QUANTITY_EXPONENT, Rate, exponent, scaled
from core.programs import Program
from core.rules import ALONE, Rule, Side
from core.scales import Number
from core.sharing import Shares, over_common, share


def accrual_amount(program: Program, rule: Rule, cells: Sequence[Cell], side: Side = ALONE) -> Entitled:
    """What is to be accrued for the cells of a group while its period runs, rounded as the program rounds.

    - achieved: what they earn so far;
    - fixed: a percentage of the net, or an amount for each unit measured;
    - expected: the measure so far at the rate that the expected measure of the whole period earns. A qualifier and a
      baseline are taken as they are known; conditions count as met, for they are looked at when the period is over.

    Raises ConfigError where the expected measure is finer than the measure.
    """
    if program.accrual.rate == "achieved":
        return entitle(rule, cells, side)
    found = []
    for unit in units(rule, cells):
        members = [cells[i] for i in unit]
        if side.excluded:
            found.append((unit, Shares([0] * len(unit), 1)))
        elif program.accrual.rate == "fixed":
            found.append((unit, _fixed(program, rule, members)))
        else:
            found.append((unit, _expected(program, rule, members, side._replace(conditions=()))))
    return round_shares(replace(rule, equal=False), cells, found)


def _fixed(program: Program, rule: Rule, cells: Sequence[Cell]) -> Shares:
    """A rate of the net, or of the measure, of each cell."""
    stated = program.accrual
    if stated.percent is not None:
        rate = Rate.from_decimal(stated.percent)
        money = rule.unit == "money"
        amounts: list[Number] = [net_of(cell, money=money) for cell in cells]
        digits = rate.digits + 2
    else:
        assert stated.per_unit is not None  # noqa: S101 - the definition states one of them
        rate = Rate.minor(stated.per_unit, rule.currency)
        amounts = [measure_of(cell) for cell in cells]
        digits = rate.digits + (QUANTITY_EXPONENT if rule.unit == "quantity" else 0)
    each = Fraction(rate.numerator * rule.denominator, 10**digits)
    return over_common([each * amount for amount in amounts])


def _expected(program: Program, rule: Rule, cells: Sequence[Cell], side: Side) -> Shares:
    """The measure of each cell at the rate that the expected measure would earn, by the cell's own slice and level."""
    stated = program.accrual.expected
    digits = {"quantity": QUANTITY_EXPONENT, "count": 0}.get(rule.unit, exponent(rule.currency))
    try:
        measure = scaled(stated, digits) if stated is not None else 0
    except DataError as error:
        raise ConfigError(f"accrual.expected cannot be compared with the measure: {error.message}") from None
    if not measure:
        return Shares([0] * len(cells), 1)
    rates: dict[tuple[int, int], Fraction] = {}
    for cell in cells:
        if (cell.slice, cell.level) not in rates:
            whole = cell._replace(measure=measure, times=1, over=1)
            numerators, common = share(rule, [whole], side)
            rates[cell.slice, cell.level] = Fraction(sum(numerators), common * measure)
    return over_common([rates[cell.slice, cell.level] * measure_of(cell) for cell in cells])
