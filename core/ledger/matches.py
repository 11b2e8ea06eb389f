"""Which record of another system stands for an account of ours: what was decided, batch by batch.

A row is written where the outcome of an account has changed; the latest of each account and target is in force. Rows
hold ids alone. No money depends on them: they say to whom notes and tiers are addressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.accounts import aliases, origins, owner
from core.ledger.tables import account_match


def addresses(connection: Connection, target: str, today: date) -> Mapping[int, str]:
    """The id by which `target` knows each account, by account. Accounts that are not in it have no match there: what
    is to be told of them waits.

    `target` is the name of a connection whose adapter reads records of kind `counterpart`. An account that was merged
    into another one, as of `today`, has the match of that one; where that one has none, the match of the old account
    serves both.
    """
    rows = latest(connection, target)
    matched = {row.account_id: row.counterpart for row in rows.values() if row.state == "matched"}
    known = [alias for alias in aliases(connection) if alias.covers(today)]
    for new in dict.fromkeys(owner(known, alias.old, today) for alias in known):
        members = origins(known, {new})
        former = {matched.pop(member) for member in members if member in matched and member != new}
        own = rows.get(new)
        decided = own is not None and (own.state != "unmatched" or own.rule)
        chosen = matched.get(new) if decided or len(former) != 1 else former.pop()
        if chosen is not None:
            matched.update(dict.fromkeys(members, chosen))
    return matched


def latest(connection: Connection, target: str) -> dict[int, sa.Row[Any]]:
    """The row in force of each account that has any for a target."""
    table = account_match.c
    newest = sa.select(sa.func.max(table.id)).where(table.target == target).group_by(table.account_id)
    return {row.account_id: row for row in connection.execute(sa.select(account_match).where(table.id.in_(newest)))}
