"""From a stated scale to integers: bounds in the unit of what the bands are about, rates over one power of ten."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from core import money
from core.errors import ConfigError, DataError
from core.programs import COUNTED, Measure, Scale
from core.scales import PERCENT_EXPONENT, AnyScale, CompiledScale, Line, Segment, Steps, Unit

ONE = Decimal(1)


class Axis(NamedTuple):
    """What the bands of a scale are about, where it is not the measure that is paid on."""

    unit: Unit
    growth: bool = False
    """Whether a value below zero is a fall, which reaches no band, not even one from 0."""


class _Row(NamedTuple):
    """A segment before its neighbours are known."""

    bound: int
    rate: int
    base: int = 0
    offset: int = 0


def unit_of(measure: Measure) -> Unit:
    """The unit a measure is counted in."""
    if measure in COUNTED:
        return "count"
    return "quantity" if measure == "quantity" else "money"


def digits_of(scale: Scale, currency: str, unit: Unit | None = None, factor: Decimal = ONE) -> int:
    """The digits after the point that the rates of `scale`, times `factor`, need to be integers."""
    return max(rate.digits for rate in _rates(scale, currency, unit or _usual(scale), factor))


def compile_scale(
    scale: Scale,
    currency: str,
    digits: int,
    unit: Unit | None = None,
    axis: Axis | None = None,
    factor: Decimal = ONE,
) -> AnyScale:
    """`scale` in integers over 10**digits; `digits` is at least `digits_of` it.

    `unit` is the unit that is paid on (that of the rates where it is left out), `axis` what the bands are about, and
    `factor` multiplies everything the scale gives. Below the first `from` an implicit band pays nothing.
    `inclusive = "upper"` puts a value equal to `from` into the band below. Raises ConfigError where a bound is finer
    than what it is compared with.
    """
    paid = unit or _usual(scale)
    axis = axis or Axis(paid)
    rates = [rate.at(digits) for rate in _rates(scale, currency, paid, factor)]
    terms: dict[str, Any] = {
        "method": scale.method,
        "digits": digits,
        "kind": scale.kind,
        "unit": paid,
        "about": axis.unit,
        "currency": currency,
        "inclusive": scale.inclusive,
        "beyond": scale.point == "baseline",
    }
    if scale.method == "every":
        step = _bound(scale.every or ONE, "every", axis.unit, currency)
        return Steps(**terms, step=step, start=_bound(scale.start, "start", axis.unit, currency), pays=rates[0],
                     most=scale.most)  # fmt: skip
    bounds = [_bound(band.from_, "from", axis.unit, currency) for band in scale.bands] or [0]
    end = None
    if scale.bands and scale.bands[-1].to is not None:
        end = _bound(scale.bands[-1].to, "to", axis.unit, currency)
    if scale.method == "linear":
        back = bounds[0] == 0 and scale.kind != "amount" and not axis.growth
        return Line(**terms, points=tuple(zip(bounds, rates, strict=True)), end=end, takes_back=back)
    rows = _rows(scale, bounds, rates, end, currency, paid)
    below = bool(scale.bands) and (scale.method == "lump_sum" or scale.point == "stated" or axis.growth)
    segments = _segments(rows, below=below, step=1 if scale.inclusive == "upper" else 0)
    return CompiledScale(**terms, segments=segments, bounds=tuple(part.lower for part in segments[1:]), end=end)


def _rows(scale: Scale, bounds: list[int], rates: list[int], end: int | None, currency: str, unit: Unit) -> list[_Row]:
    """The bands of a scale from the lowest up, and the closing one."""
    if scale.method == "lump_sum":
        rows = [_Row(bound, 0, base=amount) for bound, amount in zip(bounds, rates, strict=True)]
    elif scale.method == "marginal":
        rows = _marginal(bounds, rates)
    elif scale.method == "rolling":
        rows, below = [], 0
        for i, (bound, rate) in enumerate(zip(bounds, rates, strict=True)):
            rows.append(_Row(bound, rate, base=below))
            below += rate * bounds[i + 1] if i + 1 < len(bounds) else 0
    elif scale.method == "total":
        rows = [_Row(bound, sum(rates[: i + 1])) for i, bound in enumerate(bounds)]
    elif scale.point == "band":
        rows = [_Row(bound, rate, offset=bound) for bound, rate in zip(bounds, rates, strict=True)]
    elif scale.point == "stated":
        point = _bound(scale.point_at or Decimal(0), "point_at", unit, currency)
        reaches = [*bounds[1:], None]
        rows = [
            _Row(max(bound, point), rate, offset=point)
            for bound, rate, upper in zip(bounds, rates, reaches, strict=True)
            if upper is None or upper > point
        ]
    else:
        rows = [_Row(bound, rate) for bound, rate in zip(bounds, rates, strict=True)]
    if end is not None:
        last = rows[-1]
        earned = last.base + (max(end, last.bound) - last.offset) * last.rate
        rows = [row for row in rows if row.bound < end]
        rows.append(_Row(end, 0, base=earned, offset=end))
    return rows


def _marginal(bounds: Sequence[int], rates: Sequence[int]) -> list[_Row]:
    rows: list[_Row] = []
    base = 0
    for i, (bound, rate) in enumerate(zip(bounds, rates, strict=True)):
        if i:
            base += (bound - bounds[i - 1]) * rates[i - 1]
        rows.append(_Row(bound, rate, base=base, offset=bound))
    return rows


def _segments(rows: list[_Row], *, below: bool, step: int) -> tuple[Segment, ...]:
    """The rows as segments that meet. Below the first, or below 0 where `below`, there is nothing."""
    if rows[0].bound > 0 or below:
        rows = [_Row(0, 0), *rows]
    lowers = [0, *(row.bound + step for row in rows[1:])]
    uppers = [*lowers[1:], None]
    return tuple(
        Segment(lower, upper, row.rate, row.base, row.offset)
        for row, lower, upper in zip(rows, lowers, uppers, strict=True)
    )


def _usual(scale: Scale) -> Unit:
    return "quantity" if scale.is_per_unit else "money"


def _rates(scale: Scale, currency: str, unit: Unit, factor: Decimal) -> list[money.Rate]:
    """The rate of each stated band in minor units for each unit of the measure, or its amount in minor units."""
    times = money.Rate.from_decimal(factor)
    stated = [scale.pays or Decimal(0)] if scale.method == "every" else []
    stated += [getattr(part, scale.kind) for part in (scale.bands or (scale,)) if scale.method != "every"]
    shift = {"percent": 2, "per_unit": money.QUANTITY_EXPONENT if unit == "quantity" else 0, "amount": 0}[scale.kind]
    found = []
    for value in stated:
        rate = money.Rate.from_decimal(value) if scale.kind == "percent" else money.Rate.minor(value, currency)
        found.append(money.Rate(rate.numerator * times.numerator, rate.digits + times.digits + shift))
    return found


def _bound(value: Decimal, name: str, unit: Unit, currency: str) -> int:
    """A bound as an integer of what it is compared with."""
    digits = {
        "money": money.exponent(currency),
        "quantity": money.QUANTITY_EXPONENT,
        "count": 0,
        "percent": PERCENT_EXPONENT,
    }[unit]
    try:
        return money.scaled(value, digits)
    except DataError as error:
        raise ConfigError(f"a band's `{name}` cannot be compared with the measure: {error.message}") from None
