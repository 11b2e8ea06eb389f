"""Late changes that reopen a period, least amounts, guarantees in advance, and what people adjusted meanwhile."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.period import Period
from core.settlement import Adjusted, Adjustment, Due, Place, codes_of, least_paid, of_one_sign_only, settle
from core.settlement_calendar import settlement_of
from tests.unit.core.settling import a_program, due, key, of

Q1, Q2, Q3 = of("2025-01-01"), of("2025-04-01"), of("2025-07-01")
DURING_Q2, AFTER_Q2, AFTER_Q3 = date(2025, 5, 1), date(2025, 7, 1), date(2025, 10, 1)
REOPEN = a_program("quarter", settlement={"late": "reopen"})


def at(period: Any, sequence: int = 1) -> Place:
    return Place(1, "DE01", "EUR", period.start, sequence)


def told(found: Any) -> list[tuple[str, int, int]]:
    return [(item.settlement.label, item.sequence, item.net) for item in found.made]


def test_a_late_change_reopens_its_own_period_at_once() -> None:
    late = due(5, Q1)
    assert told(settle(REOPEN, [late], {at(Q1)}, DURING_Q2)) == [("2025-Q1", 2, 5)]
    assert told(settle(REOPEN, [late], {at(Q1), at(Q1, 2)}, AFTER_Q3)) == [("2025-Q1", 3, 5)]
    assert told(settle(REOPEN, [late], set(), DURING_Q2)) == [("2025-Q1", 1, 5)]


def test_what_is_owed_back_for_a_reopened_period_waits_for_the_next_positive_one() -> None:
    found = settle(REOPEN, [due(-5, Q1), due(100, Q2)], {at(Q1)}, AFTER_Q2)
    assert told(found) == [("2025-Q2", 1, 95)]
    assert settle(REOPEN, [due(-5, Q1)], {at(Q1)}, AFTER_Q2).left[0].owed == -5


LEAST = {"minimum": Decimal("0.50")}


def test_less_than_the_least_waits_for_the_next_document() -> None:
    program = a_program("quarter", limits=LEAST)
    assert told(settle(program, [due(50, Q1)], set(), DURING_Q2)) == [("2025-Q1", 1, 50)]
    assert told(settle(program, [due(49, Q1)], set(), DURING_Q2)) == []
    assert told(settle(program, [due(49, Q1), due(1, Q2)], set(), AFTER_Q2)) == [("2025-Q2", 1, 50)]
    assert told(settle(program, [due(49, Q1), due(-9, Q2), due(11, Q3)], set(), AFTER_Q3)) == [("2025-Q3", 1, 51)]


def test_at_the_end_of_a_program_less_than_the_least_waits_for_a_person() -> None:
    program = a_program("quarter", limits=LEAST, valid_to=date(2025, 6, 30))
    assert settle(program, [due(20, Q1)], set(), DURING_Q2).made == []
    (item,) = settle(program, [due(20, Q1)], set(), AFTER_Q2).made
    assert (item.net, item.waits) == (20, "it is less than the least that is paid out (0.50 EUR)")
    (item,) = settle(program, [due(20, Q1), due(40, Q2)], set(), AFTER_Q2).made
    assert (item.net, item.waits) == (60, "")
    assert settle(program, [due(-20, Q1)], set(), AFTER_Q2).made == []


def test_the_least_is_an_amount_of_the_program_s_own_currency() -> None:
    program = a_program("quarter", limits=LEAST)
    assert least_paid(program, "CHF") == 1
    foreign = due(1, Q1, key(currency="CHF"))
    assert told(settle(program, [foreign], set(), DURING_Q2)) == [("2025-Q1", 1, 1)]
    assert least_paid(a_program("quarter", limits=LEAST | {"below_minimum": "drop"}), "EUR") == 1
    assert least_paid(a_program("quarter", limits={"minimum": Decimal("0.504")}), "EUR") == 51
    assert least_paid(a_program("quarter", limits={"minimum": Decimal("0.504")}, currency="KWD"), "KWD") == 504


def test_a_guarantee_paid_at_the_start_is_due_in_the_settlement_before() -> None:
    program = a_program("quarter", limits={"guarantee": Decimal(10), "guarantee_paid": "start"}, grace=7)
    assert settlement_of(program, Q2, date(2025, 3, 31)) is None
    assert settlement_of(program, Q2, date(2025, 4, 1)) == (Q1, False)
    assert settlement_of(program, Q2, date(2025, 7, 7)) == (Q1, False)
    assert settlement_of(program, Q2, date(2025, 7, 8)) == (Q2, True)


def test_a_guarantee_in_advance_goes_on_a_further_document_where_the_period_before_is_settled() -> None:
    program = a_program("quarter", limits={"guarantee": Decimal(10), "guarantee_paid": "start"})
    advance = due(1_000, Q1, key("2025-04-01"))
    assert told(settle(program, [advance], {at(Q1)}, DURING_Q2)) == [("2025-Q1", 2, 1_000)]
    assert told(settle(program, [due(20, Q1, key("2025-01-01")), advance], set(), DURING_Q2)) == [("2025-Q1", 1, 1_020)]


def test_before_the_first_of_stated_periods_a_guarantee_has_a_day_of_its_own() -> None:
    ranges = [{"label": "launch", "from": date(2025, 2, 1), "to": date(2025, 3, 31)}]
    program = a_program(
        "ranges",
        limits={"guarantee": Decimal(10), "guarantee_paid": "start"},
        ranges=ranges,
        valid_from=date(2025, 2, 1),
        valid_to=date(2025, 3, 31),
    )
    calculation = program.calendar.of(date(2025, 2, 1))
    found = settlement_of(program, calculation, date(2025, 2, 1))
    assert found is not None
    assert found == (Period(date(2025, 1, 31), date(2025, 2, 1), "2025-01-31"), False)


def adjusted(period: Any, amount: int, sequence: int = 1) -> list[Adjusted]:
    place = at(period, sequence)
    change = Adjustment(key(period.start.isoformat()), amount, {1: amount}, "agreed", place)
    return [Adjusted(period, [change])]


PLAIN = a_program("quarter")


def test_what_a_person_adjusted_stays_on_the_document_of_its_place() -> None:
    (item,) = settle(PLAIN, [due(100, Q1)], set(), DURING_Q2, adjusted(Q1, -80)).made
    assert (item.net, [change.amount for change in item.adjustments]) == (20, [-80])


@pytest.mark.parametrize("open_", [80, 79, 1])
def test_an_adjustment_that_leaves_nothing_waits_with_the_rest(open_: int) -> None:
    found = settle(PLAIN, [due(open_, Q1)], set(), DURING_Q2, adjusted(Q1, -80))
    assert found.made == []
    assert [(pool.owed, len(pool.adjustments)) for pool in found.left] == [(open_, 1)]
    (item,) = settle(PLAIN, [due(open_, Q1), due(100, Q2)], set(), AFTER_Q2, adjusted(Q1, -80)).made
    assert (item.settlement, item.net, len(item.parts)) == (Q2, open_ + 20, 2)


def test_an_adjustment_alone_is_no_document() -> None:
    found = settle(PLAIN, [], set(), DURING_Q2, adjusted(Q1, 80))
    assert (found.made, found.left[0].dues) == ([], [])


def two_codes(first: int, second: int) -> Due:
    return due(first + second, Q1, split={1: first, 2: second})


def test_where_a_target_takes_no_lines_of_both_signs_the_other_sign_waits() -> None:
    (item,) = settle(PLAIN, [two_codes(100, -30)], set(), DURING_Q2).made
    assert item.net == 70
    alone = of_one_sign_only(item)
    assert alone.net == 100
    assert [(part.amount, part.taxes, part.left_out) for part in alone.parts] == [(100, {1: 100}, -30)]
    (same,) = settle(PLAIN, [two_codes(100, 30)], set(), DURING_Q2).made
    assert of_one_sign_only(same) is same


def test_a_code_counts_by_its_total_over_all_parts() -> None:
    dues = [two_codes(100, -30), due(50, Q1, key("2024-10-01"), split={2: 50})]
    (item,) = settle(PLAIN, dues, set(), DURING_Q2).made
    assert of_one_sign_only(item) is item
    dues = [two_codes(100, -30), due(20, Q1, key("2024-10-01"), split={2: 20})]
    (item,) = settle(PLAIN, dues, set(), DURING_Q2).made
    alone = of_one_sign_only(item)
    assert alone.net == 100
    assert [(part.amount, part.left_out) for part in alone.parts] == [(100, -30)], "what would carry nothing is no part"


def test_an_adjustment_stays_whole_on_the_codes_that_are_left() -> None:
    place = at(Q1)
    change = Adjustment(key(), -10, {1: -7, 2: -3}, "agreed", place)
    (item,) = settle(PLAIN, [two_codes(100, -30)], set(), DURING_Q2, [Adjusted(Q1, [change])]).made
    alone = of_one_sign_only(item)
    assert [dict(found.taxes) for found in alone.adjustments] == [{1: -10}]
    assert alone.net == 90


@pytest.mark.parametrize("taken", [-30, -40])
def test_at_the_end_of_a_program_nothing_waits_for_a_person_that_is_not_positive(taken: int) -> None:
    program = a_program("quarter", limits=LEAST, valid_to=date(2025, 3, 31))
    found = settle(program, [due(30, Q1)], set(), DURING_Q2, adjusted(Q1, taken))
    assert (found.made, len(found.left)) == ([], 1)
    (item,) = settle(program, [due(30, Q1)], set(), DURING_Q2, adjusted(Q1, -29)).made
    assert (item.net, bool(item.waits)) == (1, True)


def test_what_is_settled_in_full_is_no_part_of_a_later_document() -> None:
    done = due(0, Q1, split={1: 40}, settled={1: 40})
    (item,) = settle(PLAIN, [done, due(100, Q2)], set(), AFTER_Q2).made
    assert [part.amount for part in item.parts] == [100]


def test_what_a_person_adjusted_follows_its_key() -> None:
    change = Adjustment(key(Q1.start.isoformat()), 5, {1: 5}, "agreed", at(Q2))
    found = settle(PLAIN, [due(100, Q1)], set(), date(2025, 7, 1), [Adjusted(Q2, [change])])
    assert told(found) == [("2025-Q1", 1, 105)]


def test_the_codes_of_dues_are_summed_and_those_only_settled_under_are_named() -> None:
    first = due(4, Q1, split={1: 5, 2: 3}, settled={3: 4})
    assert codes_of([first, due(2, Q2, split={1: 2}, settled={2: 1})]) == {1: 7, 2: 3, 3: 0}


def test_an_adjustment_is_split_over_all_codes_that_stay() -> None:
    dues = [due(50, Q1, split={1: 60, 2: -10}), due(40, Q1, key("2024-10-01"), split={1: 30, 3: 10})]
    (item,) = settle(PLAIN, dues, set(), DURING_Q2, adjusted(Q1, 1_000)).made
    (change,) = of_one_sign_only(item).adjustments
    # 1090 of 1100 stand under code 1.
    assert change.taxes == {1: 991, 3: 9}
