"""To whom notes and tiers are addressed: our own account, or what a CRM's record stands for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from core.ledger import matches, outbox
from core.ledger.alarms import close_alarm
from core.ledger.masters import Profile, profiles
from core.ledger.tables import outbox as outbox_table
from scheduler.context import Context

Row = sa.Row[Any]
ADDRESSED = ("account_note", "tier")
"""The kinds that are addressed by match, where a target has matches. Documents name the account as its source does."""


class Addresses:
    """Under which id each target knows our accounts, as of the context's business day."""

    def __init__(self, context: Context, reading: sa.Connection) -> None:
        self._context, self._reading = context, reading
        self._matched: dict[str, Mapping[int, str] | None] = {}

    def of(self, target: str, profile: Profile) -> str | None:
        """The id of an account in a target; None where it has no match there, and what is to be told of it waits."""
        matched = self._in(target)
        if matched is None:
            return profile.external_id
        own = profile.external_id if profile.source == target else None
        return matched.get(profile.account_id, own)

    def by_match(self, target: str) -> bool:
        """Whether a target knows accounts under ids of its own."""
        return self._in(target) is not None

    def _in(self, target: str) -> Mapping[int, str] | None:
        if target not in self._matched:
            context = self._context
            is_there = target in context.config.connections
            matched = is_there and "counterpart" in context.adapter(target).capabilities.reads
            self._matched[target] = matches.addresses(self._reading, target, context.as_of) if matched else None
        return self._matched[target]


def unaddressed(context: Context, reading: sa.Connection, rows: Iterable[Row]) -> set[str]:
    """The keys of the rows that were never begun and have nobody to go to now."""
    addresses = Addresses(context, reading)
    fresh = [row for row in rows if _is_open(row) and row.kind in ADDRESSED and addresses.by_match(row.target)]
    names = profiles(reading, {row.account_id for row in fresh}) if fresh else {}
    return {row.key for row in fresh if addresses.of(row.target, names[row.account_id]) is None}


def follow_matches(context: Context) -> None:
    """Give what was never begun, and notes that were refused, the address their account has now.

    The key stays: it names our account, so that nothing is told twice because a match was pointed elsewhere.
    """
    table = outbox_table.c
    waiting = sa.or_(
        sa.and_(table.state == "queued", table.attempts == 0),
        sa.and_(table.state == "refused", table.kind == "account_note"),
    )
    with context.book.read() as reading:
        addresses = Addresses(context, reading)
        rows = [
            row
            for row in reading.execute(sa.select(outbox_table).where(table.kind.in_(ADDRESSED), waiting))
            if row.account_id is not None and addresses.by_match(row.target)
        ]
        names = profiles(reading, {row.account_id for row in rows}) if rows else {}
        moved = []
        for row in rows:
            address = addresses.of(row.target, names[row.account_id])
            if address is not None and address != row.request["account"]:
                moved.append((row, {**row.request, "account": address}))
    if not moved:
        return
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        for row, request in moved:
            outbox.readdress(batch, row.key, request)
            close_alarm(batch, "refused", row.key, f"it goes to {request['account']} now")


def _is_open(row: Row) -> bool:
    return row.state == "queued" and row.attempts == 0 and row.account_id is not None
