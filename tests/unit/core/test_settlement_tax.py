"""The split of a settlement over tax codes, and the tax of a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import minor_units, text
from core.tax import TaxCode, TaxLine, of_one_sign, open_split, tax_lines, under_lowest_rate
from tests.unit.core.settling import a_program, earned

CODES = {
    1: TaxCode("DE01", "DE1", "S", 190_000, "EUR"),
    2: TaxCode("DE01", "DE1", "S", 70_000, "EUR"),
    3: TaxCode("DE01", "DE1", "AE", 0, "EUR"),
}


@pytest.mark.parametrize(
    ("split", "settled", "open_", "found"),
    [
        ({1: 80, 2: 20}, {}, 100, {1: 80, 2: 20}),
        ({1: 80, 2: 20}, {1: 60}, 40, {1: 20, 2: 20}),
        ({1: 80, 2: 20}, {1: 50, 2: 50}, 0, {1: 30, 2: -30}),
        ({1: 80, 2: 20}, {1: 80, 2: 20}, 0, {}),
        ({1: 80, 2: 20}, {}, 50, {1: 40, 2: 10}),
        ({1: 80, 2: 20}, {}, 110, {1: 88, 2: 22}),
        ({1: 80, 2: 20}, {}, 0, {}),
        ({2: 20}, {1: 30}, -10, {1: -30, 2: 20}),
        ({}, {1: 30, 2: 10}, -40, {1: -30, 2: -10}),
        ({}, {1: 30}, -45, {1: -45}),
        ({1: 0}, {}, 5, {1: 5}),
        ({1: 100}, {2: 40}, 1_070, {1: 1_110, 2: -40}),
    ],
)
def test_the_split_is_the_cumulative_one_less_what_was_settled(
    split: dict[int, int], settled: dict[int, int], open_: int, found: dict[int, int]
) -> None:
    assert open_split(open_, split, settled) == found


def test_an_amount_without_any_tax_code_cannot_be_split() -> None:
    with pytest.raises(ValueError, match=r"^an amount is open that was never earned under any tax code$"):
        open_split(5, {}, {})
    assert open_split(0, {}, {}) == {}


splits = st.dictionaries(st.integers(1, 4), st.integers(-(10**9), 10**9), max_size=4)


@given(splits.filter(bool), splits, st.integers(-(10**9), 10**9))
def test_a_split_always_adds_up_to_what_is_open(split: dict[int, int], settled: dict[int, int], open_: int) -> None:
    found = open_split(open_, split, settled)
    assert sum(found.values()) == open_
    assert 0 not in found.values()
    assert set(found) <= set(split) | set(settled)


def test_settling_again_and_again_ends_at_the_cumulative_split() -> None:
    settled: dict[int, int] = {}
    for split in ({1: 33, 2: 1}, {1: 50, 2: 77}, {1: 49, 2: 77, 3: 5}):
        total = sum(split.values())
        part = open_split(total - sum(settled.values()), split, settled)
        settled = {code: settled.get(code, 0) + part.get(code, 0) for code in {*settled, *part}}
        assert settled == split


def rows(*parts: Mapping[int, int], **more: Any) -> list[TaxLine]:
    return tax_lines(parts, CODES, **more)


def test_tax_is_rounded_once_for_each_code_not_for_each_part() -> None:
    assert rows({1: 3}, {1: 3}, {1: 2}) == [TaxLine(1, 8, 2)]
    assert [sum(line.tax for line in rows({1: net})) for net in (3, 3, 2)] == [1, 1, 0]


def test_halves_of_tax_follow_the_rule_of_the_program() -> None:
    assert rows({1: 50}) == [TaxLine(1, 50, 10)]
    assert rows({1: 50}, rounding="half_even") == [TaxLine(1, 50, 10)]
    assert rows({1: 250}) == [TaxLine(1, 250, 48)]
    assert rows({2: 150}) == [TaxLine(2, 150, 11)]
    assert rows({2: 150}, rounding="half_even") == [TaxLine(2, 150, 10)]


def test_parts_of_both_signs_stand_on_one_document() -> None:
    assert rows({1: 1000, 2: -200}, {2: -300, 3: 40}) == [
        TaxLine(3, 40, 0),
        TaxLine(2, -500, -35),
        TaxLine(1, 1000, 190),
    ]


def test_a_code_that_comes_to_nothing_has_no_line() -> None:
    assert rows({1: 100, 2: 50}, {2: -50}) == [TaxLine(1, 100, 19)]
    assert rows() == []


@given(st.lists(splits.map(lambda split: {code: net for code, net in split.items() if code < 4}), max_size=5))
def test_net_is_kept_and_tax_mirrors(parts: list[dict[int, int]]) -> None:
    found = rows(*parts)
    assert sum(line.net for line in found) == sum(sum(part.values()) for part in parts)
    mirrored = rows(*({code: -net for code, net in part.items()} for part in parts))
    assert mirrored == [TaxLine(line.code, -line.net, -line.tax) for line in found]


def test_a_bonus_over_two_rates_is_split_at_the_original_rates(worked: Callable[[str], dict[str, Any]]) -> None:
    example = worked("VAT-MIXED-RATES")
    rates = {1: "0.19", 2: "0.07"}
    program = a_program("year", scale={"percent": Decimal(example["program"]["bonus_rate"]) * 100})
    bases = [(minor_units(example["inputs"][name], "EUR"), code) for name, code in (("net_19", 1), ("net_07", 2))]
    amount, split = earned(program, *bases)
    expected = example["expected"]
    assert amount == minor_units(expected["bonus_net"], "EUR")
    found = {rates[line.code]: line for line in rows(open_split(amount, split, {}))}
    assert {rate: line.net for rate, line in found.items()} == {
        rate: minor_units(net, "EUR") for rate, net in expected["split"].items()
    }
    assert {rate: text(line.tax, "EUR") for rate, line in found.items()} == expected["vat"]
    assert text(sum(line.net + line.tax for line in found.values()), "EUR") == expected["gross"]


def test_a_yearly_bonus_above_a_threshold_with_its_tax(worked: Callable[[str], dict[str, Any]]) -> None:
    example = worked("HAUFE-UMSATZBONUS")
    threshold = Decimal(example["program"]["condition"].rpartition("> ")[2])
    scale = {
        "method": "retrospective",
        "inclusive": "upper",
        "bands": [{"from": threshold, "percent": Decimal(example["program"]["rate"]) * 100}],
    }
    program = a_program("year", scale=scale)
    assert earned(program, (minor_units(threshold, "EUR"), 1))[0] == 0
    amount, split = earned(program, (minor_units(example["inputs"]["net"], "EUR"), 1))
    (found,) = rows(split)
    expected = example["expected"]
    assert amount == found.net == minor_units(expected["bonus_net"], "EUR")
    assert found.tax == minor_units(expected["bonus_vat"], "EUR")
    assert found.net + found.tax == minor_units(expected["credit_note_gross"], "EUR")


def test_the_units_of_a_published_wording_without_its_gap(worked: Callable[[str], dict[str, Any]]) -> None:
    example = worked("SF-QTY-TIERS")
    low, high = example["program"]["tiers"]
    bands = [
        {"from": Decimal(0), "to": Decimal(low["max"]), "per_unit": Decimal(low["per_unit"])},
        {"from": Decimal(low["max"]), "per_unit": Decimal(high["per_unit"])},
    ]
    scale = {"method": "retrospective", "inclusive": "upper", "bands": bands}
    program = a_program("year", scale=scale, quantity=True)
    for units in (200, 250):
        amount, _ = earned(program, (units * 10**6, 1))
        assert amount == minor_units(example["expected"][str(units)], "EUR")
    assert earned(program, (201 * 10**6, 1))[0] == 201 * 500, "an explicit rule: above 200"


OTHERS = CODES | {
    4: TaxCode("DE01", "AT9", "S", 100_000, "EUR"),
    5: TaxCode("DE01", "DE1", "Z", 0, "EUR"),
    6: TaxCode("DE01", "DE1", "S", 160_000, "EUR"),
}


def test_everything_taxed_may_go_under_the_lowest_rate_of_its_registration() -> None:
    assert under_lowest_rate({1: 100, 2: 50}, OTHERS) == {2: 150}
    assert under_lowest_rate({1: 100, 6: 50}, OTHERS) == {6: 150}
    assert under_lowest_rate({1: 100, 4: 50}, OTHERS) == {1: 100, 4: 50}, "each registration has its own"
    assert under_lowest_rate({1: 100}, OTHERS) == {1: 100}
    assert under_lowest_rate({}, OTHERS) == {}


def test_what_bears_no_tax_stays_under_its_own_code() -> None:
    assert under_lowest_rate({1: 100, 2: -30, 3: 7, 5: 9}, OTHERS) == {2: 70, 3: 7, 5: 9}


@given(st.dictionaries(st.integers(1, 6), st.integers(-(2**62), 2**62)))
def test_the_lowest_rate_keeps_the_sum_and_never_raises_the_tax_of_a_positive_split(split: dict[int, int]) -> None:
    found = under_lowest_rate(split, OTHERS)
    assert sum(found.values()) == sum(split.values())
    if all(amount >= 0 for amount in split.values()):
        tax = [sum(line.tax for line in tax_lines([part], OTHERS)) for part in (found, split)]
        assert tax[0] <= tax[1] + len(split), "up to a rounding of each code"


def test_a_service_bears_no_tax_of_ours() -> None:
    assert rows({1: 1000, 2: 500}, taxed=False) == [TaxLine(2, 500, 0), TaxLine(1, 1000, 0)]


@given(st.lists(splits, min_size=1, max_size=4))
def test_one_sign_only_is_the_sign_of_the_whole(parts: list[dict[int, int]]) -> None:
    kept = of_one_sign(parts)
    whole = sum(sum(part.values()) for part in parts)
    totals = [line.net for line in tax_lines(kept, dict.fromkeys(range(5), CODES[1]))]
    assert all(total * (1 if whole >= 0 else -1) > 0 for total in totals)
    assert abs(sum(totals)) >= abs(whole)
    assert of_one_sign(kept) == kept


def test_which_codes_have_the_sign_of_the_whole_is_told_by_their_totals() -> None:
    assert of_one_sign([{1: 5, 2: 3}, {1: -1, 2: -4}]) == [{1: 5}, {1: -1}]
    assert of_one_sign([{1: -5, 2: 3}, {1: 1, 2: 4}]) == [{2: 3}, {2: 4}]
    assert of_one_sign([{1: -5, 2: -3}, {1: 6, 2: -4}]) == [{2: -3}, {2: -4}]
    assert of_one_sign([{1: 1}, {2: 7}, {2: -7}]) == [{1: 1}, {}, {}]
    assert of_one_sign([{1: 5, 2: -5}]) == [{1: 5}]
    assert of_one_sign([{1: -1, 2: 1}, {1: -1}]) == [{1: -1}, {1: -1}]
