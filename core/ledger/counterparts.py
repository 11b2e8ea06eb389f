"""What matching reads from the book: our accounts, and the accounts as another system has them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.accounts import CHUNK, GROUPS, aliases, owner
from core.ledger.masters import Profile, current, profiles
from core.ledger.tables import personal_data
from core.matching import Counterpart, OurAccount


def our_accounts(connection: Connection, sources: Collection[str], today: date) -> list[OurAccount]:
    """The accounts of these sources, each with those that were merged into it, as of a day."""
    became = merged_away(connection, today)
    found = profiles(connection)
    former: dict[int, list[OurAccount]] = {}
    for old, new in sorted(became.items()):
        if old in found:
            former.setdefault(new, []).append(_account(found[old]))
    return [
        _account(profile, tuple(former.get(account_id, ())))
        for account_id, profile in sorted(found.items())
        if account_id not in became and profile.source in sources and profile.source != GROUPS
    ]


def merged_away(connection: Connection, today: date) -> dict[int, int]:
    """The accounts that are another one's as of a day, and whose."""
    known = aliases(connection)
    return {alias.old: owner(known, alias.old, today) for alias in known if alias.covers(today)}


def _account(profile: Profile, former: tuple[OurAccount, ...] = ()) -> OurAccount:
    return OurAccount(
        profile.account_id,
        profile.external_id,
        profile.personal.get("vat_number", ""),
        profile.personal.get("email", ""),
        profile.content.get("country", ""),
        former,
    )


def counterparts(connection: Connection, target: str) -> dict[str, tuple[Counterpart, str]]:
    """The accounts as a system has them now, each with the name it has there, by id."""
    rows = {row.id: row for row in current(connection, "counterpart") if row.source == target}
    personal: dict[int, dict[str, str]] = {}
    versions, table = sorted(rows), personal_data.c
    for start in range(0, len(versions), CHUNK):
        query = sa.select(table.version_id, table.content).where(table.version_id.in_(versions[start : start + CHUNK]))
        personal.update({version_id: content or {} for version_id, content in connection.execute(query)})
    return {
        row.external_id: (
            Counterpart(
                row.external_id,
                row.content.get("external_key", ""),
                personal.get(version_id, {}).get("vat_number", ""),
                row.content.get("domain", ""),
                row.content.get("country", ""),
                row.content.get("merged_into", ""),
                tuple(row.content.get("merged_from", ())),
                row.content.get("archived", False),
            ),
            personal.get(version_id, {}).get("name", ""),
        )
        for version_id, row in sorted(rows.items())
    }
