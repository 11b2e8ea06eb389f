"""What beside the paid measure decides: qualifiers, baselines, conditions, multipliers, and who shares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.entitlement import Cell, Checked, Rule, Side, compile_rule, entitle, entitle_by_currency
from core.programs import program_from

LEVELS = ("bronze", "silver", "gold")


def rule(levels: tuple[str, ...] = (), currency: str = "EUR", **stated: Any) -> Rule:
    head = {"id": "bonus", "name": "Bonus", "currency": currency, "valid_from": date(2024, 1, 1)}
    return compile_rule(program_from({"program": head, **stated}), levels)


def cell(measure: int, **other: int) -> Cell:
    return Cell(0, 1, 1, 0, 0, 0, -1, 1, 0, 0, measure, measure, 0, 1)._replace(**other)


def bands(method: str, *rows: tuple[str, str], kind: str = "percent", **more: Any) -> dict[str, Any]:
    return {"method": method, "bands": [{"from": Decimal(a), kind: Decimal(b)} for a, b in rows], **more}


def growth(**stated: Any) -> dict[str, Any]:
    return {"against": "last_year", **stated}


ON_GROWTH = growth(pays_on="growth")


def test_the_qualifier_picks_the_band_and_the_paid_measure_pays() -> None:
    found = rule(scale=bands("retrospective", ("0", "1"), ("12", "3")), qualifier={"measure": "orders"})
    assert [entitle(found, [cell(100_000)], Side(qualifier=Fraction(count))).amount for count in (11, 12)] == [
        1_000,
        3_000,
    ]
    assert entitle(found, [cell(100_000)]).amount == 1_000


def test_the_qualifier_picks_the_band_of_every_document() -> None:
    found = rule(
        scale=bands("lump_sum", ("100", "5"), kind="amount"), qualifier={"measure": "net"},
        basis={"accumulate": "document"},
    )  # fmt: skip
    cells = [cell(10, document=1), cell(-10, document=2)]
    assert entitle(found, cells, Side(qualifier=Fraction(10_000))).parts == [500, 500]
    assert entitle(found, cells, Side(qualifier=Fraction(19_999, 2))).parts == [0, 0]


def test_growth_over_a_gate_pays_on_the_growth() -> None:
    # IDCO: 3 % on purchases above the base of 4,315,000 once they have grown by 15 %, that is from 4,962,250 on.
    found = rule(scale=bands("retrospective", ("15", "3")), baseline=ON_GROWTH)
    side = Side(baseline=Fraction(431_500_000))
    assert entitle(found, [cell(500_000_000)], side).amount == 2_055_000
    assert entitle(found, [cell(496_225_000)], side).amount == 1_941_750
    assert entitle(found, [cell(496_224_999)], side).amount == 0


@pytest.mark.parametrize(("inclusive", "amount"), [("lower", 2_300), ("upper", 0)])
def test_growth_by_exactly_the_bound(inclusive: str, amount: int) -> None:
    found = rule(scale=bands("retrospective", ("15", "2"), inclusive=inclusive), baseline=growth())
    assert entitle(found, [cell(115_000)], Side(baseline=Fraction(100_000))).amount == amount


def test_a_baseline_need_not_be_whole() -> None:
    found = rule(scale=bands("retrospective", ("50", "1")), baseline=growth())
    # 100.00 raised to 133.333...: 200.00 is exactly 50 % more.
    assert entitle(found, [cell(20_000)], Side(baseline=Fraction(40_000, 3))).amount == 200
    assert entitle(found, [cell(19_999)], Side(baseline=Fraction(40_000, 3))).amount == 0


def test_bands_in_the_amount_of_growth_cut_the_growth() -> None:
    found = rule(
        scale=bands("marginal", ("0", "1"), ("1000", "3")),
        baseline=growth(bands_in="amount", pays_on="growth"),
    )
    assert entitle(found, [cell(650_000)], Side(baseline=Fraction(400_000))).amount == 1_000 + 4_500


def test_attainment_of_a_target() -> None:
    target = {"against": "target", "target": Decimal(1000), "bands_in": "attainment"}
    found = rule(scale=bands("linear", ("100", "1"), ("120", "2")), baseline=target)
    side = Side(baseline=Fraction(100_000))
    assert [entitle(found, [cell(m)], side).amount for m in (99_999, 100_000, 110_000, 130_000)] == [
        0,
        1_000,
        1_650,
        2_600,
    ]


def test_retrospective_from_the_baseline() -> None:
    found = rule(scale=bands("retrospective", ("0", "2"), ("10", "5"), point="baseline"), baseline=growth())
    assert entitle(found, [cell(109_000)], Side(baseline=Fraction(100_000))).amount == 180
    assert entitle(found, [cell(120_000)], Side(baseline=Fraction(100_000))).amount == 1_000


@pytest.mark.parametrize("pays_on", ["everything", "growth"])
def test_a_fall_costs_nothing(pays_on: str) -> None:
    found = rule(scale=bands("retrospective", ("0", "2")), baseline=growth(pays_on=pays_on))
    for measure in (99_999, 0, -50_000):
        assert entitle(found, [cell(measure)], Side(baseline=Fraction(100_000))).amount == 0


@pytest.mark.parametrize("baseline", [None, Fraction(0), Fraction(-5)])
def test_without_a_baseline(baseline: Fraction | None) -> None:
    scale = bands("retrospective", ("0", "2"), ("10", "5"))
    nothing, everything = (
        rule(scale=scale, baseline=growth(pays_on="growth", without=without)) for without in ("nothing", "all_growth")
    )
    assert entitle(nothing, [cell(100_000)], Side(baseline=baseline)).amount == 0
    assert entitle(everything, [cell(100_000)], Side(baseline=baseline)).amount == 5_000


def test_an_amount_on_growth_is_shared_by_measure_over_slices() -> None:
    found = rule(
        scale=bands("retrospective", ("0", "2")),
        baseline=ON_GROWTH,
        change=[{"from": date(2024, 7, 1), "scale": bands("retrospective", ("0", "4"))}],
    )
    # Growth of 500.00; three quarters of the measure lie in the first slice.
    cells = [cell(150_000), cell(50_000, slice=1)]
    assert entitle(found, cells, Side(baseline=Fraction(150_000))).parts == [750, 500]


def test_a_lump_sum_is_shared_by_measure() -> None:
    found = rule(scale=bands("lump_sum", ("100", "10"), kind="amount"))
    assert entitle(found, [cell(20_000), cell(10_000, tax=2)]).parts == [667, 333]
    assert entitle(found, [cell(5_000, tax=2), cell(4_999)]).parts == [0, 0]


def test_what_belongs_to_no_measure_is_shared_by_the_size_of_the_net() -> None:
    found = rule(scale=bands("lump_sum", ("0", "9"), kind="amount"))
    assert entitle(found, [cell(200, net=200), cell(-200, net=-400, tax=2)]).parts == [300, 600]


def test_counts_are_shared_by_the_size_of_the_net() -> None:
    found = rule(scale={"per_unit": Decimal(2)}, basis={"measure": "orders"})
    cells = [cell(3, net=90_000), cell(0, net=-30_000, tax=2), cell(0, net=0, tax=3)]
    assert entitle(found, cells).parts == [450, 150, 0]


def test_a_slice_of_counts_keeps_its_rate() -> None:
    found = rule(
        scale={"per_unit": Decimal(1)}, basis={"measure": "products"},
        change=[{"from": date(2024, 7, 1), "scale": {"per_unit": Decimal(3)}}],
    )  # fmt: skip
    cells = [cell(2, net=10), cell(0, net=10, tax=2), cell(1, net=1000, slice=1)]
    assert entitle(found, cells).parts == [100, 100, 300]


def test_equal_parts_for_every_payee() -> None:
    audience = {"beneficiary": "group", "distribution": "equal"}
    found = rule(scale={"percent": Decimal(1)}, audience=audience)
    cells = [cell(70_000, payee=3), cell(20_000, payee=2), cell(10_001, payee=1), cell(10_000, payee=1, tax=2)]
    assert entitle(found, cells).amount == 1_100
    by_payee = dict.fromkeys((1, 2, 3), 0)
    for one, part in zip(cells, entitle(found, cells).parts, strict=True):
        by_payee[one.payee] += part
    assert by_payee == {1: 367, 2: 367, 3: 366}


def test_what_is_below_zero_counts_as_zero_by_choice() -> None:
    taken = rule(scale=bands("retrospective", ("0", "1"), ("100", "2")))
    kept = rule(scale=bands("retrospective", ("0", "1"), ("100", "2")), basis={"negative": "zero"})
    cells = [cell(-20_000), cell(5_000, tax=2)]
    assert entitle(taken, cells).parts == [-200, 50]
    assert entitle(kept, cells).parts == [0, 0]


def test_a_condition_that_is_missed_costs_everything() -> None:
    found = rule(scale={"percent": Decimal(1)}, condition=[{"name": "tools", "minimum": Decimal(10)}])
    checked = Checked("tools", Fraction(999), Fraction(1000), False)
    assert entitle(found, [cell(10_000)], Side(conditions=(checked._replace(met=True),))).amount == 100
    assert entitle(found, [cell(10_000)], Side(conditions=(checked,))).parts == [0]


def test_who_is_excluded_earns_nothing() -> None:
    assert entitle(rule(scale={"percent": Decimal(1)}), [cell(10_000)], Side(excluded="joined in June")).amount == 0


def test_multipliers_by_level() -> None:
    use = {"program": "status", "multipliers": {"silver": Decimal("1.5"), "gold": Decimal(2)}}
    use["levels"] = {"gold": {"percent": Decimal(3)}}
    found = rule(LEVELS, scale=bands("marginal", ("0", "1"), ("100", "2")), tier=use)
    amounts = [entitle(found, [cell(20_000)], Side(level)).amount for level in (-1, 0, 1, 2)]
    assert amounts == [300, 300, 450, 1_200]


def test_a_measure_is_converted_exactly_to_the_rounding_point() -> None:
    found = rule(scale={"percent": Decimal(10)})
    # Three times 3.33 USD at 1 to 3 EUR: 3.33 in all, though no line alone is whole.
    cells = [cell(333, tax=tax, times=1, over=3) for tax in (1, 2, 3)]
    assert entitle(found, cells).amount == 33
    assert entitle(found, cells).parts == [11, 11, 11]
    assert entitle(found, [cell(35, times=10, over=7)]).amount == 5


def test_what_nobody_can_convert_waits() -> None:
    found = rule(scale=bands("retrospective", ("0", "1"), ("100", "2")))
    assert entitle(found, [cell(9_000), cell(5_000, tax=2, over=0)]).parts == [90, 0]


@pytest.mark.parametrize(
    ("scale", "euros", "dollars"),
    [
        ({"percent": Decimal(10)}, 1_000, 2_000),
        # 100.00 EUR and 200.00 USD are 250.00 EUR, the band from 200.
        (bands("retrospective", ("0", "1"), ("200", "3")), 300, 600),
        # 2.00 + 1.50 EUR: two fifths and three fifths of 3.50 EUR, the second at 3 to 4.
        (bands("marginal", ("0", "1"), ("200", "3")), 140, 280),
    ],
)
def test_each_currency_of_the_invoices_is_paid_in_itself(scale: Any, euros: int, dollars: int) -> None:
    cells = [cell(10_000), cell(20_000, tax=2, times=3, over=4)]
    found = entitle_by_currency(rule(scale=scale), cells, {1: "EUR", 2: "USD"})
    assert {currency: entitled.amount for currency, entitled in found.items()} == {"EUR": euros, "USD": dollars}
    assert found["USD"].parts == [dollars]


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 100), ("EUR", 51), ("KWD", 50)])
def test_it_is_rounded_to_the_minor_unit_of_the_currency(currency: str, amount: int) -> None:
    found = rule(currency=currency, scale=bands("linear", ("0", "10"), ("1000", "30")))
    # 500 JPY at 20 %; 5.00 EUR at 10.1 %, that is 50.5 cents; 0.500 KWD at 10.01 %, that is 50.05 fils.
    assert entitle(found, [cell(500)]).amount == amount
