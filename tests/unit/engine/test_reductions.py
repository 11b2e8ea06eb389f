"""What programs give for lines is taken off the measure of those that are net of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.cells import Cell, measure_of
from core.engine.counted import counted
from core.engine.duck import DuckEngine
from core.engine.reductions import given, reduced, reductions
from core.period import day_number
from tests.helpers.counting import LAST, MARCH, YEAR, account, exchanged, fact, item, plan, program, status, table


@pytest.fixture
def engine() -> Any:
    with DuckEngine(threads=1) as found:
        yield found


def group(engine: DuckEngine, found: Any, name: str) -> list[Cell]:
    """All cells of a program."""
    return [cell for *_, cells in engine.count(found, [found.index[name]]) for cell in cells]


def test_only_what_both_count_is_taken_off(engine: DuckEngine) -> None:
    items = {1: [item(sku="A")], 2: [item(sku="B")]}
    engine.append(table(fact(1), fact(2, item=2, net=500), fact(3, day=MARCH, net=10), fact(4, tax=2, net=70)))
    giver = program("a")
    taker = program(
        "b",
        basis={"net_of": ["a"]},
        scope={"skus": ["A"]},
        head={"period": "quarter", "valid_to": date(2024, 2, 20)},
    )
    found = plan(giver, taker, items=items)
    cells = group(engine, found, "a")
    assert sum(cell.measure for cell in cells) == 1580
    taken = reductions(found, cells, [cell.measure for cell in cells])  # all of it
    lowered = reduced(group(engine, found, "b"), taken)
    assert [(cell.tax, cell.measure, cell.less) for cell in lowered] == [(1, 0, 1000), (2, 0, 70)]


def test_spans_of_the_taker_are_told_apart(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH + 100, net=300)))
    found = plan(program("a"), program("b", basis={"net_of": ["a"]}, head={"period": "quarter"}))
    cells = group(engine, found, "a")
    lowered = reduced(group(engine, found, "b"), reductions(found, cells, [100, 30]))
    assert [(cell.period, cell.measure) for cell in lowered] == [
        (YEAR, 900),
        (day_number(date(2024, 4, 1)), 270),
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [("document", {(1, 0): 800, (2, 0): 900}), ("line", {(1, 1): 450, (1, 2): 350, (2, 1): 900})],
)
def test_a_taker_by_document_or_line_loses_what_is_given_for_it(
    engine: DuckEngine, by: str, expected: dict[tuple[int, int], int]
) -> None:
    """The giver has one cell of 2000 in its own eyes, and gives a tenth of each."""
    engine.append(table(fact(1, net=500), fact(1, line=2, net=400), fact(2)))
    found = plan(program("a"), program("b", basis={"net_of": ["a"], "accumulate": by}))
    cells = group(engine, found, "a")
    if by == "document":
        taken = reductions(found, cells, [100, 100])
    else:
        taken = reductions(found, cells, [50, 50, 100])
    lowered = reduced(group(engine, found, "b"), taken)
    assert {(cell.document, cell.line): cell.measure for cell in lowered} == expected


def test_a_giver_of_accounts_lowers_the_measure_of_their_group(engine: DuckEngine) -> None:
    states = {key: [account(group_id=50)] for key in (1, 2)}
    engine.append(table(fact(1), fact(2, account=2, net=500)))
    taker = program("b", basis={"net_of": ["a"]}, audience={"beneficiary": "group"})
    found = plan(program("a"), taker, accounts=states)
    cells = group(engine, found, "a")
    lowered = reduced(group(engine, found, "b"), reductions(found, cells, [7, 5]))
    assert [(cell.beneficiary, cell.payee, cell.measure) for cell in lowered] == [(50, 1, 993), (50, 2, 495)]


def test_converted_measures_are_lowered_exactly(engine: DuckEngine) -> None:
    engine.append(table(fact(1, tax=2, net=1000), fact(2, tax=2, day=YEAR + 2, net=1000)))
    found = exchanged(program("a"), program("b", basis={"net_of": ["a"]}))
    cells = group(engine, found, "a")
    lowered = reduced(group(engine, found, "b"), reductions(found, cells, [1, 3]))
    assert [cell.less for cell in lowered] == [1, 3]
    assert [measure_of(cell) for cell in lowered] == [10 - 1, 30 - 3]


def test_the_parts_of_put_together_cells_go_to_the_finer_ones(engine: DuckEngine) -> None:
    engine.append(table(fact(1, net=500), fact(1, line=2, net=400), fact(2, net=100)))
    found = plan(program("a"), program("b", basis={"net_of": ["a"], "accumulate": "line"}))
    finer = group(engine, found, "a")
    whole = finer[0]._replace(document=0, line=0, shared=-1, measure=1000, net=1000)
    assert given(found, [whole], [11], finer) == [6, 4, 1]
    assert given(found, [whole], [0], finer) == [0, 0, 0]


def test_a_giver_that_counts_orders_gives_by_the_net(engine: DuckEngine) -> None:
    engine.append(table(fact(1, net=900), fact(2, net=100)))
    giver = program("a", basis={"measure": "orders"})
    found = plan(giver, program("b", basis={"net_of": ["a"], "accumulate": "document"}))
    finer = counted(group(engine, found, "a"))
    assert [(cell.document, cell.measure) for cell in finer] == [(1, 1), (2, 1)]
    whole = finer[0]._replace(document=0, shared=-1, measure=2, net=1000)
    parts = given(found, [whole], [10], finer)
    assert parts == [9, 1]
    lowered = reduced(group(engine, found, "b"), reductions(found, finer, parts))
    assert [cell.measure for cell in lowered] == [891, 99]


def test_a_giver_that_counts_products_gives_to_all_lines_of_the_document(engine: DuckEngine) -> None:
    engine.append(table(fact(1, net=900, quantity=1), fact(1, line=2, net=100, quantity=1), fact(2, quantity=1)))
    giver = program("a", basis={"measure": "products"})
    found = plan(giver, program("b", basis={"net_of": ["a"], "accumulate": "line"}))
    finer = counted(group(engine, found, "a"))
    assert sum(cell.measure for cell in finer) == 1
    lowered = reduced(group(engine, found, "b"), reductions(found, finer, [10, 20]))
    assert [cell.measure for cell in lowered] == [891, 99, 980]


def test_what_nobody_counts_takes_nothing(engine: DuckEngine) -> None:
    engine.append(table(fact(1)))
    found = plan(program("a"), program("b", basis={"net_of": ["a"]}))
    cells = group(engine, found, "b")
    assert reduced(cells, {}) == cells
    assert reductions(found, group(engine, found, "a"), [0]) == {}


def test_a_taker_for_some_tiers_is_lowered_by_what_stands_on_their_days(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH, net=500)))
    taker = program("b", basis={"net_of": ["a"]}, audience={"tiers": {"program": "s", "levels": ["gold"]}})
    found = plan(program("a"), taker, status())
    standings = [(2, 1, MARCH, LAST, 1)]
    assert found.givers(0) == found.givers(1) == (2,)
    cells = [cell for *_, group_ in engine.count(found, [0], standings=standings) for cell in group_]
    assert [(cell.measure, cell.level) for cell in cells] == [(1000, -1), (500, -1)]
    taken = reductions(found, cells, [10, 5])
    wanted = [cell for *_, all_ in engine.count(found, [1], standings=standings) for cell in all_ if cell.level == 1]
    assert [cell.measure for cell in reduced(wanted, taken)] == [495]


def test_a_taker_by_the_tier_of_the_document_is_lowered_level_by_level(engine: DuckEngine) -> None:
    engine.append(table(fact(1), fact(2, day=MARCH, net=500)))
    use = {"program": "s", "at": "document", "levels": {"gold": {"percent": Decimal(3)}}}
    found = plan(program("a"), program("b", basis={"net_of": ["a"]}, tier=use), status())
    standings = [(2, 1, MARCH, LAST, 1)]
    cells = [cell for *_, group_ in engine.count(found, [0], standings=standings) for cell in group_]
    taken = reductions(found, cells, [10, 5])
    own = [cell for *_, all_ in engine.count(found, [1], standings=standings) for cell in all_]
    assert [(cell.level, cell.measure) for cell in reduced(own, taken)] == [(0, 990), (1, 495)]
