"""How `core.entitlement.entitle` came to its amount, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from core.cells import Cell, measure_of
from core.entitlement import units
from core.explanation.bands import exact, is_plain, reached_bands, stretches
from core.money import QUANTITY_EXPONENT, divide, exponent, major
from core.period import day_date
from core.rules import ALONE, HIGHEST, Reach, Rule, Side
from core.scales import PERCENT_EXPONENT, AnyScale, Number, Unit
from core.sharing import share


def explain_parts(rule: Rule, cells: Sequence[Cell], side: Side = ALONE) -> dict[str, Any]:
    """How `entitle` came to its amount, as plain data for people.

    Measures, bounds and amounts are exact Decimals in major units of the currency (or units of quantity, or counts),
    shortened only where a conversion does not end; a numerator is an integer or a Fraction over 10**digits, in minor
    units. Each unit of accumulation lists its slices, and each slice the bands, steps or points that paid it.
    """
    found = []
    total = 0
    for positions in units(rule, cells):
        members = [cells[i] for i in positions]
        numerators, common = share(rule, members, side)
        numerator = _number(sum(numerators), common)
        rounded = divide(sum(numerators), rule.denominator * common, rule.rounding)
        total += rounded
        measure = sum(measure_of(cell) for cell in members)
        reach = rule.reach(measure, side)
        slices = _slices(rule, members, numerators, common, side, measure, reach)
        found.append(
            {
                "document": members[0].document,
                "line": members[0].line,
                "measure": exact(measure, _digits(rule.unit, rule)),
                "less": exact(sum(cell.less for cell in members), _digits(rule.unit, rule)),
                "waiting": sum(cell.lines for cell in members if not cell.over),
                "compared": _compared(rule, measure, side, reach),
                "slices": slices,
                "numerator": numerator,
                "unrounded": exact(numerator, rule.digits + exponent(rule.currency)),
                "rounding": rule.rounding,
                "amount": major(rounded, rule.currency),
            }
        )
    return {
        "program": rule.program,
        "currency": rule.currency,
        "unit": rule.measured.name,
        "accumulate": rule.accumulate,
        "digits": rule.digits,
        "distribution": "equal" if rule.equal else "measure",
        "excluded": side.excluded,
        "conditions": [
            {
                "name": condition.name,
                "unit": measured.name,
                "measure": exact(condition.measure, _digits(measured.unit, rule)),
                "minimum": exact(condition.minimum, _digits(measured.unit, rule)),
                "met": condition.met,
            }
            for condition, measured in zip(side.conditions, rule.conditions, strict=False)
        ],
        "units": found,
        "amount": major(total, rule.currency),
    }


def _digits(unit: Unit, rule: Rule) -> int:
    """The digits after the point of an integer of a unit."""
    found = {"quantity": QUANTITY_EXPONENT, "count": 0, "percent": PERCENT_EXPONENT}
    return found.get(unit, exponent(rule.currency))


def _about(rule: Rule, scale: AnyScale | None) -> str:
    """The name of the unit of what a scale's bands are about."""
    if scale is None or scale.about != "percent":
        return rule.qualifier.name if rule.qualifier is not None else rule.measured.name
    return "%"


def _number(numerator: int, common: int) -> Number:
    found = Fraction(numerator, common)
    return found.numerator if found.denominator == 1 else found


def _compared(rule: Rule, measure: Number, side: Side, reach: Reach | None) -> dict[str, Any] | None:
    """What picks the band where it is not the measure that is paid on."""
    if rule.qualifier is not None:
        qualifier = exact(side.qualifier or 0, _digits(rule.qualifier.unit, rule))
        return {"with": "qualifier", "unit": rule.qualifier.name, "value": qualifier}
    if rule.baseline is None:
        return None
    digits = _digits(rule.unit, rule)
    base = side.baseline if side.baseline is not None and side.baseline > 0 else None
    found: dict[str, Any] = {
        "with": "baseline",
        "against": rule.baseline.against,
        "bands_in": rule.baseline.bands_in,
        "pays_on": rule.baseline.pays_on,
        "without": rule.baseline.without,
        "baseline": None if base is None else exact(base, digits),
        "growth": exact(measure - (base or 0), digits),
        "percent": None,
    }
    if base is not None:
        value = measure if rule.baseline.bands_in == "attainment" else measure - base
        found["percent"] = exact(Fraction(value * 10**8) / base, PERCENT_EXPONENT, more=0)
    found["highest"] = reach is not None and reach.reached == HIGHEST
    return found


def _slices(
    rule: Rule,
    cells: Sequence[Cell],
    numerators: Sequence[int],
    common: int,
    side: Side,
    total: Number,
    reach: Reach | None,
) -> list[dict[str, Any]]:
    """The slices of one unit, and of those the cells of each level where the document's tier counts."""
    found = []
    begin: Number = 0
    first = 0
    digits = _digits(rule.unit, rule)
    for (index, own), group in groupby(cells, key=lambda cell: (cell.slice, cell.level if rule.at_document else -1)):
        members = list(group)
        measure = sum(measure_of(cell) for cell in members)
        level = own if rule.at_document else side.level
        scale = rule.scales[index][level + 1]
        numerator = _number(sum(numerators[first : first + len(members)]), common)
        bands: list[dict[str, Any]] = []
        if scale is not None and reach is not None:
            lies = scale.method == "marginal" and rule.baseline is None and reach.measure == total
            paid = rule.paid(scale, reach)
            if lies:
                bands = stretches(scale, begin, begin + measure, digits)
            elif paid == total and is_plain(scale, reach.reached):
                bands = reached_bands(scale, measure, reach.reached, digits, _digits(scale.about, rule))
            else:
                bands = reached_bands(scale, paid, reach.reached, digits, _digits(scale.about, rule))
        told = {
            "from": day_date(rule.starts[index]),
            "level": rule.levels[level] if level >= 0 else None,
            "method": None if scale is None else scale.method,
            "about": _about(rule, scale),
            "inclusive": None if scale is None else scale.inclusive,
            "begins_at": exact(begin, digits),
            "measure": exact(measure, digits),
            "bands": bands,
            "pro_rata": sum(band["numerator"] for band in bands) != numerator,
            "numerator": numerator,
        }
        found.append(told)
        begin += measure
        first += len(members)
    return found
