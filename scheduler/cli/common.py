"""What every command shares: where the configuration is, how results are shown, how long work tells its progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from core.money import shown
from scheduler.config import load_config
from scheduler.context import Context, claimed, opened, opened_to_rehearse, rehearsed

PLAIN_WIDTH = 130
"""Width of what is written into a file or a pipe, where no terminal states one."""
out = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
err = Console(stderr=True, width=None if sys.stderr.isatty() else PLAIN_WIDTH)

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="REBATED_CONFIG", help="The configuration file.", show_default="rebated.toml"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The business day to work as of; today where absent."),
]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the book.")]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="The connection the account is of, where its id is not unique.")
]
CompanyOption = Annotated[
    str | None, typer.Option("--company", help="The company the account is of, where its id is not unique.")
]
DEFAULT_CONFIG = Path("rebated.toml")


def plain(value: Any) -> Any:
    """A result as data JSON can hold: amounts stay integers in minor units."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, dict):
        return {" ".join(map(str, key)) if isinstance(key, tuple) else str(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal | Fraction | Path):
        return str(value)
    return value


def print_json(value: Any) -> None:
    """Print a result for machines."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def money(minor: int | None, currency: str) -> str:
    """An amount for people, right-aligned in tables by its column."""
    return "" if minor is None else shown(minor, currency)


def amount(minor: int | None, currency: str) -> str:
    """An amount for a table that names the currency in a column of its own."""
    return "" if minor is None else shown(minor, currency).rpartition(" ")[0]


def table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]], caption: str = "") -> Table:
    """A table; columns are (heading, justify). Cells are data and never read as markup, but for Text."""
    made = Table(title=title, title_justify="left", title_style="bold", caption=caption or None, caption_justify="left")
    for heading, justify in columns:
        made.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else "" if cell is None else escape(str(cell)) for cell in row))
    return made


def counted(number: int, noun: str) -> str:
    """`1 proposal`, `2 proposals`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say(text: str, style: str = "") -> None:
    """A sentence for people on standard output; nothing in it is read as markup."""
    out.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)


def day(value: datetime | None) -> date | None:
    return value.date() if value is not None else None


@contextmanager
def session(
    config_path: Path, *, as_of: datetime | None = None, create: bool = True, quiet: bool = False
) -> Iterator[Context]:
    """A context to read with; progress of long work is shown on a terminal."""
    config = load_config(config_path)
    with _progress(quiet) as progress, opened(config, as_of=day(as_of), create=create, progress=progress) as context:
        yield context


@contextmanager
def writing(
    config_path: Path, *, as_of: datetime | None = None, dry_run: bool = False, quiet: bool = False, wait: float = 30
) -> Iterator[Context]:
    """A context that holds the claim on the book; with `dry_run` everything is undone at the end."""
    if dry_run:
        config = load_config(config_path)
        with (
            _progress(quiet) as progress,
            opened_to_rehearse(config, as_of=day(as_of), progress=progress) as context,
            rehearsed(context),
        ):
            yield context
    else:
        with session(config_path, as_of=as_of, quiet=quiet) as context, claimed(context, wait=wait):
            yield context
    if dry_run and not quiet:
        err.print("[dim]dry run: nothing was changed[/dim]")


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    if quiet or not err.is_terminal:
        yield lambda what, done, total: None
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, count="")

        def show(what: str, done: int, total: int) -> None:
            count = f"{done:,} of {total:,}" if total else f"{done:,}"
            bar.update(task, description=what, completed=done, total=total or None, count=count)

        yield show
