"""`rebated doctor`: what is wrong, and the acts that put it right."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from core.ledger import acts, alarms, outbox
from core.ledger.accounts import aliases, owner
from core.ledger.columns import utc_now
from core.ledger.tables import batch as batch_table
from core.ledger.tables import claim, personal_data, record, record_head, record_version
from core.ledger.verify import verify
from core.period import add_months
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

app = typer.Typer(invoke_without_command=True)


@app.callback()
def doctor(
    ctx: typer.Context,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Look for what is wrong: alarms, stuck documents, claims left behind, faults of the book.

    Exits with 5 where it finds anything. Example: rebated doctor
    """
    if ctx.invoked_subcommand is not None:
        return
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        findings: list[dict[str, Any]] = []
        for row in alarms.open_alarms(reading):
            findings.append({"what": f"alarm {row.id} ({row.kind})", "message": row.message})
        for row in outbox.in_state(reading, ("person", "refused", "differs", "unknown")):
            findings.append({"what": f"{row.key} is {row.state}", "message": row.error or row.kind})
        for row in reading.execute(sa.select(claim).where(claim.c.holder != "")):
            if row.until <= utc_now():
                holder = row.holder.rsplit(":", 2)[0]
                message = f"left behind by {holder}; the next run takes it over"
                findings.append({"what": f"claim on {row.name}", "message": message})
        for fault in verify(reading):
            findings.append({"what": fault.where, "message": fault.what})
    if as_json:
        print_json(findings)
    elif findings:
        out.print(table("Findings", [("what", ""), ("", "")], [(row["what"], row["message"]) for row in findings]))
    else:
        say("nothing is wrong", "green")
    if findings:
        raise typer.Exit(5)


def _act(config: ConfigOption, dry_run: bool) -> Any:
    return writing(config, dry_run=dry_run)


@app.command()
def close(
    alarm_id: Annotated[int, typer.Argument(help="The number of the alarm.")],
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Close an alarm that was dealt with.

    Example: rebated doctor close 12 --reason "credited by hand"
    """
    with (
        _act(config, dry_run) as context,
        context.book.batch("alarm", actor=context.actor, claim=context.fence) as batch,
    ):
        alarms.close_by_id(batch, alarm_id, reason)
    say(f"alarm {alarm_id} closed")


def _key_act(config: ConfigOption, kind: str, key: str, reason: str, dry_run: bool) -> None:
    with (
        _act(config, dry_run) as context,
        context.book.batch("key", actor=context.actor, claim=context.fence, note=key) as batch,
    ):
        acts.record_act(batch, kind, key, {"key": key}, reason)
        alarms.close_alarm(batch, "unknown_key", key, kind)


KeyArgument = Annotated[str, typer.Argument(help="The key: RB-…")]


@app.command()
def adopt(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """A document with a key this book never gave is a credit note of ours all the same: it stays in no measure.

    Example: rebated doctor adopt RB-ABCDEFGHIJKL --reason "from before the restore"
    """
    _key_act(config, "key_adopted", key, reason, dry_run)
    say(f"{key} adopted: book what it settled with `rebated opening import`")


@app.command()
def disown(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """A document only looks like one of ours: it counts like any other from the next run on.

    Example: rebated doctor disown RB-ABCDEFGHIJKL --reason "the customer's own numbering"
    """
    _key_act(config, "key_disowned", key, reason, dry_run)
    say(f"{key} disowned")


@app.command()
def erase(config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False) -> None:
    """Erase personal data of accounts without a document for retention.personal_data_months. Ids and amounts stay.

    Example: rebated doctor erase --dry-run
    """
    with _act(config, dry_run) as context:
        months = context.config.retention.personal_data_months
        before = add_months(context.as_of, -months)
        with context.book.write() as connection:
            erased = _erase(connection, before)
    say(f"personal data of {erased} record versions erased (last document before {before})")


def _erase(connection: sa.Connection, before: date) -> int:
    """Blank the personal data of accounts that have no document since `before` and were not landed since, and of
    counterparts as they were before they changed or went."""
    version, other = record_version.c, record_version.alias()
    busy = sa.select(other.c.account_id).where(other.c.day >= before, other.c.account_id.is_not(None))
    merged = aliases(connection)  # documents that still name an account count for what it has become
    named = set(connection.execute(busy.where(other.c.account_id.in_({alias.old for alias in merged}))).scalars())
    standing = {owner(merged, account_id) for account_id in named}
    since = datetime.combine(before, time(), UTC)
    stale = (
        sa.select(version.id)
        .join(batch_table, batch_table.c.seq == version.batch)
        .where(
            version.account_id.is_not(None),
            version.account_id.not_in(busy),
            version.account_id.not_in(standing),
            batch_table.c.at < since,
        )
    )
    outdated = (
        sa.select(version.id)
        .join(batch_table, batch_table.c.seq == version.batch)
        .join(record, record.c.id == version.record_id)
        .join(record_head, record_head.c.record_id == record.c.id)
        .where(
            record.c.kind == "counterpart",
            sa.or_(record_head.c.present.is_(False), record_head.c.version_id != version.id),
            batch_table.c.at < since,
        )
    )
    done = connection.execute(
        personal_data.update()
        .where(
            sa.or_(personal_data.c.version_id.in_(stale), personal_data.c.version_id.in_(outdated)),
            personal_data.c.content.is_not(None),
        )
        .values(content=None, erased_at=utc_now())
    )
    return int(done.rowcount)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="doctor")
