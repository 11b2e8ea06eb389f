"""Explanations in English: one template for each part of a narrative."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.explanation.narrative import Part, narrative

_SCALES = {
    "flat": "flat rate",
    "marginal": "marginal: each slice at its own rate",
    "retrospective": "retrospective: everything at the rate of the band reached",
    "point": "retrospective: what lies above a point at the rate of the band reached",
    "rolling": "rolling: each band reached pays on the measure up to its own end",
    "total": "total: each band reached pays on everything",
    "lump_sum": "lump sum: the amount of the band reached",
    "every": "an amount for each whole step",
    "linear": "linear: the rate rises evenly from point to point",
}
_BANDS = {
    "between.lower": "  band from {lower} to below {upper} {about}: ",
    "between.upper": "  band above {lower} up to {upper} {about}: ",
    "open.lower": "  band from {lower} {about} upwards: ",
    "open.upper": "  band above {lower} {about}: ",
}
_PAYS = {
    "rate": "{measure} {unit} x {rate}",
    "point": "{measure} {unit} above {point} x {rate}",
    "amount": "{rate}",
}

TEMPLATES = {
    "nothing.no_lines": "No line counts, so nothing is earned.",
    "nothing.excluded": "Nothing is earned: {reason}.",
    "condition.met": "Condition {name}: {measure} {unit}, at least {minimum} is reached.",
    "condition.missed": "Condition {name}: {measure} {unit}, at least {minimum} is not reached: nothing is earned.",
    "measure.period": "Measure of the period: {measure} {unit}.",
    "measure.document": "Document of {measure} {unit}:",
    "measure.line": "Line of {measure} {unit}:",
    "measure.less": "Other programs have taken {less} {unit} off it already.",
    "measure.waiting": "Lines not in it, for what they measure is not known yet: {lines}.",
    "qualifier": "The band is picked by the qualifier: {value} {unit}.",
    "baseline.previous_period": "Compared with the period before: {baseline} {unit}.",
    "baseline.last_year": "Compared with the same period a year before: {baseline} {unit}.",
    "baseline.target": "Compared with the target: {baseline} {unit}.",
    "baseline.none.nothing": "There is no baseline above zero to compare with: nothing is earned.",
    "baseline.none.all_growth": "There is no baseline above zero: everything is growth.",
    "baseline.joiner": "It joined on {day}: {before} {unit} of {days} days are raised to {after} for {whole} days.",
    "growth.amount": "Growth: {growth} {unit}.",
    "growth.percent": "Growth: {growth} {unit}, {percent} %.",
    "attainment": "Attained: {percent} %.",
    "growth.highest": "So the highest band is reached.",
    "pays_on.everything": "The rate is for the whole measure.",
    "pays_on.growth": "The rate is for the growth.",
    "slice": "From {start}: {measure} {unit} of it.",
    "slice.level": "From {start}, level {level}: {measure} {unit} of it.",
    "slice.pro_rata": "  of this, pro rata: {measure} of {whole} {unit}",
    "scale.none": "No scale applies: nothing is earned.",
    "scale.none.level": "No scale applies, level {level}: nothing is earned.",
    **{f"scale.{method}": f"Scale: {text}." for method, text in _SCALES.items()},
    **{f"scale.{method}.level": f"Scale, level {{level}}: {text}." for method, text in _SCALES.items()},
    "band.flat": "  {measure} {unit} x {rate}",
    **{f"band.{kind}.{where}": band + pays for kind, pays in _PAYS.items() for where, band in _BANDS.items()},
    "band.closed": "  above {end} {unit} nothing more is earned",
    "band.every": "  whole steps of {every} {about} beyond {start}: {count} x {rate}",
    "band.every.most": "  whole steps of {every} {about} beyond {start}: {reached}, of which {count} pay, x {rate}",
    "band.linear.below": "  below the first point of {lower} {about}: nothing",
    "band.linear.below.amount": "  below the first point of {lower} {about}: nothing",
    "band.linear.between": "  between {low} at {lower} and {high} at {upper} {about}: {measure} {unit} x {rate}",
    "band.linear.between.amount": "  between {low} at {lower} and {high} at {upper} {about}: {rate}",
    "band.linear.last": "  from the last point of {lower} {about} on: {measure} {unit} x {rate}",
    "band.linear.last.amount": "  from the last point of {lower} {about} on: {rate}",
    "rounding.exact": "= {amount} {currency}, exactly.",
    "rounding.half_away_from_zero": (
        "= {unrounded} {currency}, rounded once, half away from zero: {amount} {currency}."
    ),
    "rounding.half_even": "= {unrounded} {currency}, rounded once, half to even: {amount} {currency}.",
    "units.more": "… and {count} more, each rounded for itself, together {amount} {currency}.",
    "units.sum": "Sum of {count} rounded amounts: {amount} {currency}.",
    "distribution.equal": "It is shared in equal parts among the accounts that were invoiced.",
    "limit.cap": "Limited by the cap of a period: {before} becomes {after} {currency}.",
    "limit.minimum": "Below the minimum of a period, so it is dropped: {before} becomes {after} {currency}.",
    "limit.guarantee": "Raised by the guaranteed minimum: {before} becomes {after} {currency}.",
    "limit.account_budget": "Limited by the budget of the account: {before} becomes {after} {currency}.",
    "limit.program_budget": "Limited by the budget of the program: {before} becomes {after} {currency}.",
    "payout.invoice": "Of this, {amount} {currency} falls to the invoices in {currency}, rounded by itself.",
    "tier.decided": "The tier {level} was decided by {actor}, from {first} on: {reason}.",
    "tier.decided.until": "The tier {level} was decided by {actor}, from {first} to {last}: {reason}.",
    "rate": "1 {currency} = {rate} {own} (rate of {day}, {how}).",
    "rate.from": "1 {currency} = {rate} {own} (rate of {day} by {provider}, {how}).",
    "waiting": "Waits: {reason}.",
    "left_out": "Lines left out, for {reason}: {lines}.",
}


def sentences(calculation: dict[str, Any]) -> list[str]:
    """The computation line by line: inputs, band, formula with numbers, rounding."""
    return told(narrative(calculation))


def told(parts: Iterable[Part]) -> list[str]:
    """Parts as English sentences."""
    found = []
    for item in parts:
        values = {name: shown(value) for name, value in item["values"].items()}
        found.append(TEMPLATES[item["id"]].format(**values))
    return found


def shown(value: Any) -> Any:
    """A value for people: Decimals are grouped, with two decimals at least and no needless zeros beyond."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value:,f}"
    whole, point, digits = text.partition(".")
    if not point:
        return whole
    digits = digits.rstrip("0")
    return f"{whole}.{digits.ljust(2, '0')}" if digits else f"{whole}.00"
