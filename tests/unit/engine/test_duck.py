"""The cache and what is counted from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest

from core.engine import cache, duck
from core.engine.block import entitle_block
from core.engine.duck import FACT, DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan, make_plan
from core.entitlement import Side, compile_rule, entitle
from core.errors import IntegrityError
from core.period import day_number
from core.programs import Program, program_from
from core.programs.counters import counters

FIRST, LAST = day_number(date(2024, 1, 1)), day_number(date(2025, 1, 1))
PERIOD = FIRST


def program(number: int = 0, **stated: Any) -> Program:
    head = {"id": f"p{number}", "name": "P", "currency": "EUR", "valid_from": date(2024, 1, 1)}
    return program_from({"program": head, "scale": {"percent": Decimal(1)}} | stated)


def status(window: str) -> Program:
    head = {"id": "s", "name": "S", "kind": "tier", "currency": "EUR", "valid_from": date(2024, 1, 1)}
    levels = [{"name": "bronze", "from": Decimal(0)}, {"name": "gold", "from": Decimal(10)}]
    return program_from({"program": head, "status": {"window": window, "levels": levels}})


def plan(*programs: Program) -> Plan:
    accounts = {key: [AccountState(BEGINNING, END)] for key in (1, 2)}
    return make_plan(
        [counter for program in programs for counter in counters(program)],
        accounts,
        {1: [ItemState(BEGINNING, END)]},
        FIRST,
        LAST,
    )


def fact(document: int = 1, **other: Any) -> dict[str, Any]:
    base = {"line": 1, "account": 1, "item": 1, "tax": 1, "day": FIRST, "net": 1000, "tax_amount": 190}
    return base | {"document": document, "quantity": None, "sign": 1, "batch": 1} | other


def negated(row: dict[str, Any], batch: int) -> dict[str, Any]:
    amounts = {name: -row[name] for name in ("net", "tax_amount", "sign")}
    quantity = None if row["quantity"] is None else -row["quantity"]
    return row | amounts | {"quantity": quantity, "batch": batch}


def table(*rows: dict[str, Any]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(list(rows), schema=FACT)


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as found:
        yield found


def test_an_empty_cache(engine: DuckEngine) -> None:
    assert (engine.watermark(), engine.horizon()) == (0, (0, 0))
    assert list(engine.count(plan(program()), [0])) == []
    assert list(engine.day_sums(plan(status("calendar")), 0, [1])) == []
    assert engine.evidence(plan(program()), 0, 1, PERIOD) == []


def test_append_raises_the_watermark(engine: DuckEngine) -> None:
    engine.append(table(fact(batch=3)))
    assert (engine.watermark(), engine.horizon()) == (3, (FIRST, FIRST + 1))
    engine.append(table(fact(2, batch=2)))
    assert engine.watermark() == 3
    engine.append(table(), batch=7)
    assert engine.watermark() == 7
    engine.reset()
    assert (engine.watermark(), engine.horizon()) == (0, (0, 0))


def test_a_failed_append_leaves_nothing(engine: DuckEngine) -> None:
    engine.append(table(fact()))
    with pytest.raises(duckdb.Error):
        engine.append(table(fact(2, batch=2), fact(3, batch=2)).set_column(6, "net", pyarrow.nulls(2, pyarrow.int64())))
    assert engine.watermark() == 1
    assert [line[:6] for line in engine.evidence(plan(program()), 0, 1, PERIOD)] == [(1, 1, 0, 1000, 1000, 1)]


def test_a_reader_is_appended_whole(engine: DuckEngine) -> None:
    batches = [batch for number in range(3) for batch in table(fact(number, batch=5)).to_batches()]
    engine.append(pyarrow.RecordBatchReader.from_batches(FACT, batches))
    assert engine.watermark() == 5
    assert len(engine.evidence(plan(program()), 0, 1, PERIOD)) == 3


def test_the_cache_survives_in_its_file(tmp_path: Path) -> None:
    with DuckEngine(tmp_path / "cache.duckdb") as first:
        first.append(table(fact(batch=4)))
    with DuckEngine(tmp_path / "cache.duckdb") as again:
        assert again.watermark() == 4
        assert len(list(again.count(plan(program()), [0]))) == 1


def test_a_cell(engine: DuckEngine) -> None:
    engine.append(table(fact(), fact(2, net=500), fact(3, account=2, tax=2)))
    groups = list(engine.count(plan(program()), [0]))
    assert [group[:3] for group in groups] == [(0, 1, PERIOD), (0, 2, PERIOD)]
    (cell,) = groups[0][3]
    assert cell._asdict() == {
        "program": 0,
        "beneficiary": 1,
        "payee": 1,
        "period": PERIOD,
        "settle": PERIOD,
        "slice": 0,
        "level": -1,
        "tax": 1,
        "document": 0,
        "line": 0,
        "measure": 1500,
        "net": 1500,
        "unknown": 0,
        "lines": 2,
        "times": 1,
        "over": 1,
        "less": 0,
        "shared": -1,
    }


@pytest.mark.parametrize(
    ("basis", "measure", "unknown"),
    [({"measure": "net"}, 2000, 0), ({"measure": "gross"}, 2380, 0), ({"measure": "quantity"}, 7, 1)],
)
def test_measures(engine: DuckEngine, basis: dict[str, str], measure: int, unknown: int) -> None:
    scale = {"per_unit": Decimal(1)} if basis["measure"] == "quantity" else {"percent": Decimal(1)}
    engine.append(table(fact(quantity=7), fact(2)))
    for others in ([], [program(1, basis={"measure": "gross"}), program(2)]):
        programs = [program(basis=basis, scale=scale), *others]
        groups = {group[0]: group[3] for group in engine.count(plan(*programs), range(len(programs)))}
        (cell,) = groups[0]
        assert (cell.measure, cell.unknown, cell.net) == (measure, unknown, 2000)
        for other, expected in zip(others, (2380, 2000), strict=False):
            assert [(one.measure, one.unknown) for one in groups[int(other.id[1:])]] == [(expected, 0)]


def test_documents_and_lines_are_told_apart_only_where_it_matters(engine: DuckEngine) -> None:
    engine.append(table(fact(), fact(line=2), fact(2)))
    programs = [program(number, basis={"accumulate": by}) for number, by in enumerate(("period", "document", "line"))]
    groups = {group[0]: group[3] for group in engine.count(plan(*programs), [2, 0, 1])}
    assert [[(cell.document, cell.line) for cell in groups[number]] for number in range(3)] == [
        [(0, 0)],
        [(1, 0), (2, 0)],
        [(1, 1), (1, 2), (2, 1)],
    ]


def test_a_superseded_version_counts_for_nothing(engine: DuckEngine) -> None:
    old = fact()
    engine.append(table(old))
    engine.append(table(negated(old, 2), fact(net=700, batch=2)))
    found = plan(program())
    (group,) = engine.count(found, [0])
    assert [(cell.measure, cell.lines) for cell in group[3]] == [(700, 1)]
    assert [line[:6] for line in engine.evidence(found, 0, 1, PERIOD)] == [(1, 1, 0, 700, 700, 1)]
    (before,) = engine.count(found, [0], known_batch=1)
    assert [cell.measure for cell in before[3]] == [1000]
    assert [line[:6] for line in engine.evidence(found, 0, 1, PERIOD, known_batch=1)] == [(1, 1, 0, 1000, 1000, 1)]


def test_a_group_whose_lines_all_cancelled_is_told(engine: DuckEngine) -> None:
    old = fact()
    engine.append(table(old, fact(2, account=2)))
    engine.append(table(negated(old, 2)))
    (group,) = engine.count(plan(program()), [0], since=1)
    assert group[:3] == (0, 1, PERIOD)
    assert [(cell.measure, cell.lines) for cell in group[3]] == [(0, 0)]
    assert entitle(compile_rule(program()), group[3]).amount == 0
    assert engine.evidence(plan(program()), 0, 1, PERIOD) == []


def test_counting_what_changed_also_counts_the_accounts_named(engine: DuckEngine) -> None:
    engine.append(table(fact(), fact(2, account=2)))
    found = plan(program())
    assert list(engine.count(found, [0], since=1)) == []
    assert [group[1] for group in engine.count(found, [0], since=1, accounts=[2])] == [2]


def test_accounts_and_items_of_which_nothing_is_known_still_count(engine: DuckEngine) -> None:
    engine.append(table(fact(account=8, item=9)))
    programs = (program(), program(1, audience={"segments": ["a"]}), program(2, scope={"brands": ["b"]}))
    assert [group[0] for group in engine.count(plan(*programs), range(3))] == [0]


def test_lines_outside_of_the_horizon_are_refused_and_not_lost(engine: DuckEngine) -> None:
    engine.append(table(fact(day=LAST)))
    with pytest.raises(IntegrityError, match="2025-01-01"):
        list(engine.count(plan(program()), [0]))


def test_a_tier_program_has_no_cells_and_a_rebate_no_sums(engine: DuckEngine) -> None:
    with pytest.raises(ValueError, match="gives a tier"):
        list(engine.count(plan(status("calendar")), [0]))
    with pytest.raises(ValueError, match="gives no tier"):
        list(engine.day_sums(plan(program()), 0, [1]))


@pytest.mark.parametrize(("window", "moment"), [("calendar", FIRST + 40), ("rolling", FIRST + 31)])
def test_sums_for_tiers(engine: DuckEngine, window: str, moment: int) -> None:
    engine.append(
        table(fact(day=FIRST + 40), fact(2, day=FIRST + 40, tax=2), fact(3, day=FIRST + 40, tax=3), fact(4, account=2))
    )
    found = plan(status(window))
    assert list(engine.day_sums(found, 0, [1, 2])) == [(1, [(moment, 2000)]), (2, [(FIRST, 1000)])]
    assert list(engine.day_sums(found, 0, [])) == []
    assert list(engine.day_sums(found, 0, [1], since=1)) == []


def test_the_documents_level_comes_from_the_standings(engine: DuckEngine) -> None:
    use = {"program": "s", "at": "document", "levels": {"gold": {"percent": Decimal(2)}}}
    found = plan(program(tier=use), status("rolling"))
    engine.append(table(fact(), fact(2, day=FIRST + 1), fact(3, day=FIRST + 2), fact(4, account=2)))
    standings = [(1, 1, FIRST + 1, FIRST + 2, 1), (1, 1, FIRST + 2, LAST, 0)]
    groups = {group[1]: group[3] for group in engine.count(found, [0], standings=standings)}
    assert [(cell.level, cell.measure) for cell in groups[1]] == [(0, 2000), (1, 1000)]
    assert [(cell.level, cell.measure) for cell in groups[2]] == [(0, 1000)]


def test_standings_and_accounts_may_be_read_only_once(engine: DuckEngine) -> None:
    use = {"program": "s", "at": "document", "levels": {"gold": {"percent": Decimal(2)}}}
    programs = [program(number, tier=use, basis={"accumulate": by}) for number, by in enumerate(("period", "line"))]
    engine.append(table(fact()))
    groups = engine.count(
        plan(*programs, status("rolling")),
        [0, 1],
        standings=iter([(2, 1, FIRST, LAST, 1)]),
        since=1,
        accounts=iter([1]),
    )
    assert [(group[0], [cell.level for cell in group[3]]) for group in groups] == [(1, [1]), (0, [1])]


def test_groups_are_whole_whatever_the_size_of_what_is_handed_over(
    engine: DuckEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [fact(number, account=1 + number % 2, tax=number % 7, day=FIRST + number) for number in range(300)]
    engine.append(table(*rows))
    use = {"program": "s", "at": "period_end", "levels": {"gold": {"percent": Decimal(2)}}}
    found = plan(program(basis={"accumulate": "document"}), program(1, tier=use), status("calendar"))
    whole = list(engine.count(found, [0, 1]))
    sums = list(engine.day_sums(found, 2, range(7)))
    rules = [compile_rule(one, ["bronze", "gold"]) for one in found.programs[:2]]
    expected = [entitle(rules[group[0]], group[3], Side(1)).parts for group in whole]
    monkeypatch.setattr(cache, "ROWS", 3)
    assert list(engine.count(found, [0, 1])) == whole
    assert list(engine.day_sums(found, 2, range(7))) == sums
    parts = [
        part for block in engine.blocks(found, [0, 1]) for part in entitle_block(rules, block, [1] * len(block)).parts
    ]
    assert parts == [part for group in expected for part in group]


def test_what_counts_where_may_be_too_large_to_write_down(engine: DuckEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.append(table(fact(), fact(2, account=2)))
    found = plan(program(), program(1))
    whole = list(engine.count(found, [0, 1]))
    monkeypatch.setattr(duck, "REACH_ROWS", 0)
    assert list(engine.count(found, [0, 1])) == whole


def test_a_count_may_be_left_before_its_end(engine: DuckEngine) -> None:
    engine.append(table(fact(), fact(2, account=2)))
    found = plan(program())
    groups = engine.count(found, [0])
    next(groups)
    groups.close()
    engine.append(table(fact(3, batch=2)))
    assert [sum(cell.lines for cell in group[3]) for group in engine.count(found, [0])] == [2, 1]


def test_numbers_too_large_for_64_bits_are_computed_all_the_same(engine: DuckEngine) -> None:
    scale = {
        "method": "marginal",
        "bands": [
            {"from": Decimal(0), "percent": Decimal("1.12345678")},
            {"from": Decimal(10**10), "percent": Decimal(2)},
        ],
    }
    found = plan(program(scale=scale))
    rule = compile_rule(found.programs[0])
    engine.append(table(fact(net=10**15), fact(2, account=2, net=-(10**15))))
    amounts = [amount for block in engine.blocks(found, [0]) for amount in entitle_block([rule], block).amounts]
    assert amounts == [entitle(rule, group[3]).amount for group in engine.count(found, [0])]
    assert amounts == [11234567800 + 2 * 10**13 - 2 * 10**10, -11234567800000]
