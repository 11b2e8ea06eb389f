"""Made-up worlds for Hypothesis: programs, master data and documents as signed lines, and what the engine makes of
them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pyarrow
from hypothesis import strategies as st

from core.engine.computation import Computation, Grounds
from core.engine.duck import FACT, DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan, make_plan
from core.engine.reference import Fact, World
from core.engine.result import Result
from core.period import day_date, day_number
from core.programs import Program, View, program_from, strata
from core.programs.counters import Counter, counters
from core.tiers import timeline
from tests.helpers.programs import LEVELS

FIRST, LAST = date(2023, 11, 1), date(2025, 3, 31)
START, STOP = day_number(FIRST), day_number(LAST) + 1
CURRENCIES = {1: "EUR", 2: "EUR", 3: "USD", 4: "JPY", 5: "KWD"}
ACCOUNTS = (1, 2, 3)
ITEMS = (1, 2, 3)

days = st.integers(day_number(date(2024, 1, 10)), day_number(date(2024, 2, 20))) | st.integers(START, STOP - 1)
near_change = st.sampled_from([day_number(date(2024, 1, 1)) + offset for offset in (-1, 0, 1, 90, 91, 92, 181, 182)])


class Rates:
    """Exchange rates that differ from day to day; on some days nobody knows one."""

    def ratio(self, base: str, quote: str, day: date, rule: str, provider: str, period_end: date) -> Fraction | None:
        """As `core.engine.plan.Exchange.ratio`."""
        on = {"document": day, "month_average": day.replace(day=1), "period_end": period_end}[rule]
        if on.toordinal() % 11 == 3:
            return None
        worth = {"EUR": Fraction(1), "USD": Fraction(9, 10), "JPY": Fraction(1, 160), "KWD": Fraction(3)}
        return worth[base] / worth[quote] * (100 + on.toordinal() % 13) / 100


@st.composite
def tier_programs(draw: st.DrawFn) -> Program:
    """A tier program `status` with a calendar or a rolling window."""
    return program_from(
        {
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
                    {"name": name, "from": Decimal(bound)} for name, bound in zip(LEVELS, (0, 10, 25), strict=True)
                ],
            },
        }
    )


@st.composite
def histories(draw: st.DrawFn, state: st.SearchStrategy[Any]) -> list[Any]:
    """One or two states, sometimes with days of which nothing is known."""
    first = draw(state)
    if draw(st.booleans()):
        return [first._replace(from_day=BEGINNING, to_day=END)]
    cut = draw(days)
    gap = draw(st.sampled_from([0, 0, 40]))
    return [first._replace(from_day=BEGINNING, to_day=cut), draw(state)._replace(from_day=cut + gap, to_day=END)]


account_states = st.builds(
    AccountState,
    from_day=st.just(0),
    to_day=st.just(0),
    external_ids=st.sampled_from([("id-1",), ("id-2", "x9"), ("id-3",), ()]),
    segment=st.sampled_from(["a", "a", None, "b"]),
    country=st.sampled_from(["DE", None, "FR"]),
    group=st.sampled_from(["north", None]),
    channel=st.none(),
    parent=st.sampled_from(["id-3", None]),
    tags=st.sampled_from([("big",), ("new", "big"), (), ("bad",)]),
    enrolled=st.sampled_from([("rebate0", "rebate1"), ("rebate0",), ()]),
    group_id=st.sampled_from([None, 101, 101, 102]),
    parent_id=st.sampled_from([None, 3]),
    top_id=st.sampled_from([None, 3, 1]),
)


@st.composite
def items(draw: st.DrawFn) -> list[ItemState]:
    """The states of one item: what it is in itself stays."""
    box = ("box", Fraction(12))
    fixed = {
        "sku": draw(st.sampled_from([None, "s1", "s2"])),
        "line_kind": draw(st.sampled_from(["goods"] * 5 + ["freight"])),
        "is_return": draw(st.sampled_from([False, False, False, True])),
        "base_unit": draw(st.sampled_from(["piece", "piece", ""])),
        "units": draw(st.sampled_from([(), (box,), (("box", Fraction(7, 3)), ("kg", Fraction(1, 8)))])),
    }
    state = st.builds(
        ItemState,
        from_day=st.just(0),
        to_day=st.just(0),
        category=st.sampled_from(["tools", "tea", "food", None]),
        brand=st.sampled_from(["other", "own", None]),
    )
    return [one._replace(**fixed) for one in draw(histories(state))]


@st.composite
def documents(draw: st.DrawFn, document: int, taxes: Sequence[int]) -> list[Fact]:
    """The signed rows of one document: a first version, and maybe a later one that replaces it."""
    rows: list[Fact] = []
    before: list[Fact] = []
    batch = draw(st.integers(1, 4))
    nets = st.sampled_from([1000, 0, 1, 333, 500, 999, 1001, 2500, -250, -1000, 10**15 - 1]) | st.integers(-3000, 9000)
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
            net = draw(nets)
            before.append(
                Fact(
                    document,
                    number + 1,
                    account,
                    draw(st.sampled_from([1, 2, 3, 9])),
                    draw(st.sampled_from(taxes)),
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
def lines(draw: st.DrawFn, taxes: Sequence[int] = (1, 1, 2), most: int = 12) -> list[Fact]:
    """The signed rows of some documents, in any order."""
    rows = [row for number in range(draw(st.integers(1, most))) for row in draw(documents(number + 1, taxes))]
    return list(draw(st.permutations(rows)))


@st.composite
def worlds(
    draw: st.DrawFn, programs: st.SearchStrategy[list[Program]], taxes: Sequence[int] = (1, 1, 2), most: int = 12
) -> World:
    """A world of some programs, a tier program `status` that they can use, and a history."""
    chosen = draw(programs)
    facts = draw(lines(taxes, most))
    views = {program.basis.view for program in chosen} | {View()}
    enrolments = st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from([date(2023, 6, 1), date(2024, 2, 10)]))
    return World(
        programs=[draw(tier_programs()), *chosen],
        accounts={key: draw(histories(account_states)) for key in ACCOUNTS[:2]},
        items={key: draw(items()) for key in ITEMS},
        lines={view: facts if view == View() else draw(lines(taxes, most)) for view in sorted(views)},
        currencies=CURRENCIES,
        as_of=draw(st.sampled_from([LAST, LAST, date(2024, 7, 15), date(2024, 12, 31)])),
        known_batch=draw(st.sampled_from([None, None, None, 2, 4])),
        exchange=Rates(),
        enrolled={program.id: draw(enrolments) for program in chosen if program.baseline is not None},
    )


def table(rows: Sequence[Fact]) -> pyarrow.Table:
    """Signed lines as the engine takes them."""
    columns = list(zip(*rows, strict=True)) or [()] * len(FACT)
    return pyarrow.table(
        [pyarrow.array(column, field.type) for column, field in zip(columns, FACT, strict=True)], schema=FACT
    )


def filled(engine: DuckEngine, lines: Mapping[View, Sequence[Fact]]) -> None:
    """Append batch by batch, as landing does; within a batch in the order given."""
    engine.reset()
    for view, facts in lines.items():
        by_batch: dict[int, list[Fact]] = defaultdict(list)
        for fact in facts:
            by_batch[fact.batch].append(fact)
        for batch in sorted(by_batch):
            engine.append(table(by_batch[batch]), view=view)


@dataclass(frozen=True)
class Counted:
    """The engine's plan of a world, with its counters."""

    world: World
    counters: list[Counter]
    plan: Plan


def planned(world: World) -> Counted:
    """The plan of a world."""
    found = [counter for program in world.programs for counter in counters(program)]
    through = day_number(min(world.as_of, LAST)) + 1
    plan = make_plan(
        found, world.accounts, world.items, START, STOP, through, taxes=world.currencies, exchange=world.exchange
    )
    return Counted(world, found, plan)


class Key(NamedTuple):
    """As `core.engine.reference.Key`."""

    program: str
    beneficiary: int
    start: date
    currency: str


def computed(engine: DuckEngine, counted: Counted) -> dict[Key, Result]:
    """Everything the engine and the computation make of a world."""
    world, plan, known_batch = counted.world, counted.plan, counted.world.known_batch
    enrolled = {
        name: {account: day_number(day) for account, day in rows.items()} for name, rows in world.enrolled.items()
    }
    grounds = Grounds(
        plan, counted.counters, world.programs, world.accounts, world.currencies, min(world.as_of, LAST),
        enrolled=enrolled, known_batch=known_batch,
    )  # fmt: skip
    computation = Computation(engine, grounds)
    found: dict[Key, Result] = {}
    for stratum in strata(world.programs):
        for program in stratum:
            if program.is_tier:
                sums = engine.day_sums(plan, plan.index[program.id], list(world.currencies), known_batch=known_batch)
                computation.tiers[program.id] = {
                    account: timeline(program, bought, START - 400, STOP + 400) for account, bought in sums
                }
        for program, results in computation.computed(stratum):
            columns = (column.tolist() for column in results.columns()[:3])
            assert list(zip(*columns, strict=True)) == [
                (result.beneficiary, day_number(result.period.start), result.amount) for result in results
            ]
            for result in results:
                key = Key(program.id, result.beneficiary, result.period.start, result.currency)
                assert key not in found
                found[key] = result
    return found


def parts(result: Result) -> dict[tuple[int, int], int]:
    """The parts of a result by tax key and payee."""
    found: dict[tuple[int, int], int] = defaultdict(int)
    for cell, part in zip(result.cells, result.parts, strict=True):
        found[cell.tax, cell.payee] += part
    return dict(found)


def last_day() -> date:
    """The last day of these worlds."""
    return day_date(STOP) - timedelta(days=1)
