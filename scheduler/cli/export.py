"""`rebated verify` and `rebated export`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from connectors.spi import JournalRequest
from core.ledger import postings, proposals
from core.ledger.masters import profiles
from core.ledger.verify import verify as walk
from core.money import text
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    counted,
    print_json,
    say,
    session,
    writing,
)
from scheduler.config_sections import route
from scheduler.context import Context
from scheduler.steps.journal import close_and_export, month_of

app = typer.Typer(help="Exports: the accrual journal of a month, balances.", no_args_is_help=True)


def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    deep: Annotated[bool, typer.Option("--deep", help="Recompute every document version from its lines.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Walk the book: the hash chain, balances, receipts against settlements. Exits with 5 where anything is wrong.

    Example: rebated verify --deep
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        faults = list(walk(reading, deep=deep))
    if as_json:
        print_json(faults)
    else:
        for fault in faults:
            say(f"{fault.where}: {fault.what}", "red")
        say("the book contradicts itself" if faults else "the book is whole", "red" if faults else "green")
    if faults:
        raise typer.Exit(5)


@app.command()
def journal(
    month: Annotated[str, typer.Argument(help="The month, such as 2026-11.")],
    config: ConfigOption = DEFAULT_CONFIG,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Write CSV here instead of sending it.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Print it as CSV; the month stays open.")] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Close a month and write its accrual journal through write_back.journal; what comes later is posted afterwards.

    Examples: rebated export journal 2026-11 --preview · rebated export journal 2026-11
    """
    with writing(config, dry_run=dry_run, quiet=as_json or preview) as context:
        found = close_and_export(context, month_of(month), dry_run=preview or file is not None)
    rows = [row for request in found for row in request.rows]
    if as_json:
        print_json(rows)
        return
    if preview or file is not None:
        target = file.open("w", encoding="utf-8", newline="") if file is not None else sys.stdout
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["entity", "account", "program", "payee", "period", "currency", "debit", "credit"])
        for row in rows:
            writer.writerow([*row[:6], text(row.debit, row.currency), text(row.credit, row.currency)])
        if file is not None:
            target.close()
            say(f"wrote {len(rows)} rows to {file}")
            _warn_of_second(context, found)
        return
    say(
        f"{month} is closed; {counted(len(found), 'journal')} with {counted(len(rows), 'row')} stand in the outbox: "
        "`rebated write-back` sends them"
    )


def _warn_of_second(context: Context, found: list[JournalRequest]) -> None:
    """A journal that a connection books must not be booked from a file as well."""
    for entity in sorted({request.entity for request in found}):
        target = route(context.config.write_back.journal, entity)
        if target is not None:
            say(f"{entity}: {target} takes this journal; book it from the file only if it is not sent there")


@app.command()
def balances(
    config: ConfigOption = DEFAULT_CONFIG,
    shadow: Annotated[bool, typer.Option("--shadow", help="Of the programs in shadow.")] = False,
) -> None:
    """Print every balance by program, account, entity and period as CSV.

    Example: rebated export balances > balances.csv
    """
    book = "shadow" if shadow else "live"
    with session(config, create=False, quiet=True) as context, context.book.read() as reading:
        found = postings.balances(reading, book)
        reserved = proposals.reserved(reading, book)
        names = profiles(reading)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        [
            "program",
            "beneficiary",
            "payee",
            "entity",
            "period",
            "currency",
            "accrued",
            "adjusted",
            "settled",
            "reserved",
            "waived",
        ]
    )
    for key, balance in sorted(found.items()):
        amounts = (balance.accrued, balance.adjusted, balance.settled, reserved.get(key, 0), balance.waived)
        writer.writerow(
            [key.program, names[key.beneficiary].external_id, names[key.payee].external_id, key.entity, key.period,
             key.currency, *(text(amount, key.currency) for amount in amounts)]
        )  # fmt: skip


def add_to(root: typer.Typer) -> None:
    root.command()(verify)
    root.add_typer(app, name="export")
