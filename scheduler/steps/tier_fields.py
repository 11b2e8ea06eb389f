"""Tier fields sales see: an update where what it tells is not what was told last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.spi import TierRequest
from core.keys import notice_key
from core.ledger import outbox, postings
from core.ledger.accounts import aliases, owner
from core.ledger.book import Batch
from core.ledger.columns import text_within
from core.ledger.masters import Profile
from core.ledger.registry import Registered
from core.ledger.tables import outbox as outbox_table
from core.ledger.tables import posting, posting_transaction
from core.tiers import Figures, figures
from scheduler.config_sections import route
from scheduler.context import Context
from scheduler.steps import requests
from scheduler.steps.addressing import Addresses
from scheduler.steps.notebook import qualified

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


class Update(NamedTuple):
    """A tier update to queue, and the one before it."""

    target: str
    request: TierRequest
    profile: Profile
    told: Told | None


def new_updates(
    context: Context,
    reading: sa.Connection,
    rows: list[Row],
    names: Mapping[int, Profile],
    registered: Mapping[str, Registered],
    addresses: Addresses,
    unmatched: set[tuple[str, int]],
) -> list[Update]:
    """Updates that say something else than the last one of their account and program.

    `unmatched` gets the target and account of those that have something to tell, and nobody there to tell it to.
    """
    last = _last_told(reading)
    money = _money(reading, context.as_of)
    found = []
    for row in rows:
        profile = names[row.account_id]
        target = route(context.config.write_back.tiers, profile.source)
        if target is None:
            continue
        address = addresses.of(target, profile)
        if address is None:
            unmatched.add((target, row.account_id))
            continue
        told = last.get((row.account_id, row.program, target))
        number = told.number + 1 if told else 1
        key = notice_key(target, profile.external_id, f"tier:{row.program}", str(number))
        earned = money.get((row.account_id, row.currency), Money())
        request = _tier_request(key, row, address, earned, figures(registered[row.program].program))
        if told is None or _says(told.request) != _says(requests.stored(request)):
            found.append(Update(target, request, profile, told))
    return found


def _says(request: dict[str, Any]) -> dict[str, Any]:
    """What a tier update tells, apart from when it was told and under which key. An older one has no unit."""
    return {"unit": "", "digits": 0} | {name: value for name, value in request.items() if name not in ("key", "as_of")}


def _tier_request(key: str, row: Row, address: str, money: Money, measured: Figures) -> TierRequest:
    return TierRequest(
        key,
        address,
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


def queue(context: Context, batch: Batch, update: Update) -> None:
    """Put a tier update into the outbox. One before it that was never begun is not worth sending any more.

    Where the target has no keys for tiers, nor is one that was begun: ours waits until its request cannot land any
    more, so that the newer one is what stays. Where it has, that one is looked up and finished as any other.
    """
    target, request, profile, told = update
    wait = None
    if told is not None and (
        told.state == "queued" or (told.state in outbox.PENDING and _has_no_keys(context, target))
    ):
        wait = told.deadline if told.state != "queued" else None
        outbox.mark(batch, told.request["key"], "voided", "a newer standing took its place")
    if outbox.by_key(batch.connection, request.key) is not None:  # another source has an account of this id
        number = str(told.number + 1 if told else 1)
        request = replace(request, key=notice_key(target, qualified(profile), f"tier:{request.program}", number))
    outbox.enqueue(
        batch,
        key=request.key,
        target=target,
        kind="tier",
        request=requests.stored(request),
        account_id=profile.account_id,
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
