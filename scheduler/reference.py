"""The generated pages of docs/: configuration, programs and commands.

    python -m scheduler.reference docs [--check]

Everything comes from the models and commands themselves. With --check nothing is written, and a page that is not
what would be written is named; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from connectors.declarative.settings.request import Operation, Request
from connectors.registry import adapter_class
from core.programs import Program
from scheduler.config import Config
from scheduler.reference_commands import commands_page
from scheduler.reference_models import Table, tables

_NOTE = "<!-- Written by `make docs`. Do not edit: change the descriptions in the code. -->"
_DOCUMENTED_ADAPTERS = ("files", "odoo", "crm_rest", "soap_erp")


def pages() -> dict[str, str]:
    """The pages by file name."""
    found = {"configuration.md": configuration_page(), "programs.md": programs_page()}
    if importlib.util.find_spec("scheduler.cli.main") is not None:
        app: Any = importlib.import_module("scheduler.cli.main").app
        found["cli.md"] = _page(commands_page(app))
    return found


def configuration_page() -> str:
    """Every setting of rebated.toml, and of the adapters that come with it."""

    def parts() -> Iterator[str]:
        yield "# Configuration"
        yield (
            "One TOML file, `rebated.toml`; `config.example.toml` shows all of it. Every table and every setting has"
            " a default unless it is marked *needed*. An unknown setting is an error. `rebated check` tells every"
            " mistake at once."
        )
        yield (
            "Numbers are read exactly. Relative paths start at the folder of the file. A secret is named by"
            ' reference, `{ env = "NAME" }` or `{ file = "path" }`, and never stands in the file itself.'
        )
        yield from _tables(tables(Config))
        told: dict[Table, str] = {}
        for name in _DOCUMENTED_ADAPTERS:
            yield f"# Settings of the {name} adapter"
            settings = adapter_class(name).Settings
            without = [kind for kind in (Request, Operation) if kind is not getattr(settings, "asks", None)]
            own = list(tables(settings, "connections.<name>.settings", without))
            alike = dict.fromkeys(told[table] for table in own if table in told)
            if alike:
                yield f"Tables that are not here are those of the {' and the '.join(alike)} adapter, word for word."
            yield from _tables(table for table in own if table not in told)
            told |= dict.fromkeys(own, name)

    return _page(parts())


def programs_page() -> str:
    """Every setting of a program file."""

    def parts() -> Iterator[str]:
        yield "# Programs"
        yield (
            "One TOML file for each program. A flat yearly bonus needs `[program]` and `[scale]`; everything else has"
            " a default. Amounts are in major units of the program's currency, rates in percent, all read exactly."
        )
        yield from _tables(tables(Program))

    return _page(parts())


def _page(parts: Iterator[str]) -> str:
    return "\n\n".join((_NOTE, *parts)) + "\n"


def _tables(found: Iterable[Table]) -> Iterator[str]:
    for table in found:
        yield f"## {table.heading}"
        if table.meaning:
            yield table.meaning
        if table.rows:
            lines = ["| setting | type | default | meaning |", "|---|---|---|---|"]
            lines += [f"| `{row.name}` | {row.type} | {row.default} | {row.meaning} |" for row in table.rows]
            yield "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or compare them. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scheduler.reference", description="Write the generated pages.")
    parser.add_argument("folder", type=Path, help="folder of the pages")
    parser.add_argument("--check", action="store_true", help="write nothing; name the pages that are stale")
    given = parser.parse_args(arguments)
    folder: Path = given.folder
    stale = []
    for name, content in pages().items():
        path = folder / name
        if given.check:
            if not path.is_file() or path.read_text(encoding="utf-8") != content:
                stale.append(path)
        else:
            path.write_text(content, encoding="utf-8")
    for path in stale:
        print(f"{path} is stale: run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
