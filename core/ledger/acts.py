"""Acts of people, recorded in the book: going live, closing months, releasing, adopting, disowning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.book import Batch
from core.ledger.tables import act


class Mode(NamedTuple):
    """How a program runs: `shadow` computes apart from the book, `live` posts. Nothing that ended before
    `settle_from` is ever accrued or proposed."""

    mode: str = "shadow"
    settle_from: date | None = None

    @property
    def book(self) -> str:
        return self.mode


def record_act(batch: Batch, kind: str, subject: str, value: Any, reason: str = "") -> None:
    """Append an act by the batch's actor."""
    batch.add(
        act,
        [
            {
                "id": batch.next_id("act"),
                "kind": kind,
                "subject": subject,
                "value": value,
                "reason": reason,
                "actor": batch.actor,
                "at": batch.at,
            }
        ],
    )


def latest(connection: Connection, kind: str) -> dict[str, Any]:
    """The latest value of each subject of a kind of act."""
    newest = sa.select(sa.func.max(act.c.id)).where(act.c.kind == kind).group_by(act.c.subject)
    rows = connection.execute(sa.select(act.c.subject, act.c.value).where(act.c.id.in_(newest)))
    return dict(rows.all())


def latest_batches(connection: Connection, kind: str) -> dict[str, int]:
    """The batch of the latest act of a kind about each subject."""
    rows = connection.execute(
        sa.select(act.c.subject, sa.func.max(act.c.batch)).where(act.c.kind == kind).group_by(act.c.subject)
    )
    return dict(rows.all())


def modes(connection: Connection) -> dict[str, Mode]:
    """The mode of each program that has one; the others are in shadow."""
    return {
        program: Mode(value["mode"], date.fromisoformat(value["settle_from"]) if value.get("settle_from") else None)
        for program, value in latest(connection, "program_mode").items()
    }


def first_open_day(connection: Connection) -> date:
    """The first day that postings may bear: the one after the closed accounting periods."""
    closed = closed_through(connection)
    return date.min if closed is None else closed + timedelta(days=1)


def closed_through(connection: Connection) -> date | None:
    """The last day of the closed accounting periods."""
    value = latest(connection, "books_closed").get("books")
    return date.fromisoformat(value["through"]) if value else None
