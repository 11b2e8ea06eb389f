"""Posting transactions to the book, and reading balances back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.acts import first_open_day
from core.ledger.book import Batch
from core.ledger.tables import posting, posting_transaction
from core.posting import Key, Posting, TransactionKind, check_balanced, component_amount


class Balance(NamedTuple):
    """What was posted under one key, in minor units."""

    accrued: int = 0
    adjusted: int = 0
    settled: int = 0
    waived: int = 0


class Transaction(NamedTuple):
    """A transaction to post: its kind, business date, program, reference (a key or run) and reason."""

    kind: TransactionKind
    posted_on: date
    program: str
    postings: Sequence[Posting]
    reference: str = ""
    reason: str = ""
    corrects: int | None = None


def post(batch: Batch, book: str, transactions: Iterable[Transaction]) -> int:
    """Append transactions. Each must balance. Returns how many were posted.

    What would fall into a closed accounting period is posted on the first open day; its key names the period it
    belongs to.
    """
    heads, rows = [], []
    open_from = first_open_day(batch.connection)
    for item in transactions:
        check_balanced(list(item.postings))
        item = item._replace(posted_on=max(item.posted_on, open_from))
        transaction_id = batch.next_id("posting_transaction")
        heads.append(
            {
                "id": transaction_id,
                "kind": item.kind,
                "book": book,
                "posted_on": item.posted_on,
                "program": item.program,
                "reference": item.reference,
                "reason": item.reason,
                "corrects": item.corrects,
            }
        )
        for number, side in enumerate(item.postings, 1):
            rows.append(
                {
                    "transaction_id": transaction_id,
                    "number": number,
                    "book": book,
                    "posted_on": item.posted_on,
                    "ledger_account": side.ledger_account,
                    "component": side.component,
                    "amount": side.amount,
                    "currency": side.key.currency,
                    "program": side.key.program,
                    "beneficiary": side.key.beneficiary,
                    "payee": side.key.payee,
                    "entity": side.key.entity,
                    "period": date.fromisoformat(side.key.period),
                }
            )
    batch.add(posting_transaction, heads)
    batch.add(posting, rows)
    return len(heads)


def balances(
    connection: Connection, book: str, program: str | None = None, *, account: int | None = None
) -> dict[Key, Balance]:
    """Every balance of a book, or of one program in it, or those one account has a part in."""
    table = posting.c
    columns = (table.program, table.beneficiary, table.payee, table.entity, table.period, table.currency)
    query = (
        sa.select(*columns, table.component, sa.func.sum(table.amount))
        .where(table.book == book, table.ledger_account == "refund_liability")
        .group_by(*columns, table.component)
    )
    if program is not None:
        query = query.where(table.program == program)
    if account is not None:
        query = query.where(sa.or_(table.beneficiary == account, table.payee == account))
    found: dict[Key, Balance] = {}
    for program_id, beneficiary, payee, entity, period, currency, component, amount in connection.execute(query):
        key = Key(program_id, beneficiary, payee, entity, period.isoformat(), currency)
        value = component_amount(component, int(amount))
        found[key] = found.get(key, Balance())._replace(**{component: value})
    return found
