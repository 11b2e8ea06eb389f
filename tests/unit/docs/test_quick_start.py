"""The quick start is true: its files are written, its commands are run, and every word shown is printed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli import common
from scheduler.cli.main import app

PAGE = Path(__file__).parents[3] / "docs" / "quick-start.md"
_BLOCK = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_WORD = re.compile(r"[\w.,%/-]*\w[%]?")


def run(command: str) -> str:
    """The output of a command of the page; `rebated` runs inside this process."""
    words = shlex.split(command)
    if words[0] != "rebated":
        assert words[0] in ("sed", "ls"), f"the page may not run {words[0]}"
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout
    result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def missing(shown: list[str], printed: str) -> list[str]:
    """The lines shown whose words are not printed, in order, after the line before. Lay-out does not matter."""
    words = _WORD.findall(printed)
    place, absent = 0, []
    for line in shown:
        wanted = _WORD.findall(line)
        starts = range(place, len(words) - len(wanted) + 1)
        found = next((start for start in starts if words[start : start + len(wanted)] == wanted), None)
        if found is None:
            absent.append(line)
        else:
            place = found + len(wanted)
    return absent


def test_every_output_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REBATED_CONFIG", raising=False)
    monkeypatch.setattr(common.out, "_width", 250)  # what is folded in a narrow window is on one line here
    assert shutil.which("sed")
    checked = 0
    for block in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if block["file"]:
            Path(block["file"]).write_text(block["text"], encoding="utf-8")
        if block["language"] != "console":
            continue
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, _, rest = part.partition("\n")
            if command.startswith("cd "):
                monkeypatch.chdir(command.removeprefix("cd "))
                continue
            shown = [line for line in rest.splitlines() if line != "…"]
            assert missing(shown, run(command)) == [], f"`{command}` prints something else"
            checked += len(shown)
    assert checked > 30


def test_a_wrong_line_would_be_found() -> None:
    assert missing(["a 29.37 EUR"], "a 29.38 EUR") == ["a 29.37 EUR"]
    assert missing(["│ a │ 29.37 EUR │"], "| a  29.37 EUR |") == []
