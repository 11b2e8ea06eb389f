"""Sweeps: what a complete snapshot did not show does not exist any more.

Only a complete, error-free snapshot deletes, and only records inside its range that had landed before it began. More
than the guarded share missing at once deletes nothing: an alarm opens and a person confirms. (design.md section 7)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.documents import Coverage
from core.errors import RefusedError
from core.ledger import alarms
from core.ledger.accounts import CHUNK
from core.ledger.book import Batch
from core.ledger.landing import write_heads
from core.ledger.tables import effect, record, record_head, record_version, sweep


class Guard(NamedTuple):
    """How much may vanish at once without a person: more than either is too much."""

    percent: Decimal = Decimal(1)
    documents: int = 20


class Swept(NamedTuple):
    """What a sweep did: records deleted, or the id of the sweep that waits for a person."""

    deleted: int = 0
    waiting: int | None = None
    missing: int = 0


def sweep_snapshot(
    batch: Batch,
    source: str,
    coverage: Coverage,
    seen: Collection[str],
    began: int,
    guard: Guard,
    exists: Callable[[str], bool | None],
) -> Swept:
    """Delete what the snapshot did not show.

    `began` is the last batch before the pull; `exists` asks the source for one record directly (None: it cannot say).
    """
    if coverage.mode != "snapshot" or not coverage.complete:
        return Swept()
    present = _present(batch.connection, source, coverage, began)
    missing = sorted(external_id for external_id in present if external_id not in seen)
    _withdraw(batch, source, coverage)
    if not missing:
        return Swept()
    missing = [external_id for external_id in missing if exists(external_id) is not True]
    if len(missing) > guard.documents or len(missing) * 100 > len(present) * guard.percent:
        return Swept(0, _wait(batch, source, coverage, missing, len(present), began), len(missing))
    delete(batch, [present[external_id] for external_id in missing])
    return Swept(len(missing), None, len(missing))


def _present(connection: Connection, source: str, coverage: Coverage, began: int) -> dict[str, tuple[int, int, int]]:
    query = (
        sa.select(record.c.external_id, record_head.c.record_id, record_head.c.version_id, record_head.c.source_order)
        .join(record_head, record_head.c.record_id == record.c.id)
        .join(record_version, record_version.c.id == record_head.c.version_id)
        .where(
            record.c.source == source,
            record.c.company == coverage.company,
            record.c.kind == coverage.kind,
            record_head.c.present,
            record_head.c.batch <= began,
        )
    )
    if coverage.start is not None:
        query = query.where(record_version.c.day >= coverage.start)
    if coverage.end is not None:
        query = query.where(record_version.c.day < coverage.end)
    return {
        external_id: (record_id, version, order) for external_id, record_id, version, order in connection.execute(query)
    }


def delete(batch: Batch, heads: list[tuple[int, int, int]]) -> None:
    """Take records (record, version, order) out: their lines are negated from this batch on."""
    first = batch.next_id("effect", len(heads)) if heads else 0
    batch.add(
        effect,
        [
            {
                "id": first + i,
                "record_id": record_id,
                "version_id": version_id,
                "sign": -1,
                "source_order": order,
                "reason": "deleted",
            }
            for i, (record_id, version_id, order) in enumerate(heads)
        ],
    )
    write_heads(
        batch,
        [
            {"record_id": record_id, "version_id": version_id, "source_order": order, "present": False}
            for record_id, version_id, order in heads
        ],
    )


def _subject(source: str, coverage: Coverage) -> str:
    return ":".join(filter(None, (source, coverage.company, coverage.kind)))


def _wait(batch: Batch, source: str, coverage: Coverage, missing: list[str], present: int, began: int) -> int:
    sweep_id = batch.next_id("sweep")
    batch.connection.execute(
        sweep.insert().values(
            id=sweep_id,
            source=source,
            company=coverage.company,
            kind=coverage.kind,
            start=coverage.start,
            end=coverage.end,
            missing=missing,
            present=present,
            began=began,
            state="waiting",
            at=batch.at,
        )
    )
    alarms.open_alarm(
        batch,
        "mass_deletion",
        _subject(source, coverage),
        f"{len(missing)} of {present} {coverage.kind} records are missing from a complete snapshot of {source}; "
        f"nothing was deleted. See `rebated sweep list`, then `rebated sweep confirm {sweep_id}` or `discard`.",
    )
    return sweep_id


def _withdraw(batch: Batch, source: str, coverage: Coverage) -> None:
    """A newer snapshot of the same range takes the place of a sweep that still waits."""
    table = sweep.c
    same = [
        table.source == source,
        table.company == coverage.company,
        table.kind == coverage.kind,
        table.state == "waiting",
        table.start.is_(None) if coverage.start is None else table.start == coverage.start,
        table.end.is_(None) if coverage.end is None else table.end == coverage.end,
    ]
    done = batch.connection.execute(sweep.update().where(*same).values(state="withdrawn", decided_by="rebated"))
    if done.rowcount:
        alarms.close_alarm(batch, "mass_deletion", _subject(source, coverage), "a newer snapshot was read")


def waiting(connection: Connection) -> list[sa.Row[Any]]:
    """Sweeps that wait for a person."""
    return list(connection.execute(sa.select(sweep).where(sweep.c.state == "waiting").order_by(sweep.c.id)))


def decide(batch: Batch, sweep_id: int, *, confirm: bool) -> int:
    """A person's decision on a waiting sweep. Returns how many records were deleted. Raises RefusedError."""
    row = batch.connection.execute(sa.select(sweep).where(sweep.c.id == sweep_id)).one_or_none()
    if row is None or row.state != "waiting":
        raise RefusedError(f"sweep {sweep_id} is {row.state if row else 'unknown'}, not waiting")
    deleted = 0
    if confirm:
        heads: list[tuple[int, int, int]] = []
        for start in range(0, len(row.missing), CHUNK):
            query = (
                sa.select(record_head.c.record_id, record_head.c.version_id, record_head.c.source_order)
                .join(record, record.c.id == record_head.c.record_id)
                .where(
                    record.c.source == row.source,
                    record.c.company == row.company,
                    record.c.kind == row.kind,
                    record.c.external_id.in_(row.missing[start : start + CHUNK]),
                    record_head.c.present,
                    record_head.c.batch <= row.began,
                )
            )
            heads += [(record_id, version, order) for record_id, version, order in batch.connection.execute(query)]
        delete(batch, heads)
        deleted = len(heads)
    batch.connection.execute(
        sweep.update()
        .where(sweep.c.id == sweep_id)
        .values(state="confirmed" if confirm else "discarded", decided_by=batch.actor)
    )
    subject = ":".join(filter(None, (row.source, row.company, row.kind)))
    alarms.close_alarm(batch, "mass_deletion", subject, "confirmed" if confirm else "discarded")
    return deleted
