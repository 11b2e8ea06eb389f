"""The outbox: what is to be written to other systems, once each, and the receipts of what was.

queued -> sending -> done            the way of most
unknown   the reply was lost: looked up by key before anything is created again
refused   the remote said no         person   nobody can tell without a person
differs   the remote document is not what was approved       voided   it is gone or cancelled
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import IntegrityError
from core.keys import content_hash
from core.ledger.book import Batch
from core.ledger.tables import outbox, receipt

PENDING = ("queued", "sending", "unknown")


def enqueue(
    batch: Batch,
    *,
    key: str,
    target: str,
    kind: str,
    request: dict[str, Any],
    account_id: int | None = None,
    proposal_id: int | None = None,
) -> bool:
    """Put a document under its key into the outbox. Returns False where the same content stands there already.

    A refused document may be replaced by other content; the same key with other content while the outcome is open
    or known to be done raises IntegrityError.
    """
    digest = content_hash(request)
    row = batch.connection.execute(sa.select(outbox).where(outbox.c.key == key)).one_or_none()
    values = {
        "target": target,
        "kind": kind,
        "account_id": account_id,
        "proposal_id": proposal_id,
        "request": request,
        "content_hash": digest,
        "state": "queued",
        "token": 0,
        "deadline": None,
        "not_before": None,
        "attempts": 0,
        "error": "",
    }
    if row is None:
        batch.connection.execute(outbox.insert().values(key=key, created_at=batch.at, remote_id=None, **values))
        return True
    if row.state == "refused":
        batch.connection.execute(outbox.update().where(outbox.c.key == key).values(**values))
        return True
    if row.content_hash != digest:
        raise IntegrityError(f"{key} stands in the outbox with other content, and its outcome is {row.state}")
    return False


def readdress(batch: Batch, key: str, request: dict[str, Any]) -> None:
    """Give a row that was never begun, or was refused, another address: it is sent under its key as any other."""
    values = {"request": request, "content_hash": content_hash(request), "state": "queued", "attempts": 0, "error": ""}
    batch.connection.execute(outbox.update().where(outbox.c.key == key).values(**values))


def pending(connection: Connection, kinds: Sequence[str], now: datetime) -> list[sa.Row[Any]]:
    """Rows that are due to be sent or looked up, oldest first."""
    query = (
        sa.select(outbox)
        .where(
            outbox.c.state.in_(PENDING),
            outbox.c.kind.in_(list(kinds)),
            sa.or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now),
        )
        .order_by(outbox.c.created_at, outbox.c.key)
    )
    return list(connection.execute(query))


def by_key(connection: Connection, key: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(outbox).where(outbox.c.key == key)).one_or_none()


def known_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Which of these keys the outbox knows."""
    wanted = list(keys)
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        query = sa.select(outbox.c.key).where(outbox.c.key.in_(wanted[start : start + 500]))
        found.update(connection.execute(query).scalars())
    return found


def in_state(connection: Connection, states: Sequence[str]) -> list[sa.Row[Any]]:
    return list(connection.execute(sa.select(outbox).where(outbox.c.state.in_(list(states))).order_by(outbox.c.key)))


def mark_sending(batch: Batch, key: str, token: int, seconds: int) -> datetime:
    """Commit to sending before the request: with the fencing token, and the deadline until which it may take effect."""
    deadline = batch.at + timedelta(seconds=seconds)
    batch.connection.execute(
        outbox.update()
        .where(outbox.c.key == key)
        .values(state="sending", token=token, deadline=deadline, attempts=outbox.c.attempts + 1, error="")
    )
    return deadline


def withdraw(batch: Batch, key: str) -> None:
    """Take out a row that was never tried: the same key may come back with other content."""
    batch.connection.execute(
        outbox.delete().where(outbox.c.key == key, outbox.c.state == "queued", outbox.c.attempts == 0)
    )


def mark(
    batch: Batch,
    key: str,
    state: str,
    error: str = "",
    *,
    not_before: datetime | None = None,
    remote_id: str | None = None,
    attempts: int | None = None,
) -> None:
    """Put a row into a state, with the remote's message. `attempts` sets how many there were."""
    values: dict[str, Any] = {"state": state, "error": error[:2000], "not_before": not_before}
    if remote_id is not None:
        values["remote_id"] = remote_id
    if attempts is not None:
        values["attempts"] = attempts
    batch.connection.execute(outbox.update().where(outbox.c.key == key).values(**values))


def add_receipt(
    batch: Batch,
    row: sa.Row[Any],
    *,
    remote_id: str,
    number: str,
    net: int,
    tax: int,
    taxes: list[list[Any]],
    learned: str,
) -> None:
    """Keep the remote's id and figures; `learned`: created, looked_up or returned."""
    record_receipt(
        batch, key=row.key, target=row.target, kind=row.kind, remote_id=remote_id, number=number, net=net, tax=tax,
        taxes=taxes, learned=learned,
    )  # fmt: skip
    mark(batch, row.key, "done", remote_id=remote_id)


def record_receipt(batch: Batch, **values: Any) -> None:
    """Append a receipt; `values` carry every column but id, time and batch. Without a target it was recorded by a
    person."""
    batch.add(receipt, [{"id": batch.next_id("receipt"), "at": batch.at, **values}])


def receipts(connection: Connection, kind: str | None = None) -> list[sa.Row[Any]]:
    """Receipts, oldest first."""
    query = sa.select(receipt).order_by(receipt.c.id)
    return list(connection.execute(query if kind is None else query.where(receipt.c.kind == kind)))


def receipt_of(connection: Connection, key: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(receipt).where(receipt.c.key == key)).one_or_none()
