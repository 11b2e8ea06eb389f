"""Tiers on each day around every kind of boundary."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.period import day_date, day_number
from core.programs import Program, program_from
from core.tiers import Ladder, Outlook, Standing, ladder, level_at, outlook, standing_at, tier_day, timeline


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


START, STOP = day("2023-01-01"), day("2027-01-01")


def program(window: str = "calendar", **stated: Any) -> Program:
    head = {"fiscal_start": stated.pop("fiscal_start", 1), "valid_from": stated.pop("valid_from", date(2023, 1, 1))}
    levels = [("bronze", 0), ("silver", 100), ("gold", 500)]
    return program_from(
        {
            "program": {"id": "status", "name": "Status", "kind": "tier", "currency": "EUR"} | head,
            "status": {
                "window": window,
                "levels": [{"name": name, "from": Decimal(lower)} for name, lower in levels],
            }
            | stated,
        }
    )


def levels(held: list[Standing], *days: str) -> list[int]:
    return [level_at(held, day(text)) for text in days]


def line_up(found: Program | Ladder, *bought: tuple[str, int]) -> list[Standing]:
    return timeline(found, [(day(text), amount) for text, amount in bought], START, STOP)


def test_without_any_sums_the_lowest_level_holds() -> None:
    assert line_up(program()) == [Standing(START, STOP, 0, START, None)]
    assert line_up(program("rolling")) == [Standing(START, STOP, 0, START, None)]
    assert timeline(program(), [], 5, 5) == []
    assert level_at([], 5) == 0


def test_an_upgrade_counts_from_the_next_day() -> None:
    held = line_up(program(), ("2024-03-10", 10_000))
    assert levels(held, "2024-03-10", "2024-03-11") == [0, 1]
    assert standing_at(held, day("2024-03-11")).since == day("2024-03-11")


def test_exactly_the_bound_reaches_the_level() -> None:
    assert levels(line_up(program(), ("2024-03-10", 9_999)), "2024-12-31") == [0]
    assert levels(line_up(program(), ("2024-03-10", 10_000)), "2024-12-31") == [1]


def test_the_next_period_is_the_next_month() -> None:
    held = line_up(program(upgrade="next_period"), ("2024-03-10", 10_000))
    assert levels(held, "2024-03-31", "2024-04-01") == [0, 1]


def test_the_next_period_looks_at_whole_months() -> None:
    held = line_up(program(upgrade="next_period"), ("2024-03-10", 10_000), ("2024-03-20", -1))
    assert levels(held, "2024-12-31") == [0]
    assert levels(line_up(program(), ("2024-03-10", 10_000), ("2024-03-20", -1)), "2024-12-31") == [1]


def test_a_return_on_the_same_day_counts_with_it() -> None:
    assert levels(line_up(program(), ("2024-03-10", 10_000), ("2024-03-10", -1)), "2024-12-31") == [0]


def test_a_level_is_kept_through_the_next_year() -> None:
    held = line_up(program(), ("2024-03-10", 10_000))
    assert levels(held, "2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01") == [1, 1, 1, 0]
    assert {standing.valid_until for standing in held if standing.level} == {day("2025-12-31")}


def test_a_level_is_kept_to_the_end_of_its_year() -> None:
    held = line_up(program(keep="window_end"), ("2024-03-10", 10_000))
    assert levels(held, "2024-12-31", "2025-01-01") == [1, 0]
    assert {standing.valid_until for standing in held if standing.level} == {day("2024-12-31")}


def test_an_upgrade_on_the_last_day_of_the_year_is_kept_or_lost() -> None:
    assert levels(line_up(program(), ("2024-12-31", 10_000)), "2024-12-31", "2025-01-01") == [0, 1]
    assert levels(line_up(program(keep="window_end"), ("2024-12-31", 10_000)), "2025-01-01") == [0]


def test_earning_it_again_lengthens_it_and_does_not_begin_it_anew() -> None:
    held = line_up(program(), ("2024-03-10", 10_000), ("2025-06-01", 10_000))
    assert [(day_date(s.start), s.level, day_date(s.since), s.valid_until) for s in held] == [
        (date(2023, 1, 1), 0, date(2023, 1, 1), None),
        (date(2024, 3, 11), 1, date(2024, 3, 11), day("2025-12-31")),
        (date(2025, 6, 2), 1, date(2024, 3, 11), day("2026-12-31")),
    ]


def test_a_kept_level_is_not_kept_a_second_time() -> None:
    held = line_up(program(), ("2024-03-10", 50_000), ("2025-06-01", 10_000))
    assert levels(held, "2025-12-31", "2026-01-01") == [2, 1]


def test_a_lower_level_earned_waits_behind_the_kept_one() -> None:
    held = line_up(program(), ("2024-03-10", 50_000), ("2025-06-01", 10_000), ("2025-07-01", 40_000))
    assert levels(held, "2025-06-02", "2025-07-02", "2026-12-31") == [2, 2, 2]


def test_the_running_measure_begins_anew_each_year() -> None:
    held = line_up(program(), ("2024-12-30", 6_000), ("2025-01-02", 6_000))
    assert levels(held, "2025-01-03", "2025-12-31") == [0, 0]


def test_the_year_begins_with_the_fiscal_month() -> None:
    held = line_up(program(fiscal_start=4, keep="window_end"), ("2024-03-30", 6_000), ("2024-04-02", 10_000))
    assert levels(held, "2024-03-31", "2024-04-03", "2025-03-31", "2025-04-01") == [0, 1, 1, 0]


@pytest.mark.parametrize("window", ["calendar", "rolling"])
def test_documents_before_the_program_count_for_nothing(window: str) -> None:
    found = program(window, valid_from=date(2024, 2, 1))
    assert levels(line_up(found, ("2024-01-01", 50_000)), "2024-02-01", "2024-12-31") == [0, 0]
    assert line_up(found)[0].since == day("2024-02-01")


def test_a_rolling_window_is_the_whole_months_before() -> None:
    held = line_up(program("rolling", months=3), ("2024-03-01", 4_000), ("2024-04-01", 6_000))
    assert levels(held, "2024-04-30", "2024-05-01", "2024-06-30", "2024-07-01") == [0, 1, 1, 0]
    assert all(standing.valid_until is None for standing in held)


def test_a_rolling_window_of_negative_measure_is_the_lowest_level() -> None:
    assert levels(line_up(program("rolling"), ("2024-03-01", -90_000)), "2024-04-01") == [0]


def test_a_timeline_does_not_depend_on_where_it_begins() -> None:
    for found in (program(), program("rolling"), program(upgrade="next_period")):
        sums = [(day("2024-03-01"), 20_000), (day("2025-02-01"), 40_000), (day("2025-03-01"), 10_000)]
        whole = timeline(found, sums, START, STOP)
        for first in (START, day("2024-04-01"), day("2025-03-02"), day("2026-01-01")):
            part = timeline(found, sums, first, STOP)
            assert part[0].start == first
            for when in range(first, STOP, 13):
                assert standing_at(part, when)[2:] == standing_at(whole, when)[2:]


def test_the_order_of_the_sums_does_not_matter() -> None:
    sums = [(day("2024-03-01"), 9_000), (day("2024-05-01"), -5_000), (day("2024-05-01"), 6_000)]
    for found in (program(), program("rolling")):
        assert timeline(found, sums, START, STOP) == timeline(found, sums[::-1], START, STOP)


def test_a_day_outside_of_the_standings_is_refused() -> None:
    held = line_up(program())
    for when in (START - 1, STOP):
        with pytest.raises(ValueError, match="cover"):
            standing_at(held, when)


def test_a_compiled_tier_program_gives_the_same() -> None:
    found = program()
    assert line_up(ladder(found), ("2024-03-10", 10_000)) == line_up(found, ("2024-03-10", 10_000))


def test_outlook_of_a_calendar_window() -> None:
    sums = [(day("2024-03-10"), 12_000), (day("2025-02-01"), 4_000)]
    assert outlook(program(), sums, day("2025-02-01")) == Outlook(
        level=1,
        since=day("2024-03-11"),
        valid_until=day("2025-12-31"),
        measure=4_000,
        to_next=(46_000, "gold"),
        to_keep=6_000,
    )


def test_outlook_after_returns_keeps_what_was_reached() -> None:
    sums = [(day("2024-03-10"), 12_000), (day("2024-04-01"), -5_000)]
    found = outlook(program(), sums, day("2024-06-01"))
    assert (found.level, found.measure, found.to_keep, found.to_next) == (1, 7_000, 0, (43_000, "gold"))


def test_outlook_where_the_next_level_is_reached_tomorrow() -> None:
    found = outlook(program(), [(day("2024-03-10"), 12_000)], day("2024-03-10"))
    assert (found.level, found.to_next, found.to_keep) == (0, (0, "silver"), 0)


def test_outlook_where_nothing_can_be_kept() -> None:
    found = outlook(program(keep="window_end"), [(day("2024-03-10"), 12_000)], day("2024-06-01"))
    assert (found.level, found.to_keep, found.valid_until) == (1, None, day("2024-12-31"))


def test_outlook_of_a_rolling_window_looks_at_the_next_month() -> None:
    sums = [(day("2024-03-01"), 12_000), (day("2024-05-01"), 3_000)]
    found = outlook(program("rolling", months=3), sums, day("2024-06-15"))
    assert found == Outlook(
        level=1,
        since=day("2024-04-01"),
        valid_until=day("2024-06-30"),
        measure=3_000,
        to_next=(47_000, "gold"),
        to_keep=7_000,
    )


def test_outlook_at_the_top() -> None:
    found = outlook(program(), [(day("2024-03-10"), 90_000)], day("2024-06-01"))
    assert (found.level, found.to_next) == (2, None)


@pytest.mark.parametrize(("at", "expected"), [("period_end", "2024-06-30"), ("period_start", "2024-04-01")])
def test_the_day_whose_tier_counts(at: str, expected: str) -> None:
    assert tier_day(_user(at), day("2024-04-01")) == day(expected)


def test_no_single_day_counts_for_documents() -> None:
    assert tier_day(_user("document"), day("2024-04-01")) is None


def _user(at: str) -> Program:
    return program_from(
        {
            "program": {
                "id": "bonus",
                "name": "Bonus",
                "currency": "EUR",
                "period": "quarter",
                "valid_from": date(2024, 1, 1),
            },
            "tier": {"program": "status", "at": at, "levels": {"gold": {"percent": Decimal(2)}}},
        }
    )
