"""Laws of scales and entitlements: what must hold whatever the figures are."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engine.block import Block, entitle_block
from core.entitlement import Cell, Rule, Side, compile_rule, entitle
from core.programs import Program, program_from
from tests.property.test_scales_agree import names, situations

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "25"))
moderate = settings(max_examples=EXAMPLES * 4, deadline=None, suppress_health_check=list(HealthCheck))

METHODS = ("flat", "marginal", "retrospective", "rolling", "total", "lump_sum", "every", "linear")
LARGE = 10**15
rates = st.decimals(Decimal(0), Decimal(100), places=3)
measures = st.integers(0, 10**9) | st.integers(0, 3000) | st.sampled_from([LARGE, LARGE - 1])


@st.composite
def rising(draw: st.DrawFn) -> dict[str, Any]:
    """A scale that never pays less for more."""
    method = draw(st.sampled_from(METHODS))
    if method == "flat":
        return {"percent": draw(rates)}
    inclusive = draw(st.sampled_from(["lower", "upper"]))
    if method == "every":
        stated = {"every": Decimal(draw(st.integers(1, 50))), "pays": draw(rates)}
        return {"method": method, "inclusive": inclusive, **stated}
    bounds = sorted(draw(st.sets(st.decimals(Decimal(0), Decimal(10**6), places=2), min_size=1, max_size=4)))
    values = sorted(draw(st.lists(rates, min_size=len(bounds), max_size=len(bounds))))
    kind = "amount" if method == "lump_sum" else "percent"
    bands: list[dict[str, Any]] = [{"from": a, kind: b} for a, b in zip(bounds, values, strict=True)]
    if draw(st.booleans()):
        bands[-1]["to"] = bounds[-1] + draw(st.integers(1, 10**6))
    found: dict[str, Any] = {"method": method, "inclusive": inclusive, "bands": bands}
    if method == "retrospective" and draw(st.booleans()):
        found |= {"point": "stated", "point_at": draw(st.decimals(Decimal(0), Decimal(10**6), places=2))}
    return found


def a_rule(scale: dict[str, Any], **more: Any) -> Rule:
    currency = more.pop("currency", "EUR")
    head = {"id": "p", "name": "P", "currency": currency, "valid_from": date(2024, 1, 1)}
    return compile_rule(program_from({"program": head, "scale": scale, **more}))


def cell(measure: int, **other: int) -> Cell:
    return Cell(0, 1, 1, 0, 0, 0, -1, 1, 0, 0, measure, measure, 0, 1)._replace(**other)


@moderate
@given(scale=rising(), reached=st.lists(measures, min_size=2, max_size=8))
def test_more_never_earns_less(scale: dict[str, Any], reached: list[int]) -> None:
    rule = a_rule(scale)
    earned = [entitle(rule, [cell(measure)]) for measure in sorted(reached)]
    for before, after in pairwise(earned):
        assert before.numerator <= after.numerator
        assert before.amount <= after.amount


@moderate
@given(scale=rising(), whole=measures, cuts=st.lists(st.fractions(0, 1), max_size=3))
def test_a_change_to_the_same_scale_changes_nothing(scale: dict[str, Any], whole: int, cuts: list[Fraction]) -> None:
    days = [date(2024, month, 1) for month in (3, 6, 9)][: len(cuts)]
    changed = a_rule(scale, change=[{"from": day, "scale": scale} for day in days])
    bounds = [0, *sorted(int(cut * whole) for cut in cuts), whole]
    cells = [cell(last - first, slice=i) for i, (first, last) in enumerate(pairwise(bounds))]
    found = entitle(changed, cells)
    assert found.numerator == entitle(a_rule(scale), [cell(whole)]).numerator
    assert sum(found.parts) == found.amount


@moderate
@given(scale=rising(), measure=measures, over=st.integers(1, 10**6), times=st.integers(1, 10**6))
def test_a_conversion_is_exact(scale: dict[str, Any], measure: int, over: int, times: int) -> None:
    rule = a_rule(scale)
    there_and_back = [cell(measure * over, times=times, over=over * times), cell(0, tax=2)]
    assert entitle(rule, there_and_back).numerator == entitle(rule, [cell(measure)]).numerator


@moderate
@given(scale=rising(), measure=measures)
def test_what_is_taken_back_is_no_more_than_the_lowest_rate(scale: dict[str, Any], measure: int) -> None:
    negative = entitle(a_rule(scale), [cell(-measure)])
    kept = entitle(a_rule(scale, basis={"negative": "zero"}), [cell(-measure)])
    highest = max([scale.get("percent", Decimal(0)), *(band.get("percent", 0) for band in scale.get("bands", ()))])
    assert -Fraction(highest) / 100 * measure <= Fraction(negative.numerator, 10**negative.digits) or not measure
    assert kept.amount >= negative.amount
    assert kept.amount == entitle(a_rule(scale), [cell(0)]).amount or kept.amount == 0


@moderate
@given(situation=situations(), more=st.lists(st.tuples(st.integers(-3000, 3000), st.booleans()), max_size=4))
def test_blocks_earn_what_their_groups_earn(
    situation: tuple[Program, list[Cell], Side], more: list[tuple[int, bool]]
) -> None:
    program, cells, side = situation
    rules = [compile_rule(program, names(program)), a_rule({"percent": Decimal(3)})]
    groups = [(0, cells, side)] if cells else []
    for measure, plain in more:
        beside = Side(excluded=side.excluded) if plain else side
        groups.append((int(plain), [cell(measure, program=int(plain))], beside))
    every = [one for _, members, _ in groups for one in members]
    columns = tuple(numpy.array([one[i] for one in every], numpy.int64) for i in range(len(Cell._fields)))
    block = Block(columns, numpy.cumsum([0, *(len(members) for _, members, _ in groups)]))
    found = entitle_block(rules, block, sides={i: beside for i, (_, _, beside) in enumerate(groups)})
    expected = [entitle(rules[index], members, beside) for index, members, beside in groups]
    assert found.amounts == [one.amount for one in expected]
    assert found.parts == [part for one in expected for part in one.parts]
    without = entitle_block(rules, block)
    alone = [entitle(rules[index], members) for index, members, _ in groups]
    assert without.amounts == [one.amount for one in alone]
    assert without.parts == [part for one in alone for part in one.parts]
