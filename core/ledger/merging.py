"""Accounts merged in the ERP: a person confirms that one has become the other, or that documents were corrections.

The id of the old account becomes an alias of the new one, from a day on or always. What stands in the book under the
keys it covers, live and in shadow, goes over by `transfer` transactions, component by component: what was accrued,
adjusted, settled and waived for the old account is the new one's, and nothing is proposed twice. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger import entitlements, moves, postings, proposals, registry
from core.ledger.accounts import MERGED, Identity
from core.ledger.acts import record_act
from core.ledger.alarms import close_alarm, hand_over
from core.ledger.book import Batch
from core.ledger.merger import BOOKS, Handover, Merger, is_asked, reach
from core.ledger.postings import Transaction
from core.ledger.tables import account_identity
from core.posting import COMPONENTS, Posting, transfer_entry
from core.rules import Side


def merge(batch: Batch, found: Merger, reason: str, today: date) -> None:
    """Do what was planned, in one batch: alias, transfers, entitlements, proposals, the act and its alarm."""
    old, new = found.old, found.new
    about = moves.subject(old.account_id, new.account_id)
    if not found.is_known:
        batch.add(
            account_identity,
            [
                {
                    "id": batch.next_id("account_identity"),
                    "account_id": new.account_id,
                    "source": old.source,
                    "company": old.company,
                    "external_id": old.external_id,
                    "valid_from": found.start,
                    "valid_to": None,
                }
            ],
        )
    for book in BOOKS:
        transactions = [
            Transaction("transfer", today, item.old.program, _entries(item), about, reason)
            for item in found.handovers
            if item.book == book
        ]
        postings.post(batch, book, transactions)
        entitlements.store(batch, book, list(_counted_anew(batch.connection, book, found)))
    for item in found.withdrawn:
        entry = proposals.by_id(batch.connection, item.proposal_id)
        proposals.move(batch, entry, "superseded", f"{old.external_id} was merged into {new.external_id}: {reason}")
    value = {"old": old.external_id, "new": new.external_id, "source": old.source, "company": old.company}
    from_day = found.start.isoformat() if found.start else None
    record_act(batch, MERGED, about, {**value, "from": from_day, "keys": len(found.handovers)}, reason)
    close_alarm(batch, moves.ALARM, about, "merged")
    if found.start is None:
        hand_over(batch, "unknown_key", old.account_id, new.account_id)


def need_question(connection: Connection, old: Identity, new: Identity) -> None:
    """Raise RefusedError unless an alarm asks what became of documents that moved between two accounts."""
    if not is_asked(connection, old, new):
        raise RefusedError(
            f"no alarm asks about documents that moved from {old.external_id} to {new.external_id}",
            hint="`rebated doctor` lists the open alarms",
        )


def keep(batch: Batch, old: Identity, new: Identity, reason: str) -> None:
    """The documents that moved were corrections: an ordinary delta. Raises RefusedError where nobody asks."""
    need_question(batch.connection, old, new)
    about = moves.subject(old.account_id, new.account_id)
    value = {"old": old.external_id, "new": new.external_id, "source": old.source, "company": old.company}
    record_act(batch, moves.KEPT, about, value, reason)
    close_alarm(batch, moves.ALARM, about, "kept apart")


def _entries(item: Handover) -> list[Posting]:
    return [
        side
        for component in COMPONENTS
        if getattr(item.balance, component)
        for side in transfer_entry(component, item.old, item.new, getattr(item.balance, component))
    ]


def _counted_anew(connection: Connection, book: str, found: Merger) -> Iterator[dict[str, Any]]:
    """Entitlements until documents are counted the next time: the old account has earned nothing any more in what went
    over whole, and what else has changed waits, so that nothing is proposed on the strength of what it was."""
    old, new = found.old, found.new
    why = f"{old.external_id} was merged into {new.external_id}"
    why += f" from {found.start} on: to be counted again" if found.start else ": to be counted again"
    programs = registry.current(connection)
    for name, item in programs.items():
        if item.program.is_tier:
            continue
        periods = {date.fromisoformat(one.new.period) for one in found.handovers if _is_of(one, book, name, new)}
        gone: dict[tuple[date, str], entitlements.Stored] = {}
        for stored in entitlements.latest(connection, book, name, old.account_id):
            extent = reach(programs, name, stored.period, found.start)
            if extent == "whole":
                empty = gone[stored.period, stored.currency] = _nothing(stored, old, item.hash)
                if stored.cells or stored.waiting:
                    yield _values(empty, [])
            elif extent == "part" and why not in stored.waiting:
                yield _values(stored, [*stored.waiting, why])
        present = entitlements.latest(connection, book, name, new.account_id)
        mine = {(stored.period, stored.currency): stored for stored in present}
        theirs = {place: _nothing(stored, new, item.hash) for place, stored in gone.items()}
        for place, stored in (theirs | mine).items():
            if (place in gone or place[0] in periods) and why not in stored.waiting:
                yield _values(stored, [*stored.waiting, why])


def _nothing(stored: entitlements.Stored, account: Identity, definition: str) -> entitlements.Stored:
    """The same key of an account that has earned nothing."""
    empty: list[Any] = []
    return stored._replace(
        beneficiary=account.account_id,
        amount=0,
        level=-1,
        definition=definition,
        cells=empty,
        parts=empty,
        waiting=empty,
        side=Side(),
        limits=(),
        base={},
        steps=(),
    )


def _is_of(item: Handover, book: str, program: str, new: Identity) -> bool:
    return item.book == book and item.new.program == program and item.new.beneficiary == new.account_id


def _values(item: entitlements.Stored, waiting: list[str]) -> dict[str, Any]:
    """An entitlement as a row to store."""
    rows = entitlements.cells_text(item.cells, item.parts)
    side, steps = entitlements.side_text(item), entitlements.steps_text(item)
    return {
        "program": item.program,
        "beneficiary": item.beneficiary,
        "period": item.period,
        "currency": item.currency,
        "amount": item.amount,
        "level": item.level,
        "definition": item.definition,
        "cells": rows,
        "cells_hash": entitlements.digest(item.definition, item.level, rows, waiting, side, steps),
        "waiting": waiting,
        "side": side,
        "steps": steps,
    }
