"""What is counted beyond the plain case: other grains, audiences, beneficiaries, ratios, views, exclusive programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.engine.counted import counted
from core.engine.duck import DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan
from core.entitlement import Cell
from core.errors import ConfigError
from core.period import day_date, day_number
from core.programs import Program, View
from tests.helpers.counting import (
    FIRST,
    LAST,
    MARCH,
    TAXES,
    YEAR,
    Rates,
    account,
    between,
    exchanged,
    fact,
    item,
    negated,
    plan,
    program,
    status,
    table,
)


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as found:
        yield found


def cells(engine: DuckEngine, found: Plan, name: str = "p", **options: Any) -> dict[tuple[int, date], list[Cell]]:
    """The cells of one program by (beneficiary, first day of the period)."""
    groups = engine.count(found, [found.index[name]], **options)
    return {(beneficiary, day_date(period)): members for _, beneficiary, period, members in groups}


def measures(engine: DuckEngine, found: Plan, name: str = "p", **options: Any) -> dict[int, int]:
    """What each beneficiary measures in the year 2024."""
    return {
        key[0]: sum(cell.measure for cell in members)
        for key, members in cells(engine, found, name, **options).items()
        if key[1].year == 2024
    }


# Counting documents and products


def orders(**stated: Any) -> Program:
    return program(basis={"measure": "orders"}, **stated)


def test_an_invoice_counts_once_whatever_its_lines_and_a_credit_note_never(engine: DuckEngine) -> None:
    items = {1: [item()], 2: [item(is_return=True)]}
    cancelled = fact(4)
    engine.append(
        table(fact(1), fact(1, line=2, tax=2), fact(2), fact(3, item=2, net=-500), cancelled, negated(cancelled, 2))
    )
    (members,) = cells(engine, plan(orders(), items=items)).values()
    assert [(cell.tax, cell.measure, cell.document) for cell in counted(members)] == [(1, 2, 0), (2, 0, 0)]
    assert counted(counted(members)) == counted(members)


def products(**stated: Any) -> Program:
    return program(basis={"measure": "products"}, **stated)


def test_products_are_counted_by_what_was_kept_of_them(engine: DuckEngine) -> None:
    items = {
        1: [item(sku="A")],
        2: [item(sku="A", is_return=True)],
        3: [item(sku="B")],
        4: [item(sku="B", is_return=True)],
        5: [item(sku="C")],
    }
    engine.append(
        table(
            fact(1, item=1, quantity=5),
            fact(2, item=2, quantity=-3),
            fact(3, item=3, quantity=2),
            fact(4, item=4, quantity=-2),
            fact(5, item=5),
            fact(6, item=5),
            fact(7, item=99, quantity=1),
        )
    )
    (members,) = cells(engine, plan(products(), items=items)).values()
    assert sum(cell.measure for cell in counted(members)) == 3  # A, C by its lines, and 99 that nobody knows


@pytest.mark.parametrize(("measure", "expected"), [("net", 3000), ("quantity", 7), ("orders", 2), ("products", 1)])
def test_a_baseline_is_told_day_by_day(engine: DuckEngine, measure: str, expected: int) -> None:
    """Two invoices of one product in the window, and one outside of it. The periods begin in the middle of a month."""
    ranges = [{"label": "A", "from": date(2024, 1, 1), "to": date(2024, 5, 9)}]
    stated = program(
        basis={"measure": measure},
        scale={"method": "lump_sum", "bands": [{"from": Decimal(0), "amount": Decimal(1)}]},
        baseline={"against": "last_year"},
        head={"period": "ranges", "ranges": ranges, "valid_to": date(2024, 5, 9)},
    )
    before = YEAR - 100
    items = {1: [item(sku="A")], 2: [item(sku="A")]}
    engine.append(
        table(
            fact(1, day=before, quantity=3),
            fact(2, day=before + 1, quantity=4, item=2, net=2000),
            fact(3, day=before + 2, quantity=1),
        )
    )
    found = plan(stated, items=items)
    (members,) = cells(engine, found, "p:baseline").values()
    assert between(members, measure, before, before + 2) == expected  # type: ignore[arg-type]
    assert between(members, measure, before + 3, LAST) == 0  # type: ignore[arg-type]


def test_a_baseline_of_whole_months_is_told_month_by_month(engine: DuckEngine) -> None:
    stated = program(
        scale={"method": "lump_sum", "bands": [{"from": Decimal(0), "amount": Decimal(1)}]},
        baseline={"against": "last_year"},
        head={"period": "month"},
    )
    december = day_number(date(2023, 12, 1))
    engine.append(table(fact(1, day=december), fact(2, day=YEAR - 1, net=5), fact(3, day=december - 1, net=70)))
    (members,) = cells(engine, plan(stated), "p:baseline").values()
    assert [(cell.document, cell.measure) for cell in members] == [
        (day_number(date(2023, 11, 1)), 70),
        (december, 1005),
    ]
    assert between(members, "net", december, YEAR) == 1005


# Whose result it is


def test_members_of_a_group_are_added_up_on_the_days_they_are_members(engine: DuckEngine) -> None:
    joined = YEAR + 100
    states = {
        1: [account(group_id=50)],
        2: [AccountState(BEGINNING, joined), AccountState(joined, END, group_id=50)],
        3: [account(group_id=60)],
    }
    engine.append(
        table(
            fact(1, account=1),
            fact(2, account=2, net=200),
            fact(3, account=2, net=300, day=joined),
            fact(4, account=3, net=7),
            fact(5, account=4, net=9),
        )
    )
    found = plan(program(audience={"beneficiary": "group"}), accounts=states)
    groups = cells(engine, found)
    payees = {key[0]: [(cell.payee, cell.measure) for cell in members] for key, members in groups.items()}
    assert payees == {50: [(1, 1000), (2, 300)], 60: [(3, 7)], 2: [(2, 200)], 4: [(4, 9)]}
    assert all(cell.beneficiary == key[0] for key, members in groups.items() for cell in members)
    assert [line.payee for line in engine.evidence(found, 0, 50, YEAR)] == [1, 2]


@pytest.mark.parametrize(("kind", "name"), [("parent", "parent_id"), ("top_parent", "top_id")])
def test_parents(engine: DuckEngine, kind: str, name: str) -> None:
    engine.append(table(fact(1, account=1), fact(2, account=2)))
    found = plan(program(audience={"beneficiary": kind}), accounts={1: [account(**{name: 9})], 2: [account()]})
    assert measures(engine, found) == {9: 1000, 2: 1000}


def test_what_changed_of_a_group_is_the_whole_group(engine: DuckEngine) -> None:
    states = {key: [account(group_id=50)] for key in (1, 2)} | {3: [account(group_id=60)]}
    engine.append(table(fact(1, account=1), fact(2, account=2), fact(3, account=3)))
    engine.append(table(fact(4, account=2, batch=2)))
    found = plan(program(audience={"beneficiary": "group"}), accounts=states)
    assert measures(engine, found, since=1) == {50: 3000}
    assert measures(engine, found, since=2, accounts=[3]) == {60: 1000}
    assert measures(engine, found, since=2, accounts=[50]) == {50: 3000}
    assert measures(engine, found, known_batch=1) == {50: 2000, 60: 1000}


# Tiers on the line's day


def test_an_audience_by_tier_tells_the_level_of_the_day(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=YEAR + 1, net=5)))
    found = plan(program(audience={"tiers": {"program": "s", "levels": ["gold"]}}), status())
    (members,) = cells(engine, found, standings=[(1, 1, YEAR + 1, LAST, 1)]).values()
    assert [(cell.level, cell.measure) for cell in members] == [(0, 1000), (1, 5)]
    lines = engine.evidence(found, 0, 1, YEAR, standings=[(1, 1, YEAR + 1, LAST, 1)])
    assert [(line.document, line.level) for line in lines] == [(1, 0), (2, 1)]


def test_the_tier_of_a_group_is_that_of_its_members(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, account=2, net=5)))
    giver = status(audience={"beneficiary": "group"})
    found = plan(
        program(audience={"tiers": {"program": "s", "levels": ["gold"]}}),
        giver,
        accounts={1: [account(group_id=50)], 2: [account()]},
    )
    assert list(engine.day_sums(found, 1, [1])) == [(2, [(YEAR, 5)]), (50, [(YEAR, 1000)])]
    levels = {
        key[0]: [cell.level for cell in members]
        for key, members in cells(engine, found, standings=[(1, 50, FIRST, LAST, 1)]).items()
    }
    assert levels == {1: [1], 2: [0]}


def test_a_tier_by_orders_counts_invoices_by_day(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(1, line=2), fact(2), fact(3, day=YEAR + 1), fact(4, tax=2)))
    found = plan(status(basis={"measure": "orders", "returns": "exclude"}))
    assert list(engine.day_sums(found, 0, [1])) == [(1, [(YEAR, 2), (YEAR + 1, 1)])]


# Ratios


def ratios(members: list[Cell]) -> list[tuple[int, int, int]]:
    return [(cell.measure, cell.times, cell.over) for cell in members]


def test_units_are_converted_exactly_by_the_product_of_the_day(engine: DuckEngine) -> None:
    later = YEAR + 10
    items = {
        1: [
            ItemState(BEGINNING, later, base_unit="kg", units=(("box", Fraction(12)),)),
            ItemState(later, END, base_unit="kg", units=(("box", Fraction(5, 2)),)),
        ],
        2: [item(base_unit="box")],
        3: [item(base_unit="l")],
    }
    engine.append(
        table(
            fact(1, quantity=24),
            fact(2, quantity=10, day=later),
            fact(3, quantity=7, item=2),
            fact(4, quantity=8, item=3),
            fact(5, quantity=9, item=77),
            fact(6, item=2),
        )
    )
    found = plan(program(basis={"measure": "quantity", "unit": "box"}), items=items)
    (members,) = cells(engine, found).values()
    assert sorted(ratios(members)) == [(7, 1, 1), (10, 2, 5), (17, 1, 0), (24, 1, 12)]
    assert sum(cell.unknown for cell in members) == 1
    told = {line.document: (line.times, line.over) for line in engine.evidence(found, 0, 1, YEAR)}
    assert told == {1: (1, 12), 2: (2, 5), 3: (1, 1), 4: (1, 0), 5: (1, 0), 6: (1, 1)}


def test_the_first_index_that_matches_raises_the_baseline(engine: DuckEngine) -> None:
    stated = program(
        scale={"method": "retrospective", "bands": [{"from": Decimal(0), "percent": Decimal(1)}]},
        baseline={
            "against": "last_year",
            "index": [
                {"skus": ["A*"], "percent": Decimal("2.5")},
                {"categories": ["x"], "percent": Decimal(-10)},
            ],
        },
    )
    items = {1: [item(sku="A1", category="x")], 2: [item(sku="B", category="x")], 3: [item(sku="C")]}
    day = YEAR - 5
    engine.append(table(*(fact(number, item=number, day=day) for number in (1, 2, 3))))
    found = plan(stated, items=items)
    (members,) = cells(engine, found, "p:baseline").values()
    assert sorted(ratios(members)) == [(1000, 1, 1), (1000, 9, 10), (1000, 41, 40)]
    assert between(members, "net", YEAR - 31, YEAR) == 1025 + 900 + 1000


def test_foreign_lines_are_converted_by_the_rate_of_their_day(engine: DuckEngine) -> None:
    engine.append(
        table(
            fact(1),
            fact(2, tax=2),
            fact(3, tax=2, day=YEAR + 2),
            fact(4, tax=2, day=MARCH + 2),
            fact(5, tax=3),
            fact(6, tax=4),
        )
    )
    (members,) = cells(engine, exchanged(program())).values()
    assert [(cell.tax, cell.measure, cell.times, cell.over) for cell in members] == [
        (1, 1000, 1, 1),
        (2, 1000, 1, 100),
        (2, 2000, 3, 100),
        (3, 1000, 5, 8),  # 1/160 EUR for a yen is 100/160 cents
        (4, 1000, 1, 0),
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"date": "month_average"}, [(2000, 41, 100), (1000, 43, 100)]),
        ({"date": "period_end"}, [(2000, 63, 100), (1000, 69, 100)]),
        ({"lines": "wait"}, [(2000, 1, 0), (1000, 1, 0)]),
    ],
)
def test_other_rules_of_rates(engine: DuckEngine, rule: dict[str, str], expected: list[Any]) -> None:
    """Two lines in January and one in July or March, in half years or quarters."""
    third = day_number(date(2024, 8, 1)) if rule.get("date") == "period_end" else MARCH
    engine.append(table(fact(1, tax=2), fact(2, tax=2, day=YEAR + 2), fact(3, tax=2, day=third)))
    found = exchanged(program(currency=rule, head={"period": "quarter" if third != MARCH else "year"}))
    members = [cell for group in cells(engine, found).values() for cell in group]
    if rule.get("lines") == "wait":
        assert ratios(members) == [(3000, 1, 0)]
    else:
        assert sorted(ratios(members)) == sorted(expected)


def test_while_a_period_runs_its_end_is_the_last_day_that_counts(engine: DuckEngine) -> None:
    engine.append(table(fact(1, tax=2)))
    stated = program(currency={"date": "period_end"})
    found = plan(stated, taxes=TAXES, exchange=Rates(), through=day_number(date(2024, 5, 11)))
    (members,) = cells(engine, found).values()
    assert ratios(members) == [(1000, 13, 20)]


def test_only_money_is_converted(engine: DuckEngine) -> None:
    engine.append(table(fact(1, tax=2, quantity=4)))
    (members,) = cells(engine, exchanged(program(basis={"measure": "quantity"}))).values()
    assert ratios(members) == [(4, 1, 1)]


@pytest.mark.parametrize(("accumulate", "cells_expected"), [("period", 1), ("document", 2)])
def test_each_converted_line_may_be_rounded(engine: DuckEngine, accumulate: str, cells_expected: int) -> None:
    day = YEAR + 49  # the 19th
    lines = [fact(1, tax=2, day=day, net=50), fact(1, line=2, tax=2, day=day, net=50), fact(2, tax=2, day=day, net=50)]
    engine.append(table(*lines))
    found = exchanged(program(currency={"rounding": "line"}, basis={"accumulate": accumulate}))
    (members,) = cells(engine, found).values()
    assert len(members) == cells_expected
    assert {(cell.times, cell.over) for cell in members} == {(1, 1)}
    assert sum(cell.measure for cell in members) == 3 * 10  # 9.5 cents each


def test_a_tier_is_earned_in_its_own_currency(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, tax=2, day=YEAR, net=150), fact(3, tax=4)))
    ((_, sums),) = engine.day_sums(exchanged(status()), 0, [1, 2, 4])
    assert sums == [(YEAR, 1000 + Fraction(3, 2))]


# Views


def test_programs_that_look_at_lines_in_another_way_count_other_facts(engine: DuckEngine) -> None:
    paid = View("payment", "share", "own")
    engine.append(table(fact(1), fact(2)))
    engine.append(table(fact(1, net=400, day=MARCH, batch=5)), view=paid)
    found = plan(program(), program("q", basis={"date": "payment", "paid": "share"}))
    assert (measures(engine, found), measures(engine, found, "q")) == ({1: 2000}, {1: 400})
    assert (engine.watermark(), engine.watermark(paid), engine.watermark(View(paid="in_full"))) == (1, 5, 0)
    assert engine.horizon() == (YEAR, MARCH + 1)
    assert measures(engine, found, "q", known_batch=4) == {}
    engine.reset()
    assert (engine.watermark(paid), measures(engine, found, "q")) == (0, {})


def test_views_survive_in_their_file(tmp_path: Any) -> None:
    paid = View(paid="in_full")
    with DuckEngine(tmp_path / "cache") as first:
        first.append(table(fact(1, batch=3)), view=paid)
    with DuckEngine(tmp_path / "cache") as again:
        assert again.watermark(paid) == 3
        assert again.horizon() == (YEAR, YEAR + 1)
        again.reset()
        assert again.horizon() == (0, 0)


# Exclusive programs


def exclusive(name: str, priority: int, **stated: Any) -> Program:
    return program(name, combination={"group": "g", "rule": "exclusive", "priority": priority}, **stated)


def test_a_line_counts_only_for_the_first_program_that_it_matches(engine: DuckEngine) -> None:
    items = {1: [item(sku="A")], 2: [item(sku="B")]}
    states = {1: [account(segment="x")], 2: [account()]}
    engine.append(
        table(
            fact(1, account=1, item=1),
            fact(2, account=1, item=2, net=200),
            fact(3, account=2, item=1, net=30),
            fact(4, account=1, item=1, net=4, day=MARCH),
        )
    )
    first = exclusive("z", 1, scope={"skus": ["A"]}, audience={"segments": ["x"]}, head={"valid_to": date(2024, 2, 1)})
    second = exclusive("p", 2)
    last = exclusive("q", 2)
    other = program("alone")
    found = plan(last, second, first, other, accounts=states, items=items)
    assert measures(engine, found, "z") == {1: 1000}
    assert measures(engine, found, "p") == {1: 204, 2: 30}
    assert measures(engine, found, "q") == {}
    assert measures(engine, found, "alone") == {1: 1204, 2: 30}
    together = {(group[0], group[1]): sum(cell.measure for cell in group[3]) for group in engine.count(found, range(4))}
    assert together == {(2, 1): 1000, (1, 1): 204, (1, 2): 30, (3, 1): 1204, (3, 2): 30}


def test_a_program_for_some_tiers_leaves_other_days_to_the_next(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH, net=500), fact(3, account=2, net=30, batch=2)))
    gold = exclusive("gold", 1, audience={"tiers": {"program": "s", "levels": ["gold"]}})
    found = plan(
        gold,
        exclusive("p", 2),
        status(audience={"beneficiary": "group"}),
        program("alone"),
        accounts={1: [account(group_id=50)], 2: [account()]},
    )
    standings = [(2, 50, MARCH, LAST, 1)]
    assert (found.givers(1), found.givers(3)) == ((2,), ())
    assert measures(engine, found, standings=standings) == {1: 1000, 2: 30}
    assert measures(engine, found, standings=standings, since=1) == {2: 30}
    assert measures(engine, found, "alone", standings=standings) == {1: 1500, 2: 30}
    assert [line.document for line in engine.evidence(found, 1, 1, YEAR, standings=standings)] == [1]
    every_level = [(2, 50, FIRST, LAST, 1), (2, 2, FIRST, LAST, 1)]
    assert measures(engine, found, standings=every_level) == {}


def test_programs_that_meet_must_ask_for_one_tier() -> None:
    tiers = [exclusive(name, 1, audience={"tiers": {"program": name * 2, "levels": ["gold"]}}) for name in ("a", "b")]
    with pytest.raises(ConfigError, match="a, b meet on the lines of p"):
        plan(*tiers, exclusive("p", 2))
