"""Every computation can be explained, and the figures told give the amount."""

from __future__ import annotations

import os
from fractions import Fraction

from hypothesis import HealthCheck, given, settings

from core.entitlement import Cell, Side, compile_rule, entitle
from core.explanation import TEMPLATES, explain_parts, narrative, told
from core.programs import Program
from tests.property.test_scales_agree import names, situations

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "25"))


@settings(max_examples=EXAMPLES * 8, deadline=None, suppress_health_check=list(HealthCheck))
@given(situation=situations())
def test_what_is_told_gives_the_amount(situation: tuple[Program, list[Cell], Side]) -> None:
    program, cells, side = situation
    rule = compile_rule(program, names(program))
    found, calculation = entitle(rule, cells, side), explain_parts(rule, cells, side)
    assert Fraction(calculation["amount"]) * 10 ** -calculation["amount"].as_tuple().exponent == found.amount
    assert sum(unit["numerator"] for unit in calculation["units"]) == found.numerator
    for unit in calculation["units"]:
        assert sum(part["numerator"] for part in unit["slices"]) == unit["numerator"]
        for part in unit["slices"]:
            earned = sum(band["numerator"] for band in part["bands"])
            if len(unit["slices"]) == 1:
                assert earned == part["numerator"]
                assert not part["pro_rata"]
    parts = narrative(calculation)
    assert {part["id"] for part in parts} <= TEMPLATES.keys()
    assert all(sentence and "None" not in sentence for sentence in told(parts))
