"""Each boundary of a scale, in integers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.errors import ConfigError
from core.programs import Scale
from core.scale_compiler import compile_scale, digits_of
from core.scales import CompiledScale, Segment


def compiled(currency: str = "EUR", **stated: Any) -> CompiledScale:
    scale = Scale.model_validate(stated)
    found = compile_scale(scale, currency, digits_of(scale, currency))
    assert isinstance(found, CompiledScale)
    return found


def bands(*rows: tuple[str, str], rate: str = "percent") -> list[dict[str, Decimal]]:
    return [{"from": Decimal(lower), rate: Decimal(value)} for lower, value in rows]


def test_a_flat_percentage() -> None:
    scale = compiled(percent=Decimal("2.5"))
    assert scale.digits == 3
    assert scale.segments == (Segment(0, None, 25, 0, 0),)
    assert [scale.numerator(measure) for measure in (0, 1, 10_000, -10_000)] == [0, 25, 250_000, -250_000]


def test_whole_percentages_need_two_digits() -> None:
    scale = compiled(percent=Decimal("10.0"))
    assert (scale.digits, scale.numerator(100)) == (2, 1000)
    assert scale.rate_text(scale.segments[0].rate) == "10 %"


def test_marginal_segments_carry_the_slices_below() -> None:
    scale = compiled(method="marginal", bands=bands(("0", "1"), ("100", "2"), ("250", "3")))
    assert scale.segments == (
        Segment(0, 10_000, 1, 0, 0),
        Segment(10_000, 25_000, 2, 10_000, 10_000),
        Segment(25_000, None, 3, 40_000, 25_000),
    )


@pytest.mark.parametrize(("inclusive", "at_bound", "above"), [("lower", 20_000, 20_002), ("upper", 10_000, 20_002)])
def test_the_inclusive_side_matters_for_retrospective_scales(inclusive: str, at_bound: int, above: int) -> None:
    scale = compiled(method="retrospective", inclusive=inclusive, bands=bands(("0", "1"), ("100", "2")))
    assert [scale.numerator(measure) for measure in (9_999, 10_000, 10_001)] == [9_999, at_bound, above]


@pytest.mark.parametrize("inclusive", ["lower", "upper"])
def test_a_marginal_scale_is_the_same_on_either_side(inclusive: str) -> None:
    scale = compiled(method="marginal", inclusive=inclusive, bands=bands(("0", "1"), ("100", "2")))
    assert [scale.numerator(measure) for measure in (9_999, 10_000, 10_001)] == [9_999, 10_000, 10_002]


@pytest.mark.parametrize("inclusive", ["lower", "upper"])
def test_the_segments_meet(inclusive: str) -> None:
    scale = compiled(method="retrospective", inclusive=inclusive, bands=bands(("5", "1"), ("9", "2"), ("11", "0")))
    for before, after in zip(scale.segments, scale.segments[1:], strict=False):
        assert before.upper == after.lower
        assert scale.segment(after.lower - 1) == before
        assert scale.segment(after.lower) == after
    assert scale.segments[-1].upper is None


@pytest.mark.parametrize("method", ["marginal", "retrospective"])
def test_nothing_is_paid_below_the_first_band(method: str) -> None:
    scale = compiled(method=method, bands=bands(("100", "2")))
    assert scale.segments[0].rate == 0
    assert [scale.numerator(measure) for measure in (-50_000, 0, 9_999)] == [0, 0, 0]
    assert scale.numerator(10_100) == (200 if method == "marginal" else 20_200)


@pytest.mark.parametrize("method", ["marginal", "retrospective"])
@pytest.mark.parametrize("inclusive", ["lower", "upper"])
def test_a_negative_measure_is_taken_back_at_the_lowest_band(method: str, inclusive: str) -> None:
    scale = compiled(method=method, inclusive=inclusive, bands=bands(("0", "1"), ("100", "2")))
    assert scale.numerator(-30_000) == -30_000
    assert scale.numerator(0) == 0


def test_a_rate_per_unit_counts_millionths_of_a_unit() -> None:
    scale = compiled(per_unit=Decimal("0.025"))
    # 0.025 EUR is 2.5 cents for each 10^6 of the measure.
    assert (scale.digits, scale.segments[0].rate) == (7, 25)
    assert scale.numerator(3_000_000) == 75_000_000
    assert scale.rate_text(25) == "0.025 EUR a unit"
    assert compiled(per_unit=Decimal(2)).rate_text(200) == "2.00 EUR a unit"


def test_bounds_of_quantity_scales_are_units() -> None:
    scale = compiled(method="retrospective", bands=bands(("0", "1"), ("10.5", "2"), rate="per_unit"))
    assert scale.bounds == (10_500_000,)


@pytest.mark.parametrize(("currency", "bound"), [("JPY", 1000), ("EUR", 100_000), ("KWD", 1_000_000)])
def test_bounds_are_in_the_minor_units_of_the_currency(currency: str, bound: int) -> None:
    assert compiled(currency, method="marginal", bands=bands(("1000", "1"))).bounds == (bound,)


@pytest.mark.parametrize(("currency", "rate", "digits"), [("JPY", 25, 7), ("EUR", 250, 6), ("KWD", 2500, 6)])
def test_rates_per_unit_are_in_the_minor_units_of_the_currency(currency: str, rate: int, digits: int) -> None:
    scale = compiled(currency, per_unit=Decimal("2.5"))
    assert (scale.segments[0].rate, scale.digits) == (rate, digits)


def test_scales_of_one_program_share_their_digits() -> None:
    scale = compile_scale(Scale(percent=Decimal(2)), "EUR", 5)
    assert isinstance(scale, CompiledScale)
    assert (scale.segments[0].rate, scale.digits) == (2000, 5)
    assert scale.rate_text(2000) == "2 %"
    assert scale.rate_text(0) == "0 %"


def test_a_bound_finer_than_the_currency_is_refused() -> None:
    with pytest.raises(ConfigError, match="from"):
        compiled("JPY", method="marginal", bands=bands(("0.5", "1")))
