"""Calendar periods: months, quarters, halves and years, also of fiscal years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.period import MONTHS, Length, add_months, day_date, day_number, period_of, periods

days = st.dates(date(1990, 1, 1), date(2200, 12, 31))
lengths = st.sampled_from(list(MONTHS))


@pytest.mark.parametrize(
    ("day", "length", "fiscal", "first", "last", "label"),
    [
        ("2024-02-29", "month", 1, "2024-02-01", "2024-02-29", "2024-02"),
        ("2025-02-28", "month", 1, "2025-02-01", "2025-02-28", "2025-02"),
        ("2025-12-31", "month", 4, "2025-12-01", "2025-12-31", "2025-12"),
        ("2025-01-01", "quarter", 1, "2025-01-01", "2025-03-31", "2025-Q1"),
        ("2025-12-31", "quarter", 1, "2025-10-01", "2025-12-31", "2025-Q4"),
        ("2025-03-31", "quarter", 4, "2025-01-01", "2025-03-31", "FY2024-Q4"),
        ("2025-04-01", "quarter", 4, "2025-04-01", "2025-06-30", "FY2025-Q1"),
        ("2025-01-15", "quarter", 2, "2024-11-01", "2025-01-31", "FY2024-Q4"),
        ("2024-02-29", "quarter", 12, "2023-12-01", "2024-02-29", "FY2023-Q1"),
        ("2025-06-30", "half", 1, "2025-01-01", "2025-06-30", "2025-H1"),
        ("2025-07-01", "half", 1, "2025-07-01", "2025-12-31", "2025-H2"),
        ("2025-03-31", "half", 10, "2024-10-01", "2025-03-31", "FY2024-H1"),
        ("2024-12-31", "year", 1, "2024-01-01", "2024-12-31", "2024"),
        ("2025-03-31", "year", 4, "2024-04-01", "2025-03-31", "FY2024"),
        ("2025-04-01", "year", 4, "2025-04-01", "2026-03-31", "FY2025"),
    ],
)
def test_a_day_has_one_period(day: str, length: Length, fiscal: int, first: str, last: str, label: str) -> None:
    period = period_of(date.fromisoformat(day), length, fiscal)
    assert (period.start.isoformat(), period.last.isoformat(), period.label) == (first, last, label)


@given(days, lengths, st.integers(1, 12))
def test_periods_hold_their_day_and_touch_each_other(day: date, length: Length, fiscal: int) -> None:
    period = period_of(day, length, fiscal)
    assert day in period
    assert period.start in period
    assert period.last in period
    assert period.end not in period
    assert period.start.day == 1
    assert add_months(period.start, MONTHS[length]) == period.end
    before, after = period_of(period.start - timedelta(days=1), length, fiscal), period_of(period.end, length, fiscal)
    assert before.end == period.start
    assert after.start == period.end
    assert len({before.label, period.label, after.label}) == 3


@given(days, st.integers(1, 12))
def test_shorter_periods_nest_in_longer_ones(day: date, fiscal: int) -> None:
    month, quarter, half, year = (period_of(day, length, fiscal) for length in MONTHS)
    for inner, outer in ((month, quarter), (quarter, half), (half, year)):
        assert outer.start <= inner.start < inner.end <= outer.end


def test_periods_are_those_that_share_a_day_with_the_range() -> None:
    found = list(periods(date(2024, 12, 31), date(2025, 4, 1), "quarter"))
    assert [period.label for period in found] == ["2024-Q4", "2025-Q1"]
    found = list(periods(date(2024, 12, 31), date(2025, 4, 2), "quarter"))
    assert [period.label for period in found] == ["2024-Q4", "2025-Q1", "2025-Q2"]


def test_an_empty_range_has_the_period_of_its_day_or_none() -> None:
    assert list(periods(date(2025, 1, 1), date(2025, 1, 1), "month")) == []
    assert [period.label for period in periods(date(2025, 1, 2), date(2025, 1, 2), "month")] == ["2025-01"]


def test_months_are_added_over_the_turn_of_years() -> None:
    assert add_months(date(2024, 11, 30), 3) == date(2025, 2, 1)
    assert add_months(date(2025, 1, 31), -1) == date(2024, 12, 1)
    assert add_months(date(2025, 1, 31), -13) == date(2023, 12, 1)


@given(days)
def test_days_are_counted_from_1970(day: date) -> None:
    assert day_date(day_number(day)) == day
    assert day_number(day + timedelta(days=1)) == day_number(day) + 1


def test_the_first_day_is_0() -> None:
    assert day_number(date(1970, 1, 1)) == 0
    assert "1970-01-01" not in period_of(date(1970, 1, 1), "year")
