"""The edges of scales: how rates are told, what lies between points, and where bands end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.errors import ConfigError
from core.programs import Scale
from core.scale_compiler import Axis, compile_scale, digits_of, unit_of
from core.scales import AnyScale, CompiledScale, Line, Segment, Unit


def of(currency: str = "EUR", unit: Unit | None = None, axis: Axis | None = None, **stated: Any) -> AnyScale:
    scale = Scale.model_validate(stated)
    return compile_scale(scale, currency, digits_of(scale, currency, unit), unit, axis)


def segments(scale: AnyScale) -> CompiledScale:
    assert isinstance(scale, CompiledScale)
    return scale


def pays(scale: AnyScale, *measures: int) -> list[Fraction]:
    """What measures earn, in minor units."""
    return [Fraction(scale.numerator(measure)) / 10**scale.digits for measure in measures]


def bands(*rows: tuple[str, str], rate: str = "percent") -> list[dict[str, Decimal]]:
    return [{"from": Decimal(lower), rate: Decimal(value)} for lower, value in rows]


@pytest.mark.parametrize(
    ("currency", "unit", "stated", "told"),
    [
        ("JPY", None, {"per_unit": Decimal("1.5")}, "1.5 JPY a unit"),
        ("JPY", None, {"per_unit": Decimal("1000")}, "1,000 JPY a unit"),
        ("EUR", None, {"per_unit": Decimal("0.4")}, "0.40 EUR a unit"),
        ("EUR", "count", {"per_unit": Decimal("0.4")}, "0.40 EUR a unit"),
        ("KWD", "count", {"per_unit": Decimal("0.00025")}, "0.00025 KWD a unit"),
        ("EUR", "quantity", {"method": "lump_sum", "bands": bands(("0", "1000"), rate="amount")}, "1,000.00 EUR"),
        ("EUR", None, {"percent": Decimal("2.50")}, "2.5 %"),
    ],
)
def test_a_rate_is_told_to_people(currency: str, unit: Any, stated: dict[str, Any], told: str) -> None:
    scale = segments(of(currency, unit, **stated))
    last = scale.segments[-1]
    assert scale.rate_text(last.rate or last.base) == told


def test_a_rate_between_two_points_is_told_in_six_digits() -> None:
    scale = of(method="linear", bands=bands(("0", "1"), ("100", "2.5"), ("200", "7")))
    assert isinstance(scale, Line)
    told = [scale.rate_text(scale.rate(measure)) for measure in (5_000, 5_010, 15_010, Fraction(10_000, 3))]
    assert told == ["1.75 %", "1.7515 %", "4.7545 %", "1.5 %"]
    assert scale.rate_text(Fraction(51, 2)) == "2.55 %"
    assert scale.rate_text(Fraction(10, 3)) == "0.333333 %"


def test_growth_by_nothing_reaches_a_point_at_nothing() -> None:
    scale = of(axis=Axis("money", growth=True), method="linear", bands=bands(("0", "1"), ("100", "2"), ("200", "9")))
    assert isinstance(scale, Line)
    assert [scale.rate(value) for value in (-1, 0, Fraction(1, 2), 5_000, 15_000)] == [
        0, 1, Fraction(20_001, 20_000), Fraction(3, 2), Fraction(11, 2)
    ]  # fmt: skip


def test_steps_may_be_those_of_another_figure() -> None:
    scale = of(method="every", every=Decimal(10), pays=Decimal(5))
    assert [scale.numerator(9_999, reached) for reached in (None, 999, 1_000, 2_500)] == [4_500, 0, 500, 1_000]


def test_the_unit_of_a_measure() -> None:
    assert [unit_of(measure) for measure in ("quantity", "net", "gross", "orders")] == [
        "quantity", "money", "money", "count"
    ]  # fmt: skip


def test_each_rolling_band_pays_up_to_its_own_end() -> None:
    scale = of(method="rolling", bands=bands(("0", "1"), ("100", "2"), ("250", "3"), ("400", "4")))
    # 1.00 + 5.00 + 3 % of 300; 1.00 + 5.00 + 12.00 + 4 % of 500.
    assert pays(scale, 20_000, 30_000, 50_000) == [500, 1_500, 3_800]


def test_a_stated_point_is_in_the_minor_units_of_the_currency() -> None:
    stated = {"method": "retrospective", "point": "stated", "bands": bands(("1000", "10"))}
    assert pays(of("JPY", **stated, point_at=Decimal(500)), 900, 1_500) == [0, 100]
    with pytest.raises(ConfigError, match=r"^a band's `point_at` cannot be compared"):
        of("JPY", **stated, point_at=Decimal("0.5"))


def test_a_band_that_ends_where_the_stated_point_lies_is_none() -> None:
    stated = {"method": "retrospective", "point": "stated", "bands": bands(("0", "1"), ("500", "2"))}
    scale = segments(of(**stated, point_at=Decimal(500)))
    assert scale.segments == (Segment(0, 50_000, 0, 0, 0), Segment(50_000, None, 2, 0, 50_000))


def test_a_scale_from_the_smallest_amount_on_pays_nothing_below() -> None:
    scale = of(method="retrospective", bands=bands(("0.01", "2")))
    assert [scale.numerator(measure) for measure in (-100, 0, 1)] == [0, 0, 2]


def test_steps_are_in_the_minor_units_of_the_currency() -> None:
    scale = of("JPY", method="every", every=Decimal(1_000), start=Decimal(500), pays=Decimal(5))
    assert pays(scale, 1_499, 1_500, 2_500) == [0, 5, 10]


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("every", {"method": "every", "every": Decimal("1.5"), "pays": Decimal(1)}),
        ("start", {"method": "every", "every": Decimal(1), "start": Decimal("1.5"), "pays": Decimal(1)}),
        ("from", {"method": "retrospective", "bands": bands(("1.5", "1"))}),
        (
            "to",
            {"method": "retrospective", "bands": [{"from": Decimal(1), "to": Decimal("1.5"), "percent": Decimal(1)}]},
        ),
    ],
)
def test_a_refusal_names_the_bound_that_is_too_fine(name: str, stated: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"^a band's `{name}` cannot be compared with the measure: 1\.5 has more"):
        of("JPY", **{"method": "retrospective"} | stated)
