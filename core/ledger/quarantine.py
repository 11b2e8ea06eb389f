"""Quarantine: what could not be landed, kept whole with its reason until it is solved, released or discarded.

While a record is open here its older version goes on counting, and the account's period is incomplete: proposals of
the account are held until the record is solved, or released by name. (design.md section 10)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.documents import BadRecord, RawRecord
from core.errors import DataError, RefusedError
from core.keys import content_hash
from core.ledger.accounts import known_accounts
from core.ledger.book import Batch
from core.ledger.tables import quarantine as table
from core.ledger.tables import record, record_head
from core.source import SourceRules
from core.stated import day_of, text_of

Identity = tuple[str, str, str]


def plain(raw: RawRecord) -> dict[str, Any]:
    """A raw record as data that can be stored and read back for a retry."""
    return {
        "fields": {name: _plain_value(value) for name, value in raw.fields.items()},
        "lines": [{name: _plain_value(value) for name, value in row.items()} for row in raw.lines],
    }


def _plain_value(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def refused(raw: RawRecord, error: DataError) -> BadRecord:
    """The bad record that a refused raw record becomes; one without an id where the id is what is wrong."""
    return BadRecord(
        reason=error.reason,
        message=error.message,
        raw=plain(raw),
        kind=raw.kind,
        external_id=None if error.path == "id" else raw.external_id,
        company=raw.company,
        origin=raw.origin,
        order=raw.order,
    )


def rules_hash(rules: SourceRules) -> str:
    """What a retry depends on: other rules make another try worth it."""
    return content_hash(rules.model_dump(mode="python"))


def keep(batch: Batch, source: str, rules: SourceRules, bad: Sequence[BadRecord]) -> int:
    """Store bad records; one that is open already with the same raw content is only seen again. Returns how many are
    open because of this page."""
    opened = 0
    digest = rules_hash(rules)
    for item in bad:
        raw = {name: _json_value(value) for name, value in item.raw.items()}
        raw_hash = content_hash(raw)
        where = [
            table.c.source == source,
            table.c.company == item.company,
            table.c.kind.is_(None) if item.kind is None else table.c.kind == item.kind,
            table.c.external_id.is_(None) if item.external_id is None else table.c.external_id == item.external_id,
        ]
        rows = batch.connection.execute(sa.select(table.c.id, table.c.raw_hash, table.c.state).where(*where)).all()
        same = [row for row in rows if row.raw_hash == raw_hash and row.state != "solved"]
        if same:
            batch.connection.execute(
                table.update()
                .where(table.c.id == same[0].id)
                .values(last_at=batch.at, attempts=table.c.attempts + 1, rules_hash=digest)
            )
            opened += same[0].state == "open"
            continue
        if item.external_id is not None:
            older = [row.id for row in rows if row.state == "open"]
            _close(batch.connection, older, "solved", "rebated", "replaced by a later bad version", batch)
        state = "solved" if _has_newer(batch.connection, source, item) else "open"
        opened += state == "open"
        account_id, day = _whose(batch.connection, source, item, rules)
        batch.connection.execute(
            table.insert().values(
                id=batch.next_id("quarantine"),
                source=source,
                company=item.company,
                kind=item.kind,
                external_id=item.external_id,
                source_order=item.order,
                reason=item.reason[:40],
                message=item.message,
                raw=raw,
                raw_hash=raw_hash,
                origin=item.origin,
                account_id=account_id,
                day=day,
                state=state,
                attempts=1,
                rules_hash=digest,
                first_at=batch.at,
                last_at=batch.at,
                closed_reason=None if state == "open" else "a newer version had landed",
            )
        )
    return opened


def _json_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _json_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(inner) for inner in value]
    return _plain_value(value)


def _has_newer(connection: Connection, source: str, item: BadRecord) -> bool:
    if item.kind is None or item.external_id is None:
        return False
    order = connection.execute(
        sa.select(record_head.c.source_order)
        .join(record, record.c.id == record_head.c.record_id)
        .where(
            record.c.source == source,
            record.c.company == item.company,
            record.c.kind == item.kind,
            record.c.external_id == item.external_id,
        )
    ).scalar()
    return order is not None and order > item.order


def _whose(connection: Connection, source: str, item: BadRecord, rules: SourceRules) -> tuple[int | None, date | None]:
    """The account and day a bad record is about, as far as they can be read.

    What an adapter could not turn into a record tells the fields it could read as `about`.
    """
    fields = _fields(item.raw)
    day: date | None = None
    for name in ("issued", "paid_on", "at"):
        with suppress(DataError):
            day = day or day_of(fields.get(name), rules, name)
    return _account(connection, source, item.company, item.kind, fields), day


def _fields(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = raw.get("fields", raw.get("about"))
    return fields if isinstance(fields, Mapping) else {}


def _account(
    connection: Connection, source: str, company: str, kind: str | None, fields: Mapping[str, Any]
) -> int | None:
    with suppress(DataError):
        external_id = text_of(fields, "id" if kind == "account" else "account")
        return known_accounts(connection, source, company, [external_id]).get(external_id)
    return None


def account_of(connection: Connection, row: sa.Row[Any]) -> int | None:
    """Whose a bad record is; its account may have become known only after it was refused."""
    if row.account_id is not None:
        return int(row.account_id)
    return _account(connection, row.source, row.company, row.kind, _fields(row.raw))


def solve(batch: Batch, source: str, landed: Mapping[Identity, int]) -> None:
    """Close the open rows of records that have landed with an order at least theirs."""
    rows = batch.connection.execute(
        sa.select(table.c.id, table.c.company, table.c.kind, table.c.external_id, table.c.source_order).where(
            table.c.source == source, table.c.state == "open"
        )
    )
    ids = [
        row.id
        for row in rows
        if row.kind is not None and landed.get((row.company, row.kind, row.external_id or ""), -1) >= row.source_order
    ]
    _close(batch.connection, ids, "solved", "rebated", "a good version landed", batch)


def _close(connection: Connection, ids: list[int], state: str, actor: str, reason: str, batch: Batch) -> None:
    if ids:
        connection.execute(
            table.update()
            .where(table.c.id.in_(ids))
            .values(state=state, closed_by=actor, closed_reason=reason, last_at=batch.at)
        )


def close(batch: Batch, row_id: int, state: str, reason: str) -> None:
    """A person's act: `released` (proposals no longer wait for it) or `discarded` (it will never land).

    Raises RefusedError where there is no such open row.
    """
    found = batch.connection.execute(sa.select(table.c.state).where(table.c.id == row_id)).scalar()
    if found != "open":
        raise RefusedError(f"quarantine row {row_id} is {found or 'unknown'}, not open")
    _close(batch.connection, [row_id], state, batch.actor, reason, batch)


def open_rows(connection: Connection, source: str | None = None) -> list[sa.Row[Any]]:
    """Every open row, oldest first."""
    query = sa.select(table).where(table.c.state == "open").order_by(table.c.id)
    return list(connection.execute(query if source is None else query.where(table.c.source == source)))


def retryable(rows: Sequence[sa.Row[Any]]) -> list[tuple[int, RawRecord]]:
    """The rows that hold a whole raw record, with that record."""
    found = []
    for row in rows:
        raw = row.raw
        if row.kind is None or row.external_id is None or not isinstance(raw.get("fields"), dict):
            continue
        found.append(
            (
                row.id,
                RawRecord(
                    kind=row.kind,
                    external_id=row.external_id,
                    fields=raw["fields"],
                    lines=raw.get("lines") or (),
                    order=row.source_order,
                    company=row.company,
                    origin=row.origin,
                ),
            )
        )
    return found
