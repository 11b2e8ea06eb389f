"""Proposals in the book: immutable snapshots with a life of events, the last of which is their state.

proposed -> approved -> sending -> settled          the way of most
held         before approval: waits for a person, or for what is incomplete
suspended    held after approval: reserved, but not sent
waiting      a person's adjustment leaves nothing positive: it waits with the rest for more to be due
superseded, rejected, waived                         ended without a document
differs, voided                                      the remote document is not what was approved, or is gone
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.keys import SettlementKey, content_hash, settlement_key
from core.ledger.accounts import aliases, owner
from core.ledger.book import Batch
from core.ledger.tables import posting_transaction, proposal, proposal_event, proposal_part
from core.posting import Key

OPEN = ("proposed", "held")
UNDECIDED = (*OPEN, "waiting")
RESERVED = ("approved", "sending", "suspended")
FROZEN = (*RESERVED, "settled", "differs", "voided")
DAEMON = "rebated"


class Stored(NamedTuple):
    """A proposal with its present state, who put it there and why."""

    id: int
    book: str
    key: str
    generation: int
    program: str
    payee: int
    entity: str
    period: date
    period_end: date
    period_label: str
    currency: str
    sequence: int
    net: int
    tax: int
    content: dict[str, Any]
    content_hash: str
    supersedes: int | None
    maker: str
    batch: int
    state: str
    state_actor: str
    state_reason: str


class PartRow(NamedTuple):
    """One part of a proposal: an entitlement key's amount, or an adjustment."""

    kind: str
    key: Key
    amount: int
    taxes: dict[int, int]
    entitlement_id: int | None
    reason: str


_LAST = sa.select(sa.func.max(proposal_event.c.id)).group_by(proposal_event.c.proposal_id)
_QUERY = (
    sa.select(
        *proposal.c,
        proposal_event.c.state,
        proposal_event.c.actor.label("state_actor"),
        proposal_event.c.reason.label("state_reason"),
    )
    .join(proposal_event, proposal_event.c.proposal_id == proposal.c.id)
    .where(proposal_event.c.id.in_(_LAST))
)


def _rows(connection: Connection, *where: sa.ColumnElement[bool]) -> list[Stored]:
    return [Stored(**row._asdict()) for row in connection.execute(_QUERY.where(*where).order_by(proposal.c.id))]


def in_states(
    connection: Connection, states: Iterable[str], book: str | None = None, program: str | None = None
) -> list[Stored]:
    """Proposals in any of these states."""
    where: list[sa.ColumnElement[bool]] = [proposal_event.c.state.in_(list(states))]
    if book is not None:
        where.append(proposal.c.book == book)
    if program is not None:
        where.append(proposal.c.program == program)
    return _rows(connection, *where)


def holding(connection: Connection, states: Iterable[str], book: str, program: str | None) -> list[Stored]:
    """Proposals in any of these states that hold a part of the program, be they its own or another program's."""
    where: list[sa.ColumnElement[bool]] = [proposal_event.c.state.in_(list(states)), proposal.c.book == book]
    if program is not None:
        others = sa.select(proposal_part.c.proposal_id).where(proposal_part.c.program == program)
        where.append(sa.or_(proposal.c.program == program, proposal.c.id.in_(others)))
    return _rows(connection, *where)


def by_id(connection: Connection, proposal_id: int) -> Stored:
    """One proposal. Raises RefusedError where there is none."""
    found = _rows(connection, proposal.c.id == proposal_id)
    if not found:
        raise RefusedError(f"there is no proposal {proposal_id}")
    return found[0]


def by_ids(connection: Connection, proposal_ids: Iterable[int]) -> list[Stored]:
    """Those proposals, oldest first."""
    wanted = list(proposal_ids)
    found: list[Stored] = []
    for start in range(0, len(wanted), 500):
        found += _rows(connection, proposal.c.id.in_(wanted[start : start + 500]))
    return found


def by_key(connection: Connection, key: str, book: str = "live") -> Stored:
    """The latest proposal under a key. Raises RefusedError where there is none."""
    found = _rows(connection, proposal.c.key == key, proposal.c.book == book)
    if not found:
        raise RefusedError(f"no proposal has the key {key}", hint="`rebated review list` shows the open ones")
    return found[-1]


def history(connection: Connection, key: str, book: str = "live") -> list[Stored]:
    """Every proposal under a key, oldest first."""
    return _rows(connection, proposal.c.key == key, proposal.c.book == book)


def events(connection: Connection, proposal_id: int) -> list[sa.Row[Any]]:
    """The life of a proposal."""
    query = sa.select(proposal_event).where(proposal_event.c.proposal_id == proposal_id)
    return list(connection.execute(query.order_by(proposal_event.c.id)))


def life(connection: Connection, item: Stored) -> list[sa.Row[Any]]:
    """The life of everything under a proposal's key, those it took the place of included."""
    ids = [entry.id for entry in history(connection, item.key, item.book)]
    query = sa.select(proposal_event).where(proposal_event.c.proposal_id.in_(ids))
    return list(connection.execute(query.order_by(proposal_event.c.id)))


def parts(connection: Connection, proposal_ids: Iterable[int]) -> dict[int, list[PartRow]]:
    """The parts of proposals, under the keys that hold their amounts now that accounts may have been merged."""
    wanted = list(proposal_ids)
    merged = aliases(connection)
    found: dict[int, list[PartRow]] = {proposal_id: [] for proposal_id in wanted}
    for start in range(0, len(wanted), 500):
        query = (
            sa.select(
                proposal_part,
                sa.func.coalesce(proposal_part.c.program, proposal.c.program).label("part_of"),
                proposal.c.payee,
                proposal.c.entity,
                proposal.c.currency,
            )
            .join(proposal, proposal.c.id == proposal_part.c.proposal_id)
            .where(proposal_part.c.proposal_id.in_(wanted[start : start + 500]))
            .order_by(proposal_part.c.proposal_id, proposal_part.c.number)
        )
        for row in connection.execute(query):
            beneficiary, payee = (owner(merged, account_id, row.period) for account_id in (row.beneficiary, row.payee))
            key = Key(row.part_of, beneficiary, payee, row.entity, row.period.isoformat(), row.currency)
            taxes = {int(code): amount for code, amount in row.taxes}
            found[row.proposal_id].append(PartRow(row.kind, key, row.amount, taxes, row.entitlement_id, row.reason))
    return found


def signed_hash(content: dict[str, Any]) -> str:
    """The hash an approval signs: of everything but the alarms, which say where to look and not what is paid."""
    return content_hash({name: value for name, value in content.items() if name != "alarms"})


def add_event(batch: Batch, item: Stored | int, signed: str, state: str, reason: str, actor: str | None = None) -> None:
    """Append an event: the proposal is in this state from now on."""
    batch.add(
        proposal_event,
        [
            {
                "id": batch.next_id("proposal_event"),
                "proposal_id": item if isinstance(item, int) else item.id,
                "state": state,
                "content_hash": signed,
                "actor": actor or batch.actor,
                "reason": reason,
                "at": batch.at,
            }
        ],
    )


def move(batch: Batch, item: Stored, state: str, reason: str, actor: str | None = None) -> None:
    """Put a proposal into a state."""
    add_event(batch, item, item.content_hash, state, reason, actor)


def insert(
    batch: Batch,
    *,
    book: str,
    identity: SettlementKey,
    generation: int,
    payee: int,
    period: tuple[date, date],
    net: int,
    tax: int,
    content: dict[str, Any],
    rows: list[PartRow],
    supersedes: int | None,
    maker: str,
    state: str,
    reason: str,
    actor: str,
) -> int:
    """Append a proposal with its parts and first state. Returns its id."""
    signed = signed_hash(content)
    proposal_id = batch.next_id("proposal")
    batch.add(
        proposal,
        [
            {
                "id": proposal_id,
                "book": book,
                "key": settlement_key(identity, generation),
                "generation": generation,
                "program": identity.program,
                "payee": payee,
                "entity": identity.entity,
                "period": period[0],
                "period_end": period[1],
                "period_label": identity.period,
                "currency": identity.currency,
                "sequence": identity.sequence,
                "net": net,
                "tax": tax,
                "content": content,
                "content_hash": signed,
                "supersedes": supersedes,
                "maker": maker,
            }
        ],
    )
    batch.add(
        proposal_part,
        [
            {
                "proposal_id": proposal_id,
                "number": number,
                "kind": row.kind,
                "beneficiary": row.key.beneficiary,
                "period": date.fromisoformat(row.key.period),
                "amount": row.amount,
                "taxes": sorted([code, amount] for code, amount in row.taxes.items()),
                "entitlement_id": row.entitlement_id,
                "reason": row.reason,
                "program": row.key.program if row.key.program != identity.program else None,
            }
            for number, row in enumerate(rows, 1)
        ],
    )
    add_event(batch, proposal_id, signed, state, reason, actor)
    return proposal_id


def reserved(connection: Connection, book: str, program: str | None = None) -> dict[Key, int]:
    """What is promised by proposals that were approved and have no final receipt, by key, adjustments included."""
    waiting = holding(connection, (*RESERVED, "differs"), book, program)
    settled = settled_keys(connection)
    items = [item for item in waiting if item.key not in settled]
    found: dict[Key, int] = {}
    for rows in parts(connection, [item.id for item in items]).values():
        for row in rows:
            if program in (None, row.key.program):
                found[row.key] = found.get(row.key, 0) + row.amount
    return found


def settled_keys(connection: Connection) -> set[str]:
    """Keys whose settlement stands in the book and was not reversed."""
    table = posting_transaction.c
    counts: dict[str, int] = {}
    query = sa.select(table.reference, table.kind).where(table.kind.in_(["settle", "reverse"]))
    seen: set[tuple[str, str]] = set()
    for reference, kind in connection.execute(query):
        if (reference, kind) not in seen:
            seen.add((reference, kind))
            counts[reference] = counts.get(reference, 0) + (1 if kind == "settle" else -1)
    return {reference for reference, count in counts.items() if count > 0}


def split_so_far(connection: Connection, book: str, program: str) -> dict[Key, dict[int, int]]:
    """What was settled, reserved or waived by key and tax code: the split that later settlements go on from."""
    settled = settled_keys(connection)
    items = [
        item
        for item in holding(connection, (*FROZEN, "waived"), book, program)
        if item.state in (*RESERVED, "differs", "waived") or item.key in settled
    ]
    waived = {item.id for item in items if item.state == "waived"}
    found: dict[Key, dict[int, int]] = {}
    for proposal_id, rows in parts(connection, [item.id for item in items]).items():
        for row in rows:
            if row.key.program != program or (proposal_id in waived and row.kind == "adjustment"):
                continue
            split = found.setdefault(row.key, {})
            for code, amount in row.taxes.items():
                split[code] = split.get(code, 0) + amount
    return found
