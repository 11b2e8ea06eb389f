"""What a cache of facts holds, in names that no order of arrival changes, and records to fill it with."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.documents import RawRecord
from core.engine.duck import DuckEngine
from core.ledger.facts import sync_facts, tax_codes
from core.ledger.masters import profiles
from core.ledger.tables import item, record
from core.period import day_date
from core.programs import View
from tests.helpers.books import SmallBook


class Line(NamedTuple):
    """What counts of a line on a day."""

    document: str
    number: int
    account: str
    product: str
    percent: int
    day: date


class Sums(NamedTuple):
    """What that adds up to: cents, cents, 10^-6 units (None: unknown), and rows."""

    net: int
    tax: int
    quantity: int | None
    rows: int


def facts(book: SmallBook, engine: DuckEngine, view: View, known: int | None = None) -> dict[Line, Sums]:
    """The facts of a view that have not cancelled out; those known at a batch, where one is named."""
    with book.book.read() as reading:
        documents = dict(reading.execute(sa.select(record.c.id, record.c.external_id)).all())
        products = dict(reading.execute(sa.select(item.c.id, item.c.product)).all())
        names = {account_id: profile.external_id for account_id, profile in profiles(reading).items()}
        codes = tax_codes(reading)
    where = "" if known is None else f"WHERE batch <= {known}"
    query = (
        "SELECT document, line, account, item, tax, day, CAST(SUM(net) AS BIGINT), CAST(SUM(tax_amount) AS BIGINT),"
        " CAST(SUM(quantity) AS BIGINT), CAST(SUM(sign) AS BIGINT),"
        " SUM(CASE WHEN quantity IS NULL THEN sign ELSE 0 END)"
        f" FROM {engine.fact(view)} {where} GROUP BY ALL"
    )
    found = {}
    for batch in engine.read(query, {}):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            document, number, account, product, tax, day, net, tax_amount, quantity, rows, unknown = row
            if net or tax_amount or quantity or rows:
                key = Line(
                    documents[document],
                    number,
                    names[account],
                    products[product],
                    codes[tax].rate // 10_000,
                    day_date(day),
                )
                found[key] = Sums(net, tax_amount, None if unknown else quantity, rows)
    return found


def synced(book: SmallBook, view: View, engine: DuckEngine | None = None) -> dict[Line, Sums]:
    """The facts of a view, once the cache is brought up to the book."""
    engine = engine or book.engine
    sync_facts(book.book, engine, book.claim.fence, (view,))
    return facts(book, engine, view)


def last_batch(book: SmallBook) -> int:
    """The number of the latest batch of the book."""
    with book.book.read() as reading:
        return int(reading.execute(sa.text("select max(seq) from batch")).scalar() or 0)


def invoice(
    id: str,
    *lines: tuple[str, int],
    issued: str = "2025-02-03",
    account: str | None = "A",
    percent: int = 0,
    kind: Any = "invoice",
    order: int = 1,
    quantity: int = 1,
    unit: str = "",
    **fields: Any,
) -> RawRecord:
    """A document of lines (product, net in cents)."""
    header = {"account": account, "issued": issued, "entity": "E1", "currency": "EUR", **fields}
    rows = [
        {"product": product, "net": _major(net), "tax_percent": percent, "quantity": quantity, "unit": unit}
        for product, net in lines
    ]
    return RawRecord(kind, id, header, rows, order)


def credit_note(id: str, *lines: tuple[str, int], **fields: Any) -> RawRecord:
    """A credit note of lines whose amounts are negative."""
    return invoice(id, *lines, kind="credit_note", **fields)


def payment(id: str, invoice: str, amount: int, paid_on: str, *, order: int = 1, **fields: Any) -> RawRecord:
    """A payment in cents."""
    values = {"account": "A", "invoice": invoice, "paid_on": paid_on, "currency": "EUR", "amount": _major(amount)}
    return RawRecord("payment", id, {**values, **fields}, (), order)


def _major(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
