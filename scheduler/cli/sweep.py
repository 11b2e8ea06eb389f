"""`rebated sweep`: deletions that were too many to be done without a person."""

from __future__ import annotations

from typing import Annotated

import typer

from core.ledger import sweeps
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    out,
    print_json,
    say,
    session,
    table,
    writing,
)

app = typer.Typer(help="Deletions that wait for a person.", no_args_is_help=True)
SweepArgument = Annotated[int, typer.Argument(help="The number of the sweep.")]


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the sweeps that wait. Example: rebated sweep list"""
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        rows = sweeps.waiting(reading)
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    columns = [("sweep", "right"), ("source", ""), ("kind", ""), ("missing", "right"), ("of", "right"), ("such as", "")]
    shown = [(row.id, row.source, row.kind, len(row.missing), row.present, ", ".join(row.missing[:5])) for row in rows]
    out.print(table(f"{len(rows)} sweeps wait", columns, shown))


def _decide(sweep_id: int, config: ConfigOption, confirm: bool, dry_run: bool) -> None:
    with (
        writing(config, dry_run=dry_run) as context,
        context.book.batch("sweep", actor=context.actor, claim=context.fence, note=str(sweep_id)) as batch,
    ):
        deleted = sweeps.decide(batch, sweep_id, confirm=confirm)
    say(f"sweep {sweep_id}: {deleted} records deleted" if confirm else f"sweep {sweep_id} discarded: nothing deleted")


@app.command()
def confirm(sweep_id: SweepArgument, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False) -> None:
    """The missing records really are gone: take them out of the count.

    Example: rebated sweep confirm 3
    """
    _decide(sweep_id, config, True, dry_run)


@app.command()
def discard(sweep_id: SweepArgument, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False) -> None:
    """The snapshot was wrong: keep the records.

    Example: rebated sweep discard 3
    """
    _decide(sweep_id, config, False, dry_run)
