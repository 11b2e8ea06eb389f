"""Sending a handful of outbox rows to one target, each document once.

The rows are committed as sending together, with our fencing token and a deadline, before the first request; each is
looked up by key before it is created; what came of them is committed together. A crash in between leaves rows that
say `sending`: the next run looks them up first, and creates nothing until an earlier request can no longer take
effect. Where the target takes several with one request, they are created together, and only those are looked up
before that an earlier request may have created, or whose double the target would not notice. (design.md section 7)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from connectors.spi import (
    Adapter,
    AlreadyExists,
    BatchAdapter,
    NeedsPerson,
    Remote,
    UnknownOutcome,
    WriteRefused,
    account_of,
)
from core.errors import FatalError, LostClaim, RebatedError, RetryableError
from core.ledger import outbox, proposals
from core.ledger.alarms import open_alarm
from core.ledger.book import Batch, check_token
from core.ledger.columns import utc_now
from scheduler.context import Context
from scheduler.steps import requests
from scheduler.steps.outcomes import Keeper, Outcome
from scheduler.steps.promises import Promises
from scheduler.steps.receipts import differs
from scheduler.steps.written import Written

_BACKOFF = (5, 30, 120, 600, 3600)


class TargetDown(Exception):
    """This target takes nothing more in this run."""


class Sender:
    """Sends rows of the outbox to one target."""

    def __init__(self, context: Context, target: str, adapter: Adapter, promises: Promises, result: Written) -> None:
        self.context, self.target, self.adapter = context, target, adapter
        self.promises, self.result = promises, result
        self.keeper = Keeper(context, target, result)

    def send(self, rows: list[sa.Row[Any]]) -> None:
        """Send rows of one kind. Raises TargetDown after what could be done is committed."""
        outcomes = [Outcome(row, requests.restored(row.request)) for row in self._begin(rows)]
        adapter = self.adapter
        if len(outcomes) > 1 and isinstance(adapter, BatchAdapter) and rows[0].kind in adapter.capabilities.batches:
            down = self._together(adapter, outcomes)
        else:
            down = self._each(outcomes)
        with self._batch("receipt") as batch:
            for outcome in outcomes:
                self.keeper.keep(batch, outcome)
        if down:
            raise TargetDown(down)

    def _begin(self, rows: list[sa.Row[Any]]) -> list[sa.Row[Any]]:
        """Commit to sending. Returns the rows that may be sent; until `self.deadline` a request may be made.

        A row whose earlier request may still take effect is only looked up: its deadline and attempts stay.
        """
        begun = []
        seconds = self.adapter.capabilities.max_request_time
        self.began = utc_now()
        self.deadline = self.began + timedelta(seconds=seconds)
        with self._batch("sending") as batch:
            for row in rows:
                if not self._is_over(row):
                    begun.append(row)
                elif row.attempts >= self.context.config.sending.max_attempts:
                    self.keeper.to_person(batch, row, f"{row.attempts} attempts: {row.error}")
                elif row.proposal_id is None or self._proposal_may_go(batch, row):
                    outbox.mark_sending(batch, row.key, self.context.fence[1], 2 * seconds)
                    begun.append(row)
        return begun

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

    def _each(self, outcomes: Sequence[Outcome]) -> str:
        """One after the other. Returns why the target is down; empty text where it is not."""
        down = ""
        for outcome in outcomes:
            if down or utc_now() >= self.deadline:
                self._not_tried(outcome, down)
            else:
                down = self._try(outcome, partial(self._one, outcome))
        return down

    def _together(self, adapter: BatchAdapter, outcomes: Sequence[Outcome]) -> str:
        """Those that are not there with one request. Returns why the target is down; empty text where it is not."""
        ready: list[Outcome] = []
        down = ""
        looking_until = self.began + (self.deadline - self.began) / 2  # what was looked up must still be written
        for outcome in outcomes:
            if self._is_surely_new(outcome):
                ready.append(outcome)
            elif down or utc_now() >= looking_until:
                self._not_tried(outcome, down)
            else:
                down = self._try(outcome, partial(self._found, outcome, ready))
        if ready and not down and utc_now() < self.deadline:
            return self._create_many(adapter, ready)
        for outcome in ready:
            self._not_tried(outcome, down)
        return down

    def _try(self, outcome: Outcome, call: Callable[[], Remote | None]) -> str:
        """What a call returns or raises as the outcome of a row. Returns why the target is down, if it is."""
        try:
            outcome.remote = call()
        except LostClaim:
            raise
        except UnknownOutcome as error:
            capabilities = self.adapter.capabilities
            self._later(outcome, "unknown", error.message, capabilities.max_request_time + capabilities.lookup_lag)
        except WriteRefused as error:
            outcome.refusal = error
        except NeedsPerson as error:
            outcome.state, outcome.error = "person", error.message
        except (RetryableError, FatalError) as error:
            self._down(outcome, error)
            return error.message
        return ""

    def _one(self, outcome: Outcome) -> Remote | None:
        """Look it up; create it where it is not there and no earlier request can take effect any more."""
        found = self._look_up(outcome)
        return self._create(outcome) if found is None and self._may_create(outcome) else found

    def _is_surely_new(self, outcome: Outcome) -> bool:
        """Whether it need not be looked up: no earlier request may have created it, or a second one does no harm."""
        kind, capabilities = outcome.request.kind, self.adapter.capabilities
        if self._safe_from(outcome.row) is not None:
            return False
        return kind in capabilities.repeatable or capabilities.unique(kind) == "enforced"

    def _found(self, outcome: Outcome, missing: list[Outcome]) -> Remote | None:
        """Look it up; it is added to `missing` where it is to be created."""
        found = self._look_up(outcome)
        if found is None and self._may_create(outcome):
            missing.append(outcome)
        return found

    def _look_up(self, outcome: Outcome) -> Remote | None:
        if outcome.request.kind in self.adapter.capabilities.repeatable:
            return None
        found = self.adapter.look_up(outcome.request.kind, outcome.row.key, account_of(outcome.request))
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
        if capabilities.unique(outcome.request.kind) == "none" and outcome.request.kind not in capabilities.repeatable:
            outcome.state = "person"
            outcome.error = (
                f"an earlier request had an unknown outcome, and {row.target} cannot refuse a second document"
            )
            return False
        return True

    def _create(self, outcome: Outcome) -> Remote:
        self._check_token()
        outcome.learned = "created"
        try:
            return self.adapter.create(outcome.request)
        except AlreadyExists:
            return self._existing(outcome)

    def _create_many(self, adapter: BatchAdapter, outcomes: Sequence[Outcome]) -> str:
        self._check_token()
        results: Sequence[Remote | RebatedError]
        try:
            results = adapter.create_many([outcome.request for outcome in outcomes])
        except (RetryableError, FatalError) as error:
            results = [error] * len(outcomes)
        except (WriteRefused, AlreadyExists, NeedsPerson):  # not a word about which of them: each speaks for itself
            return self._each(outcomes)
        if len(results) != len(outcomes):
            said = f"{self.target} told of {len(results)} of {len(outcomes)}"
            results = [UnknownOutcome(said)] * len(outcomes)
        down = ""
        for outcome, result in zip(outcomes, results, strict=True):
            outcome.learned = "created"
            down = self._try(outcome, partial(self._resolved, outcome, result)) or down
        return down

    def _resolved(self, outcome: Outcome, result: Remote | RebatedError) -> Remote:
        if isinstance(result, AlreadyExists):
            if utc_now() >= self.deadline:  # a draft that is found would be posted
                raise UnknownOutcome(f"{outcome.row.key} exists at {self.target} and has not been looked up")
            return self._existing(outcome)
        if isinstance(result, Remote):
            return result
        raise result

    def _check_token(self) -> None:
        with self.context.book.write() as connection:  # a read could fail while the lease is being extended
            check_token(connection, *self.context.fence)

    def _existing(self, outcome: Outcome) -> Remote:
        found = self._look_up(outcome)
        if found is None:
            raise UnknownOutcome(f"{self.target} says {outcome.row.key} exists and does not find it")
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

    def _batch(self, kind: str) -> Any:
        return self.context.book.batch(
            kind, actor=proposals.DAEMON, claim=self.context.fence, run=self.context.run_id, note=self.target
        )
