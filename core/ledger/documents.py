"""Documents as the book knew them at a batch: number, day, lines, and where that version came from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.tables import effect, line, record, record_version

_AT_ONCE = 500


class Known(NamedTuple):
    """The version of a document that was the last to count, and whether it still did."""

    number: str
    external_id: str
    day: date | None
    currency: str
    version: int
    batch: int
    origin: str
    cancelled: bool
    counts: bool
    lines: dict[int, Any]


def known_documents(connection: Connection, ids: Collection[int], known_batch: int | None = None) -> dict[int, Known]:
    """Documents by record id, as known at a batch or now."""
    found: dict[int, Known] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        found |= _some(connection, wanted[start : start + _AT_ONCE], known_batch)
    return found


def _some(connection: Connection, ids: list[int], known_batch: int | None) -> dict[int, Known]:
    where: list[sa.ColumnElement[bool]] = [effect.c.record_id.in_(ids)]
    if known_batch is not None:
        where.append(effect.c.batch <= known_batch)
    newest = sa.select(sa.func.max(effect.c.id)).where(*where, effect.c.sign == 1).group_by(effect.c.record_id)
    counting = sa.select(sa.func.sum(effect.c.sign)).where(*where, effect.c.version_id == record_version.c.id)
    query = (
        sa.select(
            record.c.id,
            record.c.external_id,
            record_version.c.id.label("version"),
            record_version.c.day,
            record_version.c.currency,
            record_version.c.content,
            record_version.c.origin,
            record_version.c.cancelled,
            effect.c.batch,
            counting.correlate(record_version).scalar_subquery().label("counts"),
        )
        .join(effect, effect.c.record_id == record.c.id)
        .join(record_version, record_version.c.id == effect.c.version_id)
        .where(effect.c.id.in_(newest))
    )
    found: dict[int, Known] = {}
    versions: dict[int, int] = {}
    for row in connection.execute(query):
        number = row.content.get("number", row.external_id)
        found[row.id] = Known(
            number,
            row.external_id,
            row.day,
            row.currency,
            row.version,
            row.batch,
            row.origin,
            row.cancelled,
            bool(row.counts),
            {},
        )
        versions[row.version] = row.id
    for text in connection.execute(sa.select(line).where(line.c.version_id.in_(list(versions)))):
        found[versions[text.version_id]].lines[text.number] = text
    return found
