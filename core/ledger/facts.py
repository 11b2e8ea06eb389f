"""Facts: the lines that count, from the book into the counting engine's cache, as signed rows.

A fact is one line of a document version that became current (+1) or ceased to be (-1) in a batch. Documents without
an account are parked, our own documents are in no measure unless a person has disowned their key. Where an account was
merged into another, the batch of that act takes its lines from the one (-1) and gives them to the other (+1); what
comes later counts for the other at once. What was known before a batch can so be counted as it was known then.

These are the facts of the default view: what was invoiced, on the day of issue. Those of other views are made in
`core.ledger.views`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import sqlalchemy as sa

from core.documents import DOCUMENT_KINDS
from core.engine.duck import DuckEngine
from core.ledger.accounts import Alias, aliases, origins, owner
from core.ledger.acts import latest
from core.ledger.book import Book
from core.ledger.dimensions import Dimensions
from core.ledger.groups import open_groups
from core.ledger.links import Links
from core.ledger.tables import counter, effect, line, record, record_version, tax_code
from core.ledger.units import Units, units
from core.ledger.views import ViewFacts
from core.period import day_date, day_number
from core.programs import DEFAULT_VIEW, View
from core.tax import TaxCode

_CHUNK = 100_000
_COLUMNS = (
    "document",
    "line",
    "account",
    "item",
    "tax",
    "day",
    "net",
    "tax_amount",
    "quantity",
    "sign",
    "batch",
)


def tax_codes(connection: sa.Connection) -> dict[int, TaxCode]:
    """Every tax code by id."""
    return {row[0]: TaxCode(*row[1:]) for row in connection.execute(sa.select(tax_code))}


def sync_facts(
    book: Book, engine: DuckEngine, claim: tuple[str, int] | None = None, views: Collection[View] = (DEFAULT_VIEW,)
) -> int:
    """Bring the cache up to the book, in each of these views. Returns how many rows were appended. Raises LostClaim.

    The cache is rebuilt where it belongs to another book, where unit definitions have changed, or a key was disowned.
    Buying groups that a program pays get an account each.
    """
    open_groups(book, claim)
    with book.read() as connection:
        ratios = units(connection)
        disowned = sorted(latest(connection, "key_disowned"))
        first = connection.execute(sa.text("select hash from batch where seq = 1")).scalar() or ""
        last = _last_batch(connection)
    stamp = f"{first}:{ratios.hash}:{','.join(disowned)}"
    if engine.stamp() != stamp or any(engine.watermark(view) > last for view in views):
        engine.reset(stamp)
    dimensions, links = Dimensions(book, claim), Links(book)
    appended = 0
    for view in views:
        since = engine.watermark(view)
        if view == DEFAULT_VIEW:
            for table in _tables(book, dimensions, ratios, set(disowned), since):
                dimensions.save()
                engine.append(table)
                appended += table.num_rows
            continue
        facts = ViewFacts(book, view, dimensions, ratios, set(disowned), links)
        for until, rows in facts.between(since, last):
            dimensions.save()
            engine.append(_table(rows), until, view)
            appended += len(rows)
    return appended


def account_facts(
    book: Book,
    accounts: set[int] | None,
    views: Collection[View] = (DEFAULT_VIEW,),
    known_batch: int | None = None,
) -> DuckEngine:
    """A cache in memory with the lines of some accounts alone (all, where None): enough to tell what stands behind
    their amounts.

    Nothing is written, so it can be had while another process is at work. With `known_batch` quantities are in base
    units as they were known at that batch; what was counted then is said to the engine.
    """
    with book.read() as connection:
        ratios = units(connection, known_batch)
        disowned = set(latest(connection, "key_disowned"))
        last = _last_batch(connection)
    engine = DuckEngine()
    dimensions, links = Dimensions(book), Links(book)
    for view in views:
        if view == DEFAULT_VIEW:
            for table in _tables(book, dimensions, ratios, disowned, 0, accounts):
                engine.append(table)
            continue
        facts = ViewFacts(book, view, dimensions, ratios, disowned, links)
        for until, rows in facts.between(0, last, accounts):
            engine.append(_table(rows), until, view)
    return engine


def documents_left_out(book: Book, accounts: set[int], view: View, known_batch: int | None = None) -> dict[int, str]:
    """Why documents of these accounts count in part or not at all in a view, by the ids of their records: now, or as
    known at a batch. What else may leave out their lines is the engine's to say."""
    with book.read() as connection:
        ratios, disowned = units(connection), set(latest(connection, "key_disowned"))
        batch = _last_batch(connection) if known_batch is None else known_batch
    return ViewFacts(book, view, Dimensions(book), ratios, disowned, Links(book)).reasons(accounts, batch)


def _last_batch(connection: sa.Connection) -> int:
    return connection.execute(sa.select(counter.c.value).where(counter.c.name == "batch")).scalar() or 0


class _Head(NamedTuple):
    """What all lines of a document version have in common, for one effect on it."""

    batch: int
    sign: int
    document: int
    version: int
    place: tuple[str, str]
    is_return: bool
    account: int
    day: int
    issuer: tuple[str, str]
    currency: str


def _heads(connection: sa.Connection, since: int, accounts: set[int] | None, disowned: set[str]) -> list[_Head]:
    """The effects after a batch and what merged accounts handed over, in the order it was written."""
    merged = aliases(connection)
    wanted = None if accounts is None else origins(merged, accounts)
    found = list(_effects(connection, disowned, effect.c.batch > since, wanted))
    if not merged:
        return found
    gone = {alias.old for alias in merged}
    found = [head._replace(account=_owner_then(merged, head)) if head.account in gone else head for head in found]
    for alias in merged:
        if alias.batch > since and (wanted is None or alias.old in wanted):
            found += _handed_over(connection, disowned, merged, alias)
    return sorted(found, key=lambda head: head.batch)


def _owner_then(merged: Sequence[Alias], head: _Head) -> int:
    """Whose a document was when the effect was written."""
    return owner([alias for alias in merged if alias.batch < head.batch], head.account, day_date(head.day))


def _handed_over(
    connection: sa.Connection, disowned: set[str], merged: Sequence[Alias], alias: Alias
) -> Iterator[_Head]:
    """What counted for an account when it became another's: from the one, to the other, in the batch of that act."""
    earlier = [item for item in merged if item.batch < alias.batch]
    counting: dict[int, _Head] = {}
    for head in _effects(connection, disowned, effect.c.batch < alias.batch, origins(earlier, {alias.old})):
        before = counting.get(head.version)
        counting[head.version] = head._replace(sign=head.sign + (before.sign if before else 0))
    for head in counting.values():
        day = day_date(head.day)
        if head.sign and alias.covers(day) and owner(earlier, head.account, day) == alias.old:
            yield head._replace(batch=alias.batch, account=alias.old, sign=-head.sign)
            yield head._replace(batch=alias.batch, account=alias.new)


def _effects(
    connection: sa.Connection, disowned: set[str], when: sa.ColumnElement[bool], accounts: set[int] | None
) -> Iterator[_Head]:
    """Effects on documents that count, in the order they were written, with the account their source names."""
    version = record_version.c
    query = (
        sa.select(
            effect.c.batch,
            effect.c.sign,
            effect.c.record_id,
            effect.c.version_id,
            record.c.source,
            record.c.company,
            record.c.kind,
            version.account_id,
            version.day,
            version.entity,
            version.currency,
            version.content,
        )
        .join(record, record.c.id == effect.c.record_id)
        .join(record_version, version.id == effect.c.version_id)
        .where(
            when,
            effect.c.sign != 0,
            version.line_count > 0,
            version.account_id.is_not(None) if accounts is None else version.account_id.in_(accounts),
            sa.or_(version.own_key.is_(None), version.own_key.in_(disowned)),
            record.c.kind.in_(DOCUMENT_KINDS),
        )
        .order_by(effect.c.batch, effect.c.id)
    )
    for row in connection.execute(query):
        registration = row.content.get("registration", row.entity)
        yield _Head(
            row.batch,
            row.sign,
            row.record_id,
            row.version_id,
            (row.source, row.company),
            row.kind == "credit_note",
            row.account_id,
            day_number(row.day),
            (row.entity, registration),
            row.currency,
        )


_VERSIONS = 500
_LINES = (
    line.c.version_id,
    line.c.number,
    line.c.product,
    line.c.kind,
    line.c.quantity,
    line.c.unit,
    line.c.net,
    line.c.tax,
    line.c.tax_category,
    line.c.tax_rate,
)


def _tables(
    book: Book,
    dimensions: Dimensions,
    ratios: Units,
    disowned: set[str],
    since: int,
    accounts: set[int] | None = None,
) -> Iterator[pa.Table]:
    """Facts after a batch, about a hundred thousand at a time; a batch is never split over two tables."""
    rows: list[tuple[Any, ...]] = []
    with book.read() as connection:
        heads = _heads(connection, since, accounts, disowned)
    for start in range(0, len(heads), _VERSIONS):
        part = heads[start : start + _VERSIONS]
        lines: dict[int, list[Any]] = {}
        with book.read() as connection:
            query = sa.select(*_LINES).where(line.c.version_id.in_({head.version for head in part}))
            for row in connection.execute(query.order_by(line.c.version_id, line.c.number)):
                lines.setdefault(row[0], []).append(row)
        for head in part:
            if len(rows) >= _CHUNK and rows[-1][10] != head.batch:
                yield _table(rows)
                rows = []
            for row in lines.get(head.version, ()):
                rows.append(_fact(head, row, dimensions, ratios))
    if rows:
        yield _table(rows)


def _fact(head: _Head, row: Any, dimensions: Dimensions, ratios: Units) -> tuple[Any, ...]:
    _, number, product, kind, quantity, unit, net, tax, category, rate = row
    sign = head.sign
    base = ratios.base((*head.place, product), unit, head.day, quantity)
    return (
        head.document,
        number,
        head.account,
        dimensions.item((*head.place, product, kind, head.is_return)),
        dimensions.tax(TaxCode(*head.issuer, category, rate, head.currency)),
        head.day,
        net * sign,
        tax * sign,
        None if base is None else base * sign,
        sign,
        head.batch,
    )


def _table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    return pa.table({name: pa.array(column, pa.int64()) for name, column in zip(_COLUMNS, columns, strict=True)})
