"""The engine and the oracle, which share nothing but the definitions, agree to the cent and to the part.

REBATED_EXAMPLES asks for more made-up worlds than the 25 of an ordinary run.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engine.block import entitle_block
from core.engine.duck import FACT, DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan, make_plan
from core.engine.reference import Fact, Key, entitlements
from core.entitlement import Side, compile_rule, entitle
from core.period import day_date, day_number
from core.programs import Program, program_from
from core.programs.counters import counters
from core.tiers import level_at, tier_day, timeline

FIRST, LAST = date(2023, 11, 1), date(2025, 3, 31)
START, STOP = day_number(FIRST), day_number(LAST) + 1
EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "25"))
CURRENCIES = {1: "EUR", 2: "EUR", 3: "USD"}
PERIODS = ("month", "quarter", "half", "year")
Result = dict[Key, tuple[int, dict[int, int]]]

days = st.integers(day_number(date(2024, 1, 10)), day_number(date(2024, 2, 20))) | st.integers(START, STOP - 1)
near_change = st.sampled_from([day_number(date(2024, 1, 1)) + offset for offset in (-1, 0, 1, 90, 91, 92, 181, 182)])


@st.composite
def scales(draw: st.DrawFn, quantity: bool, flat: bool = False) -> dict[str, Any]:
    rate = st.sampled_from(["2.5", "0", "0.5", "1", "3.333", "10"]).map(Decimal)
    name = "per_unit" if quantity else "percent"
    method = "flat" if flat else draw(st.sampled_from(["flat", "marginal", "retrospective"]))
    if method == "flat":
        return {"method": "flat", name: draw(rate)}
    bounds = sorted(draw(st.sets(st.sampled_from([0, 1, 5, 10, 20, 35]), min_size=1, max_size=3)))
    return {
        "method": method,
        "inclusive": draw(st.sampled_from(["lower", "upper"])),
        "bands": [{"from": Decimal(bound), name: draw(rate)} for bound in bounds],
    }


@st.composite
def tier_programs(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "program": {
            "id": "status",
            "name": "Status",
            "kind": "tier",
            "currency": "EUR",
            "valid_from": draw(st.sampled_from([date(2023, 1, 1), date(2024, 1, 15)])),
            "fiscal_start": draw(st.sampled_from([1, 4])),
        },
        "status": {
            "window": draw(st.sampled_from(["calendar", "rolling"])),
            "months": draw(st.sampled_from([1, 3, 12])),
            "upgrade": draw(st.sampled_from(["at_once", "next_period"])),
            "keep": draw(st.sampled_from(["window_end", "next_window_end"])),
            "levels": [
                {"name": "bronze", "from": Decimal(0)},
                {"name": "silver", "from": Decimal("10")},
                {"name": "gold", "from": Decimal("25")},
            ],
        },
    }


@st.composite
def rebates(draw: st.DrawFn, number: int) -> dict[str, Any]:
    quantity = draw(st.integers(0, 3)) == 0
    at = draw(st.sampled_from([None, None, "period_end", "period_start", "document"]))
    scale = scales(quantity, flat=at == "document")
    some = lambda *names: st.sampled_from([()] * 6 + [*((name,) for name in names), names])  # noqa: E731

    def tier() -> dict[str, Any]:
        names = draw(st.sets(st.sampled_from(["bronze", "silver", "gold"])))
        return {"program": "status", "at": at, "levels": {name: draw(scale) for name in sorted(names)}}

    definition: dict[str, Any] = {
        "program": {
            "id": f"rebate{number}",
            "name": "Rebate",
            "currency": "EUR",
            "period": draw(st.sampled_from(PERIODS)),
            "fiscal_start": draw(st.sampled_from([1, 1, 4])),
            "valid_from": draw(
                st.sampled_from([date(2023, 12, 1), date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 10)])
            ),
            "valid_to": draw(st.sampled_from([None, date(2024, 12, 31), date(2025, 2, 11)])),
            "rounding": draw(st.sampled_from(["half_away_from_zero", "half_even"])),
        },
        "audience": {
            "segments": draw(some("a", "b")),
            "accounts": draw(some("id-1", "id-[12]", "x*")),
            "exclude": {"countries": draw(some("FR")), "accounts": draw(some("id-3"))},
        },
        "scope": {
            "categories": draw(some("tools", "t*")),
            "exclude": {"brands": draw(some("own")), "skus": draw(some("s1"))},
        },
        "basis": {
            "measure": "quantity" if quantity else draw(st.sampled_from(["net", "gross"])),
            "accumulate": draw(st.sampled_from(["period", "period", "document", "line"])),
            "returns": draw(st.sampled_from(["count", "count", "exclude"])),
        },
        "settlement": {"every": draw(st.sampled_from([None, None, "month", "quarter", "year"]))},
        "scale": draw(scale),
    }
    if at is not None:
        definition["tier"] = tier()
        if draw(st.booleans()):
            del definition["scale"]
    changes = sorted(
        draw(st.sets(st.sampled_from([date(2024, 4, 1), date(2024, 6, 30), date(2024, 7, 15)]), max_size=2))
    )
    definition["change"] = [
        {"from": day, "tier": tier()} if at is not None and draw(st.booleans()) else {"from": day, "scale": draw(scale)}
        for day in changes
    ]
    return definition


@st.composite
def histories(draw: st.DrawFn, state: st.SearchStrategy[Any]) -> list[Any]:
    """One or two states, sometimes with days of which nothing is known."""
    first = draw(state)
    if draw(st.booleans()):
        return [first._replace(from_day=BEGINNING, to_day=END)]
    cut = draw(days)
    gap = draw(st.sampled_from([0, 0, 40]))
    return [first._replace(from_day=BEGINNING, to_day=cut), draw(state)._replace(from_day=cut + gap, to_day=END)]


attribute = st.sampled_from
account_states = st.builds(
    AccountState,
    st.just(0),
    st.just(0),
    attribute([(), ("id-1",), ("id-2", "x9"), ("id-3",)]),
    attribute([None, "a", "b"]),
    attribute([None, "DE", "FR"]),
)
item_states = st.builds(
    ItemState,
    st.just(0),
    st.just(0),
    attribute([None, "s1", "s2"]),
    attribute([None, "tools", "tea", "food"]),
    attribute([None, "own", "other"]),
    attribute(["goods"] * 5 + ["freight"]),
    attribute([False, False, True]),
)


@st.composite
def documents(draw: st.DrawFn, document: int) -> list[Fact]:
    """The signed rows of one document: a first version, and maybe a later one that replaces it."""
    rows: list[Fact] = []
    before: list[Fact] = []
    batch = draw(st.integers(1, 4))
    for _ in range(draw(st.integers(1, 2))):
        rows += [
            row._replace(
                net=-row.net,
                tax_amount=-row.tax_amount,
                quantity=None if row.quantity is None else -row.quantity,
                sign=-1,
                batch=batch,
            )
            for row in before
        ]
        account, day = draw(st.sampled_from([1, 1, 1, 2, 3])), draw(days | near_change)
        before = []
        for number in range(draw(st.integers(0 if rows else 1, 3))):
            net = draw(st.sampled_from([1000, 0, 1, 333, 500, 999, 1001, 2500, -250, -1000]) | st.integers(-3000, 9000))
            before.append(
                Fact(
                    document,
                    number,
                    account,
                    draw(st.sampled_from([1, 2, 3, 9])),
                    draw(st.sampled_from([1, 1, 2, 3])),
                    day,
                    net,
                    net // 5,
                    draw(st.sampled_from([5_000_000, 1, 999_999, 10_000_000, -2_500_000, None])),
                    1,
                    batch,
                )
            )
        rows += before
        batch += draw(st.integers(1, 2))
    return rows


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Program], dict[int, Any], dict[int, Any], list[Fact]]:
    programs = [program_from(draw(rebates(number))) for number in range(draw(st.integers(1, 3)))]
    programs.append(program_from(draw(tier_programs())))
    accounts = {key: draw(histories(account_states)) for key in (1, 2)}
    items = {key: draw(histories(item_states)) for key in (1, 2, 3)}
    facts = [row for number in range(draw(st.integers(1, 12))) for row in draw(documents(number + 1))]
    return programs, accounts, items, draw(st.permutations(facts))


def table(rows: Sequence[Fact]) -> pyarrow.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(FACT)
    return pyarrow.table(
        [pyarrow.array(column, field.type) for column, field in zip(columns, FACT, strict=True)], schema=FACT
    )


def filled(engine: DuckEngine, facts: Sequence[Fact]) -> None:
    """Append batch by batch, as landing does; within a batch in the order given."""
    by_batch: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_batch[fact.batch].append(fact)
    for batch in sorted(by_batch):
        engine.append(table(by_batch[batch]))


def counted(engine: DuckEngine, plan: Plan, known_batch: int | None = None, since: int | None = None) -> Result:
    """Everything the engine computes, by group; the same group by group and block by block."""
    tier = len(plan.programs) - 1
    taxes = [tax for tax, currency in CURRENCIES.items() if currency == "EUR"]
    standings = {
        account: timeline(plan.programs[tier], sums, START - 400, STOP + 400)
        for account, sums in engine.day_sums(plan, tier, taxes, known_batch=known_batch)
    }
    rows = [
        (tier, account, standing.start, standing.end, standing.level)
        for account, held in standings.items()
        for standing in held
    ]
    names = [level.name for level in plan.programs[tier].status.levels]  # type: ignore[union-attr]
    rules = [None if program.is_tier else compile_rule(program, names) for program in plan.programs]

    def level(program: int, account: int, period: int) -> int:
        day = tier_day(plan.programs[program], period)
        return -1 if day is None else level_at(standings.get(account, []), day)

    found: Result = {}
    options = {"standings": rows, "known_batch": known_batch, "since": since}
    for program, account, period, cells in engine.count(plan, range(tier), **options):  # type: ignore[arg-type]
        rule = rules[program]
        assert rule is not None
        entitled = entitle(rule, cells, Side(level(program, account, period)))
        assert sum(entitled.parts) == entitled.amount
        assert entitle(rule, cells[::-1], Side(level(program, account, period))).parts == entitled.parts[::-1]
        parts: dict[int, int] = defaultdict(int)
        for cell, part in zip(cells, entitled.parts, strict=True):
            parts[cell.tax] += part
        key = (plan.programs[program].id, account, day_date(period))
        assert key not in found
        found[key] = (entitled.amount, dict(parts))
    amounts = []
    for block in engine.blocks(plan, range(tier), **options):  # type: ignore[arg-type]
        heads = zip(*(block.firsts(name).tolist() for name in ("program", "beneficiary", "period")), strict=True)
        amounts += entitle_block(rules, block, [level(*head) for head in heads]).amounts
    assert amounts == [amount for amount, _ in found.values()]
    return found


def planned(programs: Sequence[Program], accounts: Mapping[int, Any], items: Mapping[int, Any]) -> Plan:
    return make_plan([counter for program in programs for counter in counters(program)], accounts, items, START, STOP)


moderate = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def engine() -> Any:
    with DuckEngine(threads=1) as found:
        yield found


@moderate
@given(world=worlds())
def test_engine_equals_reference(engine: DuckEngine, world: Any) -> None:
    programs, accounts, items, facts = world
    engine.reset()
    filled(engine, facts)
    plan = planned(programs, accounts, items)
    assert counted(engine, plan) == entitlements(programs, accounts, items, facts, CURRENCIES)
    assert counted(engine, plan, known_batch=2) == entitlements(programs, accounts, items, facts, CURRENCIES, 2)


@moderate
@given(world=worlds(), since=st.integers(0, 6))
def test_counting_what_changed_completes_what_was_known(engine: DuckEngine, world: Any, since: int) -> None:
    programs, accounts, items, facts = world
    engine.reset()
    filled(engine, facts)
    plan = planned(programs, accounts, items)
    tier = len(programs) - 1
    sums = dict(engine.day_sums(plan, tier, [1, 2]))
    changed = dict(engine.day_sums(plan, tier, [1, 2], since=since))
    assert dict(engine.day_sums(plan, tier, [1, 2], known_batch=since)) | changed == sums
    assert set(changed) <= {fact.account for fact in facts if fact.batch > since}
    whole = {group[:3]: group[3] for group in engine.count(plan, range(tier))}
    before = {group[:3]: group[3] for group in engine.count(plan, range(tier), known_batch=since)}
    after = {group[:3]: group[3] for group in engine.count(plan, range(tier), since=since)}
    assert before | after == whole
    assert all(whole[key] == cells for key, cells in after.items())
    touched = {
        (number, fact.account) for number, program in enumerate(programs[:tier]) for fact in facts if fact.batch > since
    }
    assert {key[:2] for key in after} <= touched
    named = {group[:3]: group[3] for group in engine.count(plan, range(tier), since=10**6, accounts=[1])}
    assert named == {key: cells for key, cells in whole.items() if key[1] == 1}


@moderate
@given(world=worlds())
def test_evidence_adds_up_to_the_cells(engine: DuckEngine, world: Any) -> None:
    programs, accounts, items, facts = world
    engine.reset()
    filled(engine, facts)
    plan = planned(programs, accounts, items)
    for program, account, period, cells in list(engine.count(plan, range(len(programs) - 1))):
        lines = engine.evidence(plan, program, account, period)
        assert sum(line.measure for line in lines) == sum(cell.measure for cell in cells)
        assert sum(line.net for line in lines) == sum(cell.net for cell in cells)
        assert len(lines) == sum(cell.lines for cell in cells)


def test_the_days_of_these_worlds_are_what_they_seem() -> None:
    assert day_date(START) == FIRST and day_date(STOP) == LAST + timedelta(days=1)
