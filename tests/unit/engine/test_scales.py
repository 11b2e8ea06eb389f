"""Each boundary of a scale, in integers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.errors import ConfigError
from core.programs import Scale
from core.scale_compiler import Axis, compile_scale, digits_of
from core.scales import AnyScale, CompiledScale, Line, Number, Segment, Steps, Unit


def compiled(currency: str = "EUR", **stated: Any) -> CompiledScale:
    scale = Scale.model_validate(stated)
    found = compile_scale(scale, currency, digits_of(scale, currency))
    assert isinstance(found, CompiledScale)
    return found


def of(currency: str = "EUR", unit: Unit | None = None, axis: Axis | None = None, **stated: Any) -> AnyScale:
    scale = Scale.model_validate(stated)
    return compile_scale(scale, currency, digits_of(scale, currency, unit), unit, axis)


def pays(scale: AnyScale, *measures: Number) -> list[Fraction]:
    """What measures earn, in minor units."""
    return [Fraction(scale.numerator(measure)) / 10**scale.digits for measure in measures]


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


STEPPED = bands(("0", "10"), ("1000", "25"))


def closing(method: str, end: str = "2500", **more: Any) -> dict[str, Any]:
    return {"method": method, "bands": [STEPPED[0], STEPPED[1] | {"to": Decimal(end)}], **more}


@pytest.mark.parametrize(
    ("method", "amounts"),
    # At 999.99, 1000, 2000 and -100 EUR, by hand; the figures at 2000 are the published ones of Dynamics 365.
    [
        ("marginal", ["99.999", "100", "350", "-10"]),
        ("retrospective", ["99.999", "250", "500", "-10"]),
        ("rolling", ["99.999", "350", "600", "-10"]),
        ("total", ["99.999", "350", "700", "-10"]),
    ],
)
def test_four_ways_to_add_up_bands(method: str, amounts: list[str]) -> None:
    scale = of(method=method, bands=STEPPED)
    assert pays(scale, 99_999, 100_000, 200_000, -10_000) == [Fraction(amount) * 100 for amount in amounts]


@pytest.mark.parametrize(("method", "below"), [("rolling", 10_000), ("total", 10_000), ("retrospective", 10_000)])
def test_a_bound_that_belongs_to_the_band_below(method: str, below: int) -> None:
    scale = of(method=method, bands=STEPPED, inclusive="upper")
    assert pays(scale, 100_000) == [below]
    assert pays(scale, 100_001) == pays(of(method=method, bands=STEPPED), 100_001)


@pytest.mark.parametrize(
    ("method", "at_the_end"), [("marginal", 47_500), ("retrospective", 62_500), ("rolling", 72_500), ("total", 87_500)]
)
@pytest.mark.parametrize("inclusive", ["lower", "upper"])
def test_above_the_end_nothing_more_is_earned(method: str, at_the_end: int, inclusive: str) -> None:
    scale = of(**closing(method, inclusive=inclusive))
    assert pays(scale, 250_000, 250_001, 10**15) == [at_the_end] * 3
    assert pays(scale, 249_999) == pays(of(method=method, bands=STEPPED), 249_999)


def test_retrospective_from_the_start_of_the_band() -> None:
    scale = of(method="retrospective", point="band", bands=STEPPED)
    assert pays(scale, 50_000, 100_000, 200_000, -10_000) == [5_000, 0, 25_000, -1_000]
    closed = of(**closing("retrospective", point="band"))
    assert pays(closed, 250_000, 400_000) == [37_500, 37_500]


def test_retrospective_from_a_stated_point() -> None:
    scale = of(method="retrospective", point="stated", point_at=Decimal(600), bands=STEPPED)
    assert pays(scale, -10_000, 59_999, 60_000, 80_000, 100_000, 200_000) == [0, 0, 0, 2_000, 10_000, 35_000]
    above = of(method="retrospective", point="stated", point_at=Decimal(1500), bands=STEPPED)
    assert pays(above, 149_999, 150_000, 200_000) == [0, 0, 12_500]
    nothing = of(method="retrospective", point="stated", point_at=Decimal(0), bands=STEPPED)
    assert pays(nothing, -10_000, 50_000) == [0, 5_000]
    beyond = of(**closing("retrospective", point="stated", point_at=Decimal(3000)))
    assert pays(beyond, 290_000, 10**12) == [0, 0]


def test_a_lump_sum_is_due_from_its_target_on() -> None:
    scale = of(method="lump_sum", bands=bands(("100000", "1000"), ("200000", "3000.50"), rate="amount"))
    assert pays(scale, 9_999_999, 10_000_000, 11_000_000, 20_000_000) == [0, 100_000, 100_000, 300_050]


@pytest.mark.parametrize(("inclusive", "at_nothing"), [("lower", 5_000), ("upper", 0)])
def test_a_lump_sum_from_nothing_is_not_due_for_less(inclusive: str, at_nothing: int) -> None:
    scale = of(method="lump_sum", inclusive=inclusive, bands=bands(("0", "50"), rate="amount"))
    assert pays(scale, -1, 0, 1) == [0, at_nothing, 5_000]


@pytest.mark.parametrize(
    ("inclusive", "steps"), [("lower", [0, 0, 0, 0, 1, 1, 2, 3, 3]), ("upper", [0, 0, 0, 0, 0, 1, 1, 2, 3])]
)
def test_whole_steps(inclusive: str, steps: list[int]) -> None:
    scale = of(
        unit="quantity", method="every", every=Decimal(100), pays=Decimal(2), start=Decimal(50), most=3,
        inclusive=inclusive,
    )  # fmt: skip
    assert isinstance(scale, Steps)
    quantities = [-500, 0, 50, 149, 150, 249, 250, 350, 1000]
    assert [scale.steps(quantity * 10**6) for quantity in quantities] == steps
    assert pays(scale, 1000 * 10**6) == [600]
    assert scale.steps(Fraction(1_499_999_999, 10)) == 0
    assert scale.steps(Fraction(1_500_000_001, 10)) == 1


def test_a_rate_that_rises_evenly() -> None:
    scale = of(method="linear", bands=bands(("10000", "1"), ("20000", "2")))
    assert isinstance(scale, Line)
    # 1.5 % of 15000; below the first target nothing, from the last on its rate.
    assert pays(scale, 999_999, 1_000_000, 1_500_000, 2_000_000, 3_000_000) == [0, 10_000, 22_500, 40_000, 60_000]
    assert pays(scale, 1_333_333) == [Fraction(1_333_333 * 1_333_333, 10**8)]
    assert scale.rate_text(scale.rate(1_333_333)) == "1.333333 %"


def test_an_amount_that_rises_evenly() -> None:
    scale = of(method="linear", bands=bands(("100", "10"), ("300", "50"), rate="amount"))
    assert pays(scale, -1, 9_999, 10_000, 20_000, 30_000, 10**9) == [0, 0, 1_000, 3_000, 5_000, 5_000]


@pytest.mark.parametrize(("inclusive", "at_first"), [("lower", 10_000), ("upper", 0)])
def test_the_first_point_has_a_side_too(inclusive: str, at_first: int) -> None:
    scale = of(method="linear", inclusive=inclusive, bands=bands(("10000", "1"), ("20000", "2")))
    assert pays(scale, 1_000_000) == [at_first]


def test_a_linear_scale_takes_back_at_the_rate_of_a_point_at_nothing() -> None:
    assert pays(of(method="linear", bands=bands(("0", "1"), ("100", "2"))), -10_000) == [-100]
    assert pays(of(method="linear", bands=bands(("50", "1"), ("100", "2"))), -10_000) == [0]
    assert pays(of(method="linear", bands=bands(("0", "5"), ("100", "9"), rate="amount")), -10_000) == [0]


def test_a_linear_scale_ends() -> None:
    rates = bands(("0", "1"), ("100", "2"))
    rates[-1]["to"] = Decimal(200)
    assert pays(of(method="linear", bands=rates), 20_000, 30_000) == [400, 400]


def test_bands_about_another_figure() -> None:
    growth = of(axis=Axis("percent", growth=True), method="retrospective", bands=bands(("0", "1"), ("5.5", "2")))
    assert growth.numerator(10_000, -1) == 0
    assert growth.numerator(10_000, 0) == 10_000
    assert growth.numerator(10_000, Fraction(5_499_999_999, 1000)) == 10_000
    assert growth.numerator(10_000, 5_500_000) == 20_000
    orders = of(axis=Axis("count"), method="lump_sum", bands=bands(("12", "30"), rate="amount"))
    assert [orders.numerator(0, count) for count in (11, 12)] == [0, 3_000]


@pytest.mark.parametrize("inclusive", ["lower", "upper"])
def test_a_converted_measure_need_not_be_whole(inclusive: str) -> None:
    scale = of(method="retrospective", inclusive=inclusive, bands=STEPPED)
    assert pays(scale, Fraction(199_999, 2)) == [Fraction(199_999, 20)]
    assert pays(scale, Fraction(200_001, 2)) == [Fraction(200_001, 8)]


def test_a_count_is_whole() -> None:
    assert pays(of(unit="count", per_unit=Decimal("2.5")), 12) == [3_000]
    with pytest.raises(ConfigError, match="from"):
        of(unit="count", method="retrospective", bands=bands(("1.5", "1"), rate="per_unit"))


def test_a_factor_multiplies_everything() -> None:
    scale = Scale.model_validate({"method": "rolling", "bands": STEPPED})
    digits = digits_of(scale, "EUR", factor=Decimal("1.25"))
    compiled = compile_scale(scale, "EUR", digits, factor=Decimal("1.25"))
    assert pays(compiled, 200_000) == [75_000]


@pytest.mark.parametrize("method", ["marginal", "retrospective", "rolling", "total"])
def test_amounts_near_the_largest_stay_exact(method: str) -> None:
    largest = 10**15
    scale = of(method=method, bands=bands(("0", "1.001"), ("9999999999999.99", "33.333")))
    below, above = pays(scale, largest - 2, largest)
    assert below == Fraction((largest - 2) * 1001, 10**5)
    last = Fraction(33_333, 10**5)
    first = Fraction(1001, 10**5)
    expected = {
        "marginal": (largest - 1) * first + last,
        "retrospective": largest * last,
        "rolling": (largest - 1) * first + largest * last,
        "total": largest * (first + last),
    }
    assert above == expected[method]
