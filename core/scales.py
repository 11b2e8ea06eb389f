"""Scales compiled to integers: how a measure becomes an amount.

Most scales are a row of segments `(lower, upper, rate, base, offset)` and the amount is
`(base + (measure - offset) * rate) / 10**digits` minor units, rounded elsewhere (`core.money.divide`):

- flat: one segment. Retrospective: base and offset 0; from a point: offset is the point, and nothing below it.
- marginal: base is the sum of the lower slices and offset the lower bound.
- rolling: base is the sum of each lower band's rate times its own upper bound. Total: the rates of all bands reached
  added up. (Dynamics 365 calls these four stepped, cumulative, rolling and total; SAP note 930537 tells "to-scale"
  from "graduated to interval".)
- lump_sum: base alone.

`every` and `linear` are functions of the same signature (`Steps`, `Line`). Where the last band states `to`, a closing
segment pays what the measure `to` earns, whatever lies above.

The measure is in minor units of the program's currency, in 10^-6 units of quantity, or a whole count; it may be a
Fraction where a conversion is carried exactly. Bands may be about another figure (a qualifier, growth, percent): it is
then `reached` that picks the band, in that figure's own unit.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Literal, NamedTuple

from core import money
from core.programs import Method

Number = int | Fraction
Unit = Literal["money", "quantity", "count", "percent"]
"""What an integer stands for: minor units, 10^-6 units, a whole number, or 10^-6 percent points."""
Kind = Literal["percent", "per_unit", "amount"]

PERCENT_EXPONENT = 6


class Segment(NamedTuple):
    """One band in integers: from `lower` up to, not including, `upper` (None: open).

    The lowest segment also holds everything negative: a return is taken back at the lowest band's rate. One with
    `upper` 0 holds nothing else.
    """

    lower: int
    upper: int | None
    rate: int
    base: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Terms:
    """What every compiled scale tells of itself. All scales of one program share `digits`: their numerators add up."""

    method: Method
    digits: int
    kind: Kind
    unit: Unit
    """What is paid on."""
    about: Unit
    """What the bands are about."""
    currency: str
    inclusive: Literal["lower", "upper"]
    beyond: bool
    """Whether it pays on what lies above the baseline only (`point = "baseline"`)."""

    def rate_text(self, rate: Number) -> str:
        """A rate for people: `2.5 %`, `0.40 EUR a unit`, or an amount such as `1,000.00 EUR`."""
        exact = Fraction(rate)
        shift = self.digits - (2 if self.kind == "percent" else 0)
        if self.kind != "percent":
            shift += money.exponent(self.currency)
        if self.kind == "per_unit" and self.unit == "quantity":
            shift -= money.QUANTITY_EXPONENT
        if exact.denominator == 1:
            value = Decimal(exact.numerator).scaleb(-shift)
        else:  # a rate between two points, for people only
            value = Decimal(money.divide(exact.numerator * 10**6, exact.denominator * 10**shift)).scaleb(-6)
        if self.kind == "percent":
            return f"{money.plain_number(value)} %"
        places = max(money.exponent(self.currency), -int(value.normalize().as_tuple().exponent))
        return f"{value:,.{places}f} {self.currency}{' a unit' if self.kind == 'per_unit' else ''}"

    def place(self, value: Number) -> int:
        """The integer that lies in the same band as `value`: bounds are whole, values need not be."""
        if isinstance(value, int):
            return value
        return floor(value) if self.inclusive == "lower" else ceil(value)


@dataclass(frozen=True, slots=True)
class CompiledScale(_Terms):
    """A scale as segments."""

    segments: tuple[Segment, ...]
    bounds: tuple[int, ...] = field(repr=False)
    """The lower bounds of all segments but the lowest."""
    end: int | None = None
    """What lies above earns nothing more; the last segment then is the closing one."""

    def segment(self, value: Number) -> Segment:
        """The segment that holds `value`."""
        return self.segments[bisect_right(self.bounds, self.place(value))]

    def numerator(self, measure: Number, reached: Number | None = None) -> Number:
        """The amount for `measure` in minor units, over 10**digits; `reached` picks the band where it is another."""
        value = measure if reached is None else reached
        place = value if isinstance(value, int) else self.place(value)
        _, _, rate, base, offset = self.segments[bisect_right(self.bounds, place)]
        return base + (measure - offset) * rate

    @property
    def per_unit(self) -> bool:
        return self.kind == "per_unit"


@dataclass(frozen=True, slots=True)
class Steps(_Terms):
    """Method every: each whole step beyond `start` pays `pays`, `most` steps at the most."""

    step: int
    start: int
    pays: int
    most: int | None

    def steps(self, value: Number) -> int:
        """The number of whole steps that `value` reaches."""
        beyond = value - self.start
        count = beyond // self.step if self.inclusive == "lower" else -((-beyond) // self.step) - 1
        return max(0, count if self.most is None else min(count, self.most))

    def numerator(self, measure: Number, reached: Number | None = None) -> Number:
        """As `CompiledScale.numerator`."""
        return self.steps(measure if reached is None else reached) * self.pays


@dataclass(frozen=True, slots=True)
class Line(_Terms):
    """Method linear: between two points the rate (or the amount) rises evenly; below the first there is none, from the
    last on it stays."""

    points: tuple[tuple[int, int], ...]
    """(bound, rate over 10**digits) from the lowest up."""
    end: int | None
    """The measure above which nothing more is earned; None where there is none."""
    takes_back: bool
    """Whether a negative value has the rate of the first point; it has none otherwise."""

    def rate(self, value: Number) -> Number:
        """The rate, or the amount, at `value`."""
        points = self.points
        first = points[0][0]
        if value < 0:
            return points[0][1] if self.takes_back else 0
        if value < first or (value == first and self.inclusive == "upper"):
            return 0
        i = bisect_right(points, floor(value), key=_bound) - 1
        lower, low = points[i]
        if i + 1 == len(points):
            return low
        upper, high = points[i + 1]
        return low + Fraction((high - low) * (value - lower)) / (upper - lower)

    def numerator(self, measure: Number, reached: Number | None = None) -> Number:
        """As `CompiledScale.numerator`."""
        rate = self.rate(measure if reached is None else reached)
        if self.kind == "amount":
            return rate
        return rate * (measure if self.end is None else min(measure, self.end))


AnyScale = CompiledScale | Steps | Line


def _bound(point: tuple[int, int]) -> int:
    return point[0]
