"""Which settlement is due when: shorter, equal and longer calendars, and the days of grace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.period import MONTHS, period_of
from core.settlement_calendar import is_over, next_settlements, settlement_of
from tests.unit.core.settling import a_program, of


def due_label(program: Any, calculation: Any, as_of: str) -> tuple[str, bool] | None:
    found = settlement_of(program, calculation, date.fromisoformat(as_of))
    return None if found is None else (found[0].label, found[1])


@pytest.mark.parametrize(
    ("as_of", "found"), [("2025-03-31", None), ("2025-04-01", ("2025-Q1", True)), ("2026-01-01", ("2025-Q1", True))]
)
def test_a_period_is_settled_once_it_has_ended(as_of: str, found: object) -> None:
    assert due_label(a_program("quarter"), of("2025-02-01"), as_of) == found


@pytest.mark.parametrize(
    ("as_of", "found"),
    [
        ("2025-01-31", None),
        ("2025-02-01", ("2025-01", False)),
        ("2025-02-28", ("2025-01", False)),
        ("2025-03-01", ("2025-02", False)),
        ("2025-03-31", ("2025-02", False)),
        ("2025-04-01", ("2025-03", True)),
        ("2025-12-31", ("2025-03", True)),
    ],
)
def test_a_shorter_calendar_settles_in_steps_and_the_last_is_final(as_of: str, found: object) -> None:
    assert due_label(a_program("quarter", "month"), of("2025-02-01"), as_of) == found


@pytest.mark.parametrize(("as_of", "found"), [("2025-12-31", None), ("2026-01-01", ("2025", True))])
def test_a_longer_calendar_waits_for_its_own_end(as_of: str, found: object) -> None:
    assert due_label(a_program("quarter", "year"), of("2025-02-01"), as_of) == found


@pytest.mark.parametrize("every", ["month", "quarter", "year"])
def test_days_of_grace_put_off_every_step(every: str) -> None:
    plain, patient = a_program("quarter", every), a_program("quarter", every, grace=10)
    day = date(2025, 1, 1)
    while day < date(2026, 3, 1):
        assert settlement_of(patient, of("2025-02-01"), day + timedelta(10)) == settlement_of(
            plain, of("2025-02-01"), day
        )
        day += timedelta(1)


def test_a_published_payout_window(worked: Callable[[str], dict[str, Any]]) -> None:
    example = worked("SF-PAYOUT-WINDOW")
    january = of("2025-01-15", "month")
    grace = example["program"]["transaction_grace_days"]
    program = a_program("month", grace=grace)
    assert example["expected"]["transactions_accepted"].endswith(f"February {grace}")
    assert due_label(program, january, f"2025-02-{grace:02d}") is None
    assert due_label(program, january, f"2025-02-{grace + 1:02d}") == ("2025-01", True)
    calculated = example["program"]["payout_calculation_days"]
    assert example["expected"]["calculated_on"] == f"February {calculated}"
    later = a_program("month", grace=calculated - 1)
    assert due_label(later, january, f"2025-02-{calculated - 1:02d}") is None
    assert due_label(later, january, f"2025-02-{calculated:02d}") == ("2025-01", True)


def test_calendars_follow_the_fiscal_year() -> None:
    program = a_program("year", "quarter", fiscal_start=4)
    year = of("2025-05-01", "year", 4)
    assert due_label(program, year, "2025-06-30") is None
    assert due_label(program, year, "2025-07-01") == ("FY2025-Q1", False)
    assert due_label(program, year, "2026-03-31") == ("FY2025-Q3", False)
    assert due_label(program, year, "2026-04-01") == ("FY2025-Q4", True)


@given(
    st.sampled_from(list(MONTHS)),
    st.sampled_from(list(MONTHS)),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.integers(0, 1200),
    st.integers(0, 60),
    st.integers(1, 12),
)
def test_what_is_due_has_ended_and_is_final_once_it_reaches_the_end(
    period: str, every: str, day: date, later: int, grace: int, fiscal: int
) -> None:
    program = a_program(period, every, grace, fiscal_start=fiscal)
    calculation = period_of(day, program.program.period, fiscal)
    as_of = calculation.start + timedelta(later)
    found = settlement_of(program, calculation, as_of)
    whole = period_of(calculation.last, program.settles_every, fiscal)
    if found is None:
        assert as_of < whole.end + timedelta(grace)
        return
    settlement, final = found
    assert settlement.end + timedelta(grace) <= as_of
    assert final == (settlement.end >= calculation.end)
    if not final:
        following = period_of(settlement.end, program.settles_every, fiscal)
        assert following.end + timedelta(grace) > as_of, "it is the latest one that is due"


def test_the_settlements_after_one_are_those_that_are_due_within_the_life_of_the_program() -> None:
    program = a_program("quarter", valid_to=date(2025, 12, 31), grace=5)
    labels = [
        [period.label for period in next_settlements(program, of("2025-01-01"), date.fromisoformat(day))]
        for day in ("2025-07-05", "2025-07-06", "2025-10-06", "2027-01-01")
    ]
    assert labels == [[], ["2025-Q2"], ["2025-Q2", "2025-Q3"], ["2025-Q2", "2025-Q3", "2025-Q4"]]


def test_a_program_is_over_when_its_last_settlement_has_been_due() -> None:
    program = a_program("quarter", valid_to=date(2025, 11, 15), grace=5)
    assert not is_over(program, date(2026, 1, 5))
    assert is_over(program, date(2026, 1, 6))
    assert not is_over(a_program("quarter"), date(2199, 1, 1))
