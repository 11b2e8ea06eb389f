"""Limits: each bound, their order, and how a bounded amount comes back to the cells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.limits import CompiledLimits, Earned, Limited, bound, bound_program, compile_limits, spread
from core.programs import program_from


def limits(currency: str = "EUR", **stated: Any) -> CompiledLimits:
    head = {"id": "b", "name": "B", "currency": currency, "valid_from": date(2024, 1, 1)}
    values = {name: Decimal(value) if name in AMOUNTS else value for name, value in stated.items()}
    return compile_limits(program_from({"program": head, "scale": {"percent": Decimal(1)}, "limits": values}))


AMOUNTS = ("guarantee", "cap", "account_budget", "program_budget", "minimum")


def bounded(found: CompiledLimits, *amounts: int, over: bool = True) -> list[int]:
    return [item.amount for item in bound(found, [Earned(amount, over) for amount in amounts])]


def test_nothing_bounds_what_has_no_limits() -> None:
    assert bound(limits(), [Earned(5, True), Earned(-5, False)]) == [(5, ()), (-5, ())]


def test_a_cap_holds_for_each_period() -> None:
    assert bounded(limits(cap="10"), 999, 1000, 1001, -5000) == [999, 1000, 1000, -5000]


def test_less_than_the_minimum_is_dropped_only_by_choice() -> None:
    drop = limits(minimum="10", below_minimum="drop")
    assert bounded(drop, 999, 1000, 0, -999, 1) == [0, 1000, 0, -999, 0]
    assert bounded(limits(minimum="10"), 999) == [999]


@pytest.mark.parametrize(("cumulative", "second"), [(True, 800_000), (False, 1_000_000)])
def test_a_guarantee_as_published(cumulative: bool, second: int) -> None:
    # Dynamics 365: 10,000 a quarter, 12,000 and then 5,000 are earned; the guarantee of the second is 8,000 or 10,000.
    found = bound(
        limits(guarantee="10000", guarantee_cumulative=cumulative), [Earned(1_200_000, True), Earned(500_000, True)]
    )
    assert [item.amount for item in found] == [1_200_000, second]
    assert found[1].steps == (Limited("guarantee", 500_000, second),)


def test_a_cumulative_guarantee_counts_periods_in_which_nothing_was_earned() -> None:
    assert bounded(limits(guarantee="100"), 0, 35_000, 0, 0, 0) == [10_000, 35_000, 0, 0, 5_000]


def test_a_guarantee_is_due_after_the_period_or_at_its_start() -> None:
    end, start = limits(guarantee="100"), limits(guarantee="100", guarantee_paid="start")
    assert bounded(end, 500, over=False) == [500]
    assert bounded(start, 500, over=False) == [10_000]
    assert bounded(start, 12_000, over=False) == [12_000]


def test_a_guarantee_also_makes_up_for_what_is_taken_back() -> None:
    assert bounded(limits(guarantee="100"), -3_000) == [10_000]


def test_the_budget_of_an_account_goes_to_the_earlier_period() -> None:
    assert bounded(limits(account_budget="150"), 10_000, 10_000, 10_000) == [10_000, 5_000, 0]
    assert bounded(limits(account_budget="150"), 15_000, -4_000, 10_000) == [15_000, -4_000, 4_000]


def test_the_order_of_limits() -> None:
    found = limits(
        cap="100", minimum="20", below_minimum="drop", guarantee="50", guarantee_cumulative=False, account_budget="120"
    )
    first, second, third = bound(found, [Earned(30_000, True), Earned(1_500, True), Earned(9_000, True)])
    assert first == (10_000, (Limited("cap", 30_000, 10_000),))
    assert second.steps == (
        Limited("minimum", 1_500, 0),
        Limited("guarantee", 0, 5_000),
        Limited("account_budget", 5_000, 2_000),
    )
    assert third == (0, (Limited("account_budget", 9_000, 0),))


def test_the_budget_of_the_program_is_shared_in_proportion() -> None:
    amounts = {date(2024, 4, 1): {1: 100, 2: 200, 3: 1}, date(2024, 1, 1): {1: 400, 2: 300}}
    assert bound_program(900, amounts) == {date(2024, 1, 1): {1: 400, 2: 300}, date(2024, 4, 1): {1: 66, 2: 133, 3: 1}}
    assert bound_program(350, amounts)[date(2024, 1, 1)] == {1: 200, 2: 150}
    assert bound_program(350, amounts)[date(2024, 4, 1)] == {1: 0, 2: 0, 3: 0}


def test_what_is_taken_back_returns_to_the_budget() -> None:
    assert bound_program(100, {1: {1: 300, 2: -50, 3: 150}, 2: {1: 5}}) == {1: {1: 100, 2: -50, 3: 50}, 2: {1: 0}}


def test_limits_are_in_minor_units_of_the_currency() -> None:
    found = limits("KWD", cap="2.5", guarantee="2", account_budget="3", program_budget="4", minimum="0.5",
                   below_minimum="drop")  # fmt: skip
    assert found == CompiledLimits(2_500, 500, 2_000, True, False, 3_000, 4_000)


def test_a_limit_finer_than_the_currency_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"limits\.cap"):
        limits("JPY", cap="0.5")


@pytest.mark.parametrize(
    ("total", "parts", "found"),
    [
        (300, [100, 200], [100, 200]),
        (150, [100, 200], [50, 100]),
        (600, [100, 200], [200, 400]),
        (600, [0, 200], [0, 600]),
        (-600, [0, -200], [0, -600]),
        (1, [50, -60], [56, -55]),
        (300, [1000, -500], [600, -300]),
        (700, [1000, -500], [1100, -400]),
        (90, [0, 0], [45, 45]),
        (0, [70, -20], [0, 0]),
        (-10, [-10, -20], [-3, -7]),
        (30, [10, -10], [25, 5]),
        (0, [-70, 20], [0, 0]),
        (-20, [1, -10], [-5, -15]),
    ],
)
def test_a_bounded_amount_comes_back_to_the_cells(total: int, parts: list[int], found: list[int]) -> None:
    assert spread(total, parts, [4, 4]) == found


amounts = st.integers(-(10**15), 10**15) | st.integers(-50, 50)


@given(budget=st.integers(0, 10**15) | st.integers(0, 60), rows=st.lists(st.dictionaries(st.integers(1, 6), amounts)))
def test_a_budget_is_never_passed(budget: int, rows: list[dict[int, int]]) -> None:
    given_amounts = dict(enumerate(rows))
    found = bound_program(budget, given_amounts)
    paid = 0
    for period, row in given_amounts.items():
        for who, amount in row.items():
            assert min(amount, 0) <= found[period][who] <= max(amount, 0)
        assert amount_is_whole(row, found[period]) or sum(found[period].values()) + paid == budget
        paid += sum(found[period].values())
        assert paid <= budget


def amount_is_whole(row: dict[int, int], found: dict[int, int]) -> bool:
    return row == found


@given(total=amounts, cells=st.lists(st.tuples(amounts, st.integers(0, 100)), min_size=1))
def test_spread_parts_add_up(total: int, cells: list[tuple[int, int]]) -> None:
    parts = [part for part, _ in cells]
    assert sum(spread(total, parts, [weight + 1 for _, weight in cells])) == total


@given(
    guarantee=st.integers(0, 2000),
    cumulative=st.booleans(),
    earned=st.lists(st.integers(-1000, 3000), max_size=8),
)
def test_a_guarantee_is_kept(guarantee: int, cumulative: bool, earned: list[int]) -> None:
    found = limits(guarantee=str(Decimal(guarantee).scaleb(-2)), guarantee_cumulative=cumulative)
    paid = bounded(found, *earned)
    for number, amount in enumerate(paid, start=1):
        assert amount >= earned[number - 1]
        assert sum(paid[:number]) >= number * guarantee if cumulative else amount >= guarantee
