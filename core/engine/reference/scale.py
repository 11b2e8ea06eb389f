"""What a scale gives, straight from its definition, in exact fractions.

Measures are in the units a definition states them in (major units of the currency, units of quantity, a count), and so
are amounts: nothing is an integer of anything here.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from core.programs import Scale

NOTHING = Fraction(0)


class Step(NamedTuple):
    """One band: from which measure on, up to which (None: open), and its rate or amount."""

    lower: Fraction
    upper: Fraction | None
    rate: Fraction


def steps(scale: Scale) -> list[Step]:
    """The bands from the lowest up; below the first `from` there is one that pays nothing."""
    if not scale.bands:
        return [Step(NOTHING, None, _rate(scale))]
    bounds = [Fraction(band.from_) for band in scale.bands]
    last = scale.bands[-1].to
    uppers = [*bounds[1:], None if last is None else Fraction(last)]
    found = [Step(*row) for row in zip(bounds, uppers, map(_rate, scale.bands), strict=True)]
    return found if bounds[0] == 0 else [Step(NOTHING, bounds[0], NOTHING), *found]


def is_above(scale: Scale, value: Fraction, bound: Fraction) -> bool:
    """Whether a value has passed a bound: one equal to it has where the lower side is inclusive."""
    return value > bound or (value == bound and scale.inclusive == "lower")


def reached(scale: Scale, value: Fraction) -> list[Step]:
    """The bands reached, the highest last; always the lowest, also by a negative value."""
    first, *others = steps(scale)
    return [first, *(step for step in others if is_above(scale, value, step.lower))]


def earns(scale: Scale, measure: Fraction) -> Fraction:
    """What a scale gives whose bands are about the very measure it pays on, cutting it where the method does."""
    closed = steps(scale)[-1].upper
    if closed is not None:
        measure = min(measure, closed)
    if scale.method == "every":
        return _whole_steps(scale, measure)
    if scale.method == "marginal":
        return between(scale, NOTHING, measure)
    if scale.method == "rolling" and measure > 0:
        return sum((step.rate * _at_most(measure, step.upper) for step in reached(scale, measure)), NOTHING)
    return at_band(scale, measure, measure)


def at_band(scale: Scale, value: Fraction, paid: Fraction) -> Fraction:
    """What a scale gives on a paid measure, its bands being about another value: it does not cut what it pays on."""
    if scale.kind == "amount":
        if not is_above(scale, value, Fraction(scale.bands[0].from_)):
            return NOTHING
        return _between_points(scale, value) if scale.method == "linear" else reached(scale, value)[-1].rate
    return rate_at(scale, value) * paid


def rate_at(scale: Scale, value: Fraction) -> Fraction:
    """The rate that a value reaches, for each unit of the measure."""
    if scale.method == "linear":
        reaches = value < 0 or is_above(scale, value, Fraction(scale.bands[0].from_))
        return _between_points(scale, value) if reaches else NOTHING
    if scale.method == "total":
        return sum((step.rate for step in reached(scale, value)), NOTHING)
    return reached(scale, value)[-1].rate


def between(scale: Scale, first: Fraction, last: Fraction) -> Fraction:
    """What the stretch from one measure to another earns on a marginal scale, band by band."""
    if first > last:
        return -between(scale, last, first)
    rows = steps(scale)
    total = (min(last, NOTHING) - min(first, NOTHING)) * rows[0].rate
    for step in rows:
        upper = last if step.upper is None else min(last, step.upper)
        total += max(upper - max(first, step.lower), NOTHING) * step.rate
    return total


def _rate(stated: Scale | object) -> Fraction:
    percent, per_unit = getattr(stated, "percent", None), getattr(stated, "per_unit", None)
    if percent is not None:
        return Fraction(percent) / 100
    if per_unit is not None:
        return Fraction(per_unit)
    return Fraction(getattr(stated, "amount", 0))


def _whole_steps(scale: Scale, measure: Fraction) -> Fraction:
    """The steps passed; one just reached counts where the lower side is inclusive."""
    assert scale.every is not None and scale.pays is not None  # noqa: S101
    exact = (measure - Fraction(scale.start)) / Fraction(scale.every)
    passed = floor(exact) if scale.inclusive == "lower" else ceil(exact) - 1
    passed = max(passed, 0) if scale.most is None else max(min(passed, scale.most), 0)
    return passed * Fraction(scale.pays)


def _between_points(scale: Scale, value: Fraction) -> Fraction:
    """The rate or amount on the straight line between two `from`; nothing below the first, the last one beyond it."""
    rows = steps(scale)
    place = len(reached(scale, value)) - 1
    step = rows[place]
    stated = place >= len(rows) - len(scale.bands)
    if not stated or place + 1 == len(rows) or value < step.lower:
        return step.rate
    after = rows[place + 1]
    return step.rate + (after.rate - step.rate) * (value - step.lower) / (after.lower - step.lower)


def _at_most(measure: Fraction, upper: Fraction | None) -> Fraction:
    return measure if upper is None else min(measure, upper)
