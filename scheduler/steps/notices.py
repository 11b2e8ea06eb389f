"""Notices: what an account's people are told, and the tier fields sales see. Each once, and only what changed."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from connectors.spi import NoteRequest, Remote, TierRequest
from core.keys import notice_key
from core.ledger import acts, outbox, registry, standings
from core.ledger.book import Batch
from core.ledger.masters import Profile, profiles
from core.ledger.proposals import Stored
from core.ledger.tables import outbox as outbox_table
from core.ledger.tables import standing as standing_table
from core.money import shown
from scheduler.context import Context
from scheduler.steps import requests

Row = sa.Row[Any]


def _note(context: Context, batch: Batch, profile: Profile, event: str, event_id: str, text: str) -> None:
    target = context.config.write_back.account_notes
    if target is None:
        return
    key = notice_key(target, profile.external_id, event, event_id)
    if outbox.by_key(batch.connection, key) is not None:
        return
    at = datetime.combine(context.as_of, time(12), context.config.business.zone)
    request = NoteRequest(key, profile.external_id, event, text, at, profile.content.get("language", "en"))
    outbox.enqueue(
        batch,
        key=key,
        target=target,
        kind="account_note",
        request=requests.stored(request),
        account_id=profile.account_id,
    )


def credit_note_issued(context: Context, batch: Batch, item: Stored, remote: Remote) -> None:
    """Tell the account's people that a credit note was issued."""
    profile = profiles(batch.connection, {item.payee})[item.payee]
    number = remote.number or item.key
    text = (
        f"Credit note {number} over {shown(item.net, item.currency)} net ({shown(item.net + item.tax, item.currency)} "
        f"with tax) was issued: {item.content['text']}, {item.period_label}."
    )
    _note(context, batch, profile, "credit_note_issued", item.key, text)


def prepare(context: Context) -> int:
    """Put tier fields, and notes about changed tiers, of the live programs into the outbox. Returns how many."""
    with context.book.read() as reading:
        live = {program for program, mode in acts.modes(reading).items() if mode.mode == "live"}
        registered = registry.current(reading)
        rows = [
            row
            for row in standings.latest(reading, "live").values()
            if row.program in live and row.program in registered
        ]
        names = profiles(reading)
        before = _tiers_before(reading)
        known = _keys(reading)
    tiers = _new_tiers(context.config.write_back.tiers, rows, names, known)
    notes = _new_notes(context.config.write_back.account_notes, rows, names, before, known)
    if not tiers and not notes:
        return 0
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        for key, row in tiers:
            _supersede(batch, row.account_id, row.program, key)
            _tier(batch, str(context.config.write_back.tiers), key, row, names[row.account_id])
        for row, old in notes:
            name = registered[row.program].program.program.name
            until = f", valid until {row.valid_until}" if row.valid_until else ""
            text = f"{name}: the tier is now {row.tier} (before: {old}), since {row.since}{until}."
            _note(context, batch, names[row.account_id], "tier_changed", _tier_event(row), text)
    return len(tiers) + len(notes)


def _tier_event(row: Row) -> str:
    """What a change of tier is told under: once, however often its figures move afterwards."""
    return f"{row.program}:{row.tier}:{row.since}"


def _new_tiers(
    target: str | None, rows: list[Row], names: dict[int, Profile], known: set[str]
) -> list[tuple[str, Row]]:
    if target is None:
        return []
    keyed = [
        (notice_key(target, names[row.account_id].external_id, f"tier:{row.program}", str(row.id)), row) for row in rows
    ]
    return [(key, row) for key, row in keyed if key not in known]


def _new_notes(
    target: str | None,
    rows: list[Row],
    names: dict[int, Profile],
    before: dict[tuple[str, int], str],
    known: set[str],
) -> list[tuple[Row, str]]:
    if target is None:
        return []
    found = []
    for row in rows:
        old = before.get((row.program, row.account_id))
        key = notice_key(target, names[row.account_id].external_id, "tier_changed", _tier_event(row))
        if old is not None and key not in known:
            found.append((row, old))
    return found


def _tier(batch: Batch, target: str, key: str, row: Row, profile: Profile) -> None:
    request = TierRequest(
        key,
        profile.external_id,
        row.program,
        row.tier,
        row.since,
        row.valid_until,
        row.measure,
        row.to_next,
        row.next_tier,
        row.to_keep,
        row.currency,
        row.as_of,
    )
    outbox.enqueue(
        batch, key=key, target=target, kind="tier", request=requests.stored(request), account_id=row.account_id
    )


def _keys(connection: sa.Connection) -> set[str]:
    kinds = ("tier", "account_note")
    return set(connection.execute(sa.select(outbox_table.c.key).where(outbox_table.c.kind.in_(kinds))).scalars())


def _tiers_before(connection: sa.Connection) -> dict[tuple[str, int], str]:
    """The tier each account had before its present standing, where it was another one."""
    table = standing_table.c
    told: dict[tuple[str, int], list[str]] = {}
    query = sa.select(table.program, table.account_id, table.tier).where(table.book == "live").order_by(table.id)
    for program, account_id, tier in connection.execute(query):
        tiers = told.setdefault((program, account_id), [])
        if not tiers or tiers[-1] != tier:
            tiers.append(tier)
    return {key: tiers[-2] for key, tiers in told.items() if len(tiers) > 1}


def _supersede(batch: Batch, account_id: int, program: str, key: str) -> None:
    """A tier update that was never begun is not worth sending once a newer one stands behind it."""
    rows = batch.connection.execute(
        sa.select(outbox_table.c.key, outbox_table.c.request).where(
            outbox_table.c.account_id == account_id, outbox_table.c.kind == "tier", outbox_table.c.state == "queued"
        )
    ).all()
    for row in rows:
        if row.request["program"] == program and row.key != key:
            outbox.mark(batch, row.key, "voided", "a newer standing took its place")
