"""Notices: what an account's people are told, and the tier fields sales see. Each once, and only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.spi import NoteRequest, Remote, TierRequest
from core.keys import notice_key
from core.ledger import acts, moves, outbox, postings, proposals, registry, standings
from core.ledger.accounts import aliases, owner
from core.ledger.book import Batch
from core.ledger.columns import text_within
from core.ledger.masters import Profile, profiles
from core.ledger.proposals import Stored
from core.ledger.registry import Registered
from core.ledger.tables import outbox as outbox_table
from core.ledger.tables import posting, posting_transaction
from core.ledger.tables import standing as standing_table
from core.money import shown
from core.tiers import Figures, figures
from scheduler.config_sections import route
from scheduler.context import Context
from scheduler.steps import requests
from scheduler.steps.wording import service_text

Row = sa.Row[Any]


class Told(NamedTuple):
    """The last tier update of an account and program: what it said, how many there were, whether it may still land."""

    request: dict[str, Any]
    number: int
    state: str
    deadline: datetime | None


class Money(NamedTuple):
    """What an account has earned and not been paid yet, and what was credited to it this calendar year; minor units."""

    accrued: int = 0
    paid: int = 0


def _note(context: Context, batch: Batch, profile: Profile, event: str, event_id: str, text: str) -> None:
    target = route(context.config.write_back.account_notes, profile.source)
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


def document_issued(context: Context, batch: Batch, item: Stored, remote: Remote) -> None:
    """Tell the account's people that a credit note, or a debit invoice, was issued."""
    profile = profiles(batch.connection, {item.payee})[item.payee]
    number = remote.number or item.key
    kind = item.content.get("kind", "credit_note")
    net, gross = abs(item.net), abs(item.net + item.tax)
    text = (
        f"{kind.replace('_', ' ').capitalize()} {number} over {shown(net, item.currency)} net "
        f"({shown(gross, item.currency)} with tax) was issued: {item.content['text']}, {item.period_label}."
    )
    _note(context, batch, profile, f"{kind}_issued", item.key, text)


def ask_for_invoices(context: Context) -> int:
    """Ask every account for its invoice over a service that was approved, once. Returns how many are new."""
    if not context.config.write_back.account_notes:
        return 0
    with context.book.read() as reading:
        waiting = [
            item
            for item in proposals.in_states(reading, ("approved",), "live")
            if item.content.get("kind") == "service"
        ]
        names = profiles(reading, {item.payee for item in waiting}) if waiting else {}
        known = _keys(reading) if waiting else set()
    asked = []
    for item in waiting:
        profile = names[item.payee]
        target = route(context.config.write_back.account_notes, profile.source)
        key = notice_key(target or "", profile.external_id, "service_approved", item.key)
        if target is not None and key not in known:
            asked.append((item, profile))
    if not asked:
        return 0
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        for item, profile in asked:
            language = profile.content.get("language", "en")
            text = service_text(item.content, shown(item.net, item.currency), item.key, language)
            _note(context, batch, profile, "service_approved", item.key, text)
    return len(asked)


def prepare(context: Context) -> int:
    """Put tier fields, and notes about changed tiers, of the live programs into the outbox. Returns how many."""
    routes = context.config.write_back
    with context.book.read() as reading:
        live = {program for program, mode in acts.modes(reading).items() if mode.mode == "live"}
        registered = registry.current(reading)
        quiet = {*moves.undecided(reading), *(alias.old for alias in aliases(reading) if alias.covers(context.as_of))}
        rows = [
            row
            for row in standings.latest(reading, "live").values()
            if row.program in live and row.program in registered and row.account_id not in quiet
        ]
        names = profiles(reading) if rows else {}
        before = _tiers_before(reading)
        notes = _new_notes(routes.account_notes, rows, names, before, _keys(reading))
        tiers = _new_tiers(context, reading, rows, names, registered) if routes.tiers and rows else []
    if not tiers and not notes:
        return 0
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        for target, request, row, told in tiers:
            _tier(context, batch, target, request, row, told)
        for row, old in notes:
            name = registered[row.program].program.program.name
            until = f", valid until {row.valid_until}" if row.valid_until else ""
            text = f"{name}: the tier is now {row.tier} (before: {old}), since {row.since}{until}."
            _note(context, batch, names[row.account_id], "tier_changed", _tier_event(row), text)
    return len(tiers) + len(notes)


def _tier_event(row: Row) -> str:
    """What a change of tier is told under: once, however often its figures move afterwards."""
    return f"{row.program}:{row.tier}:{row.since}"


def _new_notes(
    routes: dict[str, str],
    rows: list[Row],
    names: dict[int, Profile],
    before: dict[tuple[str, int], str],
    known: set[str],
) -> list[tuple[Row, str]]:
    found = []
    for row in rows:
        profile = names[row.account_id]
        target, old = route(routes, profile.source), before.get((row.program, row.account_id))
        if target is None or old is None:
            continue
        if notice_key(target, profile.external_id, "tier_changed", _tier_event(row)) not in known:
            found.append((row, old))
    return found


def _new_tiers(
    context: Context,
    reading: sa.Connection,
    rows: list[Row],
    names: dict[int, Profile],
    registered: Mapping[str, Registered],
) -> list[tuple[str, TierRequest, Row, Told | None]]:
    """Tier updates that say something else than the last one of their account and program."""
    last = _last_told(reading)
    money = _money(reading, context.as_of)
    found = []
    for row in rows:
        profile = names[row.account_id]
        target = route(context.config.write_back.tiers, profile.source)
        if target is None:
            continue
        told = last.get((row.account_id, row.program, target))
        number = told.number + 1 if told else 1
        key = notice_key(target, profile.external_id, f"tier:{row.program}", str(number))
        earned = money.get((row.account_id, row.currency), Money())
        request = _tier_request(key, row, profile, earned, figures(registered[row.program].program))
        if told is None or _says(told.request) != _says(requests.stored(request)):
            found.append((target, request, row, told))
    return found


def _says(request: dict[str, Any]) -> dict[str, Any]:
    """What a tier update tells, apart from when it was told and under which key. An older one has no unit."""
    return {"unit": "", "digits": 0} | {name: value for name, value in request.items() if name not in ("key", "as_of")}


def _tier_request(key: str, row: Row, profile: Profile, money: Money, measured: Figures) -> TierRequest:
    return TierRequest(
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
        money.accrued,
        money.paid,
        "" if measured.is_money else measured.unit,
        0 if measured.is_money else measured.digits,
    )


def _tier(context: Context, batch: Batch, target: str, request: TierRequest, row: Row, told: Told | None) -> None:
    """Put a tier update into the outbox. One before it that was never begun is not worth sending any more.

    Where the target has no keys for tiers, nor is one that was begun: ours waits until its request cannot land any
    more, so that the newer one is what stays. Where it has, that one is looked up and finished as any other.
    """
    wait = None
    if told is not None and (
        told.state == "queued" or (told.state in outbox.PENDING and _has_no_keys(context, target))
    ):
        wait = told.deadline if told.state != "queued" else None
        outbox.mark(batch, told.request["key"], "voided", "a newer standing took its place")
    outbox.enqueue(
        batch,
        key=request.key,
        target=target,
        kind="tier",
        request=requests.stored(request),
        account_id=row.account_id,
    )
    if wait is not None:
        outbox.mark(batch, request.key, "queued", not_before=wait)


def _has_no_keys(context: Context, target: str) -> bool:
    connection = context.config.connections.get(target)
    return connection is not None and "tier" in context.adapter(target).capabilities.repeatable


def _last_told(reading: sa.Connection) -> dict[tuple[int, str, str], Told]:
    """The last tier update by account, program and target."""
    table = outbox_table.c
    program = text_within(reading, table.request, "program").label("program")
    told = (
        sa.select(
            table.account_id,
            program,
            table.target,
            sa.func.max(table.created_at).label("created_at"),
            sa.func.count().label("number"),
        )
        .where(table.kind == "tier")
        .group_by(table.account_id, program, table.target)
        .subquery()
    )
    query = (
        sa.select(outbox_table, told.c.number)
        .join(
            told,
            sa.and_(
                told.c.account_id == table.account_id,
                told.c.program == program,
                told.c.target == table.target,
                told.c.created_at == table.created_at,
            ),
        )
        .where(table.kind == "tier")
    )
    return {
        (row.account_id, row.request["program"], row.target): Told(row.request, row.number, row.state, row.deadline)
        for row in reading.execute(query)
    }


def _money(reading: sa.Connection, today: date) -> dict[tuple[int, str], Money]:
    """What accounts have earned and been paid in the live book, by account and currency."""
    found: dict[tuple[int, str], Money] = {}
    for key, balance in postings.balances(reading, "live").items():
        at = key.payee, key.currency
        open_amount = balance.accrued + balance.adjusted - balance.settled - balance.waived
        found[at] = found.get(at, Money())._replace(accrued=found.get(at, Money()).accrued + open_amount)
    table = posting.c
    paid = (
        sa.select(table.payee, table.currency, sa.func.sum(table.amount))
        .join(posting_transaction, posting_transaction.c.id == table.transaction_id)
        .where(
            table.book == "live",
            table.ledger_account == "refund_liability",
            table.component == "settled",
            table.posted_on >= date(today.year, 1, 1),
            posting_transaction.c.kind.in_(("settle", "reverse")),
        )
        .group_by(table.payee, table.currency)
    )
    merged = aliases(reading)
    for payee, currency, amount in reading.execute(paid):
        at = owner(merged, payee), currency
        before = found.get(at, Money())
        found[at] = before._replace(paid=before.paid + int(amount))
    return found


def _keys(connection: sa.Connection) -> set[str]:
    query = sa.select(outbox_table.c.key).where(outbox_table.c.kind == "account_note")
    return set(connection.execute(query).scalars())


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
