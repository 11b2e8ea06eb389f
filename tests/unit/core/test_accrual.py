"""What is posted while a period runs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.accrual import accrual_amount
from core.entitlement import Cell, Checked, Entitled, Side, compile_rule
from core.errors import ConfigError
from core.programs import program_from

BANDS = [{"from": Decimal(0), "percent": Decimal(1)}, {"from": Decimal(1000), "percent": Decimal(3)}]


def accrued(
    cells: list[Cell], accrual: dict[str, Any], side: Side | None = None, currency: str = "EUR", **stated: Any
) -> Entitled:
    head = {"id": "b", "name": "B", "currency": currency, "valid_from": date(2024, 1, 1)}
    stated.setdefault("scale", {"method": "retrospective", "bands": BANDS})
    program = program_from({"program": head, "accrual": accrual, **stated})
    return accrual_amount(program, compile_rule(program), cells, side or Side())


def cell(measure: int, **other: int) -> Cell:
    return Cell(0, 1, 1, 0, 0, 0, -1, 1, 0, 0, measure, measure, 0, 1)._replace(**other)


def test_achieved_is_what_is_earned() -> None:
    assert accrued([cell(10_000)], {"rate": "achieved"}).amount == 100
    assert accrued([cell(10_000)], {"rate": "achieved"}, Side(excluded="left")).amount == 0


def test_a_fixed_rate_is_of_the_net() -> None:
    fixed = {"rate": "fixed", "percent": Decimal("2.5")}
    found = accrued([cell(12_000, net=10_000), cell(1, net=20, tax=2)], fixed, basis={"measure": "gross"})
    assert (found.amount, found.parts) == (251, [250, 1])
    assert accrued([cell(12_000, net=10_000, times=11, over=10)], fixed).amount == 275


def test_a_fixed_amount_is_for_each_unit() -> None:
    fixed = {"rate": "fixed", "per_unit": Decimal("0.25")}
    scale = {"per_unit": Decimal(1)}
    assert accrued([cell(3_500_000)], fixed, scale=scale, basis={"measure": "quantity"}).amount == 88
    assert accrued([cell(7)], fixed, scale=scale, basis={"measure": "orders"}).amount == 175
    yen = {"rate": "fixed", "per_unit": Decimal("1.5")}
    assert accrued([cell(7)], yen, currency="JPY", scale=scale, basis={"measure": "orders"}).amount == 11


def test_the_expected_rate_is_that_of_the_whole_period() -> None:
    expected = {"rate": "expected", "expected": Decimal(2000)}
    assert accrued([cell(10_000), cell(5_000, tax=2)], expected).parts == [300, 150]
    marginal = {"method": "marginal", "bands": BANDS}
    # 10 + 30 EUR of 2000: 2 %.
    assert accrued([cell(10_000)], expected, scale=marginal).amount == 200


def test_a_lump_sum_is_expected_pro_rata() -> None:
    lump = {"method": "lump_sum", "bands": [{"from": Decimal(1000), "amount": Decimal(60)}]}
    assert accrued([cell(50_000)], {"rate": "expected", "expected": Decimal(2000)}, scale=lump).amount == 1_500
    assert accrued([cell(50_000)], {"rate": "expected", "expected": Decimal(500)}, scale=lump).amount == 0


def test_expected_growth_is_that_over_the_known_baseline() -> None:
    base = {"against": "last_year", "pays_on": "growth"}
    expected = {"rate": "expected", "expected": Decimal(2000)}
    found = accrued([cell(40_000)], expected, Side(baseline=Fraction(160_000)), baseline=base,
                    scale={"method": "retrospective", "bands": BANDS[:1]})  # fmt: skip
    # 1 % of 400 growth on 2000: 0.2 % of what was bought so far.
    assert found.amount == 80


def test_conditions_count_as_met_while_the_period_runs() -> None:
    missed = Side(conditions=(Checked("tools", Fraction(0), Fraction(1), False),))
    condition = [{"name": "tools", "minimum": Decimal(1)}]
    for accrual in ({"rate": "expected", "expected": Decimal(2000)}, {"rate": "fixed", "percent": Decimal(3)}):
        assert accrued([cell(10_000)], accrual, missed, condition=condition).amount == 300
        assert accrued([cell(10_000)], accrual, Side(excluded="left"), condition=condition).numerator == 0


def test_nothing_is_accrued_where_nothing_is_expected() -> None:
    assert accrued([cell(10_000)], {"rate": "expected", "expected": Decimal(0)}).numerator == 0
    with pytest.raises(ConfigError, match=r"accrual\.expected"):
        accrued([cell(10_000)], {"rate": "expected", "expected": Decimal("0.001")})


def test_what_is_expected_is_told_in_the_unit_of_the_measure() -> None:
    expected = {"rate": "expected", "expected": Decimal(2000)}
    pieces = {"scale": {"method": "retrospective", "bands": [
        {"from": Decimal(0), "per_unit": Decimal(1)}, {"from": Decimal(2000), "per_unit": Decimal(2)},
        {"from": Decimal(2001), "per_unit": Decimal(4)}]}}  # fmt: skip
    assert accrued([cell(3_000_000)], expected, basis={"measure": "quantity"}, **pieces).amount == 600
    assert accrued([cell(3)], expected, basis={"measure": "orders"}, **pieces).amount == 600
    steps = [{"from": Decimal(at), "percent": Decimal(rate)} for at, rate in ((0, 1), (2000, 3), (2001, 9))]
    assert (
        accrued([cell(1000)], expected, currency="JPY", scale={"method": "retrospective", "bands": steps}).amount == 30
    )


def test_the_expected_rate_holds_for_each_converted_amount() -> None:
    expected = {"rate": "expected", "expected": Decimal(2000)}
    assert accrued([cell(10_000, times=11, over=10)], expected).amount == 330
    assert accrued([cell(10_000, over=0), cell(10_000, tax=2)], expected).parts == [0, 300]


def test_what_members_share_equally_is_accrued_where_it_was_bought() -> None:
    equal = {"beneficiary": "parent", "distribution": "equal"}
    members = [cell(10_000), cell(30_000, payee=2)]
    assert accrued(members, {"rate": "fixed", "percent": Decimal(1)}, audience=equal).parts == [100, 300]
    assert accrued(members, {"rate": "achieved"}, audience=equal).parts == [200, 200]
