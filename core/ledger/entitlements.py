"""Entitlements in the book: one row a change, the latest is the present one.

A row keeps the cells it was computed from and the part of each, so that it can be explained, split and settled
without counting again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.entitlement import Cell
from core.keys import content_hash
from core.ledger.book import Batch
from core.ledger.tables import entitlement

_ALWAYS = len(Cell._fields) - len(Cell._field_defaults) - 1
_USUAL = {Cell._fields.index(name): value for name, value in Cell._field_defaults.items()}
"""What a field of a cell is where it is left out, by its place."""

Group = tuple[int, date]  # beneficiary, first day of the calculation period


class Stored(NamedTuple):
    """One entitlement: `cells` with the `parts` of the amount they carry, and what waits with its reason."""

    id: int
    program: str
    beneficiary: int
    period: date
    currency: str
    amount: int
    level: int
    definition: str
    cells: list[Cell]
    parts: list[int]
    waiting: list[str]
    cells_hash: str
    batch: int


def cells_text(cells: Sequence[Cell], parts: Sequence[int]) -> list[list[int]]:
    """Cells and parts as plain rows, in their canonical order. What is as usual at the end of a cell is left out."""
    rows = []
    for cell, part in zip(cells, parts, strict=True):
        values = list(cell[1:])
        while len(values) > _ALWAYS and values[-1] == _USUAL[len(values)]:
            values.pop()
        rows.append([*values, part])
    return rows


def digest(definition: str, level: int, rows: list[list[int]], waiting: list[str]) -> str:
    """What tells whether an entitlement has changed."""
    return content_hash([definition, level, rows, waiting])


def _stored(row: sa.Row[Any]) -> Stored:
    cells = [Cell(0, *values[:-1]) for values in row.cells]
    parts = [values[-1] for values in row.cells]
    return Stored(
        row.id,
        row.program,
        row.beneficiary,
        row.period,
        row.currency,
        row.amount,
        row.level,
        row.definition,
        cells,
        parts,
        row.waiting,
        row.cells_hash,
        row.batch,
    )


def _latest(book: str, program: str, known_batch: int | None) -> sa.Select[Any]:
    table = entitlement.c
    where = [table.book == book, table.program == program]
    if known_batch is not None:
        where.append(table.batch <= known_batch)
    return sa.select(sa.func.max(table.id)).where(*where).group_by(table.beneficiary, table.period)


def latest(
    connection: Connection, book: str, program: str, beneficiary: int | None = None, known_batch: int | None = None
) -> Iterator[Stored]:
    """The present entitlements of a program, or those known at a batch."""
    query = sa.select(entitlement).where(entitlement.c.id.in_(_latest(book, program, known_batch)))
    if beneficiary is not None:
        query = query.where(entitlement.c.beneficiary == beneficiary)
    for row in connection.execute(query.order_by(entitlement.c.id).execution_options(yield_per=1000)):
        yield _stored(row)


def digests(connection: Connection, book: str, program: str) -> dict[Group, tuple[str, int]]:
    """(hash, amount) of the present entitlement of each group: enough to see what has changed."""
    table = entitlement.c
    query = sa.select(table.beneficiary, table.period, table.cells_hash, table.amount).where(
        table.id.in_(_latest(book, program, None))
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}


def by_id(connection: Connection, entitlement_id: int) -> Stored:
    return _stored(connection.execute(sa.select(entitlement).where(entitlement.c.id == entitlement_id)).one())


def store(batch: Batch, book: str, rows: list[dict[str, Any]]) -> None:
    """Append entitlements; `rows` carry every column but id, book and batch."""
    first = batch.next_id("entitlement", len(rows)) if rows else 0
    batch.add(entitlement, [{"id": first + i, "book": book, **row} for i, row in enumerate(rows)])
