"""What must hold for every scale and every split."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entitlement import Cell, Rule, compile_rule, entitle
from core.explanation import explain_parts
from core.money import apportion, divide, divide_column
from core.programs import Scale, program_from
from core.scale_compiler import compile_scale, digits_of
from core.scales import CompiledScale

rates = st.decimals(Decimal(-5), Decimal(100), places=3)
measures = st.integers(-(10**12), 10**12)
roundings = st.sampled_from(["half_away_from_zero", "half_even"])


@st.composite
def scales(draw: st.DrawFn, methods: tuple[str, ...] = ("flat", "marginal", "retrospective")) -> dict[str, Any]:
    method = draw(st.sampled_from(methods))
    if method == "flat":
        return {"percent": draw(rates)}
    bounds = sorted(draw(st.sets(st.decimals(Decimal(0), Decimal(10**6), places=2), min_size=1, max_size=5)))
    return {
        "method": method,
        "inclusive": draw(st.sampled_from(["lower", "upper"])),
        "bands": [{"from": bound, "percent": draw(rates)} for bound in bounds],
    }


def a_rule(scale: dict[str, Any], rounding: str = "half_away_from_zero", **more: Any) -> Rule:
    head = {"id": "p", "name": "P", "currency": "EUR", "valid_from": date(2024, 1, 1), "rounding": rounding}
    return compile_rule(program_from({"program": head, "scale": scale, **more}))


cells = st.lists(
    st.builds(
        lambda slice_, tax, document, measure: Cell(
            0, 1, 1, 0, 0, slice_, -1, tax, document, 0, measure, measure, 0, 1
        ),
        st.integers(0, 1),
        st.integers(1, 3),
        st.integers(1, 2),
        measures | st.integers(-2000, 2000),
    ),
    max_size=6,
)


@given(stated=scales(("marginal",)))
def test_a_marginal_scale_is_continuous(stated: dict[str, Any]) -> None:
    scale = Scale.model_validate(stated)
    compiled = compile_scale(scale, "EUR", digits_of(scale, "EUR"))
    assert isinstance(compiled, CompiledScale)
    assert compiled.numerator(0) == 0
    for before, after in zip(compiled.segments, compiled.segments[1:], strict=False):
        for bound in (after.offset, after.lower):
            step = compiled.numerator(bound) - compiled.numerator(bound - 1)
            assert step in (before.rate, after.rate)
        assert before.base + (after.offset - before.offset) * before.rate == after.base


@given(stated=scales(), measure=measures)
def test_segments_leave_no_gap(stated: dict[str, Any], measure: int) -> None:
    scale = Scale.model_validate(stated)
    compiled = compile_scale(scale, "EUR", digits_of(scale, "EUR"))
    assert isinstance(compiled, CompiledScale)
    segment = compiled.segment(measure)
    assert segment.lower <= max(measure, 0)
    assert segment.upper is None or measure < segment.upper


@given(numerators=st.lists(st.integers(-(10**15), 10**15)), denominator=st.integers(1, 10**9), rounding=roundings)
def test_parts_stay_beside_their_shares(numerators: list[int], denominator: int, rounding: Any) -> None:
    total = divide(sum(numerators), denominator, rounding)
    parts = apportion(total, numerators, denominator)
    assert sum(parts) == total
    for part, numerator in zip(parts, numerators, strict=True):
        assert abs(part * denominator - numerator) < denominator or part * denominator == numerator
    mirrored = apportion(-total, [-numerator for numerator in numerators], denominator)
    assert mirrored == [-part for part in parts]


@given(
    numerators=st.lists(st.integers(-(2**62), 2**62) | st.integers(-30, 30)),
    denominator=st.integers(1, 2**62) | st.integers(1, 12),
    rounding=roundings,
)
def test_a_column_is_rounded_like_each_number(numerators: list[int], denominator: int, rounding: Any) -> None:
    column = divide_column(numpy.array(numerators, numpy.int64), denominator, rounding)
    assert column.tolist() == [divide(numerator, denominator, rounding) for numerator in numerators]


@settings(deadline=None)
@given(
    scale=scales(),
    later=scales(),
    rounding=roundings,
    accumulate=st.sampled_from(["period", "document", "line"]),
    given_cells=cells,
    order=st.randoms(use_true_random=False),
)
def test_parts_add_up_in_any_order(
    scale: dict[str, Any], later: dict[str, Any], rounding: str, accumulate: str, given_cells: list[Cell], order: Any
) -> None:
    rule = a_rule(
        scale, rounding, basis={"accumulate": accumulate}, change=[{"from": date(2024, 7, 1), "scale": later}]
    )
    found = entitle(rule, given_cells)
    assert sum(found.parts) == found.amount
    unrounded = Fraction(found.numerator, 10**found.digits)
    assert abs(found.amount - unrounded) <= Fraction(max(len(given_cells), 1), 2)
    positions = list(range(len(given_cells)))
    order.shuffle(positions)
    again = entitle(rule, [given_cells[i] for i in positions])
    assert again.amount == found.amount
    assert sorted(zip([given_cells[i] for i in positions], again.parts, strict=True)) == sorted(
        zip(given_cells, found.parts, strict=True)
    )
    told = explain_parts(rule, given_cells)
    assert told["amount"] == Decimal(found.amount).scaleb(-2)
    assert sum(unit["numerator"] for unit in told["units"]) == found.numerator
    for unit in told["units"]:
        assert sum(part["numerator"] for part in unit["slices"]) == unit["numerator"]


@given(percent=rates, rounding=roundings, given_cells=cells)
def test_a_flat_rebate_mirrors_the_sign(percent: Decimal, rounding: str, given_cells: list[Cell]) -> None:
    rule = a_rule({"percent": percent}, rounding)
    one_slice = [cell._replace(slice=0) for cell in given_cells]
    mirrored = [cell._replace(measure=-cell.measure) for cell in one_slice]
    found, mirror = entitle(rule, one_slice), entitle(rule, mirrored)
    assert mirror.amount == -found.amount
    assert mirror.parts == [-part for part in found.parts]


def test_a_columns_denominator_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        divide_column(numpy.array([1]), 0)
