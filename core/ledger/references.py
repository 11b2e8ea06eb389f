"""References: what a key, a transaction number or `program/account/period` names in the book."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger import entitlements, proposals, registry
from core.ledger.tables import entitlement, posting, posting_transaction


def find_proposal(connection: Connection, key: str) -> proposals.Stored:
    """The latest proposal under a key, live or in shadow. Raises RefusedError where there is none."""
    try:
        return proposals.by_key(connection, key)
    except RefusedError:
        return proposals.by_key(connection, key, "shadow")


def find_accrual(connection: Connection, reference: str, accounts: dict[str, int]) -> entitlements.Stored:
    """The entitlement `program/account/period` (such as annual-bonus/C-1001/2026), or that of a transaction number.

    Raises RefusedError where there is none, with what is there.
    """
    if reference.isdigit():
        return _by_transaction(connection, int(reference))
    program, _, rest = reference.partition("/")
    account, _, label = rest.rpartition("/")
    if not account:
        raise RefusedError(
            f"{reference!r} is neither a key (RB-…), nor a transaction number, nor program/account/period",
            hint="such as annual-bonus/C-1001/2026",
        )
    found = registry.current(connection)
    if program not in found:
        raise RefusedError(f"no program is called {program!r}; there are: {', '.join(sorted(found)) or 'none'}")
    if account not in accounts:
        raise RefusedError(f"no account is called {account!r}")
    calendar = found[program].program.calendar
    labels = []
    for book in ("live", "shadow"):
        for stored in entitlements.latest(connection, book, program, accounts[account]):
            name = calendar.of(stored.period).label
            if name == label:
                return stored
            labels.append(name)
    raise RefusedError(
        f"{program} has no entitlement of {account} for {label!r}", hint=f"there are: {', '.join(labels) or 'none'}"
    )


def _by_transaction(connection: Connection, transaction_id: int) -> entitlements.Stored:
    row = connection.execute(
        sa.select(posting, posting_transaction.c.kind)
        .join(posting_transaction, posting_transaction.c.id == posting.c.transaction_id)
        .where(posting.c.transaction_id == transaction_id)
        .order_by(posting.c.number.desc())  # where accounts were merged, the last side is that of the new one
        .limit(1)
    ).one_or_none()
    if row is None:
        raise RefusedError(f"there is no transaction {transaction_id}")
    table = entitlement.c
    found = connection.execute(
        sa.select(table.id)
        .where(
            table.book == row.book,
            table.program == row.program,
            table.beneficiary == row.beneficiary,
            table.period == row.period,
            table.batch <= row.batch,
        )
        .order_by(table.id.desc())
        .limit(1)
    ).scalar()
    if found is None:
        raise RefusedError(f"transaction {transaction_id} is a {row.kind} without an entitlement of ours")
    return entitlements.by_id(connection, found)
