"""Write back: what is approved leaves through the outbox, once; then what people are told about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from connectors.spi import Capabilities, WriteKind
from core.ledger import moves, outbox, proposals
from core.ledger.alarms import open_alarms
from core.ledger.columns import utc_now
from core.ledger.masters import profiles
from scheduler.config_sections import route
from scheduler.context import Context
from scheduler.steps import addressing, notices, requests
from scheduler.steps.promises import Promises
from scheduler.steps.sending import Sender, TargetDown
from scheduler.steps.starts import keep_starts
from scheduler.steps.written import Written

_DOCUMENTS = ("credit_note", "debit_invoice")
_NOTICES = ("account_note", "tier", "journal")
AT_ONCE = 25
"""Rows committed as sending together: few enough that a crash leaves little to look up."""
MOST_AT_ONCE = 200
"""Rows committed as sending together where the target takes several with one request."""


def prepare(context: Context) -> int:
    """Put every approved proposal that becomes a document of ours into the outbox. Returns how many are new there."""
    routes = context.config.write_back.credit_notes
    if not routes:
        return 0
    added = 0
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        waiting = proposals.in_states(batch.connection, ("approved",), "live")
        names = profiles(batch.connection, {item.payee for item in waiting}) if waiting else {}
        for item in waiting:
            target = route(routes, item.entity)
            row = outbox.by_key(batch.connection, item.key)
            if item.content.get("kind") == "service" or target is None or (row is not None and row.state != "refused"):
                continue
            request = requests.document(context.config, item, names[item.payee], context.as_of, target)
            added += outbox.enqueue(
                batch,
                key=item.key,
                target=target,
                kind=request.kind,
                request=requests.stored(request),
                account_id=item.payee,
                proposal_id=item.id,
            )
    return added


def write_back(context: Context) -> Written:
    """Send what is due: documents first, then notes, tiers and journals. One target down does not stop the others."""
    result = Written()
    keep_starts(context)
    prepare(context)
    _send_all(context, _DOCUMENTS, result)
    notices.prepare(context, result)
    _send_all(context, _NOTICES, result)
    return result


def _send_all(context: Context, kinds: tuple[str, ...], result: Written) -> None:
    with context.book.read() as reading:
        rows = outbox.pending(reading, kinds, utc_now())
        blocked = {row.account_id for row in open_alarms(reading) if row.kind == "unknown_key"}
        undecided = moves.undecided(reading)
        unaddressed = addressing.unaddressed(context, reading, rows)
    by_target: dict[str, list[sa.Row[Any]]] = {}
    for row in rows:
        begun = row.attempts > 0  # its outcome has to be learned, whatever is asked about its account meanwhile
        unclear = row.key in unaddressed or (row.account_id in undecided and not begun)
        if row.account_id is not None and (row.account_id in blocked or unclear):
            result.waiting += 1
        else:
            by_target.setdefault(row.target, []).append(row)
    for target, mine in by_target.items():
        connection = context.config.connections.get(target)
        if connection is None or not connection.write:
            result.blocked += len(mine)
            result.messages.append(f"{target}: {len(mine)} not sent, connections.{target}.write is false")
        elif context.rehearsing:
            _rehearse(mine, result)
        else:
            _send_to(context, target, mine, result)


def _send_to(context: Context, target: str, rows: list[sa.Row[Any]], result: Written) -> None:
    promises = Promises(context, {row.request["program"] for row in rows if row.proposal_id is not None})
    adapter = context.adapter(target)
    sender = Sender(context, target, adapter, promises, result)
    sent = 0
    for some in handfuls(adapter.capabilities, rows):
        sent += len(some)
        try:
            sender.send(some)
        except TargetDown as error:
            result.messages.append(f"{target}: {error}")
            result.waiting += len(rows) - sent
            return
        context.progress(f"write to {target}", sent, len(rows))


def handfuls(capabilities: Capabilities, rows: Sequence[sa.Row[Any]]) -> Iterator[list[sa.Row[Any]]]:
    """Rows of one target as they are sent: each kind apart, as many at once as the target takes with one request.

    Of a kind that only states how something is, no two of an account go together: the later one must be what stays.
    """
    kinds: dict[WriteKind, list[sa.Row[Any]]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    for kind, left in kinds.items():
        apart = kind in capabilities.repeatable
        size = min(capabilities.batches.get(kind, AT_ONCE), MOST_AT_ONCE)
        if capabilities.unique(kind) == "none" and not apart:
            size = 1  # after a crash all of a handful have an unknown outcome, and each of them needs a person
        while left:
            taken: list[sa.Row[Any]] = []
            rest: list[sa.Row[Any]] = []
            accounts = set()
            for row in left:
                if len(taken) == size or (apart and row.request["account"] in accounts):
                    rest.append(row)
                else:
                    taken.append(row)
                accounts.add(row.request.get("account"))
            yield taken
            left = rest


def _rehearse(rows: list[sa.Row[Any]], result: Written) -> None:
    for row in rows:
        result.count(row.kind, "created")
        if row.kind in _DOCUMENTS:
            result.credit(row.request["currency"], row.request["net"] * (1 if row.kind == "credit_note" else -1))
