"""Pull and land: every stream of every connection, page by page, each page with its cursor in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_random

from connectors.spi import Adapter, Page, Window
from core.documents import RawRecord
from core.errors import RebatedError, RetryableError
from core.ledger import acts, quarantine
from core.ledger.accounts import aliases, owner
from core.ledger.alarms import open_alarm
from core.ledger.book import Batch
from core.ledger.columns import utc_now
from core.ledger.landing import Landed, land, save_cursor
from core.ledger.outbox import known_keys
from core.ledger.sweeps import Guard, sweep_snapshot
from core.ledger.tables import counter, record_head, record_version, source_cursor
from core.source import SourceRules
from scheduler.context import Context, log

CONFIGURATION = "rebated.toml"
"""The source that exchange rates of the configuration have."""


@dataclass(slots=True)
class Pulled:
    """What one connection gave. `failure` tells why it stopped early; its cursor has not moved past what landed."""

    source: str
    landed: Landed = field(default_factory=Landed)
    pages: int = 0
    deleted: int = 0
    sweeps_waiting: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failure: str = ""
    hint: str = ""


def pull(context: Context, only: str | None = None) -> list[Pulled]:
    """Read every connection whose adapter reads anything, or one."""
    results = [_stated_rates(context)] if only is None and context.config.exchange_rates else []
    for name in context.config.connections:
        if only is not None and name != only:
            continue
        adapter = context.adapter(name)
        if adapter.capabilities.reads:
            results.append(_connection(context, name, adapter))
    return results


def _stated_rates(context: Context) -> Pulled:
    """Land the exchange rates that the configuration states."""
    records = []
    for item in context.config.exchange_rates:
        day = item.on.isoformat()
        fields = {"base": item.base, "quote": item.quote, "on": day, "rate": item.rate, "provider": item.provider}
        identity = "/".join(filter(None, (item.base, item.quote, day, item.provider)))
        records.append(RawRecord("exchange_rate", identity, fields, origin=f"{CONFIGURATION} exchange_rates"))
    with context.book.batch(
        "landing", actor=context.actor, claim=context.fence, run=context.run_id, note=CONFIGURATION
    ) as batch:
        return Pulled(CONFIGURATION, land(batch, CONFIGURATION, SourceRules(), records), 1)


def _connection(context: Context, name: str, adapter: Adapter) -> Pulled:
    result = Pulled(name)
    try:
        _retry_quarantine(context, name, result)
        for stream in adapter.streams():
            for attempt in Retrying(
                retry=retry_if_exception_type(RetryableError),
                stop=stop_after_attempt(3),
                wait=wait_exponential(multiplier=0.5, max=10) + wait_random(0, 1),
                reraise=True,
            ):
                with attempt:
                    _stream(context, name, adapter, stream, result)
    except RebatedError as error:
        result.failure, result.hint = error.message, error.hint or ""
        log.error("pull stopped", source=name, error=error.message, run=context.run_id)
    return result


def _stream(context: Context, name: str, adapter: Adapter, stream: str, result: Pulled) -> None:
    connection = context.config.connections[name]
    with context.book.read() as reading:
        cursor = reading.execute(
            sa.select(source_cursor.c.cursor).where(source_cursor.c.source == name, source_cursor.c.stream == stream)
        ).scalar()
        began = reading.execute(sa.select(counter.c.value).where(counter.c.name == "batch")).scalar() or 0
    window = Window(until=utc_now())
    for page in adapter.pull(stream, window, cursor or {}):
        page = _of_company(page, connection.company)
        with context.book.batch(
            "landing", actor=context.actor, claim=context.fence, run=context.run_id, note=f"{name}/{stream}"
        ) as batch:
            landed = land(batch, name, connection.source, page.records, page.bad, authoritative=page.present)
            if page.coverage is not None:
                _sweep(context, batch, name, adapter, page, began, result)
            _own_keys(batch, name, landed)
            if page.cursor is not None:
                save_cursor(batch, name, stream, page.cursor, window.until)
        result.landed.add(landed)
        result.pages += 1
        if page.note:
            result.notes.append(page.note)
        context.progress(f"{name}/{stream}", result.landed.read, 0)


def _of_company(page: Page, company: str) -> Page:
    """The page with the connection's company where the adapter names none."""
    if not company:
        return page
    coverage = page.coverage
    return replace(
        page,
        records=tuple(item if item.company else replace(item, company=company) for item in page.records),
        bad=tuple(item if item.company else replace(item, company=company) for item in page.bad),
        coverage=coverage if coverage is None or coverage.company else coverage._replace(company=company),
    )


def _sweep(context: Context, batch: Batch, name: str, adapter: Adapter, page: Page, began: int, result: Pulled) -> None:
    coverage = page.coverage
    if coverage is None:
        return

    def exists(external_id: str) -> bool | None:
        try:
            return adapter.fetch(coverage.kind, external_id) is not None
        except NotImplementedError:
            return None

    guard = Guard(context.config.sweeps.guard_percent, context.config.sweeps.guard_documents)
    swept = sweep_snapshot(batch, name, coverage, page.seen, began, guard, exists)
    result.deleted += swept.deleted
    if swept.waiting is not None:
        result.sweeps_waiting.append(swept.waiting)


def _own_keys(batch: Batch, source: str, landed: Landed) -> None:
    """A key of our form that the outbox does not know stops sending for its account until a person decides."""
    if not landed.own_keys:
        return
    decided = {key for kind in ("key_adopted", "key_disowned") for key in acts.latest(batch.connection, kind)}
    unknown = landed.own_keys - known_keys(batch.connection, landed.own_keys) - decided
    for key in sorted(unknown):
        account_id = batch.connection.execute(
            sa.select(record_version.c.account_id)
            .join(record_head, record_head.c.version_id == record_version.c.id)
            .where(record_version.c.own_key == key)
        ).scalar()
        open_alarm(
            batch,
            "unknown_key",
            key,
            f"a document of {source} carries the key {key}, which this book never gave: nothing is sent for the "
            f"account until `rebated doctor adopt {key}` or `rebated doctor disown {key}`",
            None if account_id is None else owner(aliases(batch.connection), account_id),
        )


def _retry_quarantine(context: Context, name: str, result: Pulled) -> None:
    """Try again what was refused under other rules than today's."""
    rules = context.config.connections[name].source
    digest = quarantine.rules_hash(rules)
    with context.book.read() as reading:
        rows = [row for row in quarantine.open_rows(reading, name) if row.rules_hash != digest]
    if rows:
        result.landed.add(retry(context, name, rows))


def retry(context: Context, name: str, rows: list[sa.Row[Any]]) -> Landed:
    """Land quarantined records once more under today's rules."""
    rules = context.config.connections[name].source
    with context.book.batch(
        "landing", actor=context.actor, claim=context.fence, run=context.run_id, note=f"{name}/quarantine"
    ) as batch:
        return land(batch, name, rules, [raw for _, raw in quarantine.retryable(rows)])
