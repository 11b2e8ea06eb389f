"""Alarms: what a person has to look at. One is open per kind and subject at a time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger.book import Batch
from core.ledger.tables import alarm


def open_alarm(batch: Batch, kind: str, subject: str, message: str, account_id: int | None = None) -> bool:
    """Open an alarm, or renew the message of the one that is open. Returns whether it is new."""
    where = [alarm.c.kind == kind, alarm.c.subject == subject, alarm.c.closed_at.is_(None)]
    found = batch.connection.execute(sa.select(alarm.c.id).where(*where)).scalar()
    if found is not None:
        batch.connection.execute(alarm.update().where(alarm.c.id == found).values(message=message))
        return False
    batch.connection.execute(
        alarm.insert().values(
            id=batch.next_id("alarm"),
            kind=kind,
            subject=subject,
            message=message,
            account_id=account_id,
            opened_at=batch.at,
        )
    )
    return True


def close_alarm(batch: Batch, kind: str, subject: str, resolution: str) -> None:
    """Close an alarm, if it is open."""
    batch.connection.execute(
        alarm.update()
        .where(alarm.c.kind == kind, alarm.c.subject == subject, alarm.c.closed_at.is_(None))
        .values(closed_at=batch.at, closed_by=batch.actor, resolution=resolution)
    )


def close_by_id(batch: Batch, alarm_id: int, resolution: str) -> None:
    """A person closes an alarm. Raises RefusedError where it is not open."""
    done = batch.connection.execute(
        alarm.update()
        .where(alarm.c.id == alarm_id, alarm.c.closed_at.is_(None))
        .values(closed_at=batch.at, closed_by=batch.actor, resolution=resolution)
    )
    if not done.rowcount:
        raise RefusedError(f"alarm {alarm_id} is not open")


def hand_over(batch: Batch, kind: str, old: int, new: int) -> None:
    """What is asked about one account is asked about another from now on."""
    batch.connection.execute(
        alarm.update()
        .where(alarm.c.kind == kind, alarm.c.account_id == old, alarm.c.closed_at.is_(None))
        .values(account_id=new)
    )


def open_alarms(connection: Connection, account_id: int | None = None) -> list[sa.Row[Any]]:
    """Alarms nobody has closed, oldest first; those of one account where it is given."""
    query = sa.select(alarm).where(alarm.c.closed_at.is_(None)).order_by(alarm.c.id)
    return list(connection.execute(query if account_id is None else query.where(alarm.c.account_id == account_id)))
