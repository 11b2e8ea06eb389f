"""The cookbook is true: every file is listed, carries examples, and each of them gives the figures it states."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.programs import read_program
from core.programs.telling import told
from scheduler.examples import Stage, run_examples

DOCS = Path(__file__).parents[3] / "docs"
FILES = sorted((DOCS / "cookbook").rglob("*.toml"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DOCS / "cookbook")))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as found:
        yield found


@every_file
def test_examples_give_what_they_state(stage: Stage, path: Path) -> None:
    results = list(run_examples(stage, path))
    assert results, "a file of the cookbook carries an example"
    wrong = [f"{result.example} (as of {result.as_of}): {problem}" for result in results for problem in result.problems]
    assert not wrong, "\n".join(wrong)


@every_file
def test_a_program_is_known_by_the_name_of_its_file(path: Path) -> None:
    assert read_program(path).id == path.stem


@every_file
def test_a_program_can_be_told_in_sentences(path: Path) -> None:
    sentences = told(read_program(path))
    assert all(re.match(r"[A-Za-z0-9].*[.:]$", line) for line in sentences), sentences
    assert not [line for line in sentences if "None" in line or "E+" in line]


def test_the_index_lists_every_file() -> None:
    listed = re.findall(r"\(cookbook/([\w-]+\.toml)\)", (DOCS / "cookbook.md").read_text(encoding="utf-8"))
    assert sorted(set(listed)) == [path.name for path in FILES if path.parent.name == "cookbook"]


def test_the_flat_bonus_takes_eight_lines() -> None:
    text = (DOCS / "cookbook" / "flat-bonus.toml").read_text(encoding="utf-8")
    definition = text.partition("[[example]]")[0]
    lines = [line for line in definition.splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 8
