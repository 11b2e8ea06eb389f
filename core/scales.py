"""Scales compiled to integers: how a measure becomes an amount.

A scale is a row of segments `(lower, upper, rate, base, offset)` and the amount is
`(base + (measure - offset) * rate) / 10**digits` minor units, rounded elsewhere (`core.money.divide`). Marginal: base
is the sum of the lower slices and offset the lower bound. Flat and retrospective: both 0. (The condition scales of
ERP systems: SAP note 930537 tells "to-scale" from "graduated to interval"; Dynamics 365 calls them cumulative and
stepped.)

The measure is in minor units of the program's currency for scales in percent, and in 10^-6 units of quantity for
scales per unit; `digits` then includes those 6.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from core import money
from core.errors import ConfigError, DataError
from core.programs import Method, Scale


class Segment(NamedTuple):
    """One band in integers: measures from `lower` up to, not including, `upper` (None: open).

    The lowest segment also holds every negative measure: a return is taken back at the lowest band's rate.
    """

    lower: int
    upper: int | None
    rate: int
    base: int
    offset: int


@dataclass(frozen=True, slots=True)
class CompiledScale:
    """A scale in integers. All scales of one program share `digits`, so that their numerators add up."""

    method: Method
    segments: tuple[Segment, ...]
    digits: int
    per_unit: bool
    currency: str
    bounds: tuple[int, ...] = field(repr=False)
    """The lower bounds of all segments but the lowest."""

    def segment(self, measure: int) -> Segment:
        """The segment that holds `measure`."""
        return self.segments[bisect_right(self.bounds, measure)]

    def numerator(self, measure: int) -> int:
        """The amount for `measure` in minor units, over 10**digits."""
        _, _, rate, base, offset = self.segments[bisect_right(self.bounds, measure)]
        return base + (measure - offset) * rate

    def rate_text(self, rate: int) -> str:
        """A segment's rate for people: `2.5 %`, or `0.40 EUR a unit`."""
        if not self.per_unit:
            return f"{_plain(Decimal(rate).scaleb(2 - self.digits))} %"
        exponent = money.exponent(self.currency)
        value = Decimal(rate).scaleb(money.QUANTITY_EXPONENT - self.digits - exponent)
        places = max(exponent, -int(value.normalize().as_tuple().exponent))
        return f"{value:.{places}f} {self.currency} a unit"


def digits_of(scale: Scale, currency: str) -> int:
    """The digits after the point that the rates of `scale` need to be integers."""
    return max(rate.digits for rate in _rates(scale, currency))


def compile_scale(scale: Scale, currency: str, digits: int) -> CompiledScale:
    """`scale` in integers over 10**digits; `digits` is at least `digits_of` it.

    Below the first `from` an implicit band pays nothing. `inclusive = "upper"` puts a measure equal to `from` into
    the band below. Raises ConfigError where a bound is finer than the measure.
    """
    bounds = _bounds(scale, currency)
    rates = [rate.at(digits) for rate in _rates(scale, currency)]
    if bounds[0] > 0:
        bounds.insert(0, 0)
        rates.insert(0, 0)
    step = 1 if scale.inclusive == "upper" else 0
    lowers = [0, *(bound + step for bound in bounds[1:])]
    marginal = scale.method == "marginal"
    segments = []
    base = 0
    for i, (bound, rate) in enumerate(zip(bounds, rates, strict=True)):
        if marginal and i:
            base += (bound - bounds[i - 1]) * rates[i - 1]
        upper = lowers[i + 1] if i + 1 < len(lowers) else None
        segments.append(Segment(lowers[i], upper, rate, base, bound if marginal else 0))
    return CompiledScale(scale.method, tuple(segments), digits, scale.is_per_unit, currency, tuple(lowers[1:]))


def _rates(scale: Scale, currency: str) -> list[money.Rate]:
    """The rate of each stated band in minor units for each unit of the measure."""
    found = []
    for part in scale.bands or (scale,):
        if part.percent is not None:
            rate = money.Rate.from_decimal(part.percent)
            found.append(money.Rate(rate.numerator, rate.digits + 2))
        elif part.per_unit is not None:
            rate = money.Rate.from_decimal(part.per_unit.scaleb(money.exponent(currency)))
            found.append(money.Rate(rate.numerator, rate.digits + money.QUANTITY_EXPONENT))
    return found


def _bounds(scale: Scale, currency: str) -> list[int]:
    """The `from` of each stated band as an integer of the measure; 0 for a flat scale."""
    digits = money.QUANTITY_EXPONENT if scale.is_per_unit else money.exponent(currency)
    try:
        return [money.scaled(band.from_, digits) for band in scale.bands] or [0]
    except DataError as error:
        raise ConfigError(f"a band's `from` cannot be compared with the measure: {error.message}") from None


def _plain(value: Decimal) -> str:
    """A Decimal without trailing zeros and without an exponent."""
    return f"{value.normalize():f}" if value else "0"
