"""Tier standings in the book: one row a change, the latest is the present one."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.book import Batch
from core.ledger.tables import standing
from core.period import day_date
from core.programs import Program
from core.tiers import Outlook

_TOLD = ("tier", "since", "valid_until", "measure", "to_next", "next_tier", "to_keep", "currency")


class TierChange(NamedTuple):
    """An account whose tier is not what it was. `before` is None where it had none."""

    program: str
    account_id: int
    before: str | None
    after: str
    standing_id: int


def latest(connection: Connection, book: str, program: str | None = None) -> dict[tuple[str, int], sa.Row[Any]]:
    """The present standing of each (program, account)."""
    table = standing.c
    where = [table.book == book]
    if program is not None:
        where.append(table.program == program)
    newest = sa.select(sa.func.max(table.id)).where(*where).group_by(table.program, table.account_id)
    rows = connection.execute(sa.select(standing).where(table.id.in_(newest)))
    return {(row.program, row.account_id): row for row in rows}


def changes(connection: Connection, book: str, after: int) -> dict[tuple[str, int], sa.Row[Any]]:
    """The last change of tier of each (program, account) that was written after a batch, if there was one.

    The standing that begins with it, with `before` and `kept_until`: the tier of the one before it and how long that
    would have lasted, None for a first standing.
    """
    table = standing.c
    account = (table.program, table.account_id)
    each = (
        sa.select(
            *table,
            sa.func.lag(table.tier).over(partition_by=account, order_by=table.id).label("before"),
            sa.func.lag(table.valid_until).over(partition_by=account, order_by=table.id).label("kept_until"),
        )
        .where(table.book == book)
        .subquery()
    )
    is_change = sa.or_(each.c.before.is_(None), each.c.before != each.c.tier)
    rows = connection.execute(sa.select(each).where(each.c.batch > after, is_change).order_by(each.c.id))
    return {(row.program, row.account_id): row for row in rows}


def known_at(connection: Connection, book: str, program: str, batch: int) -> dict[int, sa.Row[Any]]:
    """The standing of each account in a program as it was known after a batch."""
    table = standing.c
    where = (table.book == book, table.program == program, table.batch <= batch)
    newest = sa.select(sa.func.max(table.id)).where(*where).group_by(table.account_id)
    rows = connection.execute(sa.select(standing).where(table.id.in_(newest)))
    return {row.account_id: row for row in rows}


def first_batches(connection: Connection, book: str, after: dict[str, int]) -> dict[str, int]:
    """By program, the first batch after the one given for it that wrote standings; without those that have none."""
    table = standing.c
    found = {}
    for program, batch in after.items():
        query = sa.select(sa.func.min(table.batch)).where(
            table.book == book, table.program == program, table.batch > batch
        )
        first = connection.execute(query).scalar()
        if first is not None:
            found[program] = int(first)
    return found


def store(
    batch: Batch, book: str, program: Program, outlooks: dict[int, Outlook], as_of: int
) -> tuple[int, list[TierChange]]:
    """Append the standings that have changed. Returns how many, and which accounts changed tier."""
    before = latest(batch.connection, book, program.id)
    names = [level.name for level in program.status.levels] if program.status else []
    rows, changes = [], []
    for account_id, view in sorted(outlooks.items()):
        values = {
            "tier": names[view.level],
            "since": day_date(view.since),
            "valid_until": None if view.valid_until is None else day_date(view.valid_until),
            "measure": view.measure,
            "to_next": view.to_next[0] if view.to_next else None,
            "next_tier": view.to_next[1] if view.to_next else None,
            "to_keep": view.to_keep,
            "currency": program.program.currency,
        }
        old = before.get((program.id, account_id))
        if old is not None and all(getattr(old, name) == values[name] for name in _TOLD):
            continue
        standing_id = batch.next_id("standing")
        rows.append(
            {
                "id": standing_id,
                "book": book,
                "program": program.id,
                "account_id": account_id,
                "as_of": day_date(as_of),
                **values,
            }
        )
        if old is None or old.tier != values["tier"]:
            changes.append(
                TierChange(program.id, account_id, old.tier if old else None, names[view.level], standing_id)
            )
    batch.add(standing, rows)
    return len(rows), changes
