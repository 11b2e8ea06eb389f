"""Wrong definitions: every message names the file, the path of the setting and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.programs import Program, parse_program, read_program, strata

HEAD = '[program]\nid = "bonus"\nname = "Bonus"\ncurrency = "EUR"\nvalid_from = 2025-01-01\n'
FLAT = "[scale]\npercent = 2\n"
STATUS = '[status]\nwindow = "calendar"\nlevels = [{ name = "bronze", from = 0 }, { name = "gold", from = 100 }]\n'
TIER_HEAD = HEAD + 'kind = "tier"\n'


def refusal(text: str) -> tuple[str, str]:
    """The path and the message of the one thing wrong with a definition."""
    with pytest.raises(ConfigError) as caught:
        parse_program(text, "bonus.toml")
    problems = caught.value.problems
    assert len(problems) == 1, problems
    assert problems[0][0] == "bonus.toml"
    assert caught.value.message.startswith("bonus.toml: ")
    return problems[0][1:]


def bands(*rows: str, method: str = "marginal", more: str = "") -> str:
    listed = ", ".join(f"{{ {row} }}" for row in rows)
    return f'[scale]\nmethod = "{method}"\n{more}bands = [{listed}]\n'


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        (HEAD + 'colour = "red"\n' + FLAT, "program.colour", ["unknown setting"]),
        (HEAD + FLAT + "procent = 2\n", "scale.procent", ["unknown setting"]),
        (HEAD + FLAT + "[scope]\nsku = []\n", "scope.sku", ["unknown setting"]),
        (HEAD + FLAT + "[discount]\n", "discount", ["unknown setting"]),
        (HEAD.replace('"bonus"', '"My Bonus"') + FLAT, "program.id", ["pattern", "'My Bonus'"]),
        (HEAD.replace('name = "Bonus"\n', "") + FLAT, "program.name", ["required"]),
        (HEAD.replace("2025-01-01", '"1.1.2025"') + FLAT, "program.valid_from", ["date", "'1.1.2025'"]),
        (
            HEAD + 'period = "week"\n' + FLAT,
            "program.period",
            ["'month', 'quarter', 'half', 'year', 'program' or 'ranges'", "'week'"],
        ),
        (HEAD + "fiscal_start = 13\n" + FLAT, "program.fiscal_start", ["12", "13"]),
        (HEAD + 'rounding = "down"\n' + FLAT, "program.rounding", ["half_even", "'down'"]),
        (HEAD.replace("EUR", "EURO") + FLAT, "program", ["'EURO' is not an ISO 4217 currency"]),
        (HEAD.replace("EUR", "eur") + FLAT, "program", ["'eur' is not an ISO 4217 currency"]),
        (HEAD + "valid_to = 2024-12-31\n" + FLAT, "program", ["valid_to 2024-12-31 is before valid_from 2025-01-01"]),
        (HEAD + "valid_to = 9999-12-31\n" + FLAT, "program", ["valid_to 9999-12-31", "leave out valid_to"]),
        (HEAD, "", ["a rebate needs a [scale], or a [tier] table with levels"]),
        (HEAD + '[scale]\npercent = "2,5"\n', "scale.percent", ["decimal", "'2,5'"]),
        (HEAD + "[scale]\npercent = nan\n", "scale.percent", ["finite"]),
        (HEAD + "[scale]\npercent = true\n", "scale.percent", ["True"]),
        (HEAD + "[scale]\n", "scale", ["either `percent` or `per_unit`"]),
        (HEAD + "[scale]\npercent = 2\nper_unit = 1\n", "scale", ["either `percent` or `per_unit`"]),
        (HEAD + FLAT + "bands = [{ from = 0, percent = 1 }]\n", "scale", ["a flat scale has no bands", "`method`"]),
        (HEAD + '[scale]\nmethod = "marginal"\n', "scale", ["a marginal scale needs `bands`"]),
        (HEAD + '[scale]\nmethod = "stepped"\n', "scale.method", ["'flat', 'marginal', 'retrospective'", "'stepped'"]),
        (
            HEAD + bands("from = 0, percent = 1", more="percent = 2\n"),
            "scale",
            ["a marginal scale states its rates in `bands`"],
        ),
        (
            HEAD + bands("from = 0, percent = 1", "from = 5, per_unit = 1"),
            "scale",
            ["every band states one rate, and all the same kind"],
        ),
        (HEAD + bands("from = 0"), "scale", ["every band states one rate, and all the same kind"]),
        (HEAD + bands("from = -1, percent = 1"), "scale.bands.0.from", ["greater than or equal to 0", "-1"]),
        (
            HEAD + bands("from = 0, to = 200, percent = 1", "from = 201, percent = 2"),
            "scale",
            ["a gap between 200 and 201: each `to` is the next `from`"],
        ),
        (
            HEAD + bands("from = 0, to = 200, percent = 1", "from = 199.99, percent = 2"),
            "scale",
            ["an overlap between 200 and 199.99"],
        ),
        (
            HEAD + bands("from = 500, percent = 1", "from = 100, percent = 2"),
            "scale",
            ["bands must rise: 100 follows 500"],
        ),
        (
            HEAD + bands("from = 100, percent = 1", "from = 100.00, percent = 2", method="retrospective"),
            "scale",
            ["bands must rise: 100.00 follows 100"],
        ),
        (
            HEAD + bands("from = 0, percent = 1", "from = 500, to = 100, percent = 2"),
            "scale",
            ["the last band ends at 100, before it begins at 500"],
        ),
        (
            HEAD + FLAT + '[basis]\nmeasure = "quantity"\n',
            "",
            ["basis.measure = quantity needs rates stated as per_unit"],
        ),
        (HEAD + "[scale]\nper_unit = 2\n", "", ["basis.measure = net needs rates stated as percent"]),
        (
            HEAD + FLAT + '[basis]\nmeasure = "weight"\n',
            "basis.measure",
            ["'net', 'gross', 'quantity', 'orders' or 'products'", "'weight'"],
        ),
        (HEAD + FLAT + '[basis]\naccumulate = "order"\n', "basis.accumulate", ["'period', 'document' or 'line'"]),
        (HEAD + FLAT + '[scope]\nline_kinds_out = ["gift"]\n', "scope.line_kinds_out.0", ["'freight'", "'gift'"]),
        (HEAD + FLAT + "[settlement]\ngrace_days = 367\n", "settlement.grace_days", ["366", "367"]),
        (HEAD + FLAT + '[settlement]\napproval = "none"\n', "settlement.approval", ["'manual' or 'automatic'"]),
        (HEAD + FLAT + '[settlement]\nclawback = "forget"\n', "settlement.clawback", ["'net'", "'forget'"]),
        (
            HEAD + FLAT + '[tier]\nprogram = "club"\nat = "document"\nlevels = { gold = { percent = 3 } }\n'
            "[[change]]\nfrom = 2025-07-01\n" + bands("from = 0, percent = 1").replace("[scale]", "[change.scale]"),
            "",
            ["tier.at = document needs flat scales (from 2025-07-01)"],
        ),
        (
            HEAD + '[tier]\nprogram = "club"\nat = "now"\nlevels = {}\n' + FLAT,
            "tier.at",
            ["'period_end', 'period_start' or 'document'", "'now'"],
        ),
        (
            HEAD + FLAT + "[[change]]\nfrom = 2025-01-01\n",
            "",
            ["changes must follow each other: 2025-01-01 does not follow 2025-01-01"],
        ),
        (
            HEAD + FLAT + "[[change]]\nfrom = 2025-07-01\n[[change]]\nfrom = 2025-04-01\n",
            "",
            ["changes must follow each other: 2025-04-01 does not follow 2025-07-01"],
        ),
        (HEAD + FLAT + STATUS, "", ['a [status] table needs program.kind = "tier"']),
        (TIER_HEAD, "", ["a tier program needs a [status] table with window and levels"]),
        (TIER_HEAD + STATUS + FLAT, "", ["a tier program has no scale, tier or change"]),
        (TIER_HEAD + STATUS + '[basis]\naccumulate = "line"\n', "", ["leave out basis.accumulate"]),
        (TIER_HEAD + STATUS + '[basis]\nmeasure = "products"\n', "", ["a tier is not earned by products"]),
        (
            TIER_HEAD + STATUS.replace("from = 0 }", "from = 1 }"),
            "status",
            ["the first level starts at 0, not at 1"],
        ),
        (
            TIER_HEAD + STATUS.replace("from = 100", "from = 0"),
            "status",
            ["levels must rise: gold from 0 follows 0"],
        ),
        (TIER_HEAD + STATUS.replace("gold", "bronze"), "status", ["two levels have one name"]),
        ("[program\n", "", ["not valid TOML", "line 1"]),
    ],
)
def test_a_wrong_definition_is_refused_with_path_and_fix(text: str, path: str, told: list[str]) -> None:
    found_path, message = refusal(text)
    assert found_path == path
    for words in told:
        assert words in message


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_program('[program]\nid = "a b"\nperiod = "week"\ncolour = 1\n', "x.toml")
    paths = {path for _, path, _ in caught.value.problems}
    assert paths >= {"program.id", "program.name", "program.currency", "program.valid_from", "program.period"}
    assert "program.colour" in paths


def test_all_changes_use_one_tier_program_on_one_day() -> None:
    use = 'program = "{}"\nat = "{}"\nlevels = {{ gold = {{ percent = 3 }} }}\n'
    first = (
        HEAD + FLAT + "[tier]\n" + use.format("club", "period_end") + "[[change]]\nfrom = 2025-07-01\n[change.tier]\n"
    )
    assert "the tier of one program" in refusal(first + use.format("other", "period_end"))[1]
    assert "tier.at cannot change" in refusal(first + use.format("club", "period_start"))[1]


def test_the_settlement_calendar_holds_whole_periods() -> None:
    for period, every in [("month", "quarter"), ("quarter", "half"), ("year", "month"), ("half", "half")]:
        text = HEAD + f'period = "{period}"\n' + FLAT + f'[settlement]\nevery = "{every}"\n'
        assert parse_program(text).settles_every == every


def test_a_published_wording_with_a_gap_is_refused(worked: Callable[[str], dict[str, Any]]) -> None:
    low, high = worked("SF-QTY-TIERS")["program"]["tiers"]
    above = next(word for word in high["text"].split() if word.isdecimal())
    rows = [
        f"from = 0, to = {low['max']}, per_unit = {low['per_unit']}",
        f"from = {above}, per_unit = {high['per_unit']}",
    ]
    path, message = refusal(HEAD + '[basis]\nmeasure = "quantity"\n' + bands(*rows, method="retrospective"))
    assert (path, message) == ("scale", "a gap between 200 and 201: each `to` is the next `from`")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'[program]\nname = "caf\xe9"\n')
    for name in ("missing.toml", "latin.toml"):
        with pytest.raises(ConfigError, match=f"{name}: cannot be read"):
            read_program(tmp_path / name)


def rebate(name: str, uses: str | None = None, level: str = "gold") -> Program:
    tier = f'[tier]\nprogram = "{uses}"\nlevels = {{ {level} = {{ percent = 3 }} }}\n' if uses else ""
    return parse_program(HEAD.replace('"bonus"', f'"{name}"', 1) + FLAT + tier)


def club(name: str = "club") -> Program:
    return parse_program(TIER_HEAD.replace('"bonus"', f'"{name}"', 1) + STATUS)


def test_tier_programs_come_before_those_that_use_them() -> None:
    order = strata([rebate("a", "club"), rebate("b"), club()])
    assert [[program.id for program in stratum] for stratum in order] == [["club", "b"], ["a"]]
    assert strata([]) == []


@pytest.mark.parametrize(
    ("programs", "path", "message"),
    [
        ([rebate("a", "nobody")], "tier.program", "no program is called 'nobody'"),
        ([rebate("a", "b"), rebate("b")], "tier.program", "'b' is no tier program"),
        ([rebate("a", "a")], "tier.program", "'a' is no tier program"),
        ([rebate("a", "club", "platinum"), club()], "tier.levels.platinum", "'club' has the levels bronze, gold"),
    ],
)
def test_a_use_of_tiers_that_cannot_work_is_refused(programs: list[Program], path: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        strata(programs)
    assert caught.value.problems == [("a", path, message)]


def test_programs_that_need_each_other_are_refused() -> None:
    """Only tiers can be used today, and tier programs use nothing: a circle can only be made by hand."""
    one, two = club("one"), club("two")
    use = rebate("x", "one").tier
    assert use is not None
    circle = [
        one.model_copy(update={"tier": use.model_copy(update={"program": "two", "levels": {}})}),
        two.model_copy(update={"tier": use.model_copy(update={"program": "one", "levels": {}})}),
    ]
    with pytest.raises(ConfigError, match="the programs one, two need each other in a circle"):
        strata(circle)
