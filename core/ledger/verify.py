"""Walking the book: the hash chain, the balance of every transaction, and what must agree with what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.documents import Line, Record
from core.keys import content_hash
from core.ledger import postings, tables
from core.ledger.accounts import aliases, own_identities, owner
from core.ledger.book import GENESIS, batch_hash, row_text
from core.ledger.landing import version_hash


class Fault(NamedTuple):
    """Something the book contradicts itself in: where, and what."""

    where: str
    what: str


def verify(connection: Connection, *, deep: bool = False) -> Iterator[Fault]:
    """Every fault of the book. `deep` recomputes the hash of every document version from its lines too."""
    yield from _chain(connection)
    yield from _balanced(connection)
    yield from _heads(connection)
    yield from _receipts(connection)
    yield from _merged(connection)
    if deep:
        yield from _versions(connection)


def _chain(connection: Connection) -> Iterator[Fault]:
    previous, expected = GENESIS, 1
    digests = {table.name: _table_digests(connection, table) for table in tables.CHAINED}
    for row in connection.execute(sa.select(tables.batch).order_by(tables.batch.c.seq)):
        where = f"batch {row.seq}"
        if row.seq != expected:
            yield Fault(where, f"batch {expected} is missing")
        if row.previous_hash != previous:
            yield Fault(where, "does not name its predecessor's hash")
        found = {name: by_batch.pop(row.seq) for name, by_batch in digests.items() if row.seq in by_batch}
        if content_hash(found) != row.content_hash:
            yield Fault(where, f"its rows do not give its content hash (tables {', '.join(sorted(found)) or 'none'})")
        if batch_hash(row._asdict()) != row.hash:
            yield Fault(where, "its own row was changed")
        previous, expected = row.hash, row.seq + 1
    for name, by_batch in digests.items():
        for seq in by_batch:
            yield Fault(f"batch {seq}", f"rows of {name} name a batch that does not exist")


def _table_digests(connection: Connection, table: sa.Table) -> dict[int, str]:
    """The digest of a table's rows, batch by batch, in the order they were written."""
    query = sa.select(table)
    rows: Iterable[sa.Row[Any]]
    if table is tables.program_version:  # its key is a hash; sorted here, since databases sort text by their own rules
        rows = sorted(connection.execute(query), key=lambda row: (row.batch, row.program))
    else:
        order = query.order_by(table.c.batch, *table.primary_key.columns)
        rows = connection.execute(order.execution_options(yield_per=5000))
    digests: dict[int, str] = {}
    running = hashlib.sha256()
    seq = None
    for row in rows:
        if row.batch != seq:
            if seq is not None:
                digests[seq] = running.hexdigest()
            running, seq = hashlib.sha256(), row.batch
        running.update(row_text(table, row._asdict()).encode())
    if seq is not None:
        digests[seq] = running.hexdigest()
    return digests


def _balanced(connection: Connection) -> Iterator[Fault]:
    table = tables.posting.c
    query = (
        sa.select(table.transaction_id, table.currency, sa.func.sum(table.amount).label("rest"))
        .group_by(table.transaction_id, table.currency)
        .having(sa.func.sum(table.amount) != 0)
    )
    for row in connection.execute(query):
        yield Fault(f"transaction {row.transaction_id}", f"does not balance: {row.rest} {row.currency} minor units")


def _heads(connection: Connection) -> Iterator[Fault]:
    """The present state of records agrees with the effects it is derived from."""
    effect, head = tables.effect.c, tables.record_head.c
    counted = (
        sa.select(effect.record_id, effect.version_id, sa.func.sum(effect.sign).label("sign"))
        .group_by(effect.record_id, effect.version_id)
        .subquery()
    )
    wrong = connection.execute(sa.select(counted.c.record_id, counted.c.sign).where(counted.c.sign.not_in([0, 1])))
    for row in wrong:
        yield Fault(f"record {row.record_id}", f"a version counts {row.sign} times")
    query = (
        sa.select(head.record_id)
        .outerjoin(counted, sa.and_(counted.c.record_id == head.record_id, counted.c.version_id == head.version_id))
        .where(sa.func.coalesce(counted.c.sign, 0) != sa.case((head.present, 1), else_=0))
    )
    for row in connection.execute(query):
        yield Fault(f"record {row.record_id}", "its present state differs from its effects")


def _receipts(connection: Connection) -> Iterator[Fault]:
    """Every receipt of a document has its settlement posting, and no key was settled without one."""
    receipt, transaction = tables.receipt.c, tables.posting_transaction.c
    settled = sa.select(transaction.reference).where(transaction.kind == "settle")
    documents = ("credit_note", "debit_invoice", "service")
    query = sa.select(receipt.key).where(receipt.kind.in_(documents), receipt.key.not_in(settled))
    for row in connection.execute(query):
        yield Fault(f"receipt {row.key}", "has no settlement posting")
    known = sa.select(receipt.key)
    query = sa.select(transaction.reference).where(transaction.kind == "settle", transaction.reference.not_in(known))
    for row in connection.execute(query):
        yield Fault(f"settlement {row.reference}", "has no receipt")


def _merged(connection: Connection) -> Iterator[Fault]:
    """What an account had when it became another's went over whole."""
    merged = aliases(connection)
    if not merged:
        return
    for book in ("live", "shadow"):
        for key, balance in postings.balances(connection, book).items():
            day = date.fromisoformat(key.period)
            for account_id in {key.beneficiary, key.payee}:
                became = owner(merged, account_id, day)
                if any(balance) and became != account_id:
                    where = f"account {account_id} in the {book} book"
                    yield Fault(where, f"was merged into {became} and still has a balance in {key.program}")


def _versions(connection: Connection) -> Iterator[Fault]:
    version, record, identity = tables.record_version, tables.record, tables.account_identity
    lines = connection.execute(
        sa.select(tables.line)
        .order_by(tables.line.c.version_id, tables.line.c.number)
        .execution_options(yield_per=5000)
    )
    pending = next(lines, None)
    query = (
        sa.select(
            version,
            record.c.kind.label("record_kind"),
            record.c.external_id.label("record_external_id"),
            record.c.company,
            tables.personal_data.c.content.label("personal"),
            tables.personal_data.c.erased_at,
            identity.c.external_id.label("account_external_id"),
        )
        .join(record, record.c.id == version.c.record_id)
        .outerjoin(tables.personal_data, tables.personal_data.c.version_id == version.c.id)
        .outerjoin(
            identity,
            sa.and_(
                identity.c.account_id == version.c.account_id,
                identity.c.source == record.c.source,
                identity.c.company == record.c.company,
                identity.c.id.in_(own_identities()),
            ),
        )
        .order_by(version.c.id)
        .execution_options(yield_per=1000)
    )
    for row in connection.execute(query):
        own = []
        while pending is not None and pending.version_id == row.id:
            own.append(Line(*(getattr(pending, name) for name in Line._fields)))
            pending = next(lines, None)
        if row.erased_at is not None:
            continue
        item = Record(
            kind=row.record_kind,
            external_id=row.record_external_id,
            company=row.company,
            order=row.source_order,
            account=row.account_external_id,
            day=row.day,
            currency=row.currency,
            entity=row.entity,
            cancelled=row.cancelled,
            content=row.content,
            personal=row.personal or {},
            lines=tuple(own),
        )
        if version_hash(item) != row.hash:
            yield Fault(f"{row.record_kind} {row.record_external_id}", f"version {row.hash[:12]} was changed")
