"""Facts: the lines that count, from the book into the counting engine's cache, as signed rows.

A fact is one line of a document version that became current (+1) or ceased to be (-1) in a batch. Documents without
an account are parked, our own documents are in no measure unless a person has disowned their key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from core.documents import DOCUMENT_KINDS
from core.engine.duck import DuckEngine
from core.ledger.acts import latest
from core.ledger.book import Book
from core.ledger.masters import Units, units
from core.ledger.tables import counter, effect, item, line, record, record_version, tax_code
from core.period import day_number
from core.settlement import TaxCode

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


class Dimensions:
    """Ids of items and tax codes, kept in the book so that every cache agrees on them."""

    def __init__(self, book: Book) -> None:
        self.book = book
        with book.read() as connection:
            self.items = {tuple(row[1:]): row[0] for row in connection.execute(sa.select(item))}
            self.taxes = {TaxCode(*row[1:]): row[0] for row in connection.execute(sa.select(tax_code))}
        self._new_items: list[dict[str, Any]] = []
        self._new_taxes: list[dict[str, Any]] = []

    def item(self, key: tuple[str, str, str, str, bool]) -> int:
        found = self.items.get(key)
        if found is None:
            found = self.items[key] = len(self.items) + 1
            names = ("id", "source", "company", "product", "line_kind", "is_return")
            self._new_items.append(dict(zip(names, (found, *key), strict=True)))
        return found

    def tax(self, key: TaxCode) -> int:
        found = self.taxes.get(key)
        if found is None:
            found = self.taxes[key] = len(self.taxes) + 1
            self._new_taxes.append({"id": found, **key._asdict()})
        return found

    def save(self) -> None:
        """Store new ids before any fact that uses them is appended."""
        if self._new_items or self._new_taxes:
            with self.book.write() as connection:
                if self._new_items:
                    connection.execute(item.insert(), self._new_items)
                if self._new_taxes:
                    connection.execute(tax_code.insert(), self._new_taxes)
            self._new_items, self._new_taxes = [], []


def tax_codes(connection: sa.Connection) -> dict[int, TaxCode]:
    """Every tax code by id."""
    return {row[0]: TaxCode(*row[1:]) for row in connection.execute(sa.select(tax_code))}


def sync_facts(book: Book, engine: DuckEngine) -> int:
    """Bring the cache up to the book. Returns how many rows were appended.

    The cache is rebuilt where it belongs to another book, where unit definitions have changed, or a key was disowned.
    """
    with book.read() as connection:
        ratios = units(connection)
        disowned = sorted(latest(connection, "key_disowned"))
        first = connection.execute(sa.text("select hash from batch where seq = 1")).scalar() or ""
        last = connection.execute(sa.select(counter.c.value).where(counter.c.name == "batch")).scalar() or 0
    stamp = f"{first}:{ratios.hash}:{','.join(disowned)}"
    if engine.stamp() != stamp or engine.watermark() > last:
        engine.reset(stamp)
    dimensions = Dimensions(book)
    appended = 0
    for table in _tables(book, dimensions, ratios, set(disowned), engine.watermark()):
        dimensions.save()
        engine.append(table)
        appended += table.num_rows
    return appended


def _tables(book: Book, dimensions: Dimensions, ratios: Units, disowned: set[str], since: int) -> Iterator[pa.Table]:
    query = (
        sa.select(
            effect.c.batch,
            effect.c.sign,
            effect.c.record_id,
            effect.c.version_id,
            record.c.source,
            record.c.company,
            record.c.kind,
            record_version.c.account_id,
            record_version.c.day,
            record_version.c.currency,
            record_version.c.entity,
            record_version.c.content,
            record_version.c.own_key,
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
        .join(record, record.c.id == effect.c.record_id)
        .join(record_version, record_version.c.id == effect.c.version_id)
        .join(line, line.c.version_id == record_version.c.id)
        .where(
            effect.c.batch > since,
            effect.c.sign != 0,
            record.c.kind.in_(DOCUMENT_KINDS),
            record_version.c.account_id.is_not(None),
        )
        .order_by(effect.c.batch, effect.c.id, line.c.number)
        .execution_options(yield_per=10_000)
    )
    rows: list[tuple[Any, ...]] = []
    version, head = None, None
    with book.read() as connection:
        for row in connection.execute(query):
            if len(rows) >= _CHUNK and rows[-1][10] != row[0]:
                yield _table(rows)
                rows = []
            if row[3] != version or head is None:
                version = row[3]
                registration = row[11].get("registration", row[10])
                head = (
                    (row[4], row[5]),
                    row[6] == "credit_note",
                    day_number(row[8]),
                    (row[10], registration),
                    row[12] is None or row[12] in disowned,
                )
            place, is_return, day, issuer, counts = head
            if not counts:
                continue
            sign = row[1]
            ratio = ratios.ratio((*place, row[14]), row[17])
            quantity = None
            if ratio is not None:
                whole, rest = divmod(row[16] * ratio[0], ratio[1])
                quantity = None if rest else whole * sign
            rows.append(
                (
                    row[2],
                    row[13],
                    row[7],
                    dimensions.item((*place, row[14], row[15], is_return)),
                    dimensions.tax(TaxCode(*issuer, row[20], row[21], row[9])),
                    day,
                    row[18] * sign,
                    row[19] * sign,
                    quantity,
                    sign,
                    row[0],
                )
            )
    if rows:
        yield _table(rows)


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table({name: pa.array(column, pa.int64()) for name, column in zip(_COLUMNS, columns, strict=True)})
