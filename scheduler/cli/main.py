"""The entrance of the command line: commands, errors as people read them, exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from core import __version__
from core.errors import ConfigError, DataError, IntegrityError, RebatedError, RefusedError, RetryableError
from scheduler.cli import (
    account,
    chain,
    connector,
    demo,
    doctor,
    explain,
    export,
    opening,
    program,
    quarantine,
    replay,
    review,
    setup,
    status,
    sweep,
    tier,
)
from scheduler.cli.common import err
from scheduler.logs import set_up_logs

EXIT_CODES = "\n\n".join(
    (
        "Exit codes",
        "0  done",
        "1  something unexpected",
        "2  the configuration, a program file or the command line is wrong",
        "3  refused in the present state",
        "4  another system or the book could not be reached: try again",
        "5  the book contradicts itself, or written documents are gone or differ",
    )
)

app = typer.Typer(
    name="rebated",
    help="Rebates, tiers and cashback for business customers: from invoices to reviewed credit notes.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"rebated {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell each step on standard error.")] = False,
) -> None:
    set_up_logs("info" if verbose else "error", "text")


for module in (setup, chain, review, status, explain, replay, export, doctor, demo):
    module.add_to(app)
app.add_typer(program.app, name="program")
app.add_typer(account.app, name="account")
app.add_typer(tier.app, name="tier")
app.add_typer(connector.app, name="connector")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(sweep.app, name="sweep")
app.add_typer(opening.app, name="opening")


def exit_code(error: RebatedError) -> int:
    """The exit code of an error, as the help states them."""
    if isinstance(error, ConfigError):
        return 2
    if isinstance(error, IntegrityError):
        return 5
    if isinstance(error, RefusedError | DataError):
        return 3
    if isinstance(error, RetryableError):
        return 4
    return 2


def main() -> None:
    """Run the command line."""
    try:
        app(standalone_mode=True)
    except RebatedError as error:
        err.print("[bold red]error[/bold red]")
        err.print(error.message, markup=False, highlight=False, soft_wrap=True)
        if error.hint:
            err.print(f"→ {error.hint}", style="yellow", markup=False, highlight=False, soft_wrap=True)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
