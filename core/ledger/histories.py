"""Histories: what documents, and the payments that name them, were at each batch of the book."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.documents import DOCUMENT_KINDS
from core.ledger.accounts import CHUNK
from core.ledger.book import Book
from core.ledger.columns import text_within
from core.ledger.flows import Document
from core.ledger.tables import effect, record, record_version
from core.period import day_number

Name = tuple[str, str, str]
"""Source, company and id of a document."""

_MANY = 4 * CHUNK
"""For more documents than this all payments are read at once, which takes one pass over them instead of many."""


class Version(NamedTuple):
    """A version of a document that can count. `account` is None where it is parked."""

    id: int
    account: int | None
    entity: str
    registration: str
    document: Document
    original: Name | None
    """The invoice it corrects."""


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


class Paid(NamedTuple):
    """From `batch` on a payment counts (sign 1), or does not any more (-1)."""

    batch: int
    sign: int
    day: int
    amount: int
    currency: str


def payments_at(paid: Iterable[Paid], batch: int, currency: str) -> dict[int, int]:
    """What was paid on each day that has a payment in a currency, as known at a batch."""
    count: dict[int, int] = {}
    amounts: dict[int, int] = {}
    for item in paid:
        if item.batch <= batch and item.currency == currency:
            count[item.day] = count.get(item.day, 0) + item.sign
            amounts[item.day] = amounts.get(item.day, 0) + item.sign * item.amount
    return {day: amount for day, amount in amounts.items() if count[day]}


def histories(connection: Connection, records: Collection[int], disowned: set[str]) -> dict[int, History]:
    """The histories of documents by the ids of their records. Our own documents never count, unless disowned."""
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
            counts = row.sign > 0 and row.line_count > 0 and (row.own_key is None or row.own_key in disowned)
            if not history.batches or history.batches[-1] != row.batch:
                history.batches.append(row.batch)
                history.versions.append(None)
            history.versions[-1] = _version(row) if counts else None
    return found


def _version(row: Any) -> Version:
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
    for ids in _chunks(names):
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


def invoices_paid_between(connection: Connection, since: int, until: int) -> set[Name]:
    """The invoices that payments name which changed in the batches after `since` up to `until`."""
    named = text_within(connection, record_version.c.content, "invoice")
    query = (
        sa.select(record.c.source, record.c.company, named)
        .select_from(effect)
        .join(record, record.c.id == effect.c.record_id)
        .join(record_version, record_version.c.id == effect.c.version_id)
        .where(effect.c.batch > since, effect.c.batch <= until, effect.c.sign != 0, record.c.kind == "payment")
    )
    return {(row[0], row[1], row[2]) for row in connection.execute(query)}


class Links:
    """Payments by the invoice they name, and credit notes by the invoice they correct."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._payments: dict[Name, list[Paid]] | None = None
        self._corrections: dict[Name, set[int]] | None = None

    def payments(self, names: Collection[Name]) -> Mapping[Name, Sequence[Paid]]:
        """Everything ever said about payments of these invoices."""
        if self._payments is not None:
            return self._payments
        found: dict[Name, list[Paid]] = {}
        with self._book.read() as connection:
            for name, item in _paid(connection, None if len(names) > _MANY else names):
                found.setdefault(name, []).append(item)
        if len(names) > _MANY:
            self._payments = found
        return found

    def corrections(self, names: Collection[Name]) -> set[int]:
        """The records of credit notes of which any version corrects one of these invoices."""
        found = self._corrections
        if found is None:
            found = {}
            with self._book.read() as connection:
                for name, record_id in _correcting(connection, None if len(names) > _MANY else names):
                    found.setdefault(name, set()).add(record_id)
            if len(names) > _MANY:
                self._corrections = found
        return {record_id for name in names for record_id in found.get(name, ())}


def _paid(connection: Connection, names: Collection[Name] | None) -> Iterator[tuple[Name, Paid]]:
    version = record_version.c
    named = text_within(connection, version.content, "invoice")
    query = (
        sa.select(
            record.c.source,
            record.c.company,
            effect.c.batch,
            effect.c.sign,
            version.day,
            version.currency,
            version.content,
        )
        .select_from(effect)
        .join(record, record.c.id == effect.c.record_id)
        .join(record_version, version.id == effect.c.version_id)
        .where(record.c.kind == "payment", effect.c.sign != 0, version.cancelled.is_(False))
        .order_by(effect.c.id)
    )
    queries = [query] if names is None else [query.where(named.in_(ids)) for ids in _chunks(names)]
    for one in queries:
        for row in connection.execute(one):
            content = row.content
            day, amount = day_number(row.day), content["amount"]
            yield (row.source, row.company, content["invoice"]), Paid(row.batch, row.sign, day, amount, row.currency)


def _correcting(connection: Connection, names: Collection[Name] | None) -> Iterator[tuple[Name, int]]:
    original = text_within(connection, record_version.c.content, "original")
    query = (
        sa.select(record.c.source, record.c.company, original, record.c.id)
        .join(record_version, record_version.c.record_id == record.c.id)
        .where(record.c.kind == "credit_note", original.is_not(None))
    )
    queries = [query] if names is None else [query.where(original.in_(ids)) for ids in _chunks(names)]
    for one in queries:
        for source, company, name, record_id in connection.execute(one):
            yield (source, company, name), record_id


def _chunks(names: Collection[Name]) -> Iterator[list[str]]:
    ids = sorted({name[2] for name in names})
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
