"""What the engine counts does not depend on when it is asked, in what order lines came, or how they are handed over.

REBATED_EXAMPLES asks for more made-up worlds than the 25 of an ordinary run.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engine.block import entitle_block
from core.engine.duck import DuckEngine
from core.engine.reference import World
from core.entitlement import Side, compile_rule, entitle
from core.programs import DEFAULT_VIEW
from tests.helpers.programs import LEVELS, programs
from tests.helpers.worlds import Counted, computed, filled, planned, worlds

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "25"))
moderate = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
some = st.tuples(programs(number=0, tier="status"), programs(number=1)).map(list)


@pytest.fixture(scope="module")
def engine() -> Any:
    with DuckEngine(threads=1) as found:
        yield found


def rebates(counted: Counted) -> list[int]:
    """The counters of rebate programs."""
    return [i for i, program in enumerate(counted.plan.programs) if not program.is_tier]


@moderate
@given(world=worlds(some))
def test_blocks_earn_what_their_groups_do(engine: DuckEngine, world: World) -> None:
    filled(engine, world.lines)
    counted = planned(world)
    paid = [i for i in rebates(counted) if counted.counters[i].role == "paid"]
    rules = [
        compile_rule(item.program, LEVELS) if i in paid and item.role == "paid" else None
        for i, item in enumerate(counted.counters)
    ]
    for block in engine.blocks(counted.plan, paid):
        levels = [number % len(LEVELS) for number in range(len(block))]
        found = entitle_block(rules, block, levels)
        parts: list[int] = []
        for (program, _, _, cells), level, amount in zip(block.groups(), levels, found.amounts, strict=True):
            rule = rules[program]
            assert rule is not None
            alone = entitle(rule, cells, Side(level=level))
            assert alone.amount == amount
            parts += alone.parts
        assert parts == found.parts


@moderate
@given(world=worlds(some), since=st.integers(0, 6))
def test_counting_what_changed_completes_what_was_known(engine: DuckEngine, world: World, since: int) -> None:
    filled(engine, world.lines)
    counted = planned(world)
    plan, tier, chosen = counted.plan, counted.plan.index["status"], rebates(counted)
    facts = world.lines[DEFAULT_VIEW]
    sums = dict(engine.day_sums(plan, tier, [1, 2]))
    changed = dict(engine.day_sums(plan, tier, [1, 2], since=since))
    assert dict(engine.day_sums(plan, tier, [1, 2], known_batch=since)) | changed == sums
    assert set(changed) <= {fact.account for fact in facts if fact.batch > since}
    whole = {group[:3]: group[3] for group in engine.count(plan, chosen)}
    before = {group[:3]: group[3] for group in engine.count(plan, chosen, known_batch=since)}
    after = {group[:3]: group[3] for group in engine.count(plan, chosen, since=since)}
    assert before | after == whole
    assert all(whole[key] == cells for key, cells in after.items())
    if all(program.audience.beneficiary == "account" for program in plan.programs):
        assert {key[1] for key in after} <= {fact.account for fact in facts if fact.batch > since}
        named = {group[:3]: group[3] for group in engine.count(plan, chosen, since=10**6, accounts=[1])}
        assert named == {key: cells for key, cells in whole.items() if key[1] == 1}


@moderate
@given(world=worlds(some), order=st.randoms(use_true_random=False))
def test_neither_order_nor_batches_matter(engine: DuckEngine, world: World, order: Any) -> None:
    world = world._replace(known_batch=None)
    filled(engine, world.lines)
    first = computed(engine, planned(world))
    shuffled = {view: order.sample(list(lines), len(lines)) for view, lines in world.lines.items()}
    filled(engine, {view: [line._replace(batch=1) for line in lines] for view, lines in shuffled.items()})
    accounts = dict(reversed(world.accounts.items()))
    again = computed(engine, planned(world._replace(accounts=accounts)))
    assert first == again


@moderate
@given(world=worlds(some))
def test_evidence_adds_up_to_the_cells(engine: DuckEngine, world: World) -> None:
    filled(engine, world.lines)
    counted = planned(world)
    plan = counted.plan
    sums = [i for i in rebates(counted) if counted.counters[i].by in ("period", "document", "line")]
    for program, beneficiary, period, cells in list(engine.count(plan, sums))[:8]:
        lines = engine.evidence(plan, program, beneficiary, period)
        assert sum(line.net for line in lines) == sum(cell.net for cell in cells)
        assert len(lines) == sum(cell.lines for cell in cells)
        if not plan.programs[program].counts_orders_or_products:
            assert sum(line.measure for line in lines) == sum(cell.measure for cell in cells)
