"""Buying groups: each has an account of its own, so that what its members buy can be added up and earned together."""

from __future__ import annotations

import sqlalchemy as sa

from core.ledger import registry
from core.ledger.accounts import GROUPS, group_accounts, resolve_accounts
from core.ledger.book import Book
from core.ledger.columns import text_within
from core.ledger.tables import record, record_version


def open_groups(book: Book, claim: tuple[str, int] | None) -> None:
    """Give an account to each buying group that has none, where a program adds up what groups buy. Raises LostClaim."""
    with book.read() as connection:
        programs = [item.program for item in registry.current(connection).values()]
        if not any(part.audience.beneficiary == "group" for program in programs for part in program.slices()):
            return
        group = text_within(connection, record_version.c.content, "group")
        query = (
            sa.select(group)
            .distinct()
            .join(record, record.c.id == record_version.c.record_id)
            .where(record.c.kind == "account", group.is_not(None))
        )
        missing = set(connection.execute(query).scalars()) - set(group_accounts(connection))
    if missing:
        with book.batch("groups", actor="rebated", claim=claim) as batch:
            resolve_accounts(batch, GROUPS, "", sorted(missing))
