"""The pages of the documentation, taken apart: links, blocks of code, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)
_MARK = re.compile(r"<!-- check: (?P<mark>[a-z ]+) -->\n\Z")
_INLINE = re.compile(r"(?<!`)`(rebated [^`\n]+)`(?!`)")


class Block(NamedTuple):
    """A fenced block: its language, its text, and what the comment right above it asks to be checked."""

    page: Path
    language: str
    text: str
    mark: str

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0]


def pages() -> list[Path]:
    """Every page: what a reader of the repository may open."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        mark = _MARK.search(text[: match.start()])
        indent = len(match["indent"])
        lines = [line[indent:] for line in match["text"].splitlines()]
        yield Block(page, match["language"], "\n".join(lines) + "\n", mark["mark"] if mark else "")


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(page: Path) -> Iterator[list[str]]:
    """Every `rebated …` a page shows, in text and in blocks for the shell, as words after the name.

    A command that a page writes with a placeholder such as KEY, FILE or … keeps it as a word.
    """
    for found in _INLINE.findall(prose(page)):
        yield _words(found)
    for block in blocks(page):
        if block.language in ("console", "sh", "systemd", "ini"):
            for line in block.text.replace("\\\n", " ").splitlines():
                yield from _in_line(line, block.language)


def _in_line(line: str, language: str) -> Iterator[list[str]]:
    if language == "console" and not line.startswith("$ "):
        return
    line = line.removeprefix("$ ")
    if language in ("systemd", "ini"):
        if not line.startswith("ExecStart"):
            return
        line = line.partition("=")[2]
    for part in re.split(r"\s(?:&&|\|)\s", line):
        words = _words(part)
        for index, word in enumerate(words):
            if Path(word).name == "rebated" and (index == 0 or words[0] in ("sudo", "exec")):
                yield words[index + 1 :]
                break
            if Path(word).name == "rebated" and index == 0:
                break


def _words(text: str) -> list[str]:
    words = shlex.split(text, comments=True)
    for index, word in enumerate(words):
        if word in (">", ">>", "<"):
            words = words[:index]
            break
    return words[1:] if words and words[0] == "rebated" and text.startswith("rebated") and False else words
