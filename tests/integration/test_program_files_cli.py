"""`rebated program check`, `test`, `show` and `diff` on a workspace."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.helpers.workspace import Workspace, call, sale

PROGRAM = """
[program]
id = "{name}"
name = "Yearly"
currency = "EUR"
valid_from = 2025-01-01
[scale]
percent = {percent}
"""
EXAMPLE = """
[[example]]
name = "of 1,000"
measure = 1000
earns = {earns}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.make(tmp_path / "ws", programs=())
    write(made, "yearly", 2, 20)
    return made


def write(workspace: Workspace, name: str, percent: int, earns: int | None = None, more: str = "") -> Path:
    path = workspace.folder / "programs" / f"{name}.toml"
    text = PROGRAM.format(name=name, percent=percent) + more
    path.write_text(text + (EXAMPLE.format(earns=earns) if earns is not None else ""))
    return path


def test_examples_that_hold(workspace: Workspace) -> None:
    told = call(workspace, "program", "test").out
    assert "passed" in told and "1 example passed" in told
    [row] = call(workspace, "program", "test", "--json").json
    assert (row["program"], row["example"], row["passed"], row["problems"]) == ("yearly", "of 1,000", True, [])
    assert [Decimal(item["amount"]) for item in row["earned"]] == [20]
    assert not workspace.book.exists()


def test_an_example_that_fails_says_what_came_and_why(workspace: Workspace) -> None:
    write(workspace, "yearly", 3, 20)
    told = call(workspace, "program", "test", "programs/yearly.toml", code=1).out
    assert "earns 30.00, not 20" in told and "1,000.00 EUR x 3 %" in told
    assert "1 example, 1 failed" in told


def test_files_without_examples_and_wrong_files_are_named(workspace: Workspace) -> None:
    write(workspace, "bare", 1)
    assert "bare.toml carries no [[example]]" in call(workspace, "program", "test").out
    (workspace.folder / "programs" / "wrong.toml").write_text("[program]\n")
    assert "wrong.toml" in call(workspace, "program", "test", code=2).err


def test_check_tells_overlaps_and_what_is_needed(workspace: Workspace) -> None:
    write(workspace, "second", 1)
    write(workspace, "third", 1, more='[basis]\nnet_of = ["yearly", "second"]\n')
    told = call(workspace, "program", "check").out
    assert "3 programs are valid" in told
    assert "second and yearly" in told and "third" not in told
    alone = call(workspace, "program", "check", "programs/third.toml").out
    assert "third needs yearly, which is in none of these files" in alone


def test_show_tells_a_program_in_sentences(workspace: Workspace) -> None:
    call(workspace, "program", "import")
    told = call(workspace, "program", "show", "yearly").out
    assert "2 % of everything." in told and "For every account." in told
    assert call(workspace, "program", "show", "yearly", "--json").json["scale"]["percent"] == "2"
    assert "there are: yearly" in call(workspace, "program", "show", "nothing", code=3).err


def test_diff_of_the_registered_definition_and_a_file(workspace: Workspace) -> None:
    call(workspace, "program", "import")
    assert "The two say the same." in call(workspace, "program", "diff", "yearly", "programs/yearly.toml").out
    path = write(workspace, "yearly", 3, 30)
    found = call(workspace, "program", "diff", "yearly", str(path), "--json").json
    assert found == {"settings": [{"path": "scale.percent", "old": "2", "new": "3"}]}
    assert "scale.percent" in call(workspace, "program", "diff", "yearly", str(path)).out


def test_diff_replays_both_on_the_documents_of_the_book(workspace: Workspace) -> None:
    workspace.sales(1, sale("INV-1", "C-1", net=100_000), sale("INV-2", "C-2", net=50_000))
    call(workspace, "run", "--once", "--as-of", "2025-12-01", code=None)
    before = call(workspace, "export", "balances", "--json", code=None).out
    path = write(workspace, "yearly", 3, 30)
    found = call(workspace, "program", "diff", "yearly", str(path), "--replay", "--json", "--as-of", "2025-12-01").json
    earned = {(row["account"], row["period"]): (row["before"], row["after"]) for row in found["entitlements"]}
    assert earned == {("C-1", "2025"): (2_000, 3_000), ("C-2", "2025"): (1_000, 1_500)}
    told = call(workspace, "program", "diff", "yearly", str(path), "--replay", "--as-of", "2025-12-01").out
    assert "all of these" in told and "15.00 EUR" in told
    assert call(workspace, "export", "balances", "--json", code=None).out == before
    assert call(workspace, "program", "list", "--json").json[0]["version"] == "1"
