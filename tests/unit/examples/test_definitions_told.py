"""Definitions for people: sentences, differences setting by setting, and programs that may pay twice."""

from __future__ import annotations

import pytest

from core.programs import Program, parse_program
from core.programs.differences import differences
from core.programs.overlap import overlaps
from core.programs.telling import told

BANDS = """[scale]
method = "retrospective"
bands = [{ from = 0, percent = 1 }, { from = 100000, percent = 2.5 }]
"""


def program(text: str = "", name: str = "bonus", scale: str = "[scale]\npercent = 2\n", head: str = "") -> Program:
    return parse_program(
        f'[program]\nid = "{name}"\nname = "Bonus"\ncurrency = "EUR"\nvalid_from = 2025-01-01\n{head}\n{scale}\n{text}'
    )


# ---------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (program(), "Bonus (bonus, version 1) pays a rebate in EUR from 2025-01-01 on, by year."),
        (program(), "2 % of everything."),
        (program(scale=BANDS), "Everything earns the rate of the band reached: from 0: 1 %; from 100,000: 2.5 %."),
        (program('[audience]\nsegments = ["dealer"]\nexclude = { groups = ["X"] }'), "For segments dealer."),
        (program('[audience]\nsegments = ["dealer"]\nexclude = { groups = ["X"] }'), "Never for buying groups X."),
        (program("[limits]\ncap = 500"), "At most 500 EUR for one beneficiary in one period."),
        (program('[baseline]\nagainst = "last_year"\npays_on = "growth"', scale=BANDS),
         "Compared with the same period a year before; bands are about growth in percent, rates are for what exceeds "
         "the baseline."),
        (program('[[change]]\nfrom = 2025-07-01\nscale = { percent = 3 }'), "From 2025-07-01: 3 % of everything."),
        (program(head="valid_to = 2025-12-31"),
         "Bonus (bonus, version 1) pays a rebate in EUR from 2025-01-01 to 2025-12-31, by year."),
    ],
)  # fmt: skip
def test_a_program_is_told_in_sentences(made: Program, sentence: str) -> None:
    assert sentence in told(made)


# ---------------------------------------------------------------- differences


def found(old: Program, new: Program) -> list[tuple[str, str, str]]:
    return [(item.path, str(item.old), str(item.new)) for item in differences(old, new)]


def test_the_same_content_has_no_differences() -> None:
    example = '[[example]]\nname = "one"\nmeasure = 1\nearns = 1\n'
    assert found(program(), program(example)) == []


def test_each_setting_that_differs_is_named_by_its_path() -> None:
    old = program('[settlement]\ngrace_days = 5\ntext = "a"')
    new = program('[settlement]\ntext = "b"', scale="[scale]\npercent = 3\n")
    assert found(old, new) == [
        ("scale.percent", "2", "3"),
        ("settlement.grace_days", "5", "None"),
        ("settlement.text", "a", "b"),
    ]


def test_bands_are_compared_by_where_they_begin() -> None:
    wider = BANDS.replace(
        "{ from = 100000, percent = 2.5 }", "{ from = 50000, percent = 2 }, { from = 100000, percent = 3 }"
    )
    paths = [path for path, _, _ in found(program(scale=BANDS), program(scale=wider))]
    assert paths == ["scale.bands[from = 100000].percent", "scale.bands[from = 50000]"]


# ---------------------------------------------------------------- overlaps


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("", "", True),
        ('[audience]\nsegments = ["dealer"]', '[audience]\nsegments = ["industry"]', False),
        ('[audience]\nsegments = ["dealer"]', '[scope]\nbrands = ["Own"]', True),
        ('[scope]\ncategories = ["power-*"]', '[scope]\ncategories = ["power-tools"]', True),
        ('[scope]\ncategories = ["power-*"]', '[scope]\ncategories = ["garden-*"]', False),
        ('[scope]\ncategories = ["power-*"]', '[scope]\ncategories = ["pow*"]', True),
        ('[audience]\ntags = ["a"]', '[audience]\ntags = ["b"]', True),
        ('[audience]\npilot = { percent = 10, seed = "s" }',
         '[audience]\npilot = { percent = 10, seed = "s", part = "control" }', False),
        ('[basis]\nnet_of = ["second"]', "", False),
        ('[combination]\ngroup = "g"\nrule = "best"', '[combination]\ngroup = "g"\nrule = "best"', False),
    ],
)  # fmt: skip
def test_programs_that_may_pay_for_the_same_line_are_found(one: str, other: str, meet: bool) -> None:
    pairs = overlaps([program(one, "first"), program(other, "second")])
    assert [(a.id, b.id) for a, b in pairs] == ([("first", "second")] if meet else [])


def test_programs_of_other_years_do_not_meet() -> None:
    first = program(name="first", head="valid_to = 2025-12-31")
    second = parse_program(
        '[program]\nid = "second"\nname = "S"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n[scale]\npercent = 1\n'
    )
    assert overlaps([first, second]) == []
