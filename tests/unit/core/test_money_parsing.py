"""Text, whole numbers and Decimals become integers in minor units, exactly, or are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.money import (
    MAX_MINOR,
    exponent,
    is_currency,
    major,
    minor_units,
    parse_decimal,
    plain_number,
    scaled,
    scaled_number,
    shown,
    text,
)


@pytest.mark.parametrize(
    ("given_", "number"),
    [
        ("0", "0"),
        ("-0.10", "-0.10"),
        ("+7", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("  12.50 ", "12.50"),
        (42, "42"),
        (-3, "-3"),
        (Decimal("1.25"), "1.25"),
    ],
)
def test_plain_numbers_are_read_exactly(given_: object, number: str) -> None:
    assert parse_decimal(given_) == Decimal(number)


@pytest.mark.parametrize(
    "given_",
    [
        "",
        " ",
        ".",
        "-",
        "--1",
        "1,234.50",
        "1 234",
        "1_000",
        "12,50",
        "1.2.3",
        "1e3",
        "1E-2",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "0x10",
        "12 EUR",
        "12-",
        "(12)",
        "1\n2",
        "\u0661\u0662",
        "１２",
        "−12",
        1.5,
        float("nan"),
        True,
        False,
        None,
        b"12",
        [],
        Decimal("NaN"),
        Decimal("Infinity"),
    ],
)
def test_what_is_no_plain_number_is_refused(given_: object) -> None:
    with pytest.raises(DataError) as caught:
        parse_decimal(given_, path="total_net")
    assert caught.value.reason == "not_a_number"
    assert caught.value.message.startswith("total_net: ")


def test_a_decimal_comma_is_read_where_the_source_declares_it() -> None:
    assert parse_decimal("1234,50", decimal_sign=",") == Decimal("1234.50")
    assert parse_decimal("1234", decimal_sign=",") == 1234
    assert parse_decimal(Decimal("1.5"), decimal_sign=",") == Decimal("1.5")


@pytest.mark.parametrize("given_", ["1.234,50", "1234.50", "1,2,3", "1.234"])
def test_a_point_is_no_grouping_sign_beside_a_decimal_comma(given_: str) -> None:
    with pytest.raises(DataError, match="is not a number") as caught:
        parse_decimal(given_, decimal_sign=",", path="net")
    assert (caught.value.reason, caught.value.path) == ("not_a_number", "net")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.34", "EUR", 1234),
        ("12.340", "EUR", 1234),
        ("-0.01", "EUR", -1),
        ("12", "JPY", 12),
        ("12.0", "JPY", 12),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("1.50", "XXQ", 150),
        (7, "EUR", 700),
        (Decimal("1E+3"), "EUR", 100_000),
    ],
)
def test_amounts_take_the_exponent_of_their_currency(amount: object, currency: str, minor: int) -> None:
    assert minor_units(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"), [("12.345", "EUR"), ("0.5", "JPY"), ("1.2345", "KWD"), ("0." + "0" * 70 + "1", "EUR")]
)
def test_an_amount_finer_than_its_currency_is_refused_not_rounded(amount: str, currency: str) -> None:
    with pytest.raises(DataError) as caught:
        minor_units(amount, currency, path="net")
    assert (caught.value.reason, caught.value.path) == ("too_fine", "net")


def test_the_largest_amount_is_ten_to_the_fifteen_minor_units() -> None:
    assert minor_units("10000000000000.00", "EUR") == MAX_MINOR
    assert minor_units("-10000000000000.00", "EUR") == -MAX_MINOR
    for beyond in ("10000000000000.01", "-10000000000000.01", "9" * 70, "1" + "0" * 5000, Decimal("1E+900000")):
        with pytest.raises(DataError) as caught:
            minor_units(beyond, "EUR", path="net")
        assert (caught.value.reason, caught.value.path) == ("too_large", "net"), str(beyond)[:20]


@pytest.mark.parametrize(
    ("amount", "reason", "message"),
    [
        ("0.001", "too_fine", "0.001 has more than 2 digits after the point"),
        ("0." + "1" * 70, "too_fine", f"0.{'1' * 58} has more than 2 digits after the point"),
        ("100000000000000.001", "too_large", "100000000000000.001 is too large to be an amount"),
        ("10000000000000.01", "too_large", "10000000000000.01 is too large to be an amount"),
        ("9" * 70, "too_large", f"{'9' * 60} is too large to be an amount"),
        ("x" * 70, "not_a_number", f"'{'x' * 60}' is not a number"),
    ],
)
def test_a_refusal_tells_the_amount(amount: str, reason: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        minor_units(amount, "EUR")
    assert (caught.value.reason, caught.value.message) == (reason, message)
    if reason != "not_a_number":
        with pytest.raises(DataError) as caught:
            scaled(Decimal(amount), 2, path="net")
        assert (caught.value.reason, caught.value.path, caught.value.message) == (reason, "net", f"net: {message}")
        with pytest.raises(DataError) as caught:
            scaled(Decimal(amount), 2)
        assert (caught.value.path, caught.value.message) == ("", message)


def test_a_refusal_names_the_path_of_every_call_though_numbers_are_remembered() -> None:
    for path in ("net", "tax", "net"):
        with pytest.raises(DataError) as caught:
            minor_units("no number", "EUR", path=path)
        assert caught.value.path == path
        assert caught.value.message == f"{path}: 'no number' is not a number"


def test_zero_is_zero_whatever_its_digits() -> None:
    assert scaled(Decimal("0.000000000"), 2) == 0
    assert scaled(Decimal("0E+50"), 2) == 0
    assert scaled(Decimal("-0"), 2) == 0


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_as_text_reads_back_as_itself(minor: int, currency: str) -> None:
    assert minor_units(text(minor, currency), currency) == minor
    assert minor_units(major(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "machine", "people"),
    [
        (-123450, "EUR", "-1234.50", "-1,234.50 EUR"),
        (0, "EUR", "0.00", "0.00 EUR"),
        (5, "EUR", "0.05", "0.05 EUR"),
        (1234567, "JPY", "1234567", "1,234,567 JPY"),
        (1, "KWD", "0.001", "0.001 KWD"),
        (MAX_MINOR, "EUR", "10000000000000.00", "10,000,000,000,000.00 EUR"),
    ],
)
def test_amounts_are_told_with_all_digits_of_the_currency(minor: int, currency: str, machine: str, people: str) -> None:
    assert text(minor, currency) == machine
    assert shown(minor, currency) == people


def test_currencies_and_their_exponents() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "KWD", "CLF", "QQQ")] == [2, 0, 3, 4, 2]
    assert is_currency("CHF")
    assert not is_currency("QQQ")
    assert not is_currency("eur")


def test_amounts_are_read_with_the_decimal_sign_of_their_source() -> None:
    assert minor_units("1,5", "EUR", decimal_sign=",") == 150
    assert scaled_number("1.5", 3) == 1500
    with pytest.raises(DataError, match=r"^'1,5' is not a number$"):
        minor_units("1,5", "EUR")
    with pytest.raises(DataError, match=r"^'1,5' is not a number$"):
        scaled_number("1,5", 2)


@pytest.mark.parametrize("given_", [1.5, True, None])
def test_a_refusal_of_what_is_no_text_names_its_path(given_: object) -> None:
    assert minor_units(1, "EUR", path="net") == 100  # which is remembered, and True would equal it
    with pytest.raises(DataError, match=r"^net: ") as caught:
        minor_units(given_, "EUR", path="net")
    assert (caught.value.reason, caught.value.path) == ("not_a_number", "net")


def test_a_number_of_another_type_may_be_too_fine() -> None:
    with pytest.raises(DataError) as caught:
        scaled_number(Decimal("0.0001"), 3, path="quantity")
    assert (caught.value.reason, caught.value.path) == ("too_fine", "quantity")


@pytest.mark.parametrize(
    ("value", "told"),
    [("2.50", "2.5"), ("100", "100"), ("100.0", "100"), ("0.00", "0"), ("-0.0", "0"), ("-0", "0"), ("1E+2", "100")],
)
def test_a_number_is_told_without_needless_zeros(value: str, told: str) -> None:
    assert plain_number(Decimal(value)) == told
