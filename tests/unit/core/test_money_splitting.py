"""The rounding point, and splits that add up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Rate, apportion, divide, divide_column, largest_remainder, percent_text, text

amounts = st.integers(-(10**15), 10**15)
both_roundings = st.sampled_from(["half_away_from_zero", "half_even"])


@pytest.mark.parametrize(
    ("numerator", "denominator", "away", "even"),
    [
        (5, 10, 1, 0),
        (15, 10, 2, 2),
        (25, 10, 3, 2),
        (4, 10, 0, 0),
        (6, 10, 1, 1),
        (1, 3, 0, 0),
        (2, 3, 1, 1),
        (10, 5, 2, 2),
        (0, 7, 0, 0),
        (10**30 + 5, 10, 10**29 + 1, 10**29),
    ],
)
def test_halves_go_away_from_zero_or_to_even(numerator: int, denominator: int, away: int, even: int) -> None:
    assert divide(numerator, denominator) == away
    assert divide(numerator, denominator, "half_even") == even
    assert divide(-numerator, denominator) == -away
    assert divide(-numerator, denominator, "half_even") == -even


@given(amounts, st.integers(1, 10**9), both_roundings)
def test_rounding_is_symmetric_and_within_half_a_unit(numerator: int, denominator: int, rounding: Any) -> None:
    found = divide(numerator, denominator, rounding)
    assert divide(-numerator, denominator, rounding) == -found
    assert abs(Fraction(numerator, denominator) - found) <= Fraction(1, 2)


@given(st.integers(-(10**6), 10**6), st.integers(1, 1000), both_roundings)
def test_rounding_agrees_with_decimal(numerator: int, half: int, rounding: Any) -> None:
    rule = {"half_away_from_zero": "ROUND_HALF_UP", "half_even": "ROUND_HALF_EVEN"}[rounding]
    found = divide(numerator * half, 2 * half, rounding)
    assert found == int((Decimal(numerator) / 2).quantize(Decimal(1), rounding=rule))


def test_a_column_is_rounded_as_each_of_its_numbers() -> None:
    numbers = np.array([0, 4, 5, 6, 15, 25, 35, -4, -5, -6, -15, -25, 2**61 + 1], dtype=np.int64)
    away = divide_column(numbers, 10)
    assert away.dtype == np.int64
    assert away.tolist() == [0, 0, 1, 1, 2, 3, 4, 0, -1, -1, -2, -3, 230584300921369395]
    even = [0, 0, 0, 1, 2, 2, 4, 0, 0, -1, -2, -2, 230584300921369395]
    assert divide_column(numbers, 10, "half_even").tolist() == even
    assert divide_column(numbers, 1).tolist() == numbers.tolist()


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_below_one_is_refused(denominator: int) -> None:
    for rounds in (divide, divide_column):
        with pytest.raises(ValueError, match=r"^the denominator must be positive$"):
            rounds(np.array([1], dtype=np.int64), denominator)  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"^the denominator must be positive$"):
        apportion(1, [1], denominator)


def test_rounding_mirrors_a_credit_note(worked: Callable[[str], dict[str, Any]]) -> None:
    example = worked("ROUND-SIGN")
    found = [text(divide(int(Decimal(amount) * 1000), 10), "EUR") for amount in example["inputs"]["amounts"]]
    assert found == example["expected"]["correct"]
    assert found != example["expected"]["observed_bug"]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (1, [1, 1], [1, 0]),
        (5, [1, 2, 2], [1, 2, 2]),
        (10, [0, 1, 0], [0, 10, 0]),
        (10, [0, 0], [10, 0]),
        (10, [3, -3], [10, 0]),
        (10, [3, -7, 4], [0, 10, 0]),
        (7, [10, -3], [10, -3]),
        (7, [-10, 3], [10, -3]),
        (1, [-1, -2], [0, 1]),
        (0, [5, 5], [0, 0]),
        (0, [], []),
    ],
)
def test_the_largest_remainders_take_what_is_left(total: int, weights: list[int], parts: list[int]) -> None:
    assert largest_remainder(total, weights) == parts


def test_something_cannot_be_split_over_nothing() -> None:
    with pytest.raises(ValueError, match=r"^cannot split an amount over nothing$"):
        largest_remainder(1, [])


@given(amounts, st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12))
def test_parts_of_a_split_add_up_and_mirror(total: int, weights: list[int]) -> None:
    parts = largest_remainder(total, weights)
    assert sum(parts) == total
    assert largest_remainder(-total, weights) == [-part for part in parts]
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * weight, whole)) < 1


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_positive_weights_give_parts_of_one_sign_and_none_to_zero_weights(total: int, weights: list[int]) -> None:
    for part, weight in zip(largest_remainder(total, weights), weights, strict=True):
        assert part * total >= 0
        if not weight:
            assert part == 0


@pytest.mark.parametrize(
    ("total", "shares", "parts"),
    [
        (1, [3, 7, 0], [0, 1, 0]),
        (1, [5, 5], [1, 0]),
        (0, [5, -5], [1, -1]),
        (0, [-5, 5], [-1, 1]),
        (0, [-5, 6], [-1, 1]),
        (0, [0, 0], [0, 0]),
        (1, [5], [1]),
        (0, [5], [0]),
        (0, [], []),
    ],
)
def test_a_rounded_total_is_shown_as_the_shares_it_is_made_of(total: int, shares: list[int], parts: list[int]) -> None:
    assert apportion(total, shares, 10) == parts


@pytest.mark.parametrize(("total", "shares"), [(2, [10]), (0, [6]), (-1, [3, -2]), (1, [])])
def test_a_total_that_is_not_the_rounded_sum_is_refused(total: int, shares: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"^{total} is not the rounded sum of the shares {sum(shares)}/10$"):
        apportion(total, shares, 10)


@given(st.lists(amounts, max_size=10), st.integers(1, 10**9), both_roundings)
def test_shares_of_a_rounded_total_mirror_and_keep_the_sign_of_their_share(
    shares: list[int], denominator: int, rounding: Any
) -> None:
    total = divide(sum(shares), denominator, rounding)
    parts = apportion(total, shares, denominator)
    assert sum(parts) == total
    assert apportion(-total, [-share for share in shares], denominator) == [-part for part in parts]
    for part, share in zip(parts, shares, strict=True):
        assert part * share >= 0
        assert share or part == 0


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ("2.5", Rate(25, 1)),
        ("0.025", Rate(25, 3)),
        ("2.500", Rate(25, 1)),
        ("100", Rate(100, 0)),
        ("1E+2", Rate(100, 0)),
        ("-0.5", Rate(-5, 1)),
        ("0", Rate(0, 0)),
        ("0.00", Rate(0, 0)),
    ],
)
def test_a_rate_is_an_integer_over_a_power_of_ten(value: str, rate: Rate) -> None:
    assert Rate.from_decimal(Decimal(value)) == rate


def test_a_rate_is_told_in_more_digits_never_in_fewer() -> None:
    assert Rate(25, 3).at(3) == 25
    assert Rate(25, 3).at(6) == 25_000
    with pytest.raises(ValueError, match="3 digits"):
        Rate(25, 3).at(2)


@given(st.decimals(-100, 100, places=6))
def test_a_rate_is_exact(value: Decimal) -> None:
    rate = Rate.from_decimal(value)
    assert Fraction(rate.numerator, 10**rate.digits) == Fraction(value)
    assert Fraction(rate.at(9), 10**9) == Fraction(value)


@pytest.mark.parametrize(
    ("rate", "percent"), [(200_000, "20"), (55_000, "5.5"), (0, "0"), (1_000_000, "100"), (1, "0.0001")]
)
def test_tax_rates_are_told_without_needless_zeros(rate: int, percent: str) -> None:
    assert percent_text(rate) == percent


LONG = "0.1234567890123456789012345678901234567891"


def test_a_rate_is_exact_whatever_its_length() -> None:
    assert Rate.from_decimal(Decimal(LONG)) == Rate(1234567890123456789012345678901234567891, 40)
    assert Rate.from_decimal(Decimal("-1E+30")) == Rate(-(10**30), 0)


@pytest.mark.parametrize(
    ("value", "currency", "rate"),
    [
        ("2.5", "EUR", Rate(250, 0)),
        ("0.0125", "EUR", Rate(125, 2)),
        ("2.5", "JPY", Rate(25, 1)),
        ("-0.0004", "KWD", Rate(-4, 1)),
        ("0", "EUR", Rate(0, 0)),
        (LONG, "KWD", Rate(1234567890123456789012345678901234567891, 37)),
    ],
)
def test_an_amount_as_minor_units_need_not_be_whole(value: str, currency: str, rate: Rate) -> None:
    assert Rate.minor(Decimal(value), currency) == rate
