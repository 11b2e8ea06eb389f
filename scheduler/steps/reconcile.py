"""Reconcile: read back what was written, and compare. What is gone or changed opens an alarm; a person decides.

Nothing is proposed again by itself: a settlement that was cancelled remotely becomes `voided`, one that was changed
`differs`. A document of ours that comes back through a pull completes a missing receipt. (design.md section 7)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from connectors.spi import Adapter, Remote, WriteRequest, account_of
from core.errors import RebatedError, RefusedError
from core.keys import content_hash
from core.ledger import acts, moves, outbox, postings, proposals, review
from core.ledger.accounts import successors
from core.ledger.alarms import close_alarm, open_alarm
from core.ledger.book import Batch
from core.ledger.postings import Transaction
from core.ledger.tables import record_head, record_version
from core.posting import entry
from scheduler.context import Context
from scheduler.steps import requests
from scheduler.steps.receipts import differs, keep_receipt

_WRITTEN = ("credit_note", "debit_invoice")


@dataclass(slots=True)
class Reconciled:
    """What was compared, and what does not agree."""

    compared: int = 0
    completed: int = 0
    voided: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def reconcile(context: Context) -> Reconciled:
    """Compare every receipt of a document with the remote, and complete receipts from documents that came back."""
    result = Reconciled()
    _complete(context, result)
    with context.book.read() as reading:
        rows = [row for row in outbox.receipts(reading) if row.kind in _WRITTEN]
        states = {row.key: row for row in outbox.in_state(reading, ("done", "voided", "differs"))}
        accepted = acts.latest(reading, "settlement_decision")
        became = successors(reading)
    for done, row in enumerate(rows, 1):
        sent = states.get(row.key)
        if sent is None or sent.state == "voided" or row.target not in context.config.connections:
            continue
        try:
            remote = context.adapter(row.target).read_back(row.kind, row.remote_id)
            others = _others(context.adapter(row.target), row, account_of(requests.restored(sent.request)))
        except RebatedError as error:
            result.messages.append(f"{row.target}: {error.message}")
            continue
        result.compared += 1
        if accepted.get(row.key, {}).get("remote") == _as_accepted(remote):
            continue
        if others:
            _double(context, sent, [row.remote_id, *others], result)
        _compare(context, sent, remote, became, result)
        context.progress("reconcile", done, len(rows))
    return result


def _as_accepted(remote: Remote | None) -> str:
    """What a person accepted: as long as the remote document stays like this, it is not asked about again."""
    if remote is None:
        return "gone"
    figures = (remote.state, remote.account, remote.currency, remote.net, remote.tax, remote.line_count)
    return content_hash([*figures, sorted(remote.taxes)])


def _others(adapter: Adapter, row: sa.Row[Any], account: str) -> list[str]:
    """Further documents with the key of a receipt, where the remote does not refuse them."""
    if adapter.capabilities.unique(row.kind) == "enforced":
        return []
    found = adapter.look_up(row.kind, row.key, account)
    return [remote.remote_id for remote in found if remote.state == "posted" and remote.remote_id != row.remote_id]


def _double(context: Context, sent: sa.Row[Any], ids: list[str], result: Reconciled) -> None:
    message = f"{sent.target} holds {len(ids)} documents with the key {sent.key}: {', '.join(ids)}"
    result.messages.append(message)
    with _batch(context, sent.key) as batch:
        open_alarm(batch, "duplicate", sent.key, message, sent.account_id)


def _compare(
    context: Context, sent: sa.Row[Any], remote: Remote | None, became: Mapping[str, set[str]], result: Reconciled
) -> None:
    request = requests.restored(sent.request)
    account = getattr(request, "account", "")
    if remote is not None and remote.account in became.get(account, ()):
        remote = replace(remote, account=account)  # merged there, and a person has confirmed it here
    gone = remote is None or remote.state == "cancelled"
    difference = "" if remote is None or gone else _changed(request, remote)
    if not gone and not difference:
        if sent.state == "differs":
            _note_state(context, sent, "done", "settled", "it agrees again")
            _close(context, "differs", sent.key)
        return
    if remote is not None and not gone and _stands_elsewhere(context, sent, request, remote):
        result.messages.append(f"{sent.key} stands under account {remote.account} in {sent.target}: were two merged?")
        return
    if gone:
        result.voided.append(sent.key)
        state, message = "voided", "it is gone" if remote is None else "it was cancelled"
    else:
        result.differing.append(sent.key)
        state, message = "differs", difference
    if sent.state != state:
        _note_state(context, sent, state, state, message)
    with _batch(context, sent.key) as batch:
        open_alarm(
            batch,
            state,
            sent.key,
            f"{sent.key} in {sent.target}: {message}. Decide: `rebated review reissue|accept|write-off {sent.key}`",
            sent.account_id,
        )


def _changed(request: WriteRequest, remote: Remote) -> str:
    """What was changed in a document that had been posted; empty text where nothing was."""
    return "it was set back to draft" if remote.state == "draft" else differs(request, remote)


def _stands_elsewhere(context: Context, sent: sa.Row[Any], request: WriteRequest, remote: Remote) -> bool:
    """Whether nothing but the account differs and a person is asked about it: two may have been merged there."""
    account = getattr(request, "account", "")
    if remote.account in ("", account) or sent.account_id is None:
        return False
    if _changed(request, replace(remote, account=account)):
        return False
    with _batch(context, sent.key) as batch:
        return moves.ask_about(batch, sent.account_id, remote.account, sent.key)


def _note_state(context: Context, sent: sa.Row[Any], state: str, proposal_state: str, message: str) -> None:
    with _batch(context, sent.key) as batch:
        outbox.mark(batch, sent.key, state, message)
        if sent.proposal_id is not None:
            item = proposals.by_id(batch.connection, sent.proposal_id)
            proposals.move(batch, item, proposal_state, message, proposals.DAEMON)


def _close(context: Context, kind: str, key: str) -> None:
    with _batch(context, key) as batch:
        close_alarm(batch, kind, key, "agrees again")


def _batch(context: Context, note: str) -> Any:
    return context.book.batch("reconcile", actor=proposals.DAEMON, claim=context.fence, run=context.run_id, note=note)


def _complete(context: Context, result: Reconciled) -> None:
    """Documents of ours that a pull brought back, and whose receipt we lack."""
    with context.book.read() as reading:
        keys = set(
            reading.execute(
                sa.select(record_version.c.own_key)
                .join(record_head, record_head.c.version_id == record_version.c.id)
                .where(record_version.c.own_key.is_not(None), record_head.c.present)
            ).scalars()
        )
        rows = [row for row in outbox.in_state(reading, ("sending", "unknown", "person")) if row.key in keys]
    for row in rows:
        try:
            request = requests.restored(row.request)
            found = context.adapter(row.target).look_up(row.kind, row.key, account_of(request))
        except RebatedError as error:
            result.messages.append(f"{row.target}: {error.message}")
            continue
        if found:
            with _batch(context, row.key) as batch:
                result.completed += keep_receipt(context, batch, row, request, found[0], "returned")


def _present(context: Context, batch: Batch, key: str) -> Remote | None:
    """The remote document as it stands now."""
    kept = outbox.receipt_of(batch.connection, key)
    return None if kept is None else context.adapter(kept.target).read_back(kept.kind, kept.remote_id)


def decide(context: Context, batch: Batch, key: str, choice: str, reason: str, today: date) -> str:
    """A person's choice about a voided or differing settlement.

    `reissue`: what was settled is owed again, under a new generation of the key. `accept`: it stays settled as the
    remote has it. `write-off`: what was settled is given up. Raises RefusedError.
    """
    item = proposals.by_key(batch.connection, key)
    if item.state not in ("voided", "differs"):
        raise RefusedError(f"{key} is {item.state}: only voided or differing settlements are decided about")
    if acts.latest(batch.connection, "settlement_decision").get(key, {}).get("choice") == "reissue":
        raise RefusedError(f"{key} was decided about: what it had settled is owed again, under another key")
    settled = key in proposals.settled_keys(batch.connection)
    rows = proposals.parts(batch.connection, [item.id])[item.id]
    sums = sorted(review.sums_by_key(rows).items())
    transactions: list[Transaction] = []
    if choice in ("reissue", "write-off") and settled:
        transactions += [
            Transaction("reverse", today, part.program, entry("reverse", part, -amount), key, reason)
            for part, amount in sums
        ]
    if choice == "write-off":
        transactions += [
            Transaction("waive", today, part.program, entry("waive", part, amount), key, reason)
            for part, amount in sums
        ]
    if choice == "reissue" and item.state == "differs":
        raise RefusedError(f"{key} still stands in the other system", hint="cancel it there first, then reconcile")
    if choice == "accept" and not settled:
        transactions += review.settling(rows, key, today, reason)
        row = outbox.by_key(batch.connection, key)
        if row is not None and outbox.receipt_of(batch.connection, key) is None:
            remote_id = row.remote_id or key
            outbox.add_receipt(
                batch,
                row,
                remote_id=remote_id,
                number=remote_id,
                net=abs(item.net),
                tax=abs(item.tax),
                taxes=[],
                learned="accepted",
            )
    postings.post(batch, item.book, transactions)
    final = {"reissue": "voided", "accept": "settled", "write-off": "waived"}[choice]
    proposals.move(batch, item, final, reason)
    outbox.mark(batch, key, "done" if choice == "accept" else "voided", reason)
    decision = {"choice": choice}
    if choice == "accept":
        decision["remote"] = _as_accepted(_present(context, batch, key))
    acts.record_act(batch, "settlement_decision", key, decision, reason)
    for kind in ("voided", "differs"):
        close_alarm(batch, kind, key, choice)
    return final
