"""Programs that would stop a run are refused when they are checked."""

from __future__ import annotations

import pytest

from core.engine.feasibility import computable
from core.errors import ConfigError
from core.programs import Program, parse_program


def a_program(name: str, rest: str) -> Program:
    head = f'[program]\nid = "{name}"\nname = "{name}"\ncurrency = "EUR"\nvalid_from = 2025-01-01\n'
    return parse_program(head + rest)


FLAT = "[scale]\npercent = 1\n"


def club(name: str) -> Program:
    levels = '[{ name = "basic", from = 0 }, { name = "gold", from = 5 }]'
    head = f'[program]\nid = "{name}"\nname = "{name}"\nkind = "tier"\ncurrency = "EUR"\nvalid_from = 2025-01-01\n'
    return parse_program(head + f'[status]\nwindow = "calendar"\nlevels = {levels}\n')


def test_programs_that_can_be_computed_come_in_their_order() -> None:
    net = a_program("net", FLAT + '[basis]\nnet_of = ["base"]\n')
    assert [[program.id for program in group] for group in computable([net, a_program("base", FLAT)])] == [
        ["base"],
        ["net"],
    ]


@pytest.mark.parametrize(
    "rest",
    [
        FLAT + '[limits]\ncap = "10.005"\n',
        '[scale]\nmethod = "marginal"\nbands = [{ from = "0.001", percent = 1 }]\n',
    ],
)
def test_figures_finer_than_the_currency_are_refused_by_name(rest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        computable([a_program("fine", FLAT), a_program("coarse", rest)])
    assert [source for source, _, _ in caught.value.problems] == ["coarse"]


def test_exclusive_programs_that_ask_for_tiers_of_two_programs_are_refused() -> None:
    def asks(name: str, giver: str) -> Program:
        tiers = f'[audience.tiers]\nprogram = "{giver}"\nlevels = ["gold"]\n'
        return a_program(name, FLAT + tiers + '[combination]\ngroup = "one"\nrule = "exclusive"\n')

    plain = a_program("last", FLAT + '[combination]\ngroup = "one"\nrule = "exclusive"\npriority = 200\n')
    with pytest.raises(ConfigError, match="must ask for the tier of one program"):
        computable([club("a"), club("b"), asks("x", "a"), asks("y", "b"), plain])
