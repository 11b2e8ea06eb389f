"""From cells to one amount and its parts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.entitlement import Cell, Entitled, Rule, Side, compile_rule, entitle
from core.explanation import explain_parts
from core.programs import program_from

BANDS = [{"from": Decimal(0), "percent": Decimal(1)}, {"from": Decimal(100), "percent": Decimal(2)}]
MARGINAL = {"method": "marginal", "bands": BANDS}
RETROSPECTIVE = {"method": "retrospective", "bands": BANDS}


def rule(scale: Any = None, levels: tuple[str, ...] = (), **stated: Any) -> Rule:
    head = {"id": "bonus", "name": "Bonus", "currency": "EUR", "valid_from": date(2024, 1, 1)} | stated.pop("head", {})
    if scale is not None:
        stated["scale"] = scale
    return compile_rule(program_from({"program": head, **stated}), levels)


def cell(measure: int, **other: int) -> Cell:
    base = Cell(0, 1, 1, 0, 0, 0, -1, 1, 0, 0, measure, measure, 0, 1)
    return base._replace(**other)


def flat(percent: str) -> dict[str, Any]:
    return {"percent": Decimal(percent)}


def test_nothing_is_nothing() -> None:
    assert entitle(rule(flat("2")), []) == Entitled(0, [], 0, 2)


def test_one_cell() -> None:
    assert entitle(rule(flat("2.5")), [cell(10_020)]) == Entitled(251, [251], 250_500, 3)


@pytest.mark.parametrize(
    ("rounding", "measure", "amount"),
    [
        ("half_away_from_zero", 50, 1),
        ("half_away_from_zero", -50, -1),
        ("half_even", 50, 0),
        ("half_even", -50, 0),
        ("half_even", 150, 2),
        ("half_even", -150, -2),
        ("half_even", 51, 1),
    ],
)
def test_the_rounding_rule_is_the_programs(rounding: str, measure: int, amount: int) -> None:
    found = rule(flat("1"), head={"rounding": rounding})
    assert entitle(found, [cell(measure)]).amount == amount
    assert entitle(found, [cell(measure - 7), cell(7, tax=2)]).amount == amount


def test_the_period_is_rounded_once() -> None:
    cells = [cell(50, tax=tax) for tax in (1, 2, 3)]
    assert entitle(rule(flat("1")), cells) == Entitled(2, [1, 1, 0], 150, 2)


def test_each_document_is_rounded_by_itself() -> None:
    found = rule(flat("1"), basis={"accumulate": "document"})
    assert entitle(found, [cell(50, document=1), cell(50, document=2)]) == Entitled(2, [1, 1], 100, 2)
    assert entitle(found, [cell(50, document=1), cell(50, document=1, tax=2)]) == Entitled(1, [1, 0], 100, 2)


def test_each_line_is_rounded_by_itself() -> None:
    found = rule(flat("1"), basis={"accumulate": "line"})
    cells = [cell(50, document=1, line=1), cell(50, document=1, line=2)]
    assert entitle(found, cells) == Entitled(2, [1, 1], 100, 2)


def test_the_band_is_picked_on_each_document() -> None:
    cells = [cell(6_000, document=1), cell(6_000, document=2)]
    assert entitle(rule(RETROSPECTIVE), cells).amount == 240
    assert entitle(rule(RETROSPECTIVE, basis={"accumulate": "document"}), cells).amount == 120


def test_arrival_order_does_not_matter() -> None:
    cells = [cell(50, tax=2), cell(50, tax=1)]
    assert entitle(rule(flat("1")), cells).parts == [0, 1]
    assert entitle(rule(flat("1")), cells[::-1]).parts == [1, 0]


@pytest.mark.parametrize("scale", [flat("2"), RETROSPECTIVE, MARGINAL])
def test_parts_of_both_signs_where_the_whole_is_nothing(scale: dict[str, Any]) -> None:
    each = 2_000 if scale == flat("2") else 1_000
    found = entitle(rule(scale), [cell(100_000), cell(-100_000, tax=2)])
    assert found.amount == 0
    assert found.parts == [each, -each]


def test_a_marginal_amount_is_shared_in_proportion() -> None:
    assert entitle(rule(MARGINAL), [cell(15_000), cell(5_000, tax=2)]) == Entitled(300, [225, 75], 30_000, 2)


CHANGED = [{"from": date(2024, 7, 1), "scale": flat("10")}]


@pytest.mark.parametrize(
    ("first", "then", "amount"),
    [
        # The whole measure of 150.00 picks the band; each slice pays at its own rate.
        (RETROSPECTIVE, flat("10"), 120 + 900),
        # The first slice lies on the axis from 0 to 60.00, the second from there to 150.00.
        (MARGINAL, {"method": "marginal", "bands": [BANDS[0] | {"percent": Decimal(3)}, BANDS[1]]}, 60 + 120 + 100),
        (MARGINAL, flat("10"), 60 + 900),
        (flat("10"), MARGINAL, 600 + 40 + 100),
    ],
)
def test_a_change_within_the_period(first: Any, then: Any, amount: int) -> None:
    found = rule(first, change=[{"from": date(2024, 7, 1), "scale": then}])
    cells = [cell(6_000), cell(9_000, slice=1)]
    assert entitle(found, cells).amount == amount
    assert sum(entitle(found, cells).parts) == amount


def test_a_marginal_change_to_the_same_scale_changes_nothing() -> None:
    found = rule(MARGINAL, change=[{"from": date(2024, 7, 1), "scale": MARGINAL}])
    for first in range(0, 16_000, 777):
        cells = [cell(first), cell(15_555 - first, slice=1)]
        assert entitle(found, cells).amount == entitle(rule(MARGINAL), [cell(15_555)]).amount


def test_a_marginal_slice_of_nothing_is_shared_at_the_rate_where_it_lies() -> None:
    found = rule(MARGINAL, change=[{"from": date(2024, 7, 1), "scale": MARGINAL}])
    both = [cell(1_000), cell(-1_000, tax=2)]
    assert entitle(found, [*both, cell(15_000, slice=1)]).parts == [10, -10, 200]
    assert entitle(found, [cell(15_000), *(one._replace(slice=1) for one in both)]).parts == [200, 20, -20]


def test_scales_of_different_precision_add_up() -> None:
    found = rule(flat("1.125"), change=[{"from": date(2024, 7, 1), "scale": flat("10")}])
    assert entitle(found, [cell(100), cell(100, slice=1)]) == Entitled(11, [1, 10], 1_112_500, 5)


LEVELS = ("bronze", "silver", "gold")


def tier(at: str, **levels: str) -> dict[str, Any]:
    return {"program": "status", "at": at, "levels": {name: flat(percent) for name, percent in levels.items()}}


def test_the_level_picks_the_scale() -> None:
    found = rule(flat("1"), LEVELS, tier=tier("period_end", silver="2", gold="3"))
    assert [entitle(found, [cell(10_000)], Side(level)).amount for level in (-1, 0, 1, 2)] == [100, 100, 200, 300]


def test_a_level_without_a_scale_pays_nothing_where_the_program_has_none() -> None:
    found = rule(None, LEVELS, tier=tier("period_end", gold="3"))
    assert [entitle(found, [cell(10_000)], Side(level)).amount for level in (-1, 0, 1, 2)] == [0, 0, 0, 300]
    assert entitle(found, [cell(10_000), cell(5, tax=2)], Side(1)) == Entitled(0, [0, 0], 0, 2)
    assert entitle(found, [cell(10_000)], Side(1)) == Entitled(0, [0], 0, 2)


def test_the_documents_level_is_the_cells_own() -> None:
    found = rule(flat("1"), LEVELS, tier=tier("document", gold="3"))
    cells = [cell(10_000, level=0), cell(10_000, level=2)]
    assert entitle(found, cells, Side(1)) == Entitled(400, [100, 300], 40_000, 2)
    assert entitle(found, cells[1:], Side(0)).amount == 300


def test_a_program_without_any_scale_earns_nothing() -> None:
    assert entitle(rule(None, LEVELS, tier=tier("period_end")), [cell(10_000)], Side(2)).amount == 0


def test_a_tier_program_has_no_rule() -> None:
    stated = {
        "program": {"id": "s", "name": "S", "kind": "tier", "currency": "EUR", "valid_from": date(2024, 1, 1)},
        "status": {"window": "rolling", "levels": [{"name": "bronze", "from": Decimal(0)}]},
    }
    with pytest.raises(ValueError, match="no rule"):
        compile_rule(program_from(stated))


def test_an_explanation_adds_up() -> None:
    found = rule(MARGINAL, change=[{"from": date(2024, 7, 1), "scale": RETROSPECTIVE}], head={"rounding": "half_even"})
    cells = [cell(15_001), cell(9_000, slice=1), cell(-50, slice=1, tax=2)]
    told = explain_parts(found, cells)
    (unit,) = told["units"]
    assert unit["measure"] == Decimal("239.51")
    assert [part["numerator"] for part in unit["slices"]] == [20_002, 17_900]
    assert unit["numerator"] == entitle(found, cells).numerator == 37_902
    assert unit["unrounded"] == Decimal("3.7902")
    assert unit["amount"] == told["amount"] == Decimal("3.79")
    assert unit["slices"][0] == {
        "from": date(2024, 1, 1),
        "level": None,
        "method": "marginal",
        "begins_at": Decimal("0.00"),
        "measure": Decimal("150.01"),
        "bands": [
            {
                "lower": Decimal("0.00"),
                "upper": Decimal("100.00"),
                "rate": "1 %",
                "measure": Decimal("100.00"),
                "numerator": 10_000,
            },
            {
                "lower": Decimal("100.00"),
                "upper": None,
                "rate": "2 %",
                "measure": Decimal("50.01"),
                "numerator": 10_002,
            },
        ],
        "about": "EUR",
        "inclusive": "lower",
        "pro_rata": False,
        "numerator": 20_002,
    }


def test_an_explanation_goes_down_the_bands_too() -> None:
    found = rule(MARGINAL, change=[{"from": date(2024, 7, 1), "scale": MARGINAL}])
    told = explain_parts(found, [cell(15_000), cell(-18_000, slice=1)])["units"][0]
    assert [(band["rate"], band["measure"]) for band in told["slices"][1]["bands"]] == [
        ("1 %", Decimal("-130.00")),
        ("2 %", Decimal("-50.00")),
    ]
    assert sum(part["numerator"] for part in told["slices"]) == told["numerator"] == -3_000


def test_an_explanation_names_the_level() -> None:
    found = rule(flat("1"), LEVELS, tier=tier("document", gold="3"))
    told = explain_parts(found, [cell(10_000, level=0), cell(10_000, level=2)])["units"][0]
    assert [(part["level"], part["bands"][0]["rate"]) for part in told["slices"]] == [
        ("bronze", "1 %"),
        ("gold", "3 %"),
    ]
