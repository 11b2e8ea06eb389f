"""What is shipped with the program: the example, the starter and the generated reference."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from connectors.registry import adapter_class
from core.errors import RefusedError
from scheduler import reference
from scheduler.config import Config, load_config
from scheduler.config_check import check_config
from scheduler.config_messages import field_keys
from scheduler.reference_models import tables
from scheduler.starter import write_starter

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.toml"
pytestmark = pytest.mark.usefixtures("real_adapters")


def test_the_example_is_valid() -> None:
    config = load_config(EXAMPLE)
    assert not config.connections["erp"].write


def test_the_example_shows_every_setting() -> None:
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"), parse_float=Decimal)
    shown = set(_keys(data))
    models: list[type[BaseModel]] = [Config, adapter_class("files").Settings]
    missing = []
    for model in models:
        for table in tables(model, "x"):
            missing += [f"{table.heading} {row.name}" for row in table.rows if row.name not in shown]
    assert missing == []
    assert set(field_keys(Config)) == set(data)


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for value in data:
            yield from _keys(value)


def test_the_starter_passes_its_own_check(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "new")
    assert [path.relative_to(tmp_path / "new").as_posix() for path in written] == [
        "rebated.toml",
        "programs/annual-bonus.toml",
    ]
    assert all((tmp_path / "new" / name).is_dir() for name in ("inbox", "outbox", "var"))
    config = load_config(tmp_path / "new" / "rebated.toml")
    assert not config.connections["erp"].write
    found = list(check_config(config))
    assert [one for one in found if one.level == "error"] == []
    assert all("write = false" in one.message for one in found if one.level == "warning")


@pytest.mark.parametrize("name", ["rebated.toml", "programs/annual-bonus.toml"])
def test_the_starter_overwrites_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(RefusedError, match=f"{name} exists already"):
        write_starter(tmp_path)
    assert (tmp_path / name).read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]


def test_the_reference_is_deterministic_and_tells_every_setting() -> None:
    pages = reference.pages()
    assert pages == reference.pages()
    models: tuple[tuple[type[BaseModel], str], ...] = ((Config, ""), (adapter_class("files").Settings, "x"))
    for model, path in models:
        for table in tables(model, path):
            for row in table.rows:
                assert f"| `{row.name}` |" in pages["configuration.md"]
                assert row.meaning, f"{table.heading} {row.name} has no description"


def test_the_reference_is_compared_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main([str(tmp_path), "--check"]) == 1
    assert f"{tmp_path / 'programs.md'} is stale" in capsys.readouterr().err
    assert reference.main([str(tmp_path)]) == 0
    assert reference.main([str(tmp_path), "--check"]) == 0
    (tmp_path / "configuration.md").write_text("old")
    assert reference.main([str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'configuration.md'} is stale: run `make docs`\n"


def test_the_reference_has_the_settings_of_every_adapter_that_comes_along() -> None:
    page = reference.configuration_page()
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    for name in entries["rebated.adapters"]:
        own = page.partition(f"# Settings of the {name} adapter\n")[2].partition("\n# Settings of")[0]
        missing = [setting for setting in field_keys(adapter_class(name).Settings) if f"| `{setting}` |" not in own]
        assert own and missing == [], name
