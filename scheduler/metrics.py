"""Prometheus metrics of the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from prometheus_client import Counter, Gauge, Histogram

from core.ledger import proposals
from core.ledger.accruals import Accrued
from core.ledger.proposing import Proposed
from core.ledger.tables import alarm, outbox, quarantine
from scheduler.context import Context
from scheduler.steps.pull import Pulled
from scheduler.steps.reconcile import Reconciled
from scheduler.steps.written import Written

_SECONDS = Histogram("rebated_job_seconds", "Time a job took", ["job"], buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800))
_FAILED = Counter("rebated_job_failures", "Jobs that failed", ["job"])
_RECORDS = Counter("rebated_records", "Records landed, by what became of them", ["source", "outcome"])
_CHANGED = Counter("rebated_entitlements_changed", "Entitlements that changed")
_PROPOSALS = Counter("rebated_proposals", "Proposals made, by what they are", ["outcome"])
_SENT = Counter("rebated_documents", "Documents, notes and tiers written back", ["outcome"])
_DISAGREE = Counter("rebated_disagreements", "Written documents that are gone or differ", ["kind"])
_OPEN = Gauge("rebated_open", "What waits for somebody", ["what"])


@contextmanager
def timed(job: str) -> Iterator[None]:
    """Time a job."""
    with _SECONDS.labels(job).time():
        yield


def failed(job: str) -> None:
    _FAILED.labels(job).inc()


def pulled(result: Pulled) -> None:
    for outcome in ("new", "changed", "unchanged", "older", "quarantined", "parked"):
        _RECORDS.labels(result.source, outcome).inc(getattr(result.landed, outcome))


def accrued(result: Accrued) -> None:
    _CHANGED.inc(result.changed)


def proposed(result: Proposed) -> None:
    for outcome in ("new", "changed", "withdrawn"):
        _PROPOSALS.labels(outcome).inc(getattr(result, outcome))


def written(result: Written) -> None:
    for outcome in ("sent", "recovered", "refused", "suspended"):
        _SENT.labels(outcome).inc(getattr(result, outcome))


def reconciled(result: Reconciled) -> None:
    _DISAGREE.labels("voided").inc(len(result.voided))
    _DISAGREE.labels("differs").inc(len(result.differing))


def open_work(context: Context) -> None:
    """Set the gauges of what waits for a person."""
    with context.book.read() as connection:
        for what, query in (
            ("alarms", sa.select(sa.func.count()).select_from(alarm).where(alarm.c.closed_at.is_(None))),
            ("quarantine", sa.select(sa.func.count()).select_from(quarantine).where(quarantine.c.state == "open")),
            ("unsent", sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state.in_(["queued", "unknown"]))),
        ):
            _OPEN.labels(what).set(connection.execute(query).scalar_one())
        for state in proposals.OPEN:
            _OPEN.labels(f"proposals {state}").set(len(proposals.in_states(connection, (state,), "live")))
