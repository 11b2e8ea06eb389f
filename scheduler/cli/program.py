"""`rebated program`: definitions in the book, and the acts of going live and back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from core.ledger import acts, registry
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    ReasonOption,
    out,
    print_json,
    say,
    session,
    table,
    writing,
)
from scheduler.cli.program_diff import diff
from scheduler.cli.program_files import FilesArgument, ProgramArgument, check, show, test
from scheduler.steps.programs import back_to_shadow, go_live, import_programs

app = typer.Typer(
    help="Program definitions: check, test, import, list, show, diff, live, shadow.", no_args_is_help=True
)


app.command()(check)
app.command()(test)


@app.command("import")
def import_(files: FilesArgument = None, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False) -> None:
    """Register definitions in the book. New programs start in shadow.

    Example: rebated program import
    """
    with writing(config, dry_run=dry_run) as context:
        changed = import_programs(context, files or None)
    say(f"registered: {', '.join(changed)}" if changed else "nothing has changed")


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the registered programs with their modes.

    Example: rebated program list
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        found = registry.current(reading)
        modes = acts.modes(reading)
    rows = [
        {
            "id": name,
            "name": item.program.program.name,
            "kind": item.program.program.kind,
            "version": item.program.program.version,
            "mode": modes.get(name, acts.Mode()).mode,
            "settle_from": modes.get(name, acts.Mode()).settle_from,
            "period": item.program.program.period,
            "hash": item.hash,
            "imported_by": item.actor,
        }
        for name, item in sorted(found.items())
    ]
    if as_json:
        print_json(rows)
        return
    columns = ("id", "name", "kind", "version", "mode", "settle_from", "period", "imported_by")
    out.print(
        table("Programs", [(c.replace("_", " "), "") for c in columns], [[row[c] for c in columns] for row in rows])
    )


app.command()(show)
app.command()(diff)


@app.command()
def live(
    program: ProgramArgument,
    settle_from: Annotated[
        datetime,
        typer.Option("--settle-from", formats=["%Y-%m-%d"], help="Periods that ended before are never settled here."),
    ],
    reason: ReasonOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Start the live book of a program: from now on it posts and proposes. Its shadow proposals are closed.

    Example: rebated program live annual-bonus --settle-from 2026-01-01
    """
    with writing(config, dry_run=dry_run) as context:
        import_programs(context)
        closed = go_live(context, program, settle_from.date(), reason)
    say(f"{program} is live, settling from {settle_from.date()}; {closed} shadow proposals were closed")


@app.command()
def shadow(
    program: ProgramArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """Compute a program apart from the book again.

    Example: rebated program shadow annual-bonus --reason "figures under review"
    """
    with writing(config, dry_run=dry_run) as context:
        back_to_shadow(context, program, reason)
    say(f"{program} runs in shadow")
