"""`rebated quarantine`: what could not be landed, and what people do about it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.ledger import quarantine as store
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    ReasonOption,
    counted,
    out,
    print_json,
    say,
    session,
    table,
    writing,
)
from scheduler.steps.pull import retry as retry_step

app = typer.Typer(help="Records that could not be landed, with their reasons.", no_args_is_help=True)
RowArgument = Annotated[int, typer.Argument(help="The number of the row.")]


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List what is open. Example: rebated quarantine list --json"""
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        rows = store.open_rows(reading)
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    columns = [("row", "right"), ("source", ""), ("record", ""), ("reason", ""), ("what is wrong", ""), ("where", "")]
    shown = [
        (row.id, row.source, f"{row.kind or '?'} {row.external_id or '?'}", row.reason, row.message, row.origin)
        for row in rows
    ]
    out.print(table(f"{counted(len(rows), 'record')} in quarantine", columns, shown))


@app.command()
def show(row_id: RowArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Print one row whole, with the raw record, as JSON.

    Example: rebated quarantine show 7
    """
    with session(config, create=False, quiet=True) as context, context.book.read() as reading:
        rows = [row for row in store.open_rows(reading) if row.id == row_id]
    if not rows:
        say(f"row {row_id} is not open", "red")
        raise typer.Exit(3)
    print_json(rows[0]._asdict())


@app.command()
def retry(
    source: Annotated[str | None, typer.Argument(help="One connection; all where absent.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try to land what is open once more, under today's rules. Example: rebated quarantine retry erp"""
    results: dict[str, Any] = {}
    with writing(config, dry_run=dry_run, quiet=as_json) as context:
        with context.book.read() as reading:
            rows = store.open_rows(reading, source)
        for name in dict.fromkeys(row.source for row in rows):
            if name in context.config.connections:
                results[name] = retry_step(context, name, [row for row in rows if row.source == name])
    if as_json:
        print_json(results)
        return
    for name, landed in results.items():
        say(f"{name}: {landed.new + landed.changed + landed.unchanged} landed, {landed.quarantined} still refused")
    if not results:
        say("nothing is in quarantine")


@app.command()
def release(
    row_id: RowArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """Proposals no longer wait for this record; it stays here to be solved.

    Example: rebated quarantine release 7 --reason "known and small"
    """
    with (
        writing(config, dry_run=dry_run) as context,
        context.book.batch("quarantine", actor=context.actor, claim=context.fence) as batch,
    ):
        store.close(batch, row_id, "released", reason)
    say(f"row {row_id} released")


@app.command()
def discard(
    row_id: RowArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """This record will never land.

    Example: rebated quarantine discard 7 --reason "a test invoice"
    """
    with (
        writing(config, dry_run=dry_run) as context,
        context.book.batch("quarantine", actor=context.actor, claim=context.fence) as batch,
    ):
        store.close(batch, row_id, "discarded", reason)
    say(f"row {row_id} discarded")
