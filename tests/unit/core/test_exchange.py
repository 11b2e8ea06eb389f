"""Exchange rates by day, rule and way."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from core.ledger.exchange import Exchange, Quoted, Rate, Rule

END = date(2025, 3, 31)


def quoted(base: str, quote: str, on: str, rate: str, provider: str = "") -> Quoted:
    return Quoted(base, quote, date.fromisoformat(on), Fraction(rate), provider)


def ratio(
    rates: list[Quoted], base: str, quote: str, day: str, rule: Rule = "document", provider: str = "", end: date = END
) -> Fraction | None:
    return Exchange(rates).ratio(base, quote, date.fromisoformat(day), rule, provider, end)


USD = [
    quoted("EUR", "USD", "2025-03-03", "1.05"),
    quoted("EUR", "USD", "2025-03-05", "1.0815"),
    quoted("EUR", "USD", "2025-03-28", "1.1"),
]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-03-02", None),
        ("2025-03-03", "1.05"),
        ("2025-03-04", "1.05"),
        ("2025-03-05", "1.0815"),
        ("2025-03-12", "1.0815"),
        ("2025-03-13", None),  # eight days old
    ],
)
def test_the_rate_of_a_day_is_the_latest_up_to_it_and_at_most_seven_days_old(day, expected):
    assert ratio(USD, "EUR", "USD", day) == (None if expected is None else Fraction(expected))


def test_a_currency_in_itself_is_one():
    assert ratio([], "EUR", "EUR", "2025-03-03") == 1


def test_the_pair_the_other_way_round_is_inverted_exactly():
    assert ratio(USD, "USD", "EUR", "2025-03-05") == Fraction(10_000, 10_815)
    both = [*USD, quoted("USD", "EUR", "2025-03-05", "0.9")]
    assert ratio(both, "USD", "EUR", "2025-03-05") == Fraction(9, 10)
    assert ratio(both, "USD", "EUR", "2025-03-28") == Fraction(10, 11)  # the direct one is too old by then


def test_the_average_of_a_month_is_that_of_the_rates_dated_in_it():
    mean = (Fraction("1.05") + Fraction("1.0815") + Fraction("1.1")) / 3
    assert ratio(USD, "EUR", "USD", "2025-03-01", "month_average") == mean
    assert ratio(USD, "USD", "EUR", "2025-03-31", "month_average") == 1 / mean
    assert ratio(USD, "EUR", "USD", "2025-04-01", "month_average") is None


def test_at_the_end_of_the_period_one_rate_holds_for_all_its_days():
    assert ratio(USD, "EUR", "USD", "2025-01-02", "period_end") == Fraction("1.1")
    assert ratio(USD, "EUR", "USD", "2025-03-05", "period_end", end=date(2025, 4, 30)) is None


def test_a_common_currency_connects_two_that_have_no_rate():
    rates = [
        quoted("EUR", "USD", "2025-03-05", "1.1"),
        quoted("EUR", "GBP", "2025-03-04", "0.85"),
        quoted("CHF", "USD", "2025-03-05", "1.2"),
        quoted("CHF", "GBP", "2025-03-05", "0.9"),
    ]
    assert ratio(rates, "USD", "GBP", "2025-03-05") == Fraction("0.85") / Fraction("1.1")  # EUR goes before CHF
    assert ratio(rates[2:], "USD", "GBP", "2025-03-05") == Fraction(3, 4)
    assert ratio(rates[:1], "USD", "GBP", "2025-03-05") is None
    told = Exchange(rates).told("USD", "GBP", date(2025, 3, 6), "document", "", END)
    assert told == Rate(Fraction(17, 22), date(2025, 3, 4), "", "through EUR")


def test_of_several_providers_the_one_asked_for_counts_or_the_first_by_name():
    rates = [
        quoted("EUR", "USD", "2025-03-05", "1.2", "Zeta"),
        quoted("EUR", "USD", "2025-03-05", "1.1", "Alpha"),
        quoted("EUR", "USD", "2025-03-06", "1.3", "Zeta"),
    ]
    assert ratio(rates, "EUR", "USD", "2025-03-05") == Fraction("1.1")
    assert ratio(rates, "EUR", "USD", "2025-03-06") == Fraction("1.3")
    assert ratio(rates, "EUR", "USD", "2025-03-06", provider="Alpha") == Fraction("1.1")
    assert ratio(rates, "EUR", "USD", "2025-03-06", provider="Nobody") is None
    told = Exchange(rates).told("USD", "EUR", date(2025, 3, 6), "document", "Zeta", END)
    assert told == Rate(Fraction(10, 13), date(2025, 3, 6), "Zeta", "inverse")


def test_a_rate_that_is_not_above_zero_is_none():
    assert ratio([quoted("EUR", "USD", "2025-03-05", "0")], "USD", "EUR", "2025-03-05") is None
