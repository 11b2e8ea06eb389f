"""The documentation is true: links lead somewhere, commands exist, TOML is valid, the example adapter works."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import typer

from connectors import registry
from core.programs import parse_program
from scheduler.cli.main import app
from scheduler.config import parse_config

ROOT = Path(__file__).parents[3]
GENERATED = "<!-- Written by `make docs`"
PAGES = [
    page
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if not page.read_text(encoding="utf-8").startswith(GENERATED)
]
COMMAND = typer.main.get_command(app)
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"<!-- check: (?P<mark>[a-z]+) -->\n\Z")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_INLINE = re.compile(r"`(rebated [^`\n]+)`")


class Block(NamedTuple):
    """A fenced block, and what the comment right above it asks to be checked."""

    language: str
    text: str
    mark: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        mark = _MARK.search(text[: match.start()])
        lines = [line[len(match["indent"]) :] for line in match["text"].splitlines()]
        yield Block(match["language"], "\n".join(lines) + "\n", mark["mark"] if mark else "")


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=name)

# ---------------------------------------------------------------- links


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for match in _LINK.finditer(prose(page)):
        target, _, anchor = match["target"].partition("#")
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        place = (page.parent / target).resolve() if target else page
        if not place.exists() or (anchor and anchor not in _anchors(place)):
            broken.append(match["target"])
    assert broken == []


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / match["target"].partition("#")[0]).resolve() for match in _LINK.finditer(prose(index))}
    missing = [name(page) for page in (ROOT / "docs").rglob("*.md") if page != index and page.resolve() not in linked]
    assert missing == []


def test_every_dependency_has_its_reason() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = stated["project"], stated["dependency-groups"]
    needed = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
        *groups["build"],
        *groups["dev"],
    ]
    told = re.findall(r"^\| (\S+) \|", (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"), re.MULTILINE)
    names = {re.split(r"[<>=!~]", entry)[0] for entry in needed}
    assert set(told) - {"package", "---", "|---|---|", "uv"} == names


# ---------------------------------------------------------------- commands


def shell_commands(page: Path) -> Iterator[str]:
    """Every command line of the page that calls rebated, from its name on."""
    for block in blocks(page):
        for line in block.text.replace("\\\n", " ").splitlines():
            if block.language == "console" and line.startswith("$ "):
                parts = re.split(r" (?:&&|\|) ", line.removeprefix("$ "))
            elif block.language == "ini" and line.startswith("ExecStart="):
                parts = [line.partition("=")[2]]
            else:
                continue
            for part in parts:
                match = re.match(r"(?:sudo -u \S+ )?(?:\S*/)?rebated (.*)", part)
                if match is not None:
                    yield "rebated " + match[1]


def words_of(command: str) -> list[str]:
    words = shlex.split(command, comments=True)[1:]
    return words[: words.index(">")] if ">" in words else words


def parse(words: list[str], *, whole: bool) -> str:
    """What the command line says to these words, empty where it takes them. `whole`: arguments may not be missing."""
    command: Any = COMMAND
    path = "rebated"
    while words and hasattr(command, "commands"):
        options = {option: param for param in command.params for option in param.opts}
        if words[0] in ("--help", "-h"):
            return ""
        if words[0].startswith("-"):
            if words[0] not in options:
                return f"{path} has no option {words[0]}"
            words = words[1 if options[words[0]].is_flag else 2 :]
        elif words[0] in command.commands:
            command, path, words = command.commands[words[0]], f"{path} {words[0]}", words[1:]
        else:
            return f"{path} has no command {words[0]}"
    if hasattr(command, "commands") or words in (["--help"], ["-h"]):
        return ""
    try:
        command.make_context(path, list(words))
    except Exception as error:  # the classes are those of the library inside typer
        if type(error).__name__ == "MissingParameter" and not whole:
            return ""
        return f"{path}: {getattr(error, 'message', error)}"
    return ""


@every_page
def test_commands_are_ones_the_program_knows(page: Path) -> None:
    shown = [(line, parse(words_of(line), whole=True)) for line in shell_commands(page)]
    told = [(line, parse(words_of(line), whole=False)) for line in _INLINE.findall(prose(page))]
    assert [(line, fault) for line, fault in [*shown, *told] if fault] == []


@pytest.mark.parametrize(
    "line",
    [
        "rebated frobnicate",
        "rebated review aprove X",
        "rebated run --onse",
        "rebated explain",
        "rebated sweep confirm x",
    ],
)
def test_a_wrong_command_would_be_found(line: str) -> None:
    assert parse(words_of(line), whole=True)


# ---------------------------------------------------------------- blocks of code


@every_page
def test_blocks_are_well_formed(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            compile(block.text, name(page), "exec")


@every_page
def test_programs_and_configurations_are_valid(page: Path, with_the_example: None) -> None:
    for block in blocks(page):
        if block.mark == "program":
            parse_program(block.text, name(page))
        elif block.mark == "configuration":
            parse_config(block.text)
        else:
            assert not block.mark, f"nobody checks {block.mark!r}"


# ---------------------------------------------------------------- the example adapter


def load(file: str) -> ModuleType:
    """A block of the page on adapters as the module its first line says it is."""
    page = ROOT / "docs" / "writing-an-adapter.md"
    [text] = [block.text for block in blocks(page) if block.text.startswith(f"# {file}\n")]
    module = ModuleType(file.removesuffix(".py"))
    sys.modules[module.__name__] = module
    exec(compile(text, f"{page}:{file}", "exec"), module.__dict__)  # noqa: S102 - the page's own code
    return module


example = load("json_folder.py")
TestTheExampleConforms = load("test_json_folder.py").TestJsonFolder


@pytest.fixture
def with_the_example(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example adapter, registered as the page says, beside those that are installed."""
    page = ROOT / "docs" / "writing-an-adapter.md"
    [stated] = [
        tomllib.loads(block.text)["project"]["entry-points"][registry.GROUP]
        for block in blocks(page)
        if "entry-points" in block.text
    ]
    points = list(importlib.metadata.entry_points(group=registry.GROUP))
    points += [importlib.metadata.EntryPoint(key, value, registry.GROUP) for key, value in stated.items()]
    caches = (registry.adapter_names, registry.adapter_class)
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_the_example_is_found_by_its_name(with_the_example: None) -> None:
    assert registry.adapter_class("json_folder") is example.JsonFolder


def test_the_example_invoice_can_be_read_and_lands(tmp_path: Path) -> None:
    from connectors.spi import Window
    from core.ledger.columns import utc_now
    from core.normalise import normalise
    from core.source import SourceRules

    page = ROOT / "docs" / "writing-an-adapter.md"
    [text] = [block.text for block in blocks(page) if block.language == "json"]
    (tmp_path / "2025-0001.json").write_text(text)
    adapter = example.JsonFolder.build("shop", example.Settings(inbox=Path(), outbox=Path()), base=tmp_path)
    before = utc_now().replace(year=2100)
    [only] = adapter.pull("invoices", Window(before), {})
    record = normalise(only.records[0], SourceRules())
    assert (record.external_id, record.net, record.tax) == ("2025-0001", 39800, 7562)
