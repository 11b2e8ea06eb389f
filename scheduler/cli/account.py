"""`rebated account`: the accounts of the book, those merged in the ERP, and what they are in a CRM."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from core.errors import RefusedError
from core.ledger import accounts, merger, merging, postings, proposals
from core.ledger.accounts import Identity
from core.ledger.masters import profiles
from core.ledger.merger import Merger
from core.money import shown
from scheduler.cli import matches
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    ReasonOption,
    amount,
    counted,
    day,
    out,
    print_json,
    say,
    session,
    table,
    writing,
)
from scheduler.context import Context

app = typer.Typer(
    help="Accounts: ids, names, balances; what became of merged ones; what they are in a CRM.", no_args_is_help=True
)

OldArgument = Annotated[str, typer.Argument(help="The id of the account that its documents have left.")]
NewArgument = Annotated[str, typer.Argument(help="The id of the account that they name now.")]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="The connection both ids are of, where they are not unique.")
]
CompanyOption = Annotated[
    str | None, typer.Option("--company", help="The company both ids are of, where they are not unique.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_(
    text: Annotated[str, typer.Argument(help="Only those with this in an id or the name.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    merged: Annotated[bool, typer.Option("--merged", help="Only those that were merged.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List accounts: ids, names, what was merged into them, what they were merged into.

    Examples: rebated account list · rebated account list --merged
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        known = accounts.aliases(reading)
        own = {key: item for key, item in accounts.identities(reading).items() if item.source != accounts.GROUPS}
        names = {account_id: item.name for account_id, item in profiles(reading).items()}
    wanted = text.casefold()
    rows: list[dict[str, Any]] = []
    for account_id, item in sorted(own.items(), key=lambda pair: pair[1][1:]):
        into = [(own[alias.new].external_id, alias.start) for alias in known if alias.old == account_id]
        aliases = [(own[alias.old].external_id, alias.start) for alias in known if alias.new == account_id]
        found = [item.external_id, names[account_id], *(name for name, _ in aliases)]
        if (merged and not into and not aliases) or not any(wanted in one.casefold() for one in found):
            continue
        rows.append(
            {
                "account": item.external_id,
                "source": item.source,
                "company": item.company,
                "name": names[account_id],
                "aliases": [{"account": name, "from": start} for name, start in aliases],
                "merged_into": [{"account": name, "from": start} for name, start in into],
            }
        )
    if as_json:
        print_json(rows)
        return
    columns = [("account", ""), ("name", ""), ("source", ""), ("company", ""), ("also", ""), ("merged into", "")]
    shown_rows = [
        (row["account"], row["name"], row["source"], row["company"], _dated(row["aliases"]), _dated(row["merged_into"]))
        for row in rows
    ]
    out.print(table(counted(len(rows), "account"), columns, shown_rows))


def _dated(items: list[dict[str, Any]]) -> str:
    return ", ".join(f"{item['account']} from {item['from']}" if item["from"] else item["account"] for item in items)


@app.command()
def show(
    account: Annotated[str, typer.Argument(help="The id of the account.")],
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    company: CompanyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one account: its ids, what was merged, and its balances.

    Example: rebated account show C-1001
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        item = accounts.find_account(reading, account, source, company)
        known = accounts.aliases(reading)
        own = accounts.identities(reading)
        name = profiles(reading, {item.account_id})[item.account_id].name
        balances = [
            {
                "book": book,
                "program": key.program,
                "entity": key.entity,
                "period": key.period,
                "currency": key.currency,
                **balance._asdict(),
                "reserved": reserved.get(key, 0),
            }
            for book in merger.BOOKS
            for reserved in [proposals.reserved(reading, book)]
            for key, balance in sorted(postings.balances(reading, book, account=item.account_id).items())
            if any(balance) or reserved.get(key, 0)
        ]
        elsewhere = matches.of_account(reading, item.account_id)
    found: dict[str, Any] = {
        "account": item.external_id,
        "source": item.source,
        "company": item.company,
        "name": name,
        "aliases": [
            {"account": own[alias.old].external_id, "from": alias.start}
            for alias in known
            if alias.new == item.account_id
        ],
        "merged_into": [
            {"account": own[alias.new].external_id, "from": alias.start}
            for alias in known
            if alias.old == item.account_id
        ],
        "matches": elsewhere,
        "balances": balances,
    }
    if as_json:
        print_json(found)
        return
    place = " ".join(filter(None, (item.source, item.company)))
    say(f"{name} ({item.external_id}, {place})", "bold")
    if found["aliases"]:
        say(f"Merged into it: {_dated(found['aliases'])}")
    if found["merged_into"]:
        say(f"Merged into: {_dated(found['merged_into'])}", "yellow")
    for row in elsewhere:
        say(f"In {row['target']}: {' '.join(filter(None, (row['state'], row['counterpart'], row['why'])))}")
    parts = ("accrued", "adjusted", "settled", "reserved", "waived")
    columns = [("program", ""), ("period from", ""), ("entity", ""), ("", ""), *((part, "right") for part in parts)]
    rows = [
        (row["program"], row["period"], row["entity"], row["currency"],
         *(amount(row[part], row["currency"]) for part in parts), row["book"])
        for row in balances
    ]  # fmt: skip
    out.print(table("Balances", [*columns, ("book", "")], rows))


@app.command()
def merge(
    old: OldArgument,
    new: NewArgument,
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    company: CompanyOption = None,
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="Only what is dated on this day or later goes over."),
    ] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """OLD was merged into NEW in the ERP: its documents and balances become NEW's, so that nothing is paid twice.

    Examples: rebated account merge C-1002 C-1001 --reason "duplicate" --dry-run · rebated account merge C-1002 C-1001
    --reason "taken over" --from 2026-01-01
    """
    with session(config, create=False, quiet=True) as context, context.book.read() as reading:
        pair = _pair(reading, old, new, source, company)
        found = merger.plan(reading, *pair, day(start))
    if not as_json:
        _show(found)
    if not found.is_done:
        if not dry_run:
            _confirm(f"Merge {old} into {new}?", yes)
        with writing(config, dry_run=dry_run, quiet=as_json) as context, _batch(context, *pair) as batch:
            if merger.plan(batch.connection, *pair, day(start)) != found:
                raise RefusedError("the book has changed meanwhile", hint="look at it again, then merge")
            merging.merge(batch, found, reason, context.as_of)
    if as_json:
        print_json({**found._asdict(), "done": found.is_done})
    elif not found.is_done and not dry_run:
        say(f"{old} is merged into {new}: the next run counts the documents of both together")


@app.command()
def keep(
    old: OldArgument,
    new: NewArgument,
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    company: CompanyOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """The documents that moved from OLD to NEW were corrections: both stay what they are, and proposing goes on.

    Example: rebated account keep C-1002 C-1001 --reason "invoiced to the wrong customer"
    """
    with session(config, create=False, quiet=True) as context, context.book.read() as reading:
        pair = _pair(reading, old, new, source, company)
        merging.need_question(reading, *pair)
    if not dry_run:
        _confirm(f"Keep {old} and {new} apart? {new} is paid for the documents, what {old} was paid is owed back.", yes)
    with writing(config, dry_run=dry_run) as context, _batch(context, *pair) as batch:
        merging.keep(batch, *pair, reason)
    say(f"{old} and {new} stay apart: the next run proposes for both again")


def _pair(
    reading: sa.Connection, old: str, new: str, source: str | None, company: str | None
) -> tuple[Identity, Identity]:
    return (
        accounts.find_account(reading, old, source, company),
        accounts.find_account(reading, new, source, company),
    )


def _batch(context: Context, old: Identity, new: Identity) -> Any:
    note = f"{old.external_id} {new.external_id}"
    return context.book.batch("account", actor=context.actor, claim=context.fence, note=note)


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("this has to be confirmed, and nobody can be asked here", hint="--yes confirms it")
    typer.confirm(question, abort=True)


def _show(found: Merger) -> None:
    """Print what merging would do."""
    old, new = found.old.external_id, found.new.external_id
    since = f" from {found.start} on" if found.start else ""
    if found.is_done:
        say(f"{old} was merged into {new}{since} before: nothing is left to do")
        return
    say(f"{old} becomes {new}{since}", "bold")
    say(
        f"{counted(found.moved, 'document')} moved in the source; of those left, "
        f"{counted(found.documents, 'document')} will count for {new}"
    )
    parts = ("accrued", "adjusted", "settled", "waived")
    rows = [
        (item.old.program, item.old.period, item.old.entity, item.old.currency,
         *(amount(getattr(item.balance, part), item.old.currency) for part in parts), item.book)
        for item in found.handovers
    ]  # fmt: skip
    columns = [("program", ""), ("period from", ""), ("entity", ""), ("", ""), *((part, "right") for part in parts)]
    out.print(table(f"Goes over from {old} to {new}", [*columns, ("book", "")], rows))
    for item in found.withdrawn:
        added = f", with an adjustment of {shown(item.adjusted, item.currency)} that is not carried on"
        say(
            f"{item.key} ({item.program} {item.period}, {shown(item.net, item.currency)}) ends"
            + (added if item.adjusted else "")
        )
    for name in found.left_out:
        say(f"{new} takes no part in {name}: what {old} was paid there will be owed back", "yellow")


matches.add_to(app)
