"""Who and what a program counts, by its definition and the master data of the day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan, Span, make_plan
from core.errors import IntegrityError
from core.period import day_number
from core.programs import Program, program_from
from core.programs.counters import counters

FIRST, LAST = day_number(date(2024, 1, 1)), day_number(date(2025, 1, 1))


def program(number: int = 0, **stated: Any) -> Program:
    head = {
        "id": f"p{number}",
        "name": "P",
        "currency": "EUR",
        "valid_from": date(2024, 1, 1),
    } | stated.pop("head", {})
    return program_from({"program": head, "scale": {"percent": Decimal(1)}, **stated})


def account(**known: Any) -> AccountState:
    return AccountState(BEGINNING, END, **known)


def item(**known: Any) -> ItemState:
    return ItemState(BEGINNING, END, **known)


def plan(programs: list[Program], accounts: dict[int, Any] | None = None, items: dict[int, Any] | None = None) -> Plan:
    return make_plan(
        [counter for program in programs for counter in counters(program)], accounts or {}, items or {}, FIRST, LAST
    )


def takes_part(audience: dict[str, Any], state: AccountState) -> bool:
    found = plan([program(audience=audience)], {1: [state]})
    return _member(found.account_class, found.account_member)


def counts(scope: dict[str, Any], state: ItemState, **more: Any) -> bool:
    found = plan([program(scope=scope, **more)], items={1: [state]})
    return _member(found.item_class, found.item_member)


def _member(classes: Any, members: Any) -> bool:
    return (classes["class"][0].as_py(), 0) in set(zip(*(column.to_pylist() for column in members), strict=True))


@pytest.mark.parametrize(
    ("audience", "state", "expected"),
    [
        ({}, account(), True),
        ({"segments": ["a"]}, account(segment="a"), True),
        ({"segments": ["a"]}, account(segment="A"), False),
        ({"segments": ["a"]}, account(), False),
        ({"segments": ["a", "b"]}, account(segment="b"), True),
        ({"segments": ["a*"]}, account(segment="abc"), True),
        ({"segments": ["a?"]}, account(segment="abc"), False),
        ({"segments": ["[ab]x"]}, account(segment="bx"), True),
        ({"segments": ["a.c"]}, account(segment="abc"), False),
        ({"segments": ["a"], "countries": ["DE"]}, account(segment="a"), False),
        ({"segments": ["a"], "countries": ["DE"]}, account(segment="a", country="DE"), True),
        ({"accounts": ["7"]}, account(external_ids=("5", "7")), True),
        ({"accounts": ["7"]}, account(external_ids=()), False),
        ({"groups": ["g"], "channels": ["web"]}, account(group="g", channel="web"), True),
        ({"exclude": {"countries": ["FR"]}}, account(country="FR"), False),
        ({"exclude": {"countries": ["FR"]}}, account(), True),
        ({"exclude": {"countries": ["FR"], "segments": ["a"]}}, account(segment="a"), False),
        ({"segments": ["a"], "exclude": {"accounts": ["7"]}}, account(segment="a", external_ids=("7",)), False),
    ],
)
def test_audience(audience: dict[str, Any], state: AccountState, expected: bool) -> None:
    assert takes_part(audience, state) is expected


@pytest.mark.parametrize(
    ("scope", "state", "expected"),
    [
        ({}, item(), True),
        ({"categories": ["tools"]}, item(), False),
        ({"categories": ["tools"]}, item(category="tools"), True),
        ({"skus": ["A-*"], "brands": ["own"]}, item(sku="A-1"), False),
        ({"skus": ["A-*"], "brands": ["own"]}, item(sku="A-1", brand="own"), True),
        ({"exclude": {"brands": ["own"]}}, item(brand="own"), False),
        ({"exclude": {"brands": ["own"]}}, item(), True),
        ({}, item(line_kind="freight"), False),
        ({"line_kinds_out": ["goods"]}, item(line_kind="freight"), True),
        ({"line_kinds_out": ["goods"]}, item(), False),
    ],
)
def test_scope(scope: dict[str, Any], state: ItemState, expected: bool) -> None:
    assert counts(scope, state) is expected


def test_returns() -> None:
    assert counts({}, item(is_return=True))
    assert not counts({}, item(is_return=True), basis={"returns": "exclude"})
    assert counts({}, item(), basis={"returns": "exclude"})


def test_states_that_match_the_same_programs_share_a_class() -> None:
    states = {key: [account(segment=name)] for key, name in enumerate(["a", "b", "a", "c", None])}
    found = plan([program(audience={"segments": ["a", "c"]})], states)
    assert found.account_class["class"].to_pylist() == [1, 0, 1, 1, 0]


def test_two_states_on_one_day_are_refused() -> None:
    states = [AccountState(0, 10), AccountState(9, 20)]
    with pytest.raises(IntegrityError, match="two states of account 1"):
        plan([program()], {1: states})


def spans_by_day(found: Plan, number: int = 0) -> dict[date, Span]:
    slots = {
        slot: span
        for slot, program_, span in zip(
            *(found.calendar[name].to_pylist() for name in ("slot", "program", "span")), strict=True
        )
        if program_ == number
    }
    days = zip(found.days["day"].to_pylist(), found.days["slot"].to_pylist(), strict=True)
    return {date(1970, 1, 1) + timedelta(days=day): found.spans[slots[slot]] for day, slot in days if slot in slots}


def test_a_program_counts_from_its_first_to_its_last_day() -> None:
    head = {"valid_from": date(2024, 2, 10), "valid_to": date(2024, 5, 3)}
    found = spans_by_day(plan([program(head=head), program(1)]))
    assert (min(found), max(found)) == (date(2024, 2, 10), date(2024, 5, 3))
    assert len(found) == 20 + 31 + 30 + 3


def test_periods_settlements_and_slices() -> None:
    stated = program(
        head={"period": "half"},
        settlement={"every": "month"},
        change=[{"from": date(2024, 3, 15), "scale": {"percent": Decimal(2)}}],
    )
    found = spans_by_day(plan([stated]))
    january, march, july = (day_number(date(2024, month, 1)) for month in (1, 3, 7))
    assert found[date(2024, 3, 14)] == Span(0, january, march, 0)
    assert found[date(2024, 3, 15)] == Span(0, january, march, 1)
    assert found[date(2024, 7, 1)] == Span(0, july, july, 1)


def test_a_longer_settlement_is_not_kept_apart() -> None:
    found = spans_by_day(plan([program(head={"period": "month"}, settlement={"every": "quarter"})]))
    march = day_number(date(2024, 3, 1))
    assert found[date(2024, 3, 14)] == Span(0, march, march, 0)


def test_the_fiscal_year() -> None:
    found = spans_by_day(plan([program(head={"fiscal_start": 4})]))
    assert found[date(2024, 3, 31)].period == day_number(date(2023, 4, 1))
    assert found[date(2024, 4, 1)].period == day_number(date(2024, 4, 1))


def test_the_calendar_stays_small() -> None:
    found = plan([program(number, head={"period": "quarter"}) for number in range(50)])
    assert found.calendar.num_rows == 50 * 4
    assert found.reach == (4,) * 50


def test_an_empty_horizon() -> None:
    found = make_plan(counters(program()), {}, {}, FIRST, FIRST)
    assert (found.days.num_rows, found.calendar.num_rows, found.spans) == (0, 0, ())
