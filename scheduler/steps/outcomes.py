"""What came of the rows that were sent, kept in the book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.spi import DocumentRequest, Remote, WriteRefused, WriteRequest
from core.ledger import outbox, proposals, review
from core.ledger.alarms import open_alarm
from core.ledger.book import Batch
from scheduler.context import Context, log
from scheduler.steps.receipts import keep_receipt
from scheduler.steps.written import Written


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


class Keeper:
    """Keeps the outcomes of one target: receipts, refusals, later attempts, and what a person must look at."""

    def __init__(self, context: Context, target: str, result: Written) -> None:
        self.context, self.result = context, result
        self.log = log.bind(target=target, run=context.run_id)

    def keep(self, batch: Batch, outcome: Outcome) -> None:
        """Put the row into the state its outcome says."""
        row, result = outcome.row, self.result
        if outcome.double:
            ids = ", ".join(outcome.double)
            message = f"{row.target} holds {len(outcome.double)} documents with the key {row.key}: {ids}"
            open_alarm(batch, "duplicate", row.key, message, row.account_id)
        if outcome.refusal is not None:
            self._refuse(batch, outcome, outcome.refusal)
        elif outcome.state == "person":
            self.to_person(batch, row, outcome.error)
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

    def _refuse(self, batch: Batch, outcome: Outcome, error: WriteRefused) -> None:
        row = outcome.row
        outbox.mark(batch, row.key, "refused", error.message, remote_id=error.remote_id)
        if row.proposal_id is not None:
            item = proposals.by_id(batch.connection, row.proposal_id)
            review.back_to_review(batch, item, f"{row.target} refused it: {error.message}", self.context.as_of)
        open_alarm(batch, "refused", row.key, f"{row.target} refused {row.key}: {error.message}", row.account_id)
        self.result.refused += 1
        self.log.error("refused", key=row.key, error=error.message)

    def to_person(self, batch: Batch, row: sa.Row[Any], why: str) -> None:
        """Leave a row to a person, who is told by an alarm."""
        outbox.mark(batch, row.key, "person", why)
        open_alarm(batch, "not_sent", row.key, f"{row.key} could not be sent to {row.target}: {why}", row.account_id)
        self.result.waiting += 1
