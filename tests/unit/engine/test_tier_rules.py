"""Every window and rule on timelines worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.errors import ConfigError
from core.period import day_date, day_number
from core.programs import Program, program_from
from core.tiers import Outlook, Override, figures, ladder, outlook, timeline


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


START, STOP = day("2023-01-01"), day("2030-01-01")


def program(window: str, *, basis: dict[str, Any] | None = None, **stated: Any) -> Program:
    """bronze from 0, silver from 100, gold from 500, platinum from 1000."""
    head = {"fiscal_start": stated.pop("fiscal_start", 1), "valid_from": stated.pop("valid_from", date(2023, 1, 1))}
    bounds = {"bronze": 0, "silver": 100, "gold": 500, "platinum": 1000}
    levels = [{"name": name, "from": Decimal(bound)} for name, bound in bounds.items()]
    return program_from(
        {
            "program": {"id": "status", "name": "Status", "kind": "tier", "currency": "EUR"} | head,
            "basis": basis or {},
            "status": {"window": window, "levels": levels} | stated,
        }
    )


NAMES = ("bronze", "silver", "gold", "platinum")


def story(found: Program, *bought: tuple[str, int], **more: Any) -> list[str]:
    """The days on which the level changes, each with the new one. Measures are whole euros."""
    held = timeline(found, [(day(text), amount * 100) for text, amount in bought], START, STOP, **more)
    changes = [standing for i, standing in enumerate(held) if not i or standing.level != held[i - 1].level]
    assert all(standing.since == standing.start for standing in changes[1:])
    return [f"{day_date(standing.start)} {NAMES[standing.level]}" for standing in changes[1:]]


# --- windows --------------------------------------------------------------------------------------------------------


def test_anniversary_years_begin_with_the_first_purchase() -> None:
    found = program("anniversary")
    assert story(found, ("2024-05-10", 60), ("2025-05-09", 40)) == ["2025-05-10 silver", "2026-05-10 bronze"]
    assert story(found, ("2024-05-10", 60), ("2025-05-10", 40)) == []


def test_anniversary_years_begin_with_the_enrolment_where_there_is_one() -> None:
    found = program("anniversary", keep="window_end")
    bought = (("2024-05-10", 60), ("2025-02-01", 40))
    assert story(found, *bought, enrolled=day("2024-01-20")) == []
    assert story(found, *bought, enrolled=day("2024-02-15")) == ["2025-02-02 silver", "2025-02-15 bronze"]
    assert story(found, *bought, enrolled=day("2024-03-01")) == ["2025-02-02 silver", "2025-03-01 bronze"]


def test_what_was_bought_before_the_enrolment_counts_for_nothing() -> None:
    assert story(program("anniversary"), ("2024-05-10", 900), enrolled=day("2024-05-11")) == []


def test_an_enrolment_before_the_program_gives_its_years_all_the_same() -> None:
    found = program("anniversary", keep="window_end", valid_from=date(2024, 1, 1))
    bought = (("2023-12-31", 900), ("2024-05-10", 120))
    assert story(found, *bought, enrolled=day("2020-06-01")) == ["2024-05-11 silver", "2024-06-01 bronze"]


def test_a_first_day_on_which_more_was_returned_begins_no_year() -> None:
    bought = (("2024-03-01", -10), ("2024-05-10", 60), ("2025-03-20", 40))
    assert story(program("anniversary", keep="window_end"), *bought) == ["2025-03-21 silver", "2025-05-10 bronze"]


def test_a_cancelled_first_purchase_begins_no_year() -> None:
    bought = (("2024-03-01", 10), ("2024-03-01", -10), ("2024-05-10", 60), ("2025-05-09", 40))
    assert story(program("anniversary"), *bought) == ["2025-05-10 silver", "2026-05-10 bronze"]


def test_years_from_29_february_begin_on_1_march_where_there_is_none() -> None:
    found = program("anniversary", keep="window_end")
    assert story(found, ("2024-02-29", 100)) == ["2024-03-01 silver", "2025-03-01 bronze"]
    again = (("2024-02-29", 1), ("2027-03-01", 100))
    assert story(found, *again) == ["2027-03-02 silver", "2028-02-29 bronze"]


def test_a_lifetime_never_ends() -> None:
    found = program("lifetime")
    assert story(found, ("2023-05-10", 60), ("2026-05-10", 40)) == ["2026-05-11 silver"]
    assert story(found, ("2023-05-10", 100), ("2023-05-11", -100)) == ["2023-05-11 silver"]
    (last,) = timeline(found, [(day("2023-05-10"), 10_000)], STOP - 1, STOP)
    assert (last.level, last.valid_until) == (1, None)


def test_a_lifetime_counts_from_the_first_day_of_the_program() -> None:
    found = program("lifetime", valid_from=date(2024, 1, 1))
    assert story(found, ("2023-12-31", 900), ("2024-01-01", 100)) == ["2024-01-02 silver"]


def test_a_lifetime_is_looked_at_by_month_where_it_says_so() -> None:
    found = program("lifetime", upgrade="next_period")
    assert story(found, ("2023-05-10", 100), ("2023-05-20", -1), ("2023-06-30", 1)) == ["2023-07-01 silver"]


# --- upgrade --------------------------------------------------------------------------------------------------------


def test_a_retroactive_upgrade_goes_back_to_the_first_day_of_the_window() -> None:
    found = program("calendar", upgrade="retroactive")
    assert story(found, ("2024-12-31", 100)) == ["2024-01-01 silver", "2026-01-01 bronze"]
    found = program("calendar", upgrade="retroactive", keep="window_end", fiscal_start=4)
    assert story(found, ("2024-03-31", 100)) == ["2023-04-01 silver", "2024-04-01 bronze"]
    found = program("anniversary", upgrade="retroactive", keep="window_end")
    assert story(found, ("2024-05-10", 60), ("2024-08-01", 500)) == ["2024-05-10 gold", "2025-05-10 bronze"]


def test_a_retroactive_upgrade_does_not_go_before_the_program() -> None:
    found = program("calendar", upgrade="retroactive", valid_from=date(2024, 2, 1), keep="window_end")
    assert story(found, ("2024-06-01", 100)) == ["2024-02-01 silver", "2025-01-01 bronze"]


def test_a_retroactive_upgrade_of_the_present_year_only_raises_what_is_kept_from_the_last() -> None:
    found = program("calendar", upgrade="retroactive")
    bought = (("2024-06-01", 500), ("2025-06-01", 100), ("2026-06-01", 1))
    assert story(found, *bought) == ["2024-01-01 gold", "2026-01-01 silver", "2027-01-01 bronze"]


def test_in_anniversary_years_too_the_next_period_is_the_next_calendar_month() -> None:
    found = program("anniversary", upgrade="next_period")
    assert story(found, ("2024-05-10", 100)) == ["2024-06-01 silver", "2026-05-10 bronze"]
    late = (("2024-05-10", 1), ("2025-05-09", 100))
    assert story(found, *late) == ["2025-06-01 silver", "2026-05-10 bronze"]
    assert story(program("anniversary", upgrade="next_period", keep="window_end"), *late) == []


# --- the end of a level ---------------------------------------------------------------------------------------------


def test_grace_days_lengthen_what_was_held_at_the_end() -> None:
    found = program("calendar", keep="window_end", grace_days=31)
    assert story(found, ("2024-03-10", 100)) == ["2024-03-11 silver", "2025-02-01 bronze"]
    assert story(found, ("2024-12-31", 100)) == [], "it would begin after its end"
    assert story(program("calendar", grace_days=1), ("2024-03-10", 100)) == ["2024-03-11 silver", "2026-01-02 bronze"]


def test_earning_it_again_within_the_grace_days_goes_on() -> None:
    found = program("calendar", keep="window_end", grace_days=31)
    bought = (("2024-03-10", 100), ("2025-01-30", 100))
    assert story(found, *bought) == ["2024-03-11 silver", "2026-02-01 bronze"]


def test_a_lower_level_earned_waits_behind_the_grace_days_of_a_higher_one() -> None:
    found = program("calendar", keep="window_end", grace_days=366)
    bought = (("2024-03-10", 500), ("2025-03-10", 100))
    assert story(found, *bought) == ["2024-03-11 gold", "2026-01-02 silver", "2027-01-02 bronze"]


def test_grace_days_in_a_rolling_window_follow_the_month() -> None:
    found = program("rolling", months=3, grace_days=10)
    assert story(found, ("2024-03-15", 100)) == ["2024-04-01 silver", "2024-07-11 bronze"]


def test_a_soft_landing_falls_one_level_a_window() -> None:
    found = program("calendar", keep="window_end", soft_landing=True)
    assert story(found, ("2024-03-10", 1000)) == [
        "2024-03-11 platinum", "2025-01-01 gold", "2026-01-01 silver", "2027-01-01 bronze",
    ]  # fmt: skip


def test_a_soft_landing_falls_no_deeper_than_what_was_earned() -> None:
    found = program("calendar", soft_landing=True)
    bought = (("2024-03-10", 1000), ("2025-03-10", 500), ("2026-03-10", 100))
    assert story(found, *bought) == [
        "2024-03-11 platinum", "2026-01-01 gold", "2027-01-01 silver", "2028-01-01 bronze",
    ]  # fmt: skip


def test_grace_days_of_a_soft_landing_count_at_each_step() -> None:
    found = program("calendar", keep="window_end", soft_landing=True, grace_days=14)
    assert story(found, ("2024-03-10", 500)) == ["2024-03-11 gold", "2025-01-15 silver", "2026-01-15 bronze"]


def test_a_single_day_of_grace_is_a_day() -> None:
    found = program("calendar", keep="window_end", soft_landing=True, grace_days=1)
    assert story(found, ("2024-03-10", 500)) == ["2024-03-11 gold", "2025-01-02 silver", "2026-01-02 bronze"]


def test_a_level_that_was_earned_ends_when_its_own_window_says() -> None:
    found = program("calendar", keep="window_end", grace_days=366, soft_landing=True)
    bought = (("2024-03-10", 500), ("2025-03-10", 100))
    assert story(found, *bought) == ["2024-03-11 gold", "2026-01-02 silver", "2027-01-02 bronze"]


def test_a_soft_landing_in_a_rolling_window_takes_its_months() -> None:
    found = program("rolling", months=3, soft_landing=True)
    assert story(found, ("2024-03-15", 500)) == ["2024-04-01 gold", "2024-07-01 silver", "2024-10-01 bronze"]


def test_a_soft_landing_in_anniversary_years() -> None:
    found = program("anniversary", keep="window_end", soft_landing=True)
    assert story(found, ("2024-05-10", 500)) == ["2024-05-11 gold", "2025-05-10 silver", "2026-05-10 bronze"]


def test_a_level_is_kept_for_its_minimum_stay() -> None:
    found = program("calendar", keep="window_end", minimum_stay=6)
    assert story(found, ("2024-11-19", 100)) == ["2024-11-20 silver", "2025-05-20 bronze"]
    assert story(found, ("2024-03-10", 100)) == ["2024-03-11 silver", "2025-01-01 bronze"], "six months have passed"


def test_a_minimum_stay_from_the_end_of_a_month_is_whole_months() -> None:
    found = program("rolling", months=1, minimum_stay=1)
    assert story(found, ("2024-03-10", 100)) == ["2024-04-01 silver", "2024-05-01 bronze"]
    found = program("calendar", keep="window_end", minimum_stay=3)
    assert story(found, ("2023-11-29", 100)) == ["2023-11-30 silver", "2024-03-01 bronze"]


def test_a_minimum_stay_begins_anew_with_each_level() -> None:
    found = program("calendar", keep="window_end", minimum_stay=2, soft_landing=True)
    bought = (("2024-10-01", 100), ("2024-12-10", 400))
    assert story(found, *bought) == [
        "2024-10-02 silver", "2024-12-11 gold", "2025-02-11 silver", "2026-01-01 bronze",
    ]  # fmt: skip


# --- returns --------------------------------------------------------------------------------------------------------


def test_a_return_takes_the_level_back_the_day_after_where_it_is_recomputed() -> None:
    bought = (("2024-03-10", 100), ("2024-04-20", -1), ("2024-05-05", 1))
    assert story(program("calendar", keep="window_end"), *bought) == ["2024-03-11 silver", "2025-01-01 bronze"]
    assert story(program("calendar", keep="window_end", returns="recompute"), *bought) == [
        "2024-03-11 silver", "2024-04-21 bronze", "2024-05-06 silver", "2025-01-01 bronze",
    ]  # fmt: skip


def test_a_return_on_the_last_day_of_the_window_leaves_nothing_to_keep() -> None:
    found = program("calendar", returns="recompute")
    assert story(found, ("2024-03-10", 100), ("2024-12-31", -1)) == ["2024-03-11 silver", "2025-01-01 bronze"]
    assert story(found, ("2024-03-10", 100), ("2025-01-01", -1)) == ["2024-03-11 silver", "2026-01-01 bronze"]


def test_the_level_that_a_return_on_the_last_day_leaves_begins_the_day_after() -> None:
    bought = (("2024-03-10", 500), ("2024-12-31", -400))
    found = program("calendar", returns="recompute", minimum_stay=18)
    assert story(found, *bought) == ["2024-03-11 gold", "2025-01-01 silver", "2026-07-01 bronze"]
    found = program("calendar", returns="recompute", minimum_stay=18, keep="window_end")
    assert story(found, *bought) == ["2024-03-11 gold", "2025-01-01 bronze"], "it has ended before it began"


def test_what_a_return_takes_back_has_no_grace_and_no_soft_landing() -> None:
    found = program("calendar", returns="recompute", grace_days=90, soft_landing=True, minimum_stay=12)
    assert story(found, ("2024-03-10", 1000), ("2024-04-20", -950)) == ["2024-03-11 platinum", "2024-04-21 bronze"]


def test_a_return_goes_back_to_what_is_held_without_its_window() -> None:
    found = program("calendar", returns="recompute", keep="window_end", soft_landing=True)
    bought = (("2024-03-10", 500), ("2025-02-10", 1000), ("2025-02-20", -1000))
    assert story(found, *bought) == [
        "2024-03-11 gold", "2025-01-01 silver", "2025-02-11 platinum", "2025-02-21 silver", "2026-01-01 bronze",
    ]  # fmt: skip


def test_looking_once_a_month_a_return_still_takes_back_at_once() -> None:
    found = program("calendar", returns="recompute", upgrade="next_period", keep="window_end")
    bought = (("2024-03-10", 100), ("2024-05-10", -1), ("2024-05-12", 1))
    assert story(found, *bought) == ["2024-04-01 silver", "2024-05-11 bronze", "2024-06-01 silver", "2025-01-01 bronze"]


def test_a_retroactive_level_is_what_the_year_comes_to() -> None:
    bought = (("2024-03-10", 500), ("2024-11-20", -450))
    kept = program("calendar", upgrade="retroactive", keep="window_end")
    assert story(kept, *bought) == ["2024-01-01 gold", "2025-01-01 bronze"]
    assert story(program("calendar", upgrade="retroactive", keep="window_end", returns="recompute"), *bought) == []


def test_even_a_lifetime_falls_with_its_returns_where_they_are_recomputed() -> None:
    found = program("lifetime", returns="recompute")
    assert story(found, ("2023-05-10", 100), ("2026-05-11", -1)) == ["2023-05-11 silver", "2026-05-12 bronze"]


# --- overrides ------------------------------------------------------------------------------------------------------


def test_an_override_holds_whatever_was_earned_and_then_what_was_earned_does() -> None:
    found = program("calendar", keep="window_end")
    decided = [Override(day("2024-06-01"), day("2024-08-31"), 0)]
    assert story(found, ("2024-03-10", 100), overrides=decided) == [
        "2024-03-11 silver", "2024-06-01 bronze", "2024-09-01 silver", "2025-01-01 bronze",
    ]  # fmt: skip


def test_a_later_override_wins_and_a_release_ends_them() -> None:
    found = program("lifetime")
    first, last = Override(day("2024-01-01"), day("2024-12-31"), 3), Override(day("2024-03-01"), day("2024-04-30"), 1)
    release = Override(day("2024-10-01"), 2**31 - 1, None)
    assert story(found, overrides=[first, last, release]) == [
        "2024-01-01 platinum", "2024-03-01 silver", "2024-05-01 platinum", "2024-10-01 bronze",
    ]  # fmt: skip
    held = timeline(found, [], day("2024-02-01"), day("2024-02-02"), overrides=[first, last, release])
    assert [(item.level, item.valid_until) for item in held] == [(3, day("2024-02-29"))]


def test_an_override_of_the_level_that_is_held_anyway_does_not_begin_it_anew() -> None:
    decided = [Override(day("2024-06-01"), day("2025-12-31"), 1)]
    held = timeline(program("lifetime"), [(day("2024-03-10"), 10_000)], START, STOP, overrides=decided)
    assert {item.since for item in held if item.level} == {day("2024-03-11")}


# --- outlooks -------------------------------------------------------------------------------------------------------


def test_outlook_of_an_anniversary_year() -> None:
    sums = [(day("2024-05-10"), 12_000), (day("2025-06-01"), 4_000)]
    assert outlook(program("anniversary"), sums, day("2025-07-01")) == Outlook(
        level=1,
        since=day("2024-05-11"),
        valid_until=day("2026-05-09"),
        measure=4_000,
        to_next=(46_000, "gold"),
        to_keep=6_000,
    )


def test_outlook_before_anything_was_bought() -> None:
    found = outlook(program("anniversary"), [], day("2025-07-01"))
    assert (found.level, found.measure, found.to_next, found.to_keep) == (0, 0, (10_000, "silver"), 0)
    bought = [(day("2025-03-01"), 20_000)]
    assert outlook(program("anniversary"), bought, day("2025-07-01"), enrolled=day("2025-08-01")) == found


def test_outlook_of_a_lifetime() -> None:
    found = outlook(program("lifetime"), [(day("2023-05-10"), 12_000)], day("2029-07-01"))
    assert found == Outlook(1, day("2023-05-11"), None, 12_000, (38_000, "gold"), 0)


def test_outlook_after_a_return_that_counts_at_once() -> None:
    sums = [(day("2024-03-10"), 12_000), (day("2024-04-01"), -5_000)]
    found = outlook(program("calendar", returns="recompute"), sums, day("2024-06-01"))
    assert (found.level, found.measure, found.to_next) == (0, 7_000, (3_000, "silver"))


def test_outlook_while_landing_tells_what_keeps_the_lower_level() -> None:
    sums = [(day("2024-03-10"), 50_000), (day("2025-02-01"), 2_500)]
    found = outlook(program("calendar", soft_landing=True), sums, day("2026-02-01"))
    assert found == Outlook(1, day("2026-01-01"), day("2026-12-31"), 0, (50_000, "gold"), 10_000)


def test_outlook_of_a_rolling_window_with_grace() -> None:
    found = outlook(program("rolling", months=3, grace_days=10), [(day("2024-03-15"), 10_000)], day("2024-06-15"))
    assert (found.level, found.valid_until, found.measure) == (1, day("2024-07-10"), 0)
    found = outlook(program("rolling", months=3, grace_days=10), [(day("2024-03-15"), 10_000)], day("2024-05-15"))
    assert (found.level, found.valid_until) == (1, day("2024-06-10")), "returns may still take June away"


def test_what_is_held_longer_without_this_year_is_told_so() -> None:
    found = program("calendar", keep="window_end", minimum_stay=24)
    sums = [(day("2024-11-19"), 10_000), (day("2025-02-01"), 10_000)]
    assert outlook(found, sums, day("2025-06-01")).valid_until == day("2026-11-19")


def test_outlook_under_an_override_tells_its_end() -> None:
    decided = [Override(day("2024-06-01"), day("2024-08-31"), 2)]
    for window in ("calendar", "rolling", "lifetime"):
        found = outlook(program(window), [(day("2024-03-01"), 1_000)], day("2024-06-15"), overrides=decided)
        assert (found.level, found.valid_until) == (2, day("2024-08-31"))
        assert found.to_next == (99_000, "platinum")
        assert found.to_keep == 49_000


def test_fractions_are_told_in_whole_units_and_never_too_little() -> None:
    sums = [(day("2024-03-01"), Fraction(29_999, 3))]
    assert story(program("calendar")) == []
    found = outlook(program("calendar"), sums, day("2024-06-15"))
    assert (found.level, found.measure, found.to_next) == (0, 9_999, (1, "silver"))
    assert timeline(program("calendar"), [*sums, (day("2024-03-02"), Fraction(1, 3))], START, STOP)[1].level == 1


# --- measures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("basis", "bound", "text", "shown"),
    [
        ({}, 10_000, "1234.50", "1,234.50 EUR"),
        ({"measure": "quantity"}, 100_000_000, "0.12345", "0.12345 units"),
        ({"measure": "quantity", "unit": "kg"}, 100_000_000, "0.12345", "0.12345 kg"),
        ({"measure": "orders"}, 100, "123450", "123,450 orders"),
    ],
)
def test_a_measure_has_its_own_unit(basis: dict[str, Any], bound: int, text: str, shown: str) -> None:
    found = program("calendar", basis=basis)
    assert ladder(found).bounds[1] == bound
    assert (figures(found).text(123_450), figures(found).shown(123_450)) == (text, shown)


def test_a_negative_quantity_is_shown_as_such() -> None:
    assert figures(program("calendar", basis={"measure": "quantity"})).shown(-500_000) == "-0.5 units"


@pytest.mark.parametrize(
    ("measure", "bound", "said"),
    [("orders", "1.5", "orders, which has 0"), ("net", "1.005", "net, which has 2"), ("quantity", "0.0000001", "6")],
)
def test_a_bound_is_no_finer_than_its_measure(measure: str, bound: str, said: str) -> None:
    stated = {"window": "calendar", "levels": [{"name": "a", "from": 0}, {"name": "b", "from": Decimal(bound)}]}
    head = {"id": "s", "name": "S", "kind": "tier", "currency": "EUR", "valid_from": date(2024, 1, 1)}
    with pytest.raises(ConfigError, match=said):
        program_from({"program": head, "basis": {"measure": measure}, "status": stated})
