"""Histories: what documents were at each batch of the book."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.documents import DOCUMENT_KINDS
from core.ledger.accounts import CHUNK
from core.ledger.columns import text_within
from core.ledger.flows import Document
from core.ledger.tables import effect, record, record_version
from core.period import day_number

Name = tuple[str, str, str]
"""Source, company and id of a document."""


class Version(NamedTuple):
    """A version of a document that can count. `account` is None where it is parked."""

    id: int
    account: int | None
    entity: str
    registration: str
    document: Document
    original: Name | None
    """The invoice it corrects."""
    is_own: bool
    """Ours, which counts nowhere."""


class History(NamedTuple):
    """The states of a document: from each batch on a version, or None where it did not count."""

    record: int
    name: Name
    batches: list[int]
    versions: list[Version | None]

    def at(self, batch: int) -> Version | None:
        """What counted at the end of a batch."""
        place = bisect_right(self.batches, batch)
        return self.versions[place - 1] if place else None

    def originals(self) -> set[Name]:
        """Every invoice it ever corrected."""
        return {version.original for version in self.versions if version is not None and version.original is not None}


def histories(connection: Connection, records: Collection[int], disowned: set[str]) -> dict[int, History]:
    """The histories of documents by the ids of their records. Those under our keys are our own, unless disowned."""
    found: dict[int, History] = {}
    version = record_version.c
    wanted = sorted(records)
    for start in range(0, len(wanted), CHUNK):
        query = (
            sa.select(
                effect.c.record_id,
                effect.c.batch,
                effect.c.sign,
                record.c.source,
                record.c.company,
                record.c.external_id,
                record.c.kind,
                version.id,
                version.account_id,
                version.day,
                version.entity,
                version.currency,
                version.net,
                version.tax,
                version.line_count,
                version.own_key,
                version.content,
            )
            .join(record, record.c.id == effect.c.record_id)
            .join(record_version, version.id == effect.c.version_id)
            .where(effect.c.record_id.in_(wanted[start : start + CHUNK]), effect.c.sign != 0)
            .order_by(effect.c.id)
        )
        for row in connection.execute(query):
            name = (row.source, row.company, row.external_id)
            history = found.setdefault(row.record_id, History(row.record_id, name, [], []))
            counts = row.sign > 0 and row.line_count > 0
            if not history.batches or history.batches[-1] != row.batch:
                history.batches.append(row.batch)
                history.versions.append(None)
            history.versions[-1] = _version(row, disowned) if counts else None
    return found


def _version(row: Any, disowned: set[str]) -> Version:
    content = row.content
    is_return = row.kind == "credit_note"
    original = content.get("original", "") if is_return else ""
    document = Document(
        is_return,
        day_number(row.day),
        row.net + row.tax,
        row.currency,
        _day(content.get("delivered")),
        _day(content.get("due")),
        str(content.get("payment_state", "")).lower() == "paid",
    )
    return Version(
        row.id,
        row.account_id,
        row.entity,
        content.get("registration", row.entity),
        document,
        (row.source, row.company, original) if original else None,
        row.own_key is not None and row.own_key not in disowned,
    )


def _day(text: str | None) -> int | None:
    return day_number(date.fromisoformat(text)) if text else None


def documents_between(connection: Connection, since: int, until: int, accounts: set[int] | None) -> set[int]:
    """The records of documents that changed in the batches after `since` up to `until`."""
    query = (
        sa.select(effect.c.record_id)
        .join(record, record.c.id == effect.c.record_id)
        .where(effect.c.batch > since, effect.c.batch <= until, effect.c.sign != 0, record.c.kind.in_(DOCUMENT_KINDS))
    )
    if accounts is not None:
        query = query.join(record_version, record_version.c.id == effect.c.version_id)
        query = query.where(record_version.c.account_id.in_(accounts))
    return set(connection.execute(query).scalars())


def documents_of(connection: Connection, accounts: Collection[int]) -> set[int]:
    """The records of documents that ever named one of these accounts."""
    query = (
        sa.select(record_version.c.record_id)
        .join(record, record.c.id == record_version.c.record_id)
        .where(record.c.kind.in_(DOCUMENT_KINDS), record_version.c.account_id.in_(accounts))
    )
    return set(connection.execute(query).scalars())


def invoices_named(connection: Connection, names: Collection[Name]) -> dict[Name, int]:
    """The records of invoices by their names."""
    found: dict[Name, int] = {}
    for ids in ids_of(names):
        query = sa.select(record.c.source, record.c.company, record.c.external_id, record.c.id).where(
            record.c.kind == "invoice", record.c.external_id.in_(ids)
        )
        found.update(((row.source, row.company, row.external_id), row.id) for row in connection.execute(query))
    return {name: found[name] for name in names if name in found}


def names_of(connection: Connection, records: Collection[int]) -> set[Name]:
    """The names of those of the records that are invoices."""
    found: set[Name] = set()
    wanted = sorted(records)
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(record.c.source, record.c.company, record.c.external_id).where(
            record.c.kind == "invoice", record.c.id.in_(wanted[start : start + CHUNK])
        )
        found.update((row.source, row.company, row.external_id) for row in connection.execute(query))
    return found


def corrected_by(connection: Connection, records: Collection[int]) -> set[Name]:
    """The invoices that any version of those of the records corrects which are credit notes."""
    original = text_within(connection, record_version.c.content, "original")
    found: set[Name] = set()
    wanted = sorted(records)
    for start in range(0, len(wanted), CHUNK):
        query = (
            sa.select(record.c.source, record.c.company, original)
            .join(record_version, record_version.c.record_id == record.c.id)
            .where(
                record.c.kind == "credit_note",
                original.is_not(None),
                record.c.id.in_(wanted[start : start + CHUNK]),
            )
        )
        found.update((row[0], row[1], row[2]) for row in connection.execute(query))
    return found


def ids_of(names: Collection[Name]) -> Iterator[list[str]]:
    """The ids within the names, as many at a time as one query takes."""
    ids = sorted({name[2] for name in names})
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
