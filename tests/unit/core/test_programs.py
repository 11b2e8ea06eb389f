"""Definitions that are right: the simple case, slices over time, and the hash they are registered under."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.keys import canonical
from core.period import FOREVER
from core.programs import Program, parse_program, program_from

SIMPLE = """\
[program]
id = "bonus"
name = "Yearly bonus"
currency = "EUR"
valid_from = 2025-01-01

[scale]
percent = 2
"""
FULL = """\
[program]
id = "full"
name = "Everything"
version = "2"
currency = "EUR"
valid_from = 2025-01-01
valid_to = 2026-12-31
period = "quarter"
[audience]
segments = ["dealer"]
exclude = { accounts = ["C-9"] }
[scale]
method = "marginal"
bands = [{ from = 0, to = 1000, percent = 1 }, { from = 1000, percent = 2.50 }]
[tier]
program = "club"
[tier.levels]
gold = { percent = 3 }
[[change]]
from = 2025-07-01
scale = { percent = 4 }
[[change]]
from = 2026-01-01
[change.tier]
program = "club"
levels = { gold = { percent = 5 }, silver = { percent = 4 } }
"""


def test_the_simple_case_is_eight_lines() -> None:
    assert len(SIMPLE.splitlines()) == 8
    program = parse_program(SIMPLE)
    assert program.program.period == program.settles_every == "year"
    assert program.end == FOREVER
    assert program.settlement.approval == "manual"
    assert (program.basis.measure, program.basis.accumulate) == ("net", "period")
    assert not program.is_tier
    assert program.needs == ()


def test_rates_are_exact_decimals() -> None:
    scale = parse_program(SIMPLE.replace("= 2\n", "= 0.1\n")).scale
    assert scale is not None
    assert scale.percent == Decimal("0.1")
    assert isinstance(scale.percent, Decimal)


def test_the_last_day_of_a_program_counts() -> None:
    assert parse_program(FULL).end == date(2027, 1, 1)
    last = parse_program(SIMPLE.replace("\n\n", "\nvalid_to = 2200-12-31\n\n"))
    assert last.end == date(2201, 1, 1)
    one_day = parse_program(SIMPLE.replace("\n\n", "\nvalid_to = 2025-01-01\n\n"))
    assert one_day.end == date(2025, 1, 2)


def test_slices_go_on_with_what_a_change_leaves_out() -> None:
    slices = parse_program(FULL).slices()
    assert [part.start for part in slices] == [date(2025, 1, 1), date(2025, 7, 1), date(2026, 1, 1)]
    own = [part.scales[""] for part in slices]
    assert [scale.method if scale else None for scale in own] == ["marginal", "flat", "flat"]
    gold = [part.scales["gold"] for part in slices]
    assert [scale.percent if scale else None for scale in gold] == [3, 3, 5]
    assert ["silver" in part.scales for part in slices] == [False, False, True]
    assert parse_program(FULL).needs == ("club",)


def test_the_hash_does_not_depend_on_how_a_definition_is_written() -> None:
    lines = SIMPLE.splitlines()
    turned = "\n".join(["[scale]", "percent=2.00", "", lines[0], *reversed(lines[1:5])])
    assert parse_program(turned).hash() == parse_program(SIMPLE).hash()
    commented = SIMPLE.replace("[scale]", "# the rate\n\n[scale]  ")
    assert parse_program(commented).hash() == parse_program(SIMPLE).hash()


def test_stating_a_default_changes_no_hash() -> None:
    stated = SIMPLE.replace("\n\n", '\nversion = "1"\nperiod = "year"\nfiscal_start = 1\n\n')
    assert parse_program(stated + '[basis]\nmeasure = "net"\n').hash() == parse_program(SIMPLE).hash()


def test_every_change_of_content_changes_the_hash() -> None:
    changes = [
        ("percent = 2", "percent = 2.01"),
        ('name = "Yearly bonus"', 'name = "Bonus"'),
        ("2025-01-01", "2025-01-02"),
        ('"EUR"', '"CHF"'),
        ('id = "bonus"', 'id = "bonus2"'),
        ("\n\n", '\nversion = "2"\n\n'),
        ("\n\n", '\nrounding = "half_even"\n\n'),
        ("\n\n", "\nvalid_to = 2025-12-31\n\n"),
    ]
    hashes = {parse_program(SIMPLE.replace(old, new, 1)).hash() for old, new in changes}
    assert len(hashes) == len(changes)
    assert parse_program(SIMPLE).hash() not in hashes


def reread(program: Program) -> Program:
    """As the book keeps and reads a definition."""
    return program_from(json.loads(canonical(program.content())))


def test_a_definition_read_back_from_the_book_is_the_same() -> None:
    for text in (SIMPLE, FULL):
        program = parse_program(text)
        assert reread(program) == program
        assert reread(program).hash() == program.hash()


@given(
    st.lists(st.decimals(0, 10**6, places=2), min_size=1, max_size=5, unique=True),
    st.lists(st.decimals(-5, 100, places=4), min_size=5, max_size=5),
    st.sampled_from(["marginal", "retrospective"]),
)
def test_any_scale_survives_the_book(bounds: list[Decimal], rates: list[Decimal], method: str) -> None:
    rows = [{"from": bound, "percent": rate} for bound, rate in zip(sorted(bounds), rates, strict=False)]
    head = {"id": "p", "name": "P", "currency": "EUR", "valid_from": date(2025, 1, 1)}
    program = program_from({"program": head, "scale": {"method": method, "bands": rows}})
    assert reread(program) == program
    assert reread(program).hash() == program.hash()
