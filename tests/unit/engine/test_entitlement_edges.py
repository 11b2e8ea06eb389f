"""The edges of what is earned: what waits and what is shared, slices and levels, growth by nothing, and the rule."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.entitlement import Cell, Rule, Side, compile_rule, entitle, entitle_by_currency
from core.programs import program_from


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


def test_an_invoice_that_nobody_can_convert_waits_in_its_currency() -> None:
    cells = [cell(10_000), cell(20_000, tax=2, over=0)]
    found = entitle_by_currency(rule(scale={"percent": Decimal(10)}), cells, {1: "EUR", 2: "USD"})
    assert {currency: entitled.amount for currency, entitled in found.items()} == {"EUR": 1_000, "USD": 0}
    assert found["USD"].numerator == 0


def test_equal_parts_are_those_of_all_currencies_together() -> None:
    found = rule(scale={"percent": Decimal(1)}, audience={"beneficiary": "parent", "distribution": "equal"})
    cells = [cell(10_000), cell(10_000, payee=2), cell(20_000, payee=2, tax=2, times=3, over=4)]
    # 350.00 EUR earn 3.50 EUR, 1.75 EUR each; those of the second by net: 0.70 EUR, and 1.05 EUR, which are 1.40 USD.
    paid = entitle_by_currency(found, cells, {1: "EUR", 2: "USD"})
    assert {currency: entitled.parts for currency, entitled in paid.items()} == {"EUR": [175, 70], "USD": [140]}


def test_the_odd_unit_of_a_currency_goes_to_the_first_code() -> None:
    cells = [cell(50, tax=3), cell(50, tax=1)]
    found = entitle_by_currency(rule(scale={"percent": Decimal(1)}), cells, {1: "EUR", 3: "EUR"})
    assert found["EUR"].parts == [0, 1]


def test_bands_of_counts_are_shared_by_the_size_of_the_net() -> None:
    found = rule(scale=bands("marginal", ("0", "1"), ("10", "2"), kind="per_unit"), basis={"measure": "orders"})
    cells = [cell(4, net=10_000), cell(8, net=-30_000, tax=2)]
    # 10 at 1.00 EUR and 2 at 2.00 EUR.
    assert entitle(found, cells).parts == [350, 1_050]


def test_what_waits_has_no_part_where_parts_are_equal() -> None:
    found = rule(scale={"percent": Decimal(1)}, audience={"beneficiary": "parent", "distribution": "equal"})
    cells = [cell(10_000), cell(20_000, tax=2, times=3, over=4), cell(5_000, payee=2, over=0)]
    # 250.00 EUR earn 2.50 EUR, all of the one payee whose purchases are known, by the net in euros.
    assert entitle(found, cells).parts == [100, 150, 0]
    paid = entitle_by_currency(found, cells, {1: "EUR", 2: "USD"})
    assert {currency: entitled.parts for currency, entitled in paid.items()} == {"EUR": [100, 0], "USD": [200]}


def test_what_is_earned_exactly_is_told_beside_the_amount() -> None:
    found = rule(scale={"percent": Decimal(1)}, basis={"accumulate": "document"})
    half = cell(1, times=1, over=2, document=1)
    assert entitle(found, [half, cell(2, document=2)]).numerator == Fraction(5, 2)
    whole = entitle(found, [half, half._replace(document=2)]).numerator
    assert (whole, type(whole)) == (1, int)


def test_where_nothing_was_before_only_what_is_above_zero_reaches_the_highest_band() -> None:
    found = rule(
        scale=bands("lump_sum", ("0", "1"), ("1000", "50"), kind="amount"),
        baseline=growth(without="all_growth", bands_in="attainment"),
    )
    assert [entitle(found, [cell(measure)]).amount for measure in (1, 0, -5)] == [5_000, 100, 0]


def test_the_smallest_baseline_is_one() -> None:
    found = rule(scale=bands("retrospective", ("0", "1")), baseline=ON_GROWTH)
    assert entitle(found, [cell(10_001)], Side(baseline=Fraction(1))).amount == 100
    assert entitle(found, [cell(10_001)], Side(baseline=Fraction(1, 2))).numerator == Fraction(20_001, 2)


def test_a_fall_is_no_growth_at_all() -> None:
    found = rule(scale={"percent": Decimal(2)}, baseline=ON_GROWTH)
    for measure in (100_000, 99_999, 0):
        assert entitle(found, [cell(measure)], Side(baseline=Fraction(100_000))).numerator == 0


def test_a_qualifier_of_which_nothing_is_known_is_nothing() -> None:
    found = rule(scale=bands("retrospective", ("0", "1"), ("0.01", "3")), qualifier={"measure": "net"})
    assert entitle(found, [cell(10_000)]).amount == 100
    assert entitle(found, [cell(10_000)], Side(qualifier=Fraction(1))).amount == 300


def test_two_halves_of_a_lump_sum() -> None:
    found = rule(scale=bands("lump_sum", ("0.01", "5"), kind="amount"))
    assert entitle(found, [cell(1), cell(1, tax=2)]).parts == [250, 250]


def test_a_level_without_a_scale_beside_one_with() -> None:
    levels = ("silver", "gold")
    at_document = {"program": "status", "at": "document", "levels": {"silver": {"percent": Decimal(2)}}}
    found = rule(levels, tier=at_document)
    assert entitle(found, [cell(10_000, level=1), cell(10_000, level=0), cell(10_000)]).parts == [0, 200, 0]
    at_end = {"program": "status", "at": "period_end", "levels": {"silver": {"percent": Decimal(2)}}}
    over_a_base = rule(levels, tier=at_end, baseline=growth())
    for level, amount in ((-1, 0), (0, 200), (1, 0)):
        assert entitle(over_a_base, [cell(10_000)], Side(level=level, baseline=Fraction(100))).amount == amount


def test_what_belongs_to_no_measure_is_shared_by_the_net_in_the_currency_of_the_program() -> None:
    found = rule(scale=bands("lump_sum", ("0", "9"), kind="amount"))
    assert entitle(found, [cell(300), cell(-400, tax=2, times=3, over=4)]).parts == [450, 450]


def test_three_marginal_slices_lie_one_after_the_other() -> None:
    scale = bands("marginal", ("0", "1"), ("150", "2"), ("250", "3"))
    change = [{"from": day, "scale": scale} for day in (date(2024, 3, 1), date(2024, 5, 1))]
    found = rule(scale=scale, change=change)
    cells = [cell(10_000, slice=number) for number in range(3)]
    # 0 to 100 at 1 %; 100 to 150 at 1 % and to 200 at 2 %; 200 to 250 at 2 % and to 300 at 3 %.
    assert entitle(found, cells).parts == [100, 150, 250]


def test_what_is_earned_is_exact_however_it_is_found() -> None:
    rising = rule(scale=bands("linear", ("0", "1"), ("100", "2")))
    # 33.33 EUR at 1.3333 %.
    assert entitle(rising, [cell(3_000), cell(333, tax=2)]).numerator == Fraction(44_438_889, 10_000)
    flat = rule(scale={"percent": Decimal(1)})
    assert entitle(flat, [cell(100, times=1, over=3), cell(1, tax=2)]).numerator == Fraction(103, 3)
    assert entitle(flat, [cell(100, times=1, over=3, less=1), cell(1, tax=2)]).numerator == Fraction(103, 3)
    assert entitle(flat, [cell(100, times=1, over=3, less=1)]).numerator == Fraction(100, 3)


def test_a_measure_is_named_for_people() -> None:
    per_unit = {"per_unit": Decimal(1)}
    named = {"quantity": "units", "orders": "orders"}
    assert {measure: rule(scale=per_unit, basis={"measure": measure}).measured.name for measure in named} == named
    assert rule(scale=per_unit, basis={"measure": "quantity", "unit": "CS"}).measured.name == "CS"
    assert rule(currency="CHF", scale={"percent": Decimal(1)}).measured.name == "CHF"


@pytest.mark.parametrize(
    ("simple", "stated"),
    [
        (True, {"scale": {"percent": Decimal(2)}}),
        (True, {"scale": bands("marginal", ("0", "1"), ("100", "2"))}),
        (True, {"tier": {"program": "status", "at": "period_end", "levels": {"silver": {"percent": Decimal(2)}}}}),
        (False, {"scale": bands("linear", ("0", "1"), ("100", "2"))}),
        (False, {"scale": {"per_unit": Decimal(2)}, "basis": {"measure": "orders"}}),
        (False, {"scale": {"percent": Decimal(2)}, "basis": {"negative": "zero"}}),
        (False, {"scale": {"percent": Decimal(2)}, "qualifier": {"measure": "orders"}}),
        (False, {"scale": {"percent": Decimal(2)}, "baseline": ON_GROWTH}),
        (False, {"scale": {"percent": Decimal(2)}, "condition": [{"name": "tools", "minimum": Decimal(1)}]}),
        (
            False,
            {"scale": {"percent": Decimal(2)}, "audience": {"beneficiary": "parent", "distribution": "equal"}},
        ),
    ],
)
def test_a_rule_is_simple_where_the_measure_alone_decides(simple: bool, stated: dict[str, Any]) -> None:
    assert rule(("silver",), **stated).simple is simple


def test_a_rule_names_its_program_and_what_it_looks_at() -> None:
    found = rule(
        ("silver",),
        currency="CHF",
        qualifier={"measure": "net"},
        scale=bands("retrospective", ("0", "1")),
        tier={"program": "status", "at": "period_start", "levels": {"silver": {"percent": Decimal(2)}}},
    )
    assert (found.program, found.at, found.qualifier) == ("bonus", "period_start", ("money", "CHF"))


def test_rates_have_the_digits_of_the_unit_and_the_currency() -> None:
    per_unit = {"per_unit": Decimal("1.5")}
    assert rule(currency="JPY", scale=per_unit, basis={"measure": "orders"}).digits == 1
    assert rule(currency="EUR", scale=per_unit, basis={"measure": "orders"}).digits == 0
    assert rule(currency="JPY", scale=per_unit, basis={"measure": "quantity"}).digits == 7
    assert rule(tier={"program": "status", "at": "period_end", "levels": {}}).digits == 0


def test_a_fall_reaches_no_band_of_growth_in_amounts() -> None:
    found = rule(scale=bands("retrospective", ("0", "1"), ("100", "2")), baseline=growth(bands_in="amount"))
    side = Side(baseline=Fraction(100_000))
    assert [entitle(found, [cell(measure)], side).amount for measure in (90_000, 100_000, 110_000)] == [0, 1_000, 2_200]


def test_growth_in_units_is_compared_with_units() -> None:
    found = rule(
        scale=bands("retrospective", ("0", "1"), ("10", "2"), kind="per_unit"),
        basis={"measure": "quantity"},
        baseline=growth(bands_in="amount"),
    )
    side = Side(baseline=Fraction(5_000_000))
    assert [entitle(found, [cell(units * 10**6)], side).amount for units in (10, 15)] == [1_000, 3_000]
