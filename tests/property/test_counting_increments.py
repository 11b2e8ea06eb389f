"""Counting what changed completes what was known, and neither order nor batches matter, for every way to count."""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.cells import Cell
from core.engine.counted import counted
from core.engine.duck import FACT, DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan
from core.programs import COUNTED, DEFAULT_VIEW, View
from tests.helpers.counting import LAST, TAXES, YEAR, Rates, account, fact, item, negated, plan, program, status

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "6"))
CHANGE = YEAR + 40
PAID = View("issue", "share", "own")
LUMP = {"method": "lump_sum", "bands": [{"from": Decimal(0), "amount": Decimal(1)}]}


def exclusive(name: str, priority: int, **stated: Any) -> Any:
    return program(name, combination={"group": "g", "rule": "exclusive", "priority": priority}, **stated)


PROGRAMS = (
    program("group", audience={"beneficiary": "group"}, head={"period": "month"}),
    program("orders", basis={"measure": "orders"}, audience={"beneficiary": "parent"}),
    program("products", basis={"measure": "products", "returns": "exclude"}),
    program("units", basis={"measure": "quantity", "unit": "box"}),
    program("dated", currency={"date": "period_end"}, head={"period": "quarter"}),
    program("rounded", currency={"rounding": "line"}, basis={"accumulate": "document"}),
    program("grown", scale=LUMP, baseline={"against": "last_year", "index": [{"skus": ["A"], "percent": Decimal(3)}]}),
    program("paid", basis={"paid": "share"}),
    program("taker", basis={"net_of": ["group", "products"], "accumulate": "line"}, scope={"skus": ["A"]}),
    exclusive("gold", 1, audience={"tiers": {"program": "s", "levels": ["gold"]}}),
    exclusive("some", 2, scope={"skus": ["B"]}, audience={"segments": ["x"]}),
    exclusive("rest", 3),
    status(audience={"beneficiary": "group"}),
)
TIER = "s"


def world() -> Plan:
    """Three accounts, two of which change, and four items of two products."""
    states = {
        1: [AccountState(BEGINNING, CHANGE, group_id=50), AccountState(CHANGE, END, group_id=60, segment="x")],
        2: [account(group_id=50, parent_id=1)],
        3: [AccountState(BEGINNING, CHANGE, segment="x"), AccountState(CHANGE, END, parent_id=1)],
    }
    boxes = (("box", Fraction(12)),)
    items = {
        1: [item(sku="A", units=boxes)],
        2: [item(sku="A", is_return=True, units=boxes)],
        3: [ItemState(BEGINNING, CHANGE, sku="B", base_unit="box"), ItemState(CHANGE, END, sku="B")],
        4: [item()],
    }
    return plan(*PROGRAMS, accounts=states, items=items, taxes=TAXES, exchange=Rates())


WORLD = world()
STANDINGS = [(WORLD.index[TIER], 50, YEAR + 20, CHANGE, 1), (WORLD.index[TIER], 3, CHANGE, LAST, 1)]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[View, dict[str, Any]]]:
    """Lines by batches, some of them taken back later."""
    rows: list[tuple[View, dict[str, Any]]] = []
    for number in range(draw(st.integers(0, 12))):
        row = fact(
            draw(st.integers(1, 4)),
            line=number,
            account=draw(st.integers(1, 4)),
            item=draw(st.integers(1, 5)),
            tax=draw(st.integers(1, 4)),
            day=YEAR + draw(st.sampled_from((-380, -1, 0, 19, 20, 39, 40, 70, 100))),
            net=draw(st.integers(-300, 300)),
            tax_amount=draw(st.integers(-9, 9)),
            quantity=draw(st.none() | st.integers(-3, 5)),
            batch=draw(st.integers(1, 4)),
        )
        view = draw(st.sampled_from((DEFAULT_VIEW, PAID)))
        rows.append((view, row))
        if draw(st.booleans()):
            rows.append((view, negated(row, draw(st.integers(row["batch"], 5)))))
    return rows


def filled(engine: DuckEngine, rows: list[tuple[View, dict[str, Any]]]) -> None:
    engine.reset()
    for view in (DEFAULT_VIEW, PAID):
        found = [row for other, row in rows if other == view]
        engine.append(pyarrow.Table.from_pylist(found, schema=FACT), view=view)


Groups = dict[tuple[int, int, int], list[Cell]]


def groups(engine: DuckEngine, **options: Any) -> Groups:
    """Everything that is counted, with counts of orders and products."""
    found: Groups = {}
    rebates = [i for i, one in enumerate(WORLD.programs) if not one.is_tier]
    for number, beneficiary, period, cells in engine.count(WORLD, rebates, standings=STANDINGS, **options):
        assert (number, beneficiary, period) not in found
        assert {(cell.program, cell.beneficiary, cell.period) for cell in cells} == {(number, beneficiary, period)}
        by_thing = WORLD.counters[number].program.basis.measure in COUNTED and WORLD.counters[number].by != "day"
        found[number, beneficiary, period] = counted(cells) if by_thing else cells
    return found


@pytest.fixture(scope="module")
def engine() -> Any:
    with DuckEngine(threads=1) as found:
        yield found


moderate = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@moderate
@given(rows=histories(), since=st.integers(0, 5))
def test_what_changed_completes_what_was_known(engine: DuckEngine, rows: Any, since: int) -> None:
    filled(engine, rows)
    whole = groups(engine)
    before = groups(engine, known_batch=since)
    after = groups(engine, since=since)
    assert before | after == whole
    named = groups(engine, since=9, accounts=[1])
    assert all(whole[key] == cells for key, cells in named.items())
    assert {key for key, cells in whole.items() if any(1 in (cell.beneficiary, cell.payee) for cell in cells)} == set(
        named
    )
    filled(engine, [(view, row) for view, row in rows if row["batch"] <= since])
    assert groups(engine) == before


@moderate
@given(rows=histories(), data=st.data())
def test_the_order_of_lines_does_not_matter(engine: DuckEngine, rows: Any, data: st.DataObject) -> None:
    filled(engine, rows)
    whole = groups(engine)
    filled(engine, data.draw(st.permutations(rows)))
    assert groups(engine) == whole


@moderate
@given(rows=histories())
def test_evidence_adds_up_to_the_cells(engine: DuckEngine, rows: Any) -> None:
    rows = [(view, row) for view, row in rows if row["sign"] > 0]
    filled(engine, rows)
    for (number, beneficiary, period), cells in groups(engine).items():
        lines = engine.evidence(WORLD, number, beneficiary, period, standings=STANDINGS)
        assert sum(line.net for line in lines) == sum(cell.net for cell in cells)
        assert {line.payee for line in lines} == {cell.payee for cell in cells}


@moderate
@given(rows=histories())
def test_a_line_counts_for_one_program_of_an_exclusive_group(engine: DuckEngine, rows: Any) -> None:
    filled(engine, rows)
    counted_by: dict[tuple[int, int, int], int] = {}
    for name in ("gold", "some", "rest"):
        number = WORLD.index[name]
        for _, beneficiary, period, _ in list(engine.count(WORLD, [number], standings=STANDINGS)):
            for line in engine.evidence(WORLD, number, beneficiary, period, standings=STANDINGS):
                if name != "gold" or line.level == 1:
                    key = (line.document, line.line, line.day)
                    counted_by[key] = counted_by.get(key, 0) + 1
    assert set(counted_by.values()) <= {1}
    standing: dict[tuple[int, int, int], int] = {}
    for view, row in rows:
        if view == DEFAULT_VIEW and row["day"] >= YEAR:
            key = (row["document"], row["line"], row["day"])
            standing[key] = standing.get(key, 0) + row["sign"]
    assert set(counted_by) == {key for key, sign in standing.items() if sign > 0}
