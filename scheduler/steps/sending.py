"""Sending a handful of outbox rows to one target, each document once.

The rows are committed as sending together, with our fencing token and a deadline, before the first request; each is
looked up by key before it is created; what came of them is committed together. A crash in between leaves rows that
say `sending`: the next run looks them up first, and creates nothing until an earlier request can no longer take
effect. (design.md section 7)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors.spi import (
    Adapter,
    AlreadyExists,
    DocumentRequest,
    NeedsPerson,
    Remote,
    UnknownOutcome,
    WriteRefused,
    WriteRequest,
)
from core.errors import FatalError, LostClaim, RetryableError
from core.ledger import outbox, proposals, review
from core.ledger.alarms import open_alarm
from core.ledger.book import Batch, check_token
from core.ledger.columns import utc_now
from scheduler.context import Context, log
from scheduler.steps import requests
from scheduler.steps.promises import Promises
from scheduler.steps.receipts import differs, keep_receipt
from scheduler.steps.written import Written

_BACKOFF = (5, 30, 120, 600, 3600)


@dataclass(slots=True)
class Outcome:
    """What came of one row: a remote document, a refusal, or a later attempt and why."""

    row: sa.Row[Any]
    request: WriteRequest
    remote: Remote | None = None
    learned: str = "created"
    refusal: WriteRefused | None = None
    state: str = ""
    error: str = ""
    not_before: datetime | None = None
    attempts: int | None = None
    double: tuple[str, ...] = ()


class TargetDown(Exception):
    """This target takes nothing more in this run."""


class Sender:
    """Sends rows of the outbox to one target."""

    def __init__(self, context: Context, target: str, adapter: Adapter, promises: Promises, result: Written) -> None:
        self.context, self.target, self.adapter = context, target, adapter
        self.promises, self.result = promises, result
        self.log = log.bind(target=target, run=context.run_id)

    def send(self, rows: list[sa.Row[Any]]) -> None:
        """Send rows. Raises TargetDown after what could be done is committed."""
        begun, deadline = self._begin(rows)
        outcomes: list[Outcome] = []
        down = ""
        for row in begun:
            outcome = Outcome(row, requests.restored(row.request))
            outcomes.append(outcome)
            if down or utc_now() >= deadline:
                self._not_tried(outcome, down)
                continue
            try:
                self._one(outcome)
            except LostClaim:
                raise
            except (RetryableError, FatalError) as error:
                down = error.message
                self._down(outcome, error)
        with self._batch("receipt") as batch:
            for outcome in outcomes:
                self._finish(batch, outcome)
        if down:
            raise TargetDown(down)

    def _begin(self, rows: list[sa.Row[Any]]) -> tuple[list[sa.Row[Any]], datetime]:
        """Commit to sending. Returns the rows that may be sent, and until when a request may be made.

        A row whose earlier request may still take effect is only looked up: its deadline and attempts stay.
        """
        begun = []
        seconds = self.adapter.capabilities.max_request_time
        self.began = utc_now()
        with self._batch("sending") as batch:
            for row in rows:
                if not self._is_over(row):
                    begun.append(row)
                elif row.attempts >= self.context.config.sending.max_attempts:
                    self._to_person(batch, row, f"{row.attempts} attempts: {row.error}")
                elif row.proposal_id is None or self._proposal_may_go(batch, row):
                    outbox.mark_sending(batch, row.key, self.context.fence[1], 2 * seconds)
                    begun.append(row)
        return begun, self.began + timedelta(seconds=seconds)

    def _proposal_may_go(self, batch: Batch, row: sa.Row[Any]) -> bool:
        item = proposals.by_id(batch.connection, row.proposal_id)
        if item.state == "sending":
            return True
        if item.state != "approved":
            self.result.waiting += 1
            return False
        short = self.promises.fallen_short(item)
        if short:
            proposals.move(batch, item, "suspended", short, proposals.DAEMON)
            open_alarm(batch, "suspended", item.key, f"{item.key} is not sent: {short}", item.payee)
            self.result.suspended += 1
            return False
        proposals.move(batch, item, "sending", "", proposals.DAEMON)
        return True

    def _to_person(self, batch: Batch, row: sa.Row[Any], why: str) -> None:
        outbox.mark(batch, row.key, "person", why)
        open_alarm(batch, "not_sent", row.key, f"{row.key} could not be sent to {row.target}: {why}", row.account_id)
        self.result.waiting += 1

    def _one(self, outcome: Outcome) -> None:
        """Look it up; create it where it is not there and no earlier request can take effect any more."""
        try:
            outcome.remote = self._look_up(outcome)
            if outcome.remote is None and self._may_create(outcome):
                outcome.remote = self._create(outcome)
        except UnknownOutcome as error:
            capabilities = self.adapter.capabilities
            self._later(outcome, "unknown", error.message, capabilities.max_request_time + capabilities.lookup_lag)
        except WriteRefused as error:
            outcome.refusal = error
        except NeedsPerson as error:
            outcome.state, outcome.error = "person", error.message

    def _look_up(self, outcome: Outcome) -> Remote | None:
        if outcome.request.kind in self.adapter.capabilities.repeatable:
            return None
        found = self.adapter.look_up(outcome.request.kind, outcome.row.key)
        final = [remote for remote in found if remote.state != "draft"]
        drafts = [remote for remote in found if remote.state == "draft"]
        if len(final) > 1:
            outcome.double = tuple(remote.remote_id for remote in final)
        if not found:
            return None
        outcome.learned = "looked_up"
        if final:
            for draft in drafts:
                self.adapter.discard(outcome.request.kind, draft.remote_id)
            posted = [remote for remote in final if remote.state == "posted"]
            return (posted or final)[0]
        return self._from_drafts(outcome, drafts) if self._is_over(outcome.row) else None

    def _from_drafts(self, outcome: Outcome, drafts: list[Remote]) -> Remote | None:
        """Post the lowest draft that is what was approved, discard the others: what a crash may have left behind."""
        kind = outcome.request.kind
        drafts.sort(key=lambda draft: (len(draft.remote_id), draft.remote_id))
        chosen = next((draft for draft in drafts if not differs(outcome.request, draft)), None)
        for draft in drafts:
            if draft is not chosen:
                self.adapter.discard(kind, draft.remote_id)
        return None if chosen is None else self.adapter.post(kind, chosen.remote_id)

    def _safe_from(self, row: sa.Row[Any]) -> datetime | None:
        """When an earlier request for a row can no longer take effect; None where there was none."""
        if row.state not in ("sending", "unknown") or row.deadline is None:
            return None
        safe: datetime = row.deadline + timedelta(seconds=self.adapter.capabilities.lookup_lag)
        return safe

    def _is_over(self, row: sa.Row[Any]) -> bool:
        """Whether no earlier request for a row could take effect any more when we began."""
        safe = self._safe_from(row)
        return safe is None or self.began >= safe

    def _may_create(self, outcome: Outcome) -> bool:
        row, capabilities = outcome.row, self.adapter.capabilities
        safe = self._safe_from(row)
        if safe is None:
            return True
        if not self._is_over(row):
            outcome.state, outcome.not_before = "unknown", safe
            outcome.error = "an earlier request may still take effect"
            return False
        if capabilities.uniqueness == "none" and outcome.request.kind not in capabilities.repeatable:
            outcome.state = "person"
            outcome.error = (
                f"an earlier request had an unknown outcome, and {row.target} cannot refuse a second document"
            )
            return False
        return True

    def _create(self, outcome: Outcome) -> Remote | None:
        with self.context.book.write() as connection:  # a read could fail while the lease is being extended
            check_token(connection, *self.context.fence)
        outcome.learned = "created"
        try:
            return self.adapter.create(outcome.request)
        except AlreadyExists:
            found = self._look_up(outcome)
            if found is None:
                raise UnknownOutcome(f"{self.target} says {outcome.row.key} exists and does not find it") from None
            return found

    def _later(self, outcome: Outcome, state: str, message: str, seconds: int) -> None:
        outcome.state, outcome.error = state, message
        outcome.not_before = utc_now() + timedelta(seconds=seconds)

    def _down(self, outcome: Outcome, error: RetryableError | FatalError) -> None:
        """Nothing was carried out by this request; an earlier one may have been."""
        row = outcome.row
        state = "unknown" if row.state in ("sending", "unknown") else "queued"
        after = error.after if isinstance(error, RetryableError) else None
        self._later(outcome, state, error.message, after or _BACKOFF[min(row.attempts, len(_BACKOFF) - 1)])

    def _not_tried(self, outcome: Outcome, why: str) -> None:
        row = outcome.row
        outcome.state = "unknown" if row.state in ("sending", "unknown") else "queued"
        outcome.error = why
        outcome.not_before = row.deadline if outcome.state == "unknown" else None
        outcome.attempts = row.attempts

    def _finish(self, batch: Batch, outcome: Outcome) -> None:
        row, result = outcome.row, self.result
        if outcome.double:
            ids = ", ".join(outcome.double)
            message = f"{row.target} holds {len(outcome.double)} documents with the key {row.key}: {ids}"
            open_alarm(batch, "duplicate", row.key, message, row.account_id)
        if outcome.refusal is not None:
            self._refused(batch, outcome, outcome.refusal)
        elif outcome.state == "person":
            self._to_person(batch, row, outcome.error)
        elif outcome.remote is None:
            outbox.mark(
                batch,
                row.key,
                outcome.state,
                outcome.error,
                not_before=outcome.not_before,
                attempts=outcome.attempts,
            )
            result.waiting += 1
            self.log.warning("not sent yet", key=row.key, state=outcome.state, error=outcome.error)
        elif keep_receipt(self.context, batch, row, outcome.request, outcome.remote, outcome.learned):
            result.count(row.kind, outcome.learned)
            if isinstance(outcome.request, DocumentRequest):
                sign = 1 if outcome.request.kind == "credit_note" else -1
                result.credit(outcome.request.currency, sign * outcome.request.net)
            self.log.info("sent", key=row.key, remote_id=outcome.remote.remote_id, learned=outcome.learned)
        else:
            result.messages.append(f"{row.key} differs from what was approved: see `rebated doctor`")

    def _refused(self, batch: Batch, outcome: Outcome, error: WriteRefused) -> None:
        row = outcome.row
        outbox.mark(batch, row.key, "refused", error.message, remote_id=error.remote_id)
        if row.proposal_id is not None:
            item = proposals.by_id(batch.connection, row.proposal_id)
            review.back_to_review(batch, item, f"{row.target} refused it: {error.message}", self.context.as_of)
        open_alarm(batch, "refused", row.key, f"{row.target} refused {row.key}: {error.message}", row.account_id)
        self.result.refused += 1
        self.log.error("refused", key=row.key, error=error.message)

    def _batch(self, kind: str) -> Any:
        return self.context.book.batch(
            kind, actor=proposals.DAEMON, claim=self.context.fence, run=self.context.run_id, note=self.target
        )
