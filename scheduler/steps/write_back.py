"""Write back: what is approved leaves through the outbox, once.

A row is committed as sending, with our fencing token and a deadline, before the request. Before anything is created
it is looked up by key; after an unknown outcome nothing is created until `max_request_time + lookup_lag` has passed.
What is found is compared with what was approved before it is accepted as a receipt. (design.md section 7)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from connectors.spi import (
    Adapter,
    AlreadyExists,
    DocumentRequest,
    Remote,
    UnknownOutcome,
    WriteRefused,
    WriteRequest,
)
from core.errors import FatalError, LostClaim, RetryableError
from core.ledger import outbox, postings, proposals, review
from core.ledger.accruals import shares
from core.ledger.alarms import open_alarm, open_alarms
from core.ledger.book import Batch, check_token
from core.ledger.columns import utc_now
from core.ledger.entitlements import latest
from core.ledger.facts import tax_codes
from core.ledger.masters import profiles
from core.ledger.postings import Transaction
from core.money import shown, text
from core.posting import Key, entry
from scheduler.context import Context, log
from scheduler.steps import notices, requests

_BACKOFF = (5, 30, 120, 600, 3600)


@dataclass(slots=True)
class Written:
    """What a run of write back did, and what it could not do."""

    sent: int = 0
    recovered: int = 0
    refused: int = 0
    waiting: int = 0
    suspended: int = 0
    blocked: int = 0
    notes: int = 0
    tiers: int = 0
    net: dict[str, int] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)


class _TargetDown(Exception):
    """This target takes nothing more in this run."""


def prepare(context: Context) -> int:
    """Put every approved proposal into the outbox. Returns how many are new there."""
    target = context.config.write_back.credit_notes
    if target is None:
        return 0
    added = 0
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        waiting = proposals.in_states(batch.connection, ("approved",), "live")
        names = profiles(batch.connection, {item.payee for item in waiting}) if waiting else {}
        for item in waiting:
            row = outbox.by_key(batch.connection, item.key)
            if row is not None and row.state != "refused":
                continue
            request = requests.credit_note(context.config, item, names[item.payee], context.as_of)
            added += outbox.enqueue(
                batch,
                key=item.key,
                target=target,
                kind="credit_note",
                request=requests.stored(request),
                account_id=item.payee,
                proposal_id=item.id,
            )
    return added


def write_back(context: Context) -> Written:
    """Send what is due, receipts first. One target being down does not stop the others."""
    result = Written()
    prepare(context)
    for kinds in (("credit_note", "debit_invoice"), ("account_note", "tier", "journal")):
        if kinds[0] == "account_note":
            notices.prepare(context)
        _send_all(context, kinds, result)
    return result


def _send_all(context: Context, kinds: tuple[str, ...], result: Written) -> None:
    with context.book.read() as reading:
        rows = outbox.pending(reading, kinds, utc_now())
        blocked = {row.account_id for row in open_alarms(reading) if row.kind == "unknown_key"}
    down: set[str] = set()
    for done, row in enumerate(rows, 1):
        connection = context.config.connections.get(row.target)
        if connection is None or not connection.write:
            result.blocked += 1
            continue
        if row.target in down or row.account_id in blocked:
            result.waiting += 1
            continue
        if context.rehearsing:
            result.sent += 1
            result.notes += row.kind == "account_note"
            result.tiers += row.kind == "tier"
            if row.kind == "credit_note":
                currency = row.request["currency"]
                result.net[currency] = result.net.get(currency, 0) + row.request["net"]
            continue
        try:
            _Sender(context, context.adapter(row.target), row, result).send()
        except _TargetDown as error:
            down.add(row.target)
            result.messages.append(f"{row.target}: {error}")
        context.progress("write back", done, len(rows))
    closed = {row.target for row in rows if not _may_write(context, row.target)}
    for target in sorted(closed):
        result.messages.append(
            f"{target}: nothing was sent, the connection has write = false (connections.{target}.write)"
        )


def _may_write(context: Context, target: str) -> bool:
    connection = context.config.connections.get(target)
    return connection is not None and connection.write


class _Sender:
    """Sends one row of the outbox."""

    def __init__(self, context: Context, adapter: Adapter, row: sa.Row[Any], result: Written) -> None:
        self.context, self.adapter, self.row, self.result = context, adapter, row, result
        self.request: WriteRequest = requests.restored(row.request)
        self.log = log.bind(key=row.key, target=row.target, run=context.run_id)

    def send(self) -> None:
        """Look it up, create it where it is not there, keep the receipt."""
        row, capabilities = self.row, self.adapter.capabilities
        first = row.attempts == 0
        if not self._begin():
            return
        try:
            found = self._look_up()
            if found is None and self._may_create(first):
                found = self._create()
        except UnknownOutcome as error:
            self._later("unknown", error.message, capabilities.max_request_time + capabilities.lookup_lag)
            return
        except WriteRefused as error:
            self._refused(error)
            return
        except LostClaim:
            raise
        except RetryableError as error:
            wait = _BACKOFF[min(row.attempts, len(_BACKOFF) - 1)]
            self._later("unknown" if not first else "queued", error.message, error.after or wait)
            raise _TargetDown(error.message) from error
        except FatalError as error:
            self._later("unknown" if not first else "queued", error.message, _BACKOFF[-1])
            raise _TargetDown(error.message) from error
        if found is not None:
            self._receipt(found)

    def _begin(self) -> bool:
        """Commit to sending. False where the proposal may not be sent any more."""
        context, row = self.context, self.row
        with self._batch("sending") as batch:
            if row.proposal_id is not None:
                item = proposals.by_id(batch.connection, row.proposal_id)
                if item.state not in ("approved", "sending"):
                    self.result.waiting += 1
                    return False
                reason = "" if item.state == "sending" else _fallen_short(context, batch, item)
                if reason:
                    proposals.move(batch, item, "suspended", reason, proposals.DAEMON)
                    open_alarm(batch, "suspended", item.key, f"{item.key} is not sent: {reason}", item.payee)
                    self.result.suspended += 1
                    return False
                if item.state == "approved":
                    proposals.move(batch, item, "sending", "", proposals.DAEMON)
            capabilities = self.adapter.capabilities
            self.deadline = row.deadline
            if row.attempts and row.deadline is not None and row.state in ("sending", "unknown"):
                self.earlier_deadline = row.deadline
            else:
                self.earlier_deadline = None
            if row.attempts >= context.config.sending.max_attempts:
                outbox.mark(batch, row.key, "person", f"{row.attempts} attempts: {row.error}")
                open_alarm(batch, "not_sent", row.key, f"{row.key} could not be sent: {row.error}", row.account_id)
                return False
            self.deadline = outbox.mark_sending(batch, row.key, context.fence[1], capabilities.max_request_time)
        return True

    def _may_create(self, first: bool) -> bool:
        """Whether an earlier attempt can no longer take effect; an adapter without uniqueness leaves it to a person."""
        if first or self.earlier_deadline is None:
            return True
        capabilities = self.adapter.capabilities
        safe = self.earlier_deadline + timedelta(seconds=capabilities.lookup_lag)
        if utc_now() < safe:
            self._later("unknown", "an earlier attempt may still take effect", 0, until=safe)
            return False
        if capabilities.uniqueness == "none":
            with self._batch("sending") as batch:
                message = f"{self.row.key}: an attempt had an unknown outcome and {self.row.target} cannot refuse a second"
                outbox.mark(batch, self.row.key, "person", message)
                open_alarm(batch, "not_sent", self.row.key, message, self.row.account_id)
            self.result.waiting += 1
            return False
        return True

    def _look_up(self) -> Remote | None:
        found = self.adapter.look_up(self.request.kind, self.row.key)
        if len(found) > 1:
            with self._batch("alarm") as batch:
                ids = ", ".join(remote.remote_id for remote in found)
                open_alarm(
                    batch, "duplicate", self.row.key, f"{self.row.target} holds {len(found)} documents with the key "
                    f"{self.row.key}: {ids}", self.row.account_id,
                )
        if found:
            self.learned = "looked_up"
            posted = [remote for remote in found if remote.state == "posted"]
            return (posted or list(found))[0]
        return None

    def _create(self) -> Remote | None:
        with self.context.book.read() as reading:
            check_token(reading, *self.context.fence)
        if utc_now() >= self.deadline:
            raise RetryableError("the deadline passed before the request was sent")
        self.learned = "created"
        try:
            return self.adapter.create(self.request)
        except AlreadyExists:
            found = self._look_up()
            if found is None:
                raise UnknownOutcome(f"{self.row.target} says {self.row.key} exists and does not find it") from None
            return found

    def _later(self, state: str, message: str, seconds: int, *, until: Any = None) -> None:
        with self._batch("sending") as batch:
            outbox.mark(
                batch, self.row.key, state, message, not_before=until or utc_now() + timedelta(seconds=seconds)
            )
        self.result.waiting += 1
        self.log.warning("not sent yet", state=state, error=message)

    def _refused(self, error: WriteRefused) -> None:
        row = self.row
        with self._batch("refused") as batch:
            outbox.mark(batch, row.key, "refused", error.message, remote_id=error.remote_id)
            if row.proposal_id is not None:
                item = proposals.by_id(batch.connection, row.proposal_id)
                review.back_to_review(batch, item, f"{row.target} refused it: {error.message}", self.context.as_of)
            open_alarm(batch, "refused", row.key, f"{row.target} refused {row.key}: {error.message}", row.account_id)
        self.result.refused += 1
        self.log.error("refused", error=error.message)

    def _receipt(self, remote: Remote) -> None:
        with self._batch("receipt") as batch:
            kept = keep_receipt(self.context, batch, self.row, self.request, remote, self.learned)
        if not kept:
            self.result.messages.append(f"{self.row.key} differs from what was approved: see `rebated doctor`")
            return
        self.result.sent += 1
        self.result.recovered += self.learned == "looked_up"
        self.result.notes += self.row.kind == "account_note"
        self.result.tiers += self.row.kind == "tier"
        if isinstance(self.request, DocumentRequest):
            currency = self.request.currency
            self.result.net[currency] = self.result.net.get(currency, 0) + self.request.net
        self.log.info("sent", remote_id=remote.remote_id, learned=self.learned)

    def _batch(self, kind: str) -> Any:
        return self.context.book.batch(
            kind, actor=proposals.DAEMON, claim=self.context.fence, run=self.context.run_id, note=self.row.key
        )


def keep_receipt(
    context: Context, batch: Batch, row: sa.Row[Any], request: WriteRequest, remote: Remote, learned: str
) -> bool:
    """Accept a remote document as the receipt of a row and settle its proposal. False where it differs: an alarm."""
    difference = differs(request, remote)
    item = proposals.by_id(batch.connection, row.proposal_id) if row.proposal_id is not None else None
    if difference:
        outbox.mark(batch, row.key, "differs", difference, remote_id=remote.remote_id)
        if item is not None:
            proposals.move(batch, item, "differs", difference, proposals.DAEMON)
        open_alarm(batch, "differs", row.key, f"{row.target} holds {row.key} otherwise: {difference}", row.account_id)
        return False
    if outbox.receipt_of(batch.connection, row.key) is not None:
        outbox.mark(batch, row.key, "done", remote_id=remote.remote_id)
        return True
    outbox.add_receipt(
        batch,
        row,
        remote_id=remote.remote_id,
        number=remote.number,
        net=remote.net,
        tax=remote.tax,
        taxes=[list(part) for part in remote.taxes],
        learned=learned,
    )
    if item is not None:
        rows = proposals.parts(batch.connection, [item.id])[item.id]
        sums: dict[Key, int] = {}
        for part in rows:
            sums[part.key] = sums.get(part.key, 0) + part.amount
        postings.post(
            batch,
            item.book,
            [
                Transaction("settle", context.as_of, item.program, entry("settle", key, amount), item.key)
                for key, amount in sorted(sums.items())
            ],
        )
        proposals.move(batch, item, "settled", remote.number or remote.remote_id, proposals.DAEMON)
        notices.credit_note_issued(context, batch, item, remote)
    return True


def differs(request: WriteRequest, remote: Remote) -> str:
    """What tells the remote document from the request; empty text where they agree.

    Net agrees exactly; tax by one minor unit per tax code.
    """
    if remote.state == "cancelled":
        return "it is cancelled"
    if not isinstance(request, DocumentRequest):
        return ""
    currency = request.currency
    if remote.account and remote.account != request.account:
        return f"its account is {remote.account}, not {request.account}"
    if remote.currency and remote.currency != currency:
        return f"its currency is {remote.currency}, not {currency}"
    if remote.net != request.net:
        return f"its net amount is {shown(remote.net, currency)}, not {shown(request.net, currency)}"
    theirs = {(part.category, part.rate): part for part in remote.taxes}
    ours = {(part.category, part.rate): part for part in request.taxes}
    if remote.taxes and set(theirs) != set(ours):
        return "its tax codes are others"
    for code, part in ours.items():
        other = theirs.get(code)
        if other is not None and (other.net != part.net or abs(other.tax - part.tax) > 1):
            return (
                f"tax code {code[0]}: net {text(other.net, currency)} and tax {text(other.tax, currency)}, "
                f"not {text(part.net, currency)} and {text(part.tax, currency)}"
            )
    if remote.line_count and remote.line_count != len(request.lines):
        return f"it has {remote.line_count} lines, not {len(request.lines)}"
    return ""


def _fallen_short(context: Context, batch: Batch, item: proposals.Stored) -> str:
    """Why an approved proposal must wait: the entitlement has fallen below what is promised since approval."""
    connection = batch.connection
    rows = proposals.parts(connection, [item.id])[item.id]
    taxes = tax_codes(connection)
    entitled: dict[Key, int] = {}
    for beneficiary in {row.key.beneficiary for row in rows}:
        for stored in latest(connection, item.book, item.program, beneficiary):
            entitled |= shares(item.program, stored.currency, beneficiary, stored.period, stored, taxes)
    balance = postings.balances(connection, item.book, item.program)
    promised = proposals.reserved(connection, item.book, item.program)
    taken = {}
    for row in rows:
        now = balance.get(row.key, postings.Balance())
        taken[row.key] = now.settled + promised.get(row.key, 0) + now.waived - now.adjusted
    return review.fallen_short(item, rows, entitled, taken, context.config.sending.tolerance_in(item.currency))
