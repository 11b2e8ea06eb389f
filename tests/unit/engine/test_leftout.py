"""Why a line was left out: each reason by its setting, and no reason for a line that counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.engine.duck import DuckEngine
from core.engine.leftout import left_out
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan
from core.programs import View
from core.tiers import Standing
from tests.helpers.counting import LAST, MARCH, YEAR, account, exchanged, fact, item, plan, program, status, table


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as found:
        yield found


def reasons(
    engine: DuckEngine, found: Plan, name: str = "p", who: int = 1, **options: Any
) -> dict[int, tuple[str, str]]:
    """The reason of each document that was left out."""
    rows = left_out(engine, found, found.index[name], who, YEAR, **options)
    return {row.line.document: (row.reason, row.detail) for row in rows}


WHO = account(external_ids=("7",), segment="retail", country="DE", group="g", parent="P", tags=("a", "b"))
WHAT = item(sku="S", category="tools", brand="B")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, None),
        ({"audience": {"accounts": ["8"]}}, ("audience.accounts", "7")),
        ({"audience": {"accounts": ["7"], "segments": ["whole*"]}}, ("audience.segments", "retail")),
        ({"audience": {"countries": ["FR"]}}, ("audience.countries", "DE")),
        ({"audience": {"groups": ["h"]}}, ("audience.groups", "g")),
        ({"audience": {"channels": ["web"]}}, ("audience.channels", "")),
        ({"audience": {"parents": ["Q"]}}, ("audience.parents", "P")),
        ({"audience": {"tags": ["c"]}}, ("audience.tags", "a, b")),
        ({"audience": {"tags": ["b"]}}, None),
        ({"audience": {"exclude": {"tags": ["b"]}}}, ("audience.exclude.tags", "b")),
        ({"audience": {"segments": ["x"], "exclude": {"accounts": ["7"]}}}, ("audience.exclude.accounts", "7")),
        ({"audience": {"enrolled": True}}, ("audience.enrolled", "p")),
        ({"scope": {"skus": ["T*"]}}, ("scope.skus", "S")),
        ({"scope": {"categories": ["toys"]}}, ("scope.categories", "tools")),
        ({"scope": {"exclude": {"brands": ["B"]}}}, ("scope.exclude.brands", "B")),
        ({"scope": {"line_kinds_out": ["goods"]}}, ("scope.line_kinds_out", "goods")),
        ({"head": {"valid_from": date(2024, 1, 2)}}, ("program.valid_from", "2024-01-01")),
    ],
)
def test_each_reason_names_the_setting_and_what_it_found(
    engine: DuckEngine, stated: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    engine.append(table(fact()))
    found = plan(program(**stated), accounts={1: [WHO]}, items={1: [WHAT]})
    assert reasons(engine, found).get(1) == expected
    assert bool(list(engine.count(found, [0]))) is (expected is None)


def test_returns_of_a_program_that_leaves_them_out(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, item=2, net=-10)))
    items = {1: [item()], 2: [item(is_return=True)]}
    found = plan(program(basis={"returns": "exclude"}), items=items)
    assert reasons(engine, found) == {2: ("basis.returns", "exclude")}


def test_the_two_parts_of_a_pilot(engine: DuckEngine) -> None:
    engine.append(table(*(fact(number, account=number) for number in range(1, 41))))
    states = {number: [account(external_ids=(f"K{number}",))] for number in range(1, 41)}
    pilot, control = (
        program(name, audience={"pilot": {"percent": Decimal("25.5"), "part": name, "seed": "s"}})
        for name in ("pilot", "control")
    )
    found = plan(pilot, control, accounts=states)
    counted = {name: {group[1] for group in engine.count(found, [found.index[name]])} for name in ("pilot", "control")}
    assert not counted["pilot"] & counted["control"]
    assert counted["pilot"] | counted["control"] == set(states)
    assert 3 <= len(counted["pilot"]) <= 20
    for number in states:
        other = "control" if number in counted["pilot"] else "pilot"
        assert reasons(engine, found, other, who=number) == {number: ("audience.pilot", other)}


def test_enrolment_counts_on_its_days(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH), fact(3, day=MARCH + 30)))
    states = [
        AccountState(BEGINNING, MARCH),
        AccountState(MARCH, MARCH + 30, enrolled=("other", "p")),
        AccountState(MARCH + 30, END, enrolled=("other",)),
    ]
    found = plan(program(audience={"enrolled": True}), accounts={1: states})
    assert reasons(engine, found) == {1: ("audience.enrolled", "p"), 3: ("audience.enrolled", "p")}


def test_what_waits_is_told(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, tax=2), fact(3, tax=4)))
    assert reasons(engine, exchanged(program())) == {3: ("currency.lines", "GBP")}


def test_quantities_nobody_knows_are_told(engine: DuckEngine) -> None:
    items = {1: [item(base_unit="kg", units=(("box", Fraction(12)),))], 2: [ItemState(BEGINNING, END, base_unit="kg")]}
    engine.append(table(fact(1, quantity=1), fact(2, quantity=1, item=2), fact(3)))
    found = plan(program(basis={"measure": "quantity", "unit": "box"}), items=items)
    assert reasons(engine, found) == {2: ("basis.unit", "box"), 3: ("basis.unit", "")}


def test_the_program_that_goes_first_is_named(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, item=2)))
    items = {1: [item(sku="A")], 2: [item(sku="B")]}
    combined = {"group": "g", "rule": "exclusive"}
    first = program("first", scope={"skus": ["A"]}, combination=combined | {"priority": 1})
    found = plan(first, program(combination=combined), items=items)
    assert reasons(engine, found) == {1: ("combination.priority", "first")}


def test_a_tier_that_is_not_wanted(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH)))
    found = plan(program(audience={"tiers": {"program": "s", "levels": ["gold"]}}), status())
    standing = {"s": {1: [Standing(MARCH, LAST, 1, 0, LAST)]}}
    assert reasons(engine, found, standings=standing) == {1: ("audience.tiers", "bronze")}
    assert reasons(engine, found) == {}


def test_what_is_not_paid(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2), fact(3)))
    engine.append(table(fact(1), fact(3, day=MARCH)), view=View(paid="in_full"))
    found = plan(program(basis={"paid": "in_full"}))
    assert reasons(engine, found) == {2: ("basis.paid", "in_full")}


def test_only_lines_of_members_are_told(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, account=2), fact(3, account=2, day=MARCH), fact(4, account=3)))
    states = {
        1: [account(group_id=50)],
        2: [AccountState(BEGINNING, MARCH), AccountState(MARCH, END, group_id=50)],
        3: [account()],
    }
    stated = program(audience={"beneficiary": "group"}, scope={"skus": ["X"]})
    found = plan(stated, accounts=states)
    assert set(reasons(engine, found, who=50)) == {1, 3}


def test_another_slice_of_the_program_speaks_for_its_own_days(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH)))
    changed = program(
        audience={"segments": ["x"]}, change=[{"from": date(2024, 3, 1), "audience": {"segments": ["y"]}}]
    )
    found = plan(changed, accounts={1: [WHO]})
    assert reasons(engine, found, "p:paid.0") == {1: ("audience.segments", "retail")}
    assert reasons(engine, found, "p:paid.1") == {2: ("audience.segments", "retail")}


def test_a_program_for_some_tiers_goes_first_on_their_days_only(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH)))
    combined = {"group": "g", "rule": "exclusive"}
    gold = {"tiers": {"program": "s", "levels": ["gold"]}}
    first = program("first", audience=gold, combination=combined | {"priority": 1})
    found = plan(first, program(combination=combined), status())
    standing = {"s": {1: [Standing(MARCH, LAST, 1, 0, LAST)]}}
    assert reasons(engine, found, standings=standing) == {2: ("combination.priority", "first")}
    assert reasons(engine, found, "first", standings=standing) == {1: ("audience.tiers", "bronze")}
