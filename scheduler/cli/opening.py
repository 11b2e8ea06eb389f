"""`rebated opening`: balances of the time before."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from core.errors import RefusedError
from core.ledger.opening import COLUMNS, import_opening
from scheduler.cli.common import DEFAULT_CONFIG, ConfigOption, DryRunOption, say, writing

app = typer.Typer(help="Opening balances, for going live.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Opening balances, for going live."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}.")],
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Import what was accrued, settled, adjusted or waived before rebated, in major units.

    Example: rebated opening import opening.csv --dry-run
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RefusedError(f"{file} cannot be read: {error}") from None
    with (
        writing(config, dry_run=dry_run) as context,
        context.book.batch("opening", actor=context.actor, claim=context.fence, note=file.name) as batch,
    ):
        count = import_opening(batch, rows, file.name, context.as_of, context.config.entities)
    say(f"{count} opening balances imported")
