"""An explanation in sentences: what `core.entitlement.explain_parts` tells as data, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_ROUNDING = {"half_away_from_zero": "half away from zero", "half_even": "half to even"}
_METHODS = {
    "flat": "flat rate",
    "marginal": "marginal: each slice at its own rate",
    "retrospective": "retrospective: everything at the rate of the band reached",
}
_UNITS_TOLD = 6


def sentences(calculation: dict[str, Any], measure_of: str) -> list[str]:
    """The computation line by line: measure, band, formula with numbers, rounding."""
    currency = calculation["currency"]
    unit = "units" if measure_of == "quantity" else currency
    units = calculation["units"]
    if not units:
        return ["No line counts, so nothing is earned."]
    lines: list[str] = []
    whole = calculation["accumulate"] == "period"
    for item in units[:_UNITS_TOLD]:
        if not whole:
            lines.append(f"{calculation['accumulate'].capitalize()} of {_number(item['measure'])} {unit}:")
        lines += _slices(item, unit, whole)
        lines.append(_rounding(item, currency))
    if len(units) > _UNITS_TOLD:
        rest = sum((item["amount"] for item in units[_UNITS_TOLD:]), Decimal(0))
        lines.append(
            f"… and {len(units) - _UNITS_TOLD} more, each rounded for itself, together {_number(rest)} {currency}."
        )
    if len(units) > 1:
        lines.append(f"Sum of {len(units)} rounded amounts: {_number(calculation['amount'])} {currency}.")
    return lines


def _slices(item: dict[str, Any], unit: str, whole: bool) -> Iterator[str]:
    if whole:
        yield f"Measure of the period: {_number(item['measure'])} {unit}."
    several = len(item["slices"]) > 1
    for part in item["slices"]:
        level = f", level {part['level']}" if part["level"] else ""
        if several:
            yield f"From {part['from']}{level}: {_number(part['measure'])} {unit} of it."
        if part["method"] is None:
            yield f"No scale applies{level}: nothing is earned."
            continue
        yield f"Scale{level}: {_METHODS[part['method']]}."
        for band in part["bands"]:
            upper = f"to below {_number(band['upper'])}" if band["upper"] is not None else "upwards"
            where = "" if part["method"] == "flat" else f"band from {_number(band['lower'])} {upper}: "
            yield f"  {where}{_number(band['measure'])} {unit} x {band['rate']}"


def _rounding(item: dict[str, Any], currency: str) -> str:
    exact, amount = _number(item["unrounded"]), _number(item["amount"])
    if item["unrounded"] == item["amount"]:
        return f"= {amount} {currency}, exactly."
    return f"= {exact} {currency}, rounded once, {_ROUNDING[item['rounding']]}: {amount} {currency}."


def _number(value: Decimal) -> str:
    """A number for people: grouped, at least two decimals kept as they are, no needless zeros beyond."""
    text = f"{value:,f}"
    whole, point, digits = text.partition(".")
    if not point:
        return whole
    digits = digits.rstrip("0")
    return f"{whole}.{digits.ljust(2, '0')}" if digits else f"{whole}.00"
