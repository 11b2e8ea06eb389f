"""Links between records by what they name: payments by the invoice, credit notes by the invoice they correct."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.accounts import CHUNK
from core.ledger.book import Book
from core.ledger.columns import text_within
from core.ledger.histories import Name, ids_of
from core.ledger.tables import effect, record, record_version
from core.period import day_number

_MANY = 4 * CHUNK
"""For more documents than this all payments are read at once, which takes one pass over them instead of many."""


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
    queries = [query] if names is None else [query.where(named.in_(ids)) for ids in ids_of(names)]
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
    queries = [query] if names is None else [query.where(original.in_(ids)) for ids in ids_of(names)]
    for one in queries:
        for source, company, name, record_id in connection.execute(one):
            yield (source, company, name), record_id
