"""`rebated init` and `rebated check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from connectors.spi import Finding
from core.errors import ConfigError, RebatedError
from core.ledger.book import Book, NoBook
from scheduler.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, say, table
from scheduler.config import Config, load_config
from scheduler.config_check import check_config, failures, probe_connections
from scheduler.starter import write_starter

_MARKS = {"ok": Text("ok", "green"), "warning": Text("warning", "yellow"), "error": Text("error", "red")}


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; made where it is absent.")] = Path(),
) -> None:
    """Write a starter: rebated.toml, a first program, and the folders it names. Nothing is overwritten.

    Example: rebated init /etc/rebated && rebated check -c /etc/rebated/rebated.toml
    """
    for path in write_starter(folder):
        say(f"wrote {path}")
    out.print("Next: put your entities and columns into rebated.toml, then run [bold]rebated check[/bold].")


def _book(config: Config) -> list[Finding]:
    try:
        Book.open(config.book_url().reveal(), create=False).close()
    except NoBook:
        return [Finding("ok", "book", "not there yet; the first run creates it")]
    except RebatedError as error:
        return list(failures("book", error))
    return [Finding("ok", "book", "can be opened, its schema is up to date")]


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Do not probe the connections.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate everything: the configuration, the programs and their order, and each connection.

    Exits with 2 where anything is wrong. Example: rebated check --offline
    """
    try:
        loaded = load_config(config)
    except ConfigError as error:
        if not as_json:
            raise
        print_json(
            [{"level": "error", "what": f"{file}: {path}", "message": text} for file, path, text in error.problems]
        )
        raise typer.Exit(2) from None
    findings = [*check_config(loaded), *_book(loaded)]
    if not offline:
        findings += probe_connections(loaded)
    wrong = any(finding.level == "error" for finding in findings)
    if as_json:
        print_json(findings)
    else:
        rows = [
            (_MARKS[item.level], item.what, item.message + (f"\n→ {item.hint}" if item.hint else ""))
            for item in findings
        ]
        out.print(table(f"Check of {loaded.path}", [("", ""), ("what", ""), ("result", "")], rows))
        out.print("[red]Not ready.[/red]" if wrong else "[green]Ready.[/green]")
    if wrong:
        raise typer.Exit(2)


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(check)
