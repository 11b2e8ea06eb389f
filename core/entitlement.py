"""Entitlements: from the cells of one (program, beneficiary, period) to one amount and the part of each cell.

Everything is exact until the one rounding point of each unit of accumulation (`core.sharing` tells who has which
share). The tier that counts is one level for all cells (`period_end`, `period_start`), or each cell's own
(`document`). A level without a scale pays by the program's own scale, or nothing where the program has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from core.cells import CANONICAL, Cell, weights
from core.money import apportion, divide, largest_remainder
from core.rules import ALONE, Checked, Rule, Side, compile_rule
from core.scales import Number
from core.sharing import Shares, over_common, payees, share

__all__ = [
    "ALONE",
    "CANONICAL",
    "Cell",
    "Checked",
    "Entitled",
    "Rule",
    "Side",
    "compile_rule",
    "entitle",
    "entitle_by_currency",
    "round_shares",
    "units",
]


class Entitled(NamedTuple):
    """What a beneficiary is entitled to.

    `amount` and `parts` (one for each cell, adding up to the amount) are in minor units of the program's currency;
    the amount before rounding is `numerator / 10**digits`.
    """

    amount: int
    parts: list[int]
    numerator: Number
    digits: int


def entitle(rule: Rule, cells: Sequence[Cell], side: Side = ALONE) -> Entitled:
    """What the cells of one (program, beneficiary, period) earn. Their order does not matter.

    Cells whose measure nobody knows yet (`over` of 0) have no part.
    """
    if len(cells) == 1 and rule.simple:
        cell = cells[0]
        if cell[14] == cell[15] and not side.excluded:
            scale = rule.scales[cell[5]][(cell[6] if rule.at_document else side.level) + 1]
            if scale is None:
                return Entitled(0, [0], 0, rule.digits)
            numerator = scale.numerator(cell[10])
            amount = divide(numerator.numerator, rule.denominator, rule.rounding)
            return Entitled(amount, [amount], numerator, rule.digits)
    return round_shares(
        rule, cells, [(unit, share(rule, [cells[i] for i in unit], side)) for unit in units(rule, cells)]
    )


def units(rule: Rule, cells: Sequence[Cell]) -> list[list[int]]:
    """The positions of the cells of each unit of accumulation, in canonical order."""
    order = sorted(range(len(cells)), key=lambda i: CANONICAL(cells[i]))
    if rule.accumulate == "period":
        return [order] if order else []
    found: dict[tuple[int, int], list[int]] = {}
    for i in order:
        found.setdefault((cells[i].document, cells[i].line), []).append(i)
    return list(found.values())


def round_shares(rule: Rule, cells: Sequence[Cell], shares: Sequence[tuple[list[int], Shares]]) -> Entitled:
    """The amount and the parts of exact shares, given for the positions of each unit: the rounding point."""
    parts = [0] * len(cells)
    amount = 0
    exact: Number = 0
    for unit, (numerators, common) in shares:
        whole = sum(numerators)
        rounded = divide(whole, rule.denominator * common, rule.rounding)
        if rule.equal:
            found = _equal_parts(rule, rounded, [cells[i] for i in unit])
        else:
            found = apportion(rounded, numerators, rule.denominator * common)
        for i, part in zip(unit, found, strict=True):
            parts[i] = part
        amount += rounded
        exact += Fraction(whole, common) if whole % common else whole // common
    if isinstance(exact, Fraction) and exact.denominator == 1:
        exact = exact.numerator
    return Entitled(amount, parts, exact, rule.digits)


def _equal_parts(rule: Rule, amount: int, cells: Sequence[Cell]) -> list[int]:
    """An amount in equal parts for the payees, the odd units to the lower ids; each payee's by the size of its net."""
    parts = [0] * len(cells)
    mine = payees(cells)
    for places, part in zip(mine, largest_remainder(amount, [1] * len(mine)), strict=True):
        each = weights([cells[i] for i in places], money=rule.unit == "money")
        for i, own in zip(places, largest_remainder(part, each), strict=True):
            parts[i] = own
    return parts


def entitle_by_currency(
    rule: Rule, cells: Sequence[Cell], currencies: Mapping[int, str], side: Side = ALONE
) -> dict[str, Entitled]:
    """What the cells earn in the currency of each invoice (`currency.payout = "invoice"`).

    The band is picked in the program's currency. The exact share of each cell goes back at its own rate: flat and
    retrospective scales so pay each currency's own measure, the others what falls to it in proportion. It is rounded
    once for each currency. `currencies` is by tax key; `parts` are for the cells of that currency, in their order.
    """
    shares = [Fraction(0)] * len(cells)
    for unit in units(rule, cells):
        numerators, common = share(rule, [cells[i] for i in unit], side)
        for i, numerator in zip(unit, numerators, strict=True):
            shares[i] = Fraction(numerator * cells[i].over, common * cells[i].times) if cells[i].over else Fraction(0)
    apart = replace(rule, equal=False)
    found = {}
    for currency in sorted({currencies[cell.tax] for cell in cells}):
        places = [i for i, cell in enumerate(cells) if currencies[cell.tax] == currency]
        mine = [cells[i] for i in places]
        order = sorted(range(len(mine)), key=lambda i: CANONICAL(mine[i]))
        found[currency] = round_shares(apart, mine, [(order, over_common([shares[places[i]] for i in order]))])
    return found
