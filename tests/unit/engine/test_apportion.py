"""Parts of a rounded total."""

from __future__ import annotations

import pytest

from core.money import apportion


@pytest.mark.parametrize(
    ("total", "numerators", "denominator", "parts"),
    [
        (0, [], 1, []),
        (350, [2625, 875], 10, [263, 87]),  # equal remainders: the earlier one gets the cent
        (1, [5, 5], 10, [1, 0]),
        (-1, [-5, -5], 10, [-1, 0]),
        (0, [20_000, -20_000], 1000, [20, -20]),  # 2 % on +1000 at one tax code and -1000 at another
        (0, [5, -5], 10, [1, -1]),
        (0, [-5, 5], 10, [-1, 1]),
        (0, [0, 0], 10, [0, 0]),
        (1, [0, 7, 0], 10, [0, 1, 0]),
        (0, [4], 10, [0]),
        (1, [4, 6], 10, [0, 1]),  # the largest remainder
        (3, [14, 16], 10, [1, 2]),
        (2, [7, 7, 7], 10, [1, 1, 0]),
    ],
)
def test_parts(total: int, numerators: list[int], denominator: int, parts: list[int]) -> None:
    assert apportion(total, numerators, denominator) == parts
    assert apportion(-total, [-number for number in numerators], denominator) == [-part for part in parts]


@pytest.mark.parametrize(("total", "numerators"), [(5, [10]), (1, []), (-1, [10, 10])])
def test_a_total_that_is_not_the_sum_is_refused(total: int, numerators: list[int]) -> None:
    with pytest.raises(ValueError, match="rounded sum"):
        apportion(total, numerators, 10)


def test_a_denominator_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        apportion(1, [1], 0)
