"""Explanations: the sentences of each type, with figures worked by hand."""

from __future__ import annotations

import json
import string
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.entitlement import ALONE, Cell, Checked, Rule, Side, compile_rule
from core.explanation import TEMPLATES, explain_parts, narrative, part, sentences, told
from core.explanation.bands import exact
from core.explanation.english import shown
from core.explanation.narrative import limit_parts, waiting_parts
from core.programs import program_from
from scheduler.cli.common import plain


def rule(levels: tuple[str, ...] = (), **stated: Any) -> Rule:
    head = {"id": "bonus", "name": "Bonus", "currency": "EUR", "valid_from": date(2024, 1, 1)}
    return compile_rule(program_from({"program": head, **stated}), levels)


def cell(measure: int, **other: int) -> Cell:
    return Cell(0, 1, 1, 0, 0, 0, -1, 1, 0, 0, measure, measure, 0, 1)._replace(**other)


def bands(method: str, *rows: tuple[str, str], kind: str = "percent", **more: Any) -> dict[str, Any]:
    return {"method": method, "bands": [{"from": Decimal(a), kind: Decimal(b)} for a, b in rows], **more}


def lines(cells: list[Cell], side: Side = ALONE, **stated: Any) -> list[str]:
    return sentences(explain_parts(rule(**stated), cells, side))


TWO = (("0", "10"), ("1000", "25"))
CLOSED = {"method": "retrospective", "bands": [{"from": Decimal(0), "to": Decimal(100), "percent": Decimal(2)}]}


@pytest.mark.parametrize(
    ("scale", "formula"),
    [
        ({"percent": Decimal("2.5")}, ["  2,000.00 EUR x 2.5 %"]),
        (
            bands("marginal", *TWO),
            [
                "  band from 0.00 to below 1,000.00 EUR: 1,000.00 EUR x 10 %",
                "  band from 1,000.00 EUR upwards: 1,000.00 EUR x 25 %",
            ],
        ),
        (bands("retrospective", *TWO), ["  band from 1,000.00 EUR upwards: 2,000.00 EUR x 25 %"]),
        (
            bands("rolling", *TWO, inclusive="upper"),
            [
                "  band above 0.00 up to 1,000.00 EUR: 1,000.00 EUR x 10 %",
                "  band above 1,000.00 EUR: 2,000.00 EUR x 25 %",
            ],
        ),
        (
            bands("total", *TWO),
            [
                "  band from 0.00 to below 1,000.00 EUR: 2,000.00 EUR x 10 %",
                "  band from 1,000.00 EUR upwards: 2,000.00 EUR x 25 %",
            ],
        ),
        (
            bands("retrospective", *TWO, point="band"),
            ["  band from 1,000.00 EUR upwards: 1,000.00 EUR above 1,000.00 x 25 %"],
        ),
        (bands("lump_sum", ("1000", "75"), kind="amount"), ["  band from 1,000.00 EUR upwards: 75.00 EUR"]),
        (
            {"method": "every", "every": Decimal(300), "pays": Decimal(4)},
            ["  whole steps of 300.00 EUR beyond 0.00: 6 x 4.00 EUR"],
        ),
        (
            {"method": "every", "every": Decimal(300), "pays": Decimal(4), "most": 2},
            ["  whole steps of 300.00 EUR beyond 0.00: 6, of which 2 pay, x 4.00 EUR"],
        ),
        (
            bands("linear", ("1000", "1"), ("4000", "4")),
            ["  between 1 % at 1,000.00 and 4 % at 4,000.00 EUR: 2,000.00 EUR x 2 %"],
        ),
        (
            bands("linear", ("500", "1"), ("1000", "4")),
            ["  from the last point of 1,000.00 EUR on: 2,000.00 EUR x 4 %"],
        ),
        (bands("linear", ("5000", "1"), ("9000", "4")), ["  below the first point of 5,000.00 EUR: nothing"]),
        (
            bands("linear", ("1000", "10"), ("4000", "40"), kind="amount"),
            ["  between 10.00 EUR at 1,000.00 and 40.00 EUR at 4,000.00 EUR: 20.00 EUR"],
        ),
        (
            CLOSED,
            ["  band from 0.00 to below 100.00 EUR: 100.00 EUR x 2 %", "  above 100.00 EUR nothing more is earned"],
        ),
    ],
)
def test_the_formula_of_each_scale(scale: dict[str, Any], formula: list[str]) -> None:
    first, kind, *rest, last = lines([cell(200_000)], scale=scale)
    assert first == "Measure of the period: 2,000.00 EUR."
    assert kind.startswith("Scale: ")
    assert rest == formula
    assert last.startswith("= ") and last.endswith("exactly.")


def test_growth_is_told_with_what_it_is_compared_with() -> None:
    found = lines(
        [cell(115_000)], Side(baseline=Fraction(100_000)),
        scale=bands("retrospective", ("15", "2")), baseline={"against": "last_year", "pays_on": "growth"},
    )  # fmt: skip
    assert found == [
        "Measure of the period: 1,150.00 EUR.",
        "Compared with the same period a year before: 1,000.00 EUR.",
        "Growth: 150.00 EUR, 15.00 %.",
        "The rate is for the growth.",
        "Scale: retrospective: everything at the rate of the band reached.",
        "  band from 15.00 % upwards: 150.00 EUR x 2 %",
        "= 3.00 EUR, exactly.",
    ]


def test_no_baseline_is_told() -> None:
    scale = bands("retrospective", ("15", "2"))
    nothing = lines([cell(100)], scale=scale, baseline={"against": "last_year"})
    assert nothing[1:] == [
        "There is no baseline above zero to compare with: nothing is earned.",
        "= 0.00 EUR, exactly.",
    ]
    everything = lines([cell(100)], scale=scale, baseline={"against": "last_year", "without": "all_growth"})
    assert everything[1:4] == [
        "There is no baseline above zero: everything is growth.",
        "Growth: 1.00 EUR.",
        "So the highest band is reached.",
    ]


def test_attainment_and_qualifier_are_told() -> None:
    target = {"against": "target", "target": Decimal(1500), "bands_in": "attainment"}
    found = lines([cell(100_000)], Side(baseline=Fraction(150_000)), scale=bands("total", ("50", "1")), baseline=target)
    assert found[1:3] == ["Compared with the target: 1,500.00 EUR.", "Attained: 66.666667 %."]
    found = lines(
        [cell(100_000)], Side(qualifier=Fraction(12_500_000)),
        scale=bands("lump_sum", ("10", "5"), kind="amount"), qualifier={"measure": "quantity", "unit": "CS"},
    )  # fmt: skip
    assert found[1] == "The band is picked by the qualifier: 12.50 CS."
    assert found[3] == "  band from 10.00 CS upwards: 5.00 EUR"


def test_conditions_and_exclusions_are_told() -> None:
    conditions = [
        {"name": "tools", "measure": "products", "minimum": Decimal(3)},
        {"name": "all", "minimum": Decimal(1)},
    ]
    checked = (
        Checked("tools", Fraction(2), Fraction(3), False),
        Checked("all", Fraction(5000), Fraction(100), True),
    )
    found = lines([cell(100)], Side(conditions=checked), scale={"percent": Decimal(1)}, condition=conditions)
    assert found[:2] == [
        "Condition tools: 2 products, at least 3 is not reached: nothing is earned.",
        "Condition all: 50.00 EUR, at least 1.00 is reached.",
    ]
    assert lines([cell(100)], Side(excluded="it joined in June"), scale={"percent": Decimal(1)})[0] == (
        "Nothing is earned: it joined in June."
    )
    assert lines([], scale={"percent": Decimal(1)}) == ["No line counts, so nothing is earned."]


def test_slices_levels_and_rounding_are_told() -> None:
    change = [{"from": date(2024, 7, 1), "scale": bands("lump_sum", ("1000", "90"), kind="amount")}]
    found = lines([cell(150_000), cell(50_001, slice=1)], scale=bands("rolling", *TWO), change=change)
    assert found[1] == "From 2024-01-01: 1,500.00 EUR of it."
    assert found[5] == "  of this, pro rata: 1,500.00 of 2,000.01 EUR"
    # (100 + 500.0025) x 1500 / 2000.01 + 90 x 500.01 / 2000.01, that is 945004.65 / 2000.01.
    assert found[-1] == "= 472.4999625002 EUR, rounded once, half away from zero: 472.50 EUR."
    use = {"program": "status", "levels": {"gold": {"percent": Decimal(3)}}}
    gold = explain_parts(rule(("bronze", "gold"), tier=use), [cell(100)], Side(1))
    assert sentences(gold)[1] == "Scale, level gold: flat rate."
    assert sentences(explain_parts(rule(("bronze", "gold"), tier=use), [cell(100)], Side(0)))[1] == (
        "No scale applies, level bronze: nothing is earned."
    )


def test_documents_are_told_one_by_one_up_to_a_number() -> None:
    cells = [cell(100, document=number) for number in range(1, 10)]
    found = lines(cells, scale={"percent": Decimal(1)}, basis={"accumulate": "document"})
    assert found[0] == "Document of 1.00 EUR:"
    assert found[-2:] == [
        "… and 3 more, each rounded for itself, together 0.03 EUR.",
        "Sum of 9 rounded amounts: 0.09 EUR.",
    ]


def test_what_was_taken_off_or_waits_is_told() -> None:
    found = lines([cell(10_000, less=2_000), cell(5, over=0, lines=4, tax=2)], scale={"percent": Decimal(1)})
    assert found[1:3] == [
        "Other programs have taken 20.00 EUR off it already.",
        "Lines not in it, for what they measure is not known yet: 4.",
    ]


def test_limits_are_told_in_their_order() -> None:
    steps = [("cap", Decimal("12.00"), Decimal("10.00")), ("account_budget", Decimal("10.00"), Decimal("4.00"))]
    assert told(limit_parts(steps, "EUR") + waiting_parts(["2 lines in USD"])) == [
        "Limited by the cap of a period: 12.00 becomes 10.00 EUR.",
        "Limited by the budget of the account: 10.00 becomes 4.00 EUR.",
        "Waits: 2 lines in USD.",
    ]


def test_a_translator_can_order_the_parts() -> None:
    calculation = explain_parts(rule(scale=bands("retrospective", *TWO)), [cell(200_000)])
    parts = narrative(calculation)
    assert [item["id"] for item in parts] == [
        "measure.period",
        "scale.retrospective",
        "band.rate.open.lower",
        "rounding.exact",
    ]
    assert parts[2]["values"]["measure"] == Decimal("2000.00")
    german = {"band.rate.open.lower": "{rate} auf {measure} {unit}, ab {lower}"}
    values = parts[2]["values"]
    assert german[parts[2]["id"]].format(**values) == "25 % auf 2000.00 EUR, ab 1000.00"
    assert json.loads(json.dumps(plain(parts)))[2]["values"]["rate"] == "25 %"


def test_every_template_names_its_values() -> None:
    for name, template in TEMPLATES.items():
        assert all(field is None or field.isidentifier() for _, field, _, _ in string.Formatter().parse(template)), name
    assert part("waiting", name="x") == {"id": "waiting", "values": {"name": "x"}}


@pytest.mark.parametrize(
    ("number", "digits", "found"),
    [
        (12345, 2, "123.45"),
        (Fraction(1, 3), 2, "0.00333333"),
        (Fraction(5, 2), 2, "0.025"),
        (Fraction(-2, 3), 0, "-0.666667"),
    ],
)
def test_numbers_that_do_not_end_are_shortened(number: Any, digits: int, found: str) -> None:
    assert str(exact(number, digits)) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(Decimal("1234567.5"), "1,234,567.50"), (Decimal("1.23400"), "1.234"), (Decimal(7), "7"), ("text", "text")],
)
def test_numbers_for_people(value: Any, found: str) -> None:
    assert shown(value) == found
