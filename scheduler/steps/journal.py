"""The accrual journal: a month's accruals, adjustments, waivers and write-offs per legal entity, as they stand in the
book, and what of them went over from one account to another.

Documents are posted by the system that receives them, so settlements are not in it. Writing a month closes it: what
comes later is posted in the first open month, with a reference to the period it belongs to.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from connectors.spi import JournalRequest, JournalRow
from core.errors import RefusedError
from core.keys import notice_key
from core.ledger import acts, outbox, registry
from core.ledger.book import Batch
from core.ledger.masters import Profile, profiles
from core.ledger.tables import posting, posting_transaction
from core.period import Period, period_of
from scheduler.config_sections import route
from scheduler.context import Context
from scheduler.steps import requests

_KINDS = ("accrue", "release", "adjust", "waive", "write_off")


def journals(connection: sa.Connection, context: Context, month: Period) -> list[JournalRequest]:
    """The journal of a month, one for each entity that has postings in it."""
    accounting = context.config.accounting
    names = {
        "rebate_expense": accounting.expense_account,
        "refund_liability": accounting.liability_account,
        "receivable": accounting.receivable_account,
    }
    routes = context.config.write_back.journal
    table = posting.c
    columns = (table.entity, table.ledger_account, table.program, table.payee, table.period, table.currency)
    query = (
        sa.select(*columns, sa.func.sum(table.amount))
        .join(posting_transaction, posting_transaction.c.id == table.transaction_id)
        .where(
            table.book == "live",
            table.posted_on >= month.start,
            table.posted_on < month.end,
            sa.or_(
                posting_transaction.c.kind.in_(_KINDS),
                sa.and_(posting_transaction.c.kind == "transfer", table.component != "settled"),
            ),
        )
        .group_by(*columns)
        .order_by(*columns)
    )
    payees = profiles(connection)
    programs = registry.current(connection)
    rows: dict[str, list[JournalRow]] = {}
    for entity, account, program, payee, first, currency, total in connection.execute(query):
        amount = int(total)
        if not amount:
            continue
        label = programs[program].program.calendar.of(first).label
        debit, credit = (amount, 0) if amount > 0 else (0, -amount)
        name = payees[payee].external_id if _knows(context, route(routes, entity), payees[payee]) else ""
        rows.setdefault(entity, []).append(
            JournalRow(entity, names[account], program, name, label, currency, debit, credit)
        )
    return [
        JournalRequest(
            notice_key(route(routes, entity) or "", entity, "journal", month.label),
            entity,
            month.label,
            month.last,
            tuple(found),
        )
        for entity, found in sorted(rows.items())
    ]


def _knows(context: Context, target: str | None, payee: Profile) -> bool:
    """Whether a journal's target can tell a payee by its id: it is the account's own source, or only keeps the text."""
    connection = context.config.connections.get(target or "")
    return connection is None or connection.adapter == "files" or payee.source == target


def month_of(text: str) -> Period:
    """A month from `2026-11`. Raises RefusedError."""
    try:
        return period_of(date.fromisoformat(f"{text}-01"), "month")
    except ValueError:
        raise RefusedError(f"{text!r} is not a month of the form 2026-11") from None


def month_before(day: date) -> Period:
    return period_of(day.replace(day=1) - timedelta(days=1), "month")


def close_and_export(context: Context, month: Period, *, dry_run: bool = False) -> list[JournalRequest]:
    """Close a month and put its journal into the outbox. Raises RefusedError where the month is not over.

    `dry_run` only computes it.
    """
    routes = context.config.write_back.journal
    with context.book.read() as reading:
        closed = acts.closed_through(reading)
        if dry_run:
            return journals(reading, context, month)
    if not routes:
        raise RefusedError("no connection takes the journal", hint="name one in write_back.journal")
    if month.end > context.as_of:
        raise RefusedError(f"{month.label} is not over on {context.as_of}")
    with context.book.batch("journal", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        if closed is None or closed < month.last:
            close_books(batch, month.last, f"journal of {month.label}")
        found = journals(batch.connection, context, month)
        for request in found:
            target = route(routes, request.entity)
            if target is not None and outbox.by_key(batch.connection, request.key) is None:
                outbox.enqueue(batch, key=request.key, target=target, kind="journal", request=requests.stored(request))
    return found


def close_books(batch: Batch, through: date, reason: str) -> None:
    """Close every accounting day up to and with `through`."""
    acts.record_act(batch, "books_closed", "books", {"through": through.isoformat()}, reason)
