"""`rebated program`: definitions, and the acts of going live and back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from core.ledger import acts, registry
from core.programs import read_program, strata
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
from scheduler.config import load_config
from scheduler.steps.programs import back_to_shadow, go_live, import_programs, program_files

app = typer.Typer(help="Program definitions: check, import, list, show, live, shadow.", no_args_is_help=True)
ProgramArgument = Annotated[str, typer.Argument(help="The id of the program.")]
FilesArgument = Annotated[list[Path] | None, typer.Argument(help="Program files; the folder's where absent.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the book.")]


@app.command()
def check(files: FilesArgument = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate program files and the order they depend on each other in; nothing is imported.

    Example: rebated program check programs/annual-bonus.toml
    """
    paths = files or program_files(load_config(config).programs_folder)
    programs, wrong = [], []
    for path in paths:
        try:
            programs.append(read_program(path))
        except ConfigError as error:
            wrong += error.problems
    if wrong:
        raise ConfigError(wrong)
    if not files:
        strata(programs)
    say(f"{len(programs)} programs are valid")


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


@app.command()
def show(program: ProgramArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Print a registered definition as the book has it, defaults included, as JSON.

    Example: rebated program show annual-bonus
    """
    with session(config, create=False, quiet=True) as context, context.book.read() as reading:
        found = registry.current(reading)
    if program not in found:
        say(f"no program is called {program}; there are: {', '.join(sorted(found)) or 'none'}", "red")
        raise typer.Exit(3)
    print_json(
        {
            "hash": found[program].hash,
            **found[program].program.model_dump(mode="python", by_alias=True, exclude={"example"}),
        }
    )


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
