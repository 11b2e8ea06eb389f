"""Accounts are ours; external ids point to them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.book import Batch
from core.ledger.tables import account, account_identity

CHUNK = 500


def resolve_accounts(batch: Batch, source: str, company: str, external_ids: Iterable[str]) -> dict[str, int]:
    """The account of each external id of a source; unknown ones are opened."""
    wanted = list(dict.fromkeys(external_ids))
    found = known_accounts(batch.connection, source, company, wanted)
    new = [external_id for external_id in wanted if external_id not in found]
    if new:
        first = batch.next_id("account", len(new))
        identity = batch.next_id("account_identity", len(new))
        batch.add(account, [{"id": first + i} for i in range(len(new))])
        batch.add(
            account_identity,
            [
                {
                    "id": identity + i,
                    "account_id": first + i,
                    "source": source,
                    "company": company,
                    "external_id": external_id,
                    "valid_from": None,
                    "valid_to": None,
                }
                for i, external_id in enumerate(new)
            ],
        )
        found.update({external_id: first + i for i, external_id in enumerate(new)})
    return found


def known_accounts(connection: Connection, source: str, company: str, wanted: list[str]) -> dict[str, int]:
    """The accounts of those external ids that are known."""
    found: dict[str, int] = {}
    table = account_identity.c
    for start in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            sa.select(table.external_id, table.account_id).where(
                table.source == source,
                table.company == company,
                table.external_id.in_(wanted[start : start + CHUNK]),
            )
        )
        found.update(dict(rows.all()))
    return found
