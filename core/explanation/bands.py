"""Which bands, steps or points of a scale paid a measure, with the figures of the formula."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core.money import divide
from core.scales import AnyScale, CompiledScale, Line, Number, Steps


def exact(number: Number, digits: int, more: int = 6) -> Decimal:
    """A number over 10**digits; one that does not end has `more` places after them, for people."""
    if isinstance(number, int):
        return Decimal(f"{number}e-{digits}")
    shown = divide(number.numerator * 10**more, number.denominator)
    while more and shown % 10 == 0:
        shown, more = shown // 10, more - 1
    return Decimal(f"{shown}e-{digits + more}")


def is_plain(scale: AnyScale, reached: Number) -> bool:
    """Whether the band reached pays by its rate alone, from 0 on."""
    if not isinstance(scale, CompiledScale):
        return False
    part = scale.segment(reached)
    return not part.base and not part.offset


def stretches(scale: AnyScale, first: Number, last: Number, digits: int) -> list[dict[str, Any]]:
    """The bands between two measures of a marginal scale, each with the length inside it; negative going down."""
    if not isinstance(scale, CompiledScale):
        return []
    low, high = min(first, last), max(first, last)
    found = []
    for i, part in enumerate(scale.segments):
        lower = low if i == 0 else max(low, part.offset)
        upper = high if i + 1 == len(scale.segments) else min(high, scale.segments[i + 1].offset)
        if upper > lower:
            length = upper - lower if last > first else lower - upper
            found.append(_band(scale, i, part.rate, length, digits, digits))
    return found


def reached_bands(scale: AnyScale, paid: Number, reached: Number, digits: int, about: int) -> list[dict[str, Any]]:
    """What a scale pays on `paid` where `reached` picks the band: each band with its part of the formula.

    `digits` are those of the measure, `about` those of what the bands are about.
    """
    if isinstance(scale, Steps):
        return [_steps(scale, reached, about)]
    if isinstance(scale, Line):
        return [_line(scale, paid, reached, digits, about)]
    i = bisect_right(scale.bounds, scale.place(reached))
    closed = scale.end is not None and scale.end < paid and i + 1 == len(scale.segments)
    if closed and scale.end is not None and scale.method not in ("lump_sum", "marginal"):
        paid, i = scale.end, i - 1
    part = scale.segments[i]
    if scale.method == "lump_sum":
        return [_band(scale, i, part.base, None, digits, about)]
    if scale.method == "marginal":
        return stretches(scale, 0, paid, digits)
    if scale.method == "rolling":
        return [
            _band(scale, k, scale.segments[k].rate, paid if k == i else _begin(scale, k + 1), digits, about)
            for k in range(i + 1)
            if scale.segments[k].rate or k == i
        ]
    if scale.method == "total":
        rates = [0, *(one.rate for one in scale.segments)]
        return [
            _band(scale, k, rates[k + 1] - rates[k], paid, digits, about)
            for k in range(i + 1)
            if rates[k + 1] != rates[k] or k == i
        ]
    found = _band(scale, i, part.rate, paid - part.offset, digits, about)
    if scale.end is not None and closed:
        found["closed"] = exact(scale.end, digits)
    if part.offset:
        found["point"] = exact(part.offset, digits)
    return [found]


def _begin(scale: CompiledScale, i: int) -> int:
    """The stated `from` of a segment: with the upper side inclusive the integers in it begin one above."""
    return scale.segments[i].lower - (1 if i and scale.inclusive == "upper" else 0)


def _band(scale: CompiledScale, i: int, rate: int, measure: Number | None, digits: int, about: int) -> dict[str, Any]:
    """One band and what it gives: a rate times a measure, or an amount where there is no measure."""
    bounds = digits if scale.method == "marginal" else about
    last = i + 1 == len(scale.segments)
    return {
        "lower": exact(_begin(scale, i), bounds),
        "upper": None if last else exact(_begin(scale, i + 1), bounds),
        "rate": scale.rate_text(rate),
        "measure": None if measure is None else exact(measure, digits),
        "numerator": rate if measure is None else rate * measure,
    }


def _steps(scale: Steps, reached: Number, about: int) -> dict[str, Any]:
    count = scale.steps(reached)
    return {
        "every": exact(scale.step, about),
        "start": exact(scale.start, about),
        "count": count,
        "reached": replace(scale, most=None).steps(reached),
        "most": scale.most,
        "rate": scale.rate_text(scale.pays),
        "numerator": count * scale.pays,
    }


def _line(scale: Line, paid: Number, reached: Number, digits: int, about: int) -> dict[str, Any]:
    points = scale.points
    i = min(max(bisect_right([bound for bound, _ in points], scale.place(reached)) - 1, 0), len(points) - 1)
    upper = points[i + 1] if i + 1 < len(points) else None
    measure = paid if scale.end is None else min(paid, scale.end)
    return {
        "lower": exact(points[i][0], about),
        "low": scale.rate_text(points[i][1]),
        "upper": None if upper is None else exact(upper[0], about),
        "high": None if upper is None else scale.rate_text(upper[1]),
        "below": reached < points[0][0],
        "value": exact(reached, about),
        "rate": scale.rate_text(scale.rate(reached)),
        "measure": None if scale.kind == "amount" else exact(measure, digits),
        "numerator": scale.numerator(paid, reached),
    }
