"""What cells earn is what the words of the definition say, for every scale, side measure, tier and sharing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core.engine.reference.earning import earned
from core.entitlement import Cell, Checked, Side, compile_rule, entitle
from core.programs import Program
from tests.helpers.programs import LEVELS, programs

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "25"))
moderate = settings(max_examples=EXAMPLES * 8, deadline=None, suppress_health_check=list(HealthCheck))

MONEY_UNITS = {"EUR": 100, "JPY": 1, "KWD": 1000}
LARGE = 10**15


def unit(program: Program, measure: str) -> int:
    if measure in ("orders", "products"):
        return 1
    return 10**6 if measure == "quantity" else MONEY_UNITS[program.program.currency]


def values(program: Program, measure: str) -> st.SearchStrategy[int]:
    """Measures at, beside and far from the bounds of the scales."""
    one = unit(program, measure)
    near = st.sampled_from([0, 1, 4, 5, 10, 12, 20, 35, 42]).map(lambda bound: bound * one)
    if one == 1:
        return near | st.integers(-8, 40)
    beside = st.builds(lambda bound, by: bound + by, near, st.sampled_from([-1, 0, 1]))
    return beside | st.integers(-50 * one, 60 * one) | st.sampled_from([LARGE, -LARGE, LARGE - 1])


@st.composite
def cells(draw: st.DrawFn, program: Program) -> list[Cell]:
    at_document = program.slices()[0].tier is not None and program.slices()[0].tier.at == "document"
    by = program.basis.accumulate
    found = []
    for _ in range(draw(st.integers(0, 6))):
        measure = draw(values(program, program.basis.measure))
        times, over = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (7, 3), (12, 1), (1, 160)]))
        found.append(
            Cell(
                program=0,
                beneficiary=1,
                payee=draw(st.sampled_from([1, 2, 3])),
                period=0,
                settle=draw(st.sampled_from([0, 31])),
                slice=draw(st.integers(0, len(program.slices()) - 1)),
                level=draw(st.integers(0, 2)) if at_document else -1,
                tax=draw(st.integers(1, 2)),
                document=draw(st.integers(1, 2)) if by != "period" else 0,
                line=draw(st.integers(1, 2)) if by == "line" else 0,
                measure=measure,
                net=draw(st.sampled_from([measure, measure, 0, -7, 100])),
                unknown=0,
                lines=1,
                times=1 if program.counts_orders_or_products else times,
                over=1 if program.counts_orders_or_products else over,
            )
        )
    distinct = {(c.slice, c.level, c.tax, c.document, c.line, c.payee, c.settle): c for c in found}
    return list(distinct.values())


@st.composite
def situations(draw: st.DrawFn) -> tuple[Program, list[Cell], Side]:
    program = draw(programs(tier=draw(st.sampled_from(["", "status"]))))
    qualifier = baseline = None
    if program.qualifier is not None:
        qualifier = Fraction(draw(values(program, program.qualifier.measure)))
    if program.baseline is not None:
        of = values(program, program.basis.measure).map(Fraction)
        baseline = draw(st.none() | of | st.builds(Fraction.__truediv__, of, st.just(Fraction(3))))
    met = draw(st.sampled_from([True] * 9 + [False]))
    conditions = tuple(Checked(one.name, Fraction(1), Fraction(1), met) for one in program.condition)
    excluded = draw(st.sampled_from([""] * 9 + ["left the program"]))
    level = draw(st.integers(0, 2)) if program.tier is not None and program.tier.at != "document" else -1
    return program, draw(cells(program)), Side(level, qualifier, baseline, conditions, excluded)


def names(program: Program) -> Sequence[str]:
    return LEVELS if program.tier is not None else ()


@moderate
@given(situation=situations(), order=st.randoms(use_true_random=False))
def test_cells_earn_what_the_definition_says(situation: tuple[Program, list[Cell], Side], order: object) -> None:
    program, given_cells, side = situation
    methods = {scale.method for part in program.slices() for scale in part.scales.values() if scale is not None}
    event(f"methods {', '.join(sorted(methods))}")
    expected = earned(program, names(program), given_cells, side)
    found = entitle(compile_rule(program, names(program)), given_cells, side)
    assert found.amount == expected.amount
    assert Fraction(found.numerator) / 10**found.digits == expected.exact
    assert found.parts == expected.parts
    assert sum(found.parts) == found.amount
    again = entitle(compile_rule(program, names(program)), given_cells[::-1], side)
    assert (again.amount, again.parts) == (found.amount, found.parts[::-1])
