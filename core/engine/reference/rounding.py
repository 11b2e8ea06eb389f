"""Rounding by the book: the nearest whole number, and whole parts that add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

HALF = Fraction(1, 2)


def rounded(value: Fraction, rounding: str) -> int:
    """The nearest whole number; of two equally near ones the one away from zero, or the even one."""
    whole = floor(abs(value))
    rest = abs(value) - whole
    if rest > HALF or (rest == HALF and (rounding != "half_even" or whole % 2)):
        whole += 1
    return whole if value >= 0 else -whole


def whole_parts(total: int, shares: Sequence[Fraction]) -> list[int]:
    """Whole numbers near the shares that add up to the total, by largest remainder; the earlier where two are equal.

    `total` is the rounded sum of the shares.
    """
    exact = sum(shares, Fraction(0))
    leading = exact if exact else next((share for share in shares if share), Fraction(0))
    if leading < 0:
        return [-part for part in whole_parts(-total, [-share for share in shares])]
    parts: list[int] = [floor(share) for share in shares]
    rests: list[Fraction] = [share - part for share, part in zip(shares, parts, strict=True)]
    order = sorted(range(len(shares)), key=lambda i: (-rests[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def in_proportion(total: int, weights: Sequence[Fraction]) -> list[int]:
    """The total in whole parts in proportion to the weights, by largest remainder; all to the heaviest, the earlier of
    equal ones, where the weights add up to nothing."""
    whole = sum(weights, Fraction(0))
    if not weights:
        return []
    if whole:
        return whole_parts(total, [total * weight / whole for weight in weights])
    heaviest = max(range(len(weights)), key=lambda i: (abs(weights[i]), -i))
    return [total if i == heaviest else 0 for i in range(len(weights))]
