"""Limits and accrual rates are what the words of the definition say, over any row of periods."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.accrual import accrual_amount
from core.engine.reference.earning import accrued
from core.engine.reference.limits import Gained, bounded, budgeted
from core.entitlement import compile_rule
from core.limits import Earned, bound, bound_program, compile_limits, spread
from core.programs import Accrual, program_from
from core.programs.counters import derived
from tests.helpers.programs import LEVELS, MONEY, limits
from tests.property.test_scales_agree import Cell, Program, Side, moderate, situations

amounts = st.sampled_from([0, 1, 100, 300, 499, 500, 501, 1200, 4000, -700, 10**15]) | st.integers(-2000, 3000)


@settings(deadline=None)
@given(stated=limits(), earned=st.lists(amounts, max_size=6), over=st.integers(0, 6))
def test_periods_are_bounded_as_stated(stated: dict[str, object], earned: list[int], over: int) -> None:
    head = {"id": "p", "name": "P", "currency": "EUR", "valid_from": date(2024, 1, 1), "period": "month"}
    program = program_from({"program": head, "scale": {"percent": Decimal(1)}, "limits": stated})
    found = bound(compile_limits(program), [Earned(amount, i < over) for i, amount in enumerate(earned)])
    rows = [Gained(date(2024, i + 1, 1), amount, i < over) for i, amount in enumerate(earned)]
    assert [item.amount for item in found] == bounded(program, rows)
    for item, amount in zip(found, earned, strict=True):
        assert [amount, *(step.after for step in item.steps)][-1] == item.amount
        assert all(step.before != step.after for step in item.steps)


@settings(deadline=None)
@given(
    budget=st.integers(0, 3000),
    rows=st.dictionaries(st.dates(), st.dictionaries(st.integers(1, 4), amounts, max_size=4), max_size=4),
)
def test_a_budget_is_for_all(budget: int, rows: dict[date, dict[int, int]]) -> None:
    found = bound_program(budget, rows)
    assert found == budgeted(budget, rows)
    total = 0
    for start in sorted(found):
        total += sum(found[start].values())
        assert total <= budget
        assert all(min(rows[start][key], 0) <= found[start][key] <= max(rows[start][key], 0) for key in rows[start])


@given(total=amounts, parts=st.lists(amounts, min_size=1, max_size=5), data=st.data())
def test_a_bounded_amount_is_spread_whole(total: int, parts: list[int], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(0, 9), min_size=len(parts), max_size=len(parts)))
    found = spread(total, parts, weights)
    assert sum(found) == total
    if 0 <= total <= sum(parts) and min(parts) >= 0:
        assert all(0 <= part <= before for part, before in zip(found, parts, strict=True))


rates = (
    st.builds(Accrual, rate=st.just("fixed"), percent=st.sampled_from([Decimal("2.5"), Decimal("0.333"), Decimal(-1)]))
    | st.builds(Accrual, rate=st.just("fixed"), per_unit=st.sampled_from([Decimal("0.4"), Decimal(3)]))
    | st.builds(Accrual, rate=st.just("expected"), expected=st.sampled_from([Decimal(0), Decimal(10), Decimal(33)]))
)


@moderate
@given(situation=situations(), rate=rates)
def test_what_is_accrued_while_a_period_runs(situation: tuple[Program, list[Cell], Side], rate: Accrual) -> None:
    program, cells, side = situation
    assume(rate.per_unit is None or program.basis.measure not in MONEY)
    program = derived(program, accrual=rate)
    names = LEVELS if program.tier is not None else ()
    found = accrual_amount(program, compile_rule(program, names), cells, side)
    expected = accrued(program, names, cells, side)
    assert (found.amount, found.parts) == (expected.amount, expected.parts)
    assert Fraction(found.numerator) / 10**found.digits == expected.exact
