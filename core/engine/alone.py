"""Groups of one cell under one scale, by far the most: their amounts a column at a time.

All is in 64-bit integers where these are sure to hold every number, else one by one. What picks the band and what is
paid on may be other columns than the measure: a qualifier, or a growth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy
from numpy.typing import NDArray

from core.entitlement import Rule
from core.money import divide, divide_column
from core.scales import AnyScale, CompiledScale, Line, Steps

Column = NDArray[numpy.int64]
SAFE = 2**62
"""No number that is computed in columns is larger."""


class Reached(NamedTuple):
    """What picks the band, in columns: the whole number at or below it, and the one at or above it."""

    floor: Column
    ceil: Column

    def at(self, members: Any) -> Reached:
        return Reached(self.floor[members], self.ceil[members])


def alike(*columns: Column) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The distinct rows of the columns, each with the positions where it stands."""
    if not len(columns[0]):
        return
    code = numpy.zeros(len(columns[0]), numpy.int64)
    for column in columns:
        lowest = int(column.min())
        code = code * (int(column.max()) - lowest + 1) + (column - lowest)
    order = numpy.argsort(code, kind="stable")
    cuts = numpy.flatnonzero(numpy.diff(code[order])) + 1
    for members in numpy.split(order, cuts):
        first = members[0]
        yield tuple(int(column[first]) for column in columns), members


def earned(
    rule: Rule, scale: AnyScale | None, paid: Column, reached: Reached | None = None
) -> Column | list[int] | int:
    """The amounts of groups of one cell under one scale; `paid` is what it pays on and, unless `reached` is told, what
    picks the band.
    """
    if scale is None:
        return 0
    if isinstance(scale, CompiledScale):
        return _by_segments(rule, scale, paid, reached)
    if reached is None and isinstance(scale, Steps):
        return _by_steps(rule, scale, paid)
    if reached is None and isinstance(scale, Line):
        return _by_line(rule, scale, paid)
    floor = paid if reached is None else reached.floor
    return [_rounded(rule, scale, measure, value) for measure, value in zip(paid.tolist(), floor.tolist(), strict=True)]


def _by_segments(rule: Rule, scale: CompiledScale, paid: Column, reached: Reached | None) -> Column | list[int]:
    place = paid if reached is None else reached.floor if scale.inclusive == "lower" else reached.ceil
    largest = _largest(paid)
    reach = max(abs(part.base) + (largest + abs(part.offset)) * abs(part.rate) for part in scale.segments)
    if max(reach, scale.segments[-1].lower, rule.denominator) >= SAFE:
        return [
            _rounded(rule, scale, measure, value) for measure, value in zip(paid.tolist(), place.tolist(), strict=True)
        ]
    rates, bases, offsets = numpy.array([part[2:] for part in scale.segments], numpy.int64).T
    segment = numpy.searchsorted(numpy.array(scale.bounds, numpy.int64), place, side="right")
    numerators = bases[segment] + (paid - offsets[segment]) * rates[segment]
    return divide_column(numerators, rule.denominator, rule.rounding)


def _by_steps(rule: Rule, scale: Steps, paid: Column) -> Column | list[int]:
    most = scale.most if scale.most is not None else (_largest(paid) + abs(scale.start)) // scale.step + 1
    if max(most * abs(scale.pays), _largest(paid) + abs(scale.start), rule.denominator) >= SAFE:
        return [_rounded(rule, scale, measure, measure) for measure in paid.tolist()]
    beyond = paid - scale.start
    steps = beyond // scale.step if scale.inclusive == "lower" else -(-beyond // scale.step) - 1
    return divide_column(numpy.clip(steps, 0, most) * scale.pays, rule.denominator, rule.rounding)


def _by_line(rule: Rule, scale: Line, paid: Column) -> Column | list[int]:
    """Between two points the rate is a fraction: each stretch has a denominator of its own."""
    bounds = [bound for bound, _ in scale.points]
    stretch = numpy.searchsorted(numpy.array(bounds, object), paid, side="right")
    found = numpy.zeros(len(paid), numpy.int64)
    for (number,), members in alike(stretch.astype(numpy.int64)):
        found[members] = _on_stretch(rule, scale, number, paid[members])
    return found


def _on_stretch(rule: Rule, scale: Line, number: int, paid: Column) -> Column | list[int]:
    """The amounts of measures between the same two points."""
    if number:
        lower, low = scale.points[number - 1]
        upper, high = scale.points[number] if number < len(scale.points) else (lower + 1, low)
        width, rise = upper - lower, high - low
        largest = max(_largest(paid), abs(lower))
        rate = abs(low) * width + abs(rise) * (largest + abs(lower))
        if rate * (1 if scale.kind == "amount" else largest) < SAFE and rule.denominator * width < SAFE:
            plain = scale.inclusive == "lower" or number > 1 or int(paid.min()) > lower
            if plain and int(paid.min()) >= 0:
                numerators = low * width + rise * (paid - lower)
                if scale.kind != "amount":
                    numerators *= paid if scale.end is None else numpy.minimum(paid, scale.end)
                return divide_column(numerators, rule.denominator * width, rule.rounding)
    return [_rounded(rule, scale, measure, measure) for measure in paid.tolist()]


def _rounded(rule: Rule, scale: AnyScale, paid: int, reached: int) -> int:
    numerator = scale.numerator(paid, reached)
    return divide(numerator.numerator, rule.denominator * numerator.denominator, rule.rounding)


def _largest(values: Column) -> int:
    return max(abs(int(values.min())), abs(int(values.max())))
