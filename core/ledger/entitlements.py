"""Entitlements in the book: one row a change, the latest is the present one.

A row keeps the cells it was computed from and the part of each, so that it can be explained, split and settled
without counting again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.cells import Cell
from core.engine.result import Result, Step
from core.keys import content_hash
from core.ledger.book import Batch
from core.ledger.tables import entitlement
from core.limits import Limited
from core.posting import Key
from core.rules import Checked, Side
from core.tax import TaxCode

_ALWAYS = len(Cell._fields) - len(Cell._field_defaults) - 1
_USUAL = {Cell._fields.index(name): value for name, value in Cell._field_defaults.items()}
"""What a field of a cell is where it is left out, by its place."""

Group = tuple[int, date, str]  # beneficiary, first day of the calculation period, payout currency


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
    side: Side = Side()
    limits: tuple[Limited, ...] = ()
    base: Mapping[str, Any] = {}
    steps: tuple[Step, ...] = ()

    def through(self, end: date) -> list[int] | None:
        """The part of each cell that was earned by the end of a settlement period, where that was computed apart."""
        return next((step.parts for step in self.steps if step.end == end), None)


def cells_text(cells: Sequence[Cell], parts: Sequence[int]) -> list[list[int]]:
    """Cells and parts as plain rows, in their canonical order. What is as usual at the end of a cell is left out."""
    rows = []
    for cell, part in zip(cells, parts, strict=True):
        values = list(cell[1:])
        while len(values) > _ALWAYS and values[-1] == _USUAL[len(values)]:
            values.pop()
        rows.append([*values, part])
    return rows


def side_text(result: Result | Stored) -> dict[str, Any] | None:
    """What decided beside the cells, as plain data without what is as usual; None where nothing did."""
    side = result.side
    told: dict[str, Any] = {}
    if side.qualifier is not None:
        told["qualifier"] = str(side.qualifier)
    if side.baseline is not None:
        told["baseline"] = str(side.baseline)
    if side.conditions:
        told["conditions"] = [[item.name, str(item.measure), str(item.minimum), item.met] for item in side.conditions]
    if side.excluded:
        told["excluded"] = side.excluded
    if result.limits:
        told["limits"] = [list(item) for item in result.limits]
    if result.base:
        told["base"] = dict(result.base)
    return told or None


def steps_text(result: Result | Stored) -> list[list[Any]] | None:
    """What was earned through each settlement period, as plain data."""
    return [[step.end.isoformat(), step.parts] for step in result.steps] or None


def digest(
    definition: str,
    level: int,
    rows: list[list[int]],
    waiting: list[str],
    side: Mapping[str, Any] | None = None,
    steps: list[list[Any]] | None = None,
    accrued: list[int] | None = None,
) -> str:
    """What tells whether an entitlement, or what is to be accrued for it, has changed."""
    beyond = [part for part in (side, steps, accrued) if part is not None]
    return content_hash([definition, level, rows, waiting, *beyond])


def _side(level: int, told: Mapping[str, Any]) -> Side:
    def number(name: str) -> Fraction | None:
        return Fraction(told[name]) if name in told else None

    checked = tuple(
        Checked(name, Fraction(measure), Fraction(minimum), met)
        for name, measure, minimum, met in told.get("conditions", ())
    )
    return Side(level, number("qualifier"), number("baseline"), checked, told.get("excluded", ""))


def _stored(row: sa.Row[Any]) -> Stored:
    told = row.side or {}
    return Stored(
        row.id,
        row.program,
        row.beneficiary,
        row.period,
        row.currency,
        row.amount,
        row.level,
        row.definition,
        [Cell(0, *values[:-1]) for values in row.cells],
        [values[-1] for values in row.cells],
        row.waiting,
        row.cells_hash,
        row.batch,
        _side(row.level, told),
        tuple(Limited(*item) for item in told.get("limits", ())),
        told.get("base", {}),
        tuple(Step(date.fromisoformat(end), parts) for end, parts in row.steps or ()),
    )


def _latest(book: str, program: str, known_batch: int | None) -> sa.Select[Any]:
    table = entitlement.c
    where = [table.book == book, table.program == program]
    if known_batch is not None:
        where.append(table.batch <= known_batch)
    return sa.select(sa.func.max(table.id)).where(*where).group_by(table.beneficiary, table.period, table.currency)


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
    query = sa.select(table.beneficiary, table.period, table.currency, table.cells_hash, table.amount).where(
        table.id.in_(_latest(book, program, None))
    )
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in connection.execute(query)}


def by_id(connection: Connection, entitlement_id: int) -> Stored:
    return _stored(connection.execute(sa.select(entitlement).where(entitlement.c.id == entitlement_id)).one())


def store(batch: Batch, book: str, rows: list[dict[str, Any]]) -> None:
    """Append entitlements; `rows` carry every column but id, book and batch."""
    first = batch.next_id("entitlement", len(rows)) if rows else 0
    batch.add(entitlement, [{"id": first + i, "book": book, **row} for i, row in enumerate(rows)])


def shares(
    program: str,
    currency: str,
    beneficiary: int,
    period: date,
    item: Stored | Result,
    taxes: Mapping[int, TaxCode],
) -> dict[Key, int]:
    """The entitlement by payee and issuing legal entity."""
    found: dict[Key, int] = {}
    for cell, part in zip(item.cells, item.parts, strict=True):
        key = Key(program, beneficiary, cell.payee, taxes[cell.tax].entity, period.isoformat(), currency)
        found[key] = found.get(key, 0) + part
    return found
