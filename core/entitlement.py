"""Entitlements: from the cells of one (program, beneficiary, period) to one amount and the share of each cell.

Everything is exact until the one rounding point of each unit of accumulation. Where a program's scale changed within
the period, the band is picked on the whole unit's measure and each slice pays at its own scale:

- flat and retrospective: the rate of the band that the whole measure reaches in the slice's scale, times the
  slice's measure;
- marginal: the slices lie one after the other, in date order, on the axis of the measure. A slice of measure m that
  begins at r pays N(r + m) - N(r), N being its own scale.

The tier that counts is one level for all cells (`period_end`, `period_start`), or each cell's own (`document`). A
level without a scale pays by the program's own scale, or nothing where the program has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from math import lcm
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from core.money import QUANTITY_EXPONENT, Rounding, apportion, divide, exponent, major
from core.period import day_date, day_number
from core.programs import Program
from core.scales import CompiledScale, Segment, compile_scale, digits_of


class Cell(NamedTuple):
    """Sums of the lines that agree in everything that matters for money.

    Days are numbers since 1970-01-01; `measure` and `net` are in minor units of the tax key's currency, except that
    `measure` is in 10^-6 base units where the program measures quantity.
    """

    program: int
    """Index of the program in the plan."""
    beneficiary: int
    payee: int
    period: int
    """First day of the calculation period."""
    settle: int
    """First day of the settlement period the lines fall in; `period` where settlement is not shorter."""
    slice: int
    """Index of the program's slice in force."""
    level: int
    """Index of the tier level on the document's day; -1 unless the program uses the tier at the document."""
    tax: int
    """Id of the tax key: entity, registration, category, rate, currency."""
    document: int
    """0 unless the program accumulates by document or line."""
    line: int
    """0 unless the program accumulates by line."""
    measure: int
    net: int
    unknown: int
    """Number of lines whose quantity in base units is unknown."""
    lines: int
    """Number of lines; negated lines count -1."""
    times: int = 1
    """The measure in the program's unit or currency is `measure * times / over`; `over` of 0: nobody knows it yet."""
    over: int = 1
    less: int = 0
    """What other programs have taken off the measure already."""
    shared: int = -1
    """While counting: which other programs' lines these are too (`Plan.shares`)."""


class Checked(NamedTuple):
    """One condition of a program with what was found."""

    name: str
    measure: Fraction
    """As `Side.qualifier`."""
    minimum: Fraction
    met: bool


class Side(NamedTuple):
    """What decides, beside its own cells, what a group of cells earns."""

    level: int = -1
    """Index of the tier level that counts; -1 for none."""
    qualifier: Fraction | None = None
    """The qualifier's measure of the period: minor units, 10^-6 units, or a whole count."""
    baseline: Fraction | None = None
    """The baseline of the paid measure after index and joiners, in the measure's unit; None: there is none."""
    conditions: tuple[Checked, ...] = ()
    excluded: str = ""
    """Why nothing is earned, whatever the cells say; shown to people."""


ALONE = Side()

CANONICAL = itemgetter(5, 6, 7, 8, 9, 2, 4)
"""The order of cells in which ties are broken: slice, level, tax, document, line, payee, settle."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rebate program compiled to integers."""

    program: str
    currency: str
    rounding: Rounding
    accumulate: Literal["period", "document", "line"]
    at: Literal["period_end", "period_start", "document"] | None
    """The day whose tier counts; None where the program uses no tier."""
    starts: tuple[int, ...]
    """First day of each slice."""
    scales: tuple[tuple[CompiledScale | None, ...], ...]
    """By slice, then by level + 1: the first scale of a slice is the one without a tier."""
    levels: tuple[str, ...]
    digits: int
    denominator: int
    """10**digits."""
    at_document: bool
    per_unit: bool
    """Whether the measure is a quantity."""


class Entitled(NamedTuple):
    """What a beneficiary is entitled to.

    `amount` and `parts` (one for each cell, adding up to the amount) are in minor units of the program's currency;
    the amount before rounding is `numerator / 10**digits`.
    """

    amount: int
    parts: list[int]
    numerator: int
    digits: int


def compile_rule(program: Program, level_names: Sequence[str] = ()) -> Rule:
    """The rule of a rebate program. `level_names` are the levels of the tier program it uses, from the lowest up."""
    head = program.program
    slices = program.slices()
    stated = [scale for part in slices for scale in part.scales.values() if scale is not None]
    if program.is_tier:
        raise ValueError(f"{program.id} gives a tier and pays nothing: it has no rule")
    digits = max((digits_of(scale, head.currency) for scale in stated), default=0)
    compiled = []
    for part in slices:
        own = part.scales[""]
        chosen = [own, *(part.scales.get(name, own) for name in level_names)]
        compiled.append(
            tuple(None if scale is None else compile_scale(scale, head.currency, digits) for scale in chosen)
        )
    at = slices[0].tier.at if slices[0].tier is not None else None
    return Rule(
        program=program.id,
        currency=head.currency,
        rounding=head.rounding,
        accumulate=program.basis.accumulate,
        at=at,
        starts=tuple(day_number(part.start) for part in slices),
        scales=tuple(compiled),
        levels=tuple(level_names),
        digits=digits,
        denominator=10**digits,
        at_document=at == "document",
        per_unit=program.basis.measure == "quantity",
    )


def entitle(rule: Rule, cells: Sequence[Cell], side: Side = ALONE) -> Entitled:
    """What the cells of one (program, beneficiary, period) earn. Their order does not matter."""
    level = side.level
    if len(cells) == 1:
        cell = cells[0]
        scale = rule.scales[cell[5]][(cell[6] if rule.at_document else level) + 1]
        if scale is None:
            return Entitled(0, [0], 0, rule.digits)
        numerator = scale.numerator(cell[10])
        amount = divide(numerator, rule.denominator, rule.rounding)
        return Entitled(amount, [amount], numerator, rule.digits)
    parts = [0] * len(cells)
    amount = numerator = 0
    for unit in units(rule, cells):
        earned, shares, common = _unit(rule, [cells[i] for i in unit], level)
        rounded = divide(earned, rule.denominator, rule.rounding)
        for i, part in zip(unit, apportion(rounded, shares, rule.denominator * common), strict=True):
            parts[i] = part
        amount += rounded
        numerator += earned
    return Entitled(amount, parts, numerator, rule.digits)


def units(rule: Rule, cells: Sequence[Cell]) -> list[list[int]]:
    """The positions of the cells of each unit of accumulation, in canonical order."""
    order = sorted(range(len(cells)), key=lambda i: CANONICAL(cells[i]))
    if rule.accumulate == "period":
        return [order] if order else []
    found: dict[tuple[int, int], list[int]] = {}
    for i in order:
        found.setdefault((cells[i].document, cells[i].line), []).append(i)
    return list(found.values())


def _unit(rule: Rule, cells: Sequence[Cell], level: int) -> tuple[int, list[int], int]:
    """One unit of accumulation, its cells in canonical order.

    Returns its numerator over 10**digits and the shares of the cells over 10**digits times the third value.
    """
    whole = sum(cell.measure for cell in cells)
    reached = earned = 0
    shares: list[tuple[int, int]] = []
    for index, group in groupby(cells, key=itemgetter(5)):
        members = list(group)
        scales = rule.scales[index]
        measure = sum(cell.measure for cell in members)
        scale = scales[level + 1]
        if rule.at_document:
            found = [(scales[cell.level + 1], cell.measure) for cell in members]
            shares += [(one.segments[0].rate * amount if one else 0, 1) for one, amount in found]
            earned += sum(share for share, _ in shares[-len(found) :])
        elif scale is None:
            shares += [(0, 1)] * len(members)
        elif scale.method == "marginal" and measure:
            numerator = scale.numerator(reached + measure) - scale.numerator(reached)
            sign = 1 if measure > 0 else -1
            shares += [(numerator * cell.measure * sign, measure * sign) for cell in members]
            earned += numerator
        else:
            rate = scale.segment(reached if scale.method == "marginal" else whole).rate
            shares += [(rate * cell.measure, 1) for cell in members]
            earned += rate * measure
        reached += measure
    common = lcm(*(divisor for _, divisor in shares))
    return earned, [share * (common // divisor) for share, divisor in shares], common


def explain_parts(rule: Rule, cells: Sequence[Cell], side: Side = ALONE) -> dict[str, Any]:
    """How `entitle` came to its amount, as plain data for people.

    Measures, bounds and amounts are exact Decimals in major units of the currency (or units of quantity); a numerator
    is an integer over 10**digits, in minor units. Each unit of accumulation lists its slices, and each slice the
    stretches of its measure with the band that paid them.
    """
    level = side.level
    found = []
    total = 0
    for positions in units(rule, cells):
        members = [cells[i] for i in positions]
        numerator, _, _ = _unit(rule, members, level)
        rounded = divide(numerator, rule.denominator, rule.rounding)
        total += rounded
        slices = _explain_slices(rule, members, level)
        found.append(
            {
                "document": members[0].document,
                "line": members[0].line,
                "measure": sum((part["measure"] for part in slices), Decimal(0)),
                "slices": slices,
                "numerator": numerator,
                "unrounded": _exact(numerator, rule.digits + exponent(rule.currency)),
                "rounding": rule.rounding,
                "amount": major(rounded, rule.currency),
            }
        )
    return {
        "program": rule.program,
        "currency": rule.currency,
        "accumulate": rule.accumulate,
        "digits": rule.digits,
        "units": found,
        "amount": major(total, rule.currency),
    }


def _explain_slices(rule: Rule, cells: Sequence[Cell], level: int) -> list[dict[str, Any]]:
    """The slices of one unit, and of those the cells of each level where the document's tier counts."""
    whole = sum(cell.measure for cell in cells)
    found = []
    reached = 0
    for (index, at), group in groupby(cells, key=lambda cell: (cell.slice, cell.level)):
        measure = sum(cell.measure for cell in group)
        chosen = at if rule.at_document else level
        scale = rule.scales[index][chosen + 1]
        first, last = reached, reached + measure
        digits = QUANTITY_EXPONENT if rule.per_unit else exponent(rule.currency)
        bands = []
        if scale is not None:
            marginal = scale.method == "marginal"
            stretches = _stretches(scale, first, last) if marginal else [(scale.segment(whole), measure)]
            for band, length in stretches:
                bands.append(
                    {
                        "lower": _exact(band.lower, digits),
                        "upper": None if band.upper is None else _exact(band.upper, digits),
                        "rate": scale.rate_text(band.rate),
                        "measure": _exact(length, digits),
                        "numerator": band.rate * length,
                    }
                )
        found.append(
            {
                "from": day_date(rule.starts[index]),
                "level": rule.levels[chosen] if chosen >= 0 else None,
                "method": None if scale is None else scale.method,
                "begins_at": _exact(first, digits),
                "measure": _exact(measure, digits),
                "bands": bands,
                "numerator": sum(band["numerator"] for band in bands),
            }
        )
        reached = last
    return found


def _stretches(scale: CompiledScale, first: int, last: int) -> list[tuple[Segment, int]]:
    """The bands between two measures of a marginal scale, each with the length inside it; negative going down."""
    low, high = min(first, last), max(first, last)
    found = []
    for i, band in enumerate(scale.segments):
        lower = low if i == 0 else max(low, band.offset)
        upper = high if i + 1 == len(scale.segments) else min(high, scale.segments[i + 1].offset)
        if upper > lower:
            found.append((band, upper - lower if last > first else lower - upper))
    return found


def _exact(number: int, digits: int) -> Decimal:
    return Decimal(f"{number}e-{digits}")
