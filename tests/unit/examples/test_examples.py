"""Examples: what rows may leave out, when they become known, and how a wrong one is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.programs import parse_program
from scheduler.examples import Beside, Result, Stage, run_example, run_examples

FLAT = """
[program]
id = "bonus"
name = "Bonus"
currency = "EUR"
valid_from = 2025-01-01
period = "quarter"
[scale]
percent = 2
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as found:
        yield found


def play(stage: Stage, example: str, definition: str = FLAT, needs: Beside | None = None) -> Result:
    program = parse_program(f'{definition}\n[[example]]\nname = "one"\n{example}\n')
    return run_example(stage, program, program.example[0], needs)


def test_an_example_that_holds_has_no_problems(stage: Stage) -> None:
    result = play(stage, "measure = 1000\nearns = 20")
    assert (result.passed, result.program, result.example, str(result.as_of)) == (True, "bonus", "one", "2025-04-01")


def test_another_amount_is_told_with_its_explanation(stage: Stage) -> None:
    [problem] = play(stage, "measure = 1000\nearns = 21").problems
    first, *sentences = problem.splitlines()
    assert first == "earns 20.00, not 21"
    assert any("1,000.00 EUR x 2 %" in line for line in sentences)


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ('invoices = [{ nett = 5 }]\nearns = 1', "invoice 1 states nett; its fields are"),
        ('invoices = [{ net = 5, lines = [{ net = 5 }] }]\nearns = 1', "either `lines` or the fields of its only line"),
        ('invoices = [{ net = "x" }]\nearns = 1', "invoice 1 of the example is refused"),
        ('invoices = [{ net = 5, issued = "soon" }]\nearns = 1', "write days as dates"),
        ('products = [{ category = "c" }]\nearns = 0', "product 1 states its id"),
        ("invoices = [{ net = 1 }, { net = 2 }]\npayments = [{ amount = 1, paid_on = 2025-02-01 }]\nearns = 1",
         "payment 1 names its invoice"),
        ("measure = 5\nas_of = 2025-04-01\nsettled = [2025-05-01]\nearns = 1", "after the computation as of 2025"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_named(stage: Stage, example: str, words: str) -> None:
    [problem] = play(stage, example).problems
    assert words in problem


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ('[{ account = "B", amount = 3 }]', "account B earns nothing; there are: A 2025-Q1, A 2025-Q2"),
        ("[{ amount = 20 }]", "account A: say which period: 2025-Q1, 2025-Q2"),
        ('[{ period = "2025-Q1", amount = 21 }]', "account A 2025-Q1 earns 20.00 EUR, not 21"),
        ('[{ period = "2025-Q1", accrued = 21 }]', "accrued are 20.00 EUR, not 21"),
        ('[{ period = "2025-Q1", level = "gold" }]', "the level that counts is none, not gold"),
        ('[{ period = "2025-Q1", taxes = { "S 7" = 20 } }]', "the part under S 7 is 0, not 20"),
        ('[{ period = "2025-Q1", shares = { B = 20 } }]', "the share of B is 0, not 20"),
        ('[{ period = "2025-Q1", waits = "rate" }]', "nothing waits for 'rate', but for: nothing"),
    ],
)
def test_what_is_not_as_expected_is_told(stage: Stage, expect: str, words: str) -> None:
    rows = "invoices = [{ net = 1000 }, { net = 500, issued = 2025-05-01 }]"
    problems = play(stage, f"{rows}\nexpect = {expect}").problems
    assert words in "\n".join(problems)


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ("[]", "nobody expects the credit_note of A for 2025-Q1 over 20.00 EUR"),
        ("[{ net = 21 }]", "is over 20.00 EUR net, not 21"),
        ("[{ net = 20, tax = 4 }]", "bears 3.80 EUR tax, not 4"),
        ('[{ net = 20, taxes = { "S 7" = 20 } }]', "the net under S 7 is 0, not 20"),
        ('[{ account = "B", net = 20 }]', "no credit_note of B over 20 is proposed"),
        ('[{ kind = "service", net = 20 }]', "no service of A over 20 is proposed"),
    ],
)
def test_every_document_is_compared(stage: Stage, documents: str, words: str) -> None:
    problems = play(stage, f"measure = 1000\ndocuments = {documents}").problems
    assert words in "\n".join(problems)


def test_a_row_is_known_from_its_own_day_or_the_one_it_states(stage: Stage) -> None:
    rows = """invoices = [
  { net = 1000, issued = 2025-02-01 },
  { net = 100, issued = 2025-03-01, known = 2025-04-15 },
]
"""
    early = play(stage, f"{rows}as_of = 2025-04-14\nearns = 20")
    late = play(stage, f"{rows}as_of = 2025-04-15\nearns = 22")
    assert (early.problems, late.problems) == ([], [])
    settled = play(stage, f"{rows}settled = [2025-04-01]\nas_of = 2025-07-01\ndocuments = [{{ net = 2 }}]")
    assert settled.problems == []


def test_a_later_row_of_the_same_id_is_a_new_version(stage: Stage) -> None:
    rows = 'invoices = [{ id = "I", net = 1000 }, { id = "I", net = 300 }]'
    assert play(stage, f"{rows}\nearns = 6").problems == []


def test_the_definition_before_holds_until_the_last_settlement(stage: Stage) -> None:
    before = parse_program(FLAT.replace("percent = 2", "percent = 1"))
    after = FLAT.replace('name = "Bonus"', 'name = "Bonus"\nversion = "2"')
    example = "measure = 1000\nsettled = [2025-04-01]\nas_of = 2025-07-01\nearns = 20\ndocuments = [{ net = 10 }]"
    assert play(stage, example, after, Beside((), before)).problems == []


def test_examples_do_not_see_each_other(stage: Stage) -> None:
    results = [play(stage, "measure = 1000\nearns = 20") for _ in range(2)]
    assert all(result.passed for result in results)


def test_programs_beside_are_read_from_the_files_an_example_names(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "bonus.toml").write_text(FLAT)
    second = FLAT.replace('id = "bonus"', 'id = "second"') + '[basis]\nnet_of = ["bonus"]\n'
    path = tmp_path / "second.toml"
    path.write_text(f'{second}[[example]]\nname = "one"\nprograms = ["bonus.toml"]\nmeasure = 1000\nearns = 19.60\n')
    assert [result.problems for result in run_examples(stage, path)] == [[]]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('programs = ["other.toml"]', "a file beside it defines 'bonus' too"),
        ('programs = ["nowhere.toml"]', "cannot be read"),
        ('replaces = "third.toml"', "third.toml defines another program, 'third'"),
    ],
)
def test_files_that_cannot_stand_beside_are_refused(stage: Stage, tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "other.toml").write_text(FLAT)
    (tmp_path / "third.toml").write_text(FLAT.replace('id = "bonus"', 'id = "third"'))
    path = tmp_path / "bonus.toml"
    path.write_text(f'{FLAT}[[example]]\nname = "one"\nmeasure = 1\nearns = 0.02\n{line}\n')
    with pytest.raises(ConfigError) as refused:
        list(run_examples(stage, path))
    assert words in str(refused.value)


def test_a_negative_measure_is_a_credit_note(stage: Stage) -> None:
    assert play(stage, "measure = -1000\nearns = -20").problems == []
