"""Count, entitle, accrue: from the lines that count to entitlements and balanced postings, only what has changed.

Runs stratum by stratum: tier programs first, then those that use their tiers, are net of others or the best of some.
Running it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.engine.duck import DuckEngine
from core.engine.result import Result
from core.ledger import entitlements, postings
from core.ledger.book import Batch, Book
from core.ledger.entitlements import Group, shares
from core.ledger.facts import sync_facts
from core.ledger.postings import Transaction
from core.ledger.setting import Setting, setting, views
from core.ledger.standings import TierChange
from core.ledger.tiering import keep_tiers
from core.period import Period
from core.posting import Key, TransactionKind, entry
from core.programs import Program
from core.rules import Side

_GROUPS_A_BATCH = 5_000
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Accrued:
    """What a run of accrue did. Amounts of `net_change` are minor units by (program, currency)."""

    facts: int = 0
    groups: int = 0
    changed: int = 0
    transactions: int = 0
    standings: int = 0
    waiting: int = 0
    net_change: dict[tuple[str, str], int] = field(default_factory=dict)
    tier_changes: list[TierChange] = field(default_factory=list)


def accrue(
    book: Book,
    engine: DuckEngine,
    *,
    as_of: date,
    actor: str,
    claim: tuple[str, int] | None,
    run: str | None = None,
    progress: Progress | None = None,
) -> Accrued:
    """Bring entitlements, accruals and tier standings to the present documents, as of a business day."""
    with book.read() as connection:
        wanted = views(connection)
    result = Accrued(facts=sync_facts(book, engine, claim, wanted))
    ground = setting(book, as_of, horizon=engine.horizon(), claim=claim, keep=True)
    computation = ground.computation(engine)
    total = sum(len(stratum) for stratum in ground.order)
    done = 0
    keepers: dict[str, _Keeper] = {}
    for stratum in ground.order:
        for program in stratum:
            if program.is_tier:
                if progress is not None:
                    progress(program.id, done, total)
                standings = keep_tiers(book, engine, ground, program, result, actor, claim, run)
                computation.tiers[program.id] = standings
                done += 1
        for program, results in computation.computed(stratum):
            target = ground.registered[ground.target(program.id)].program
            keeper = keepers.get(target.id)
            if keeper is None:
                if progress is not None:
                    progress(target.id, done, total)
                keeper = keepers[target.id] = _Keeper(book, ground, target, result, actor, claim, run)
                done += 1
            keeper.take(results, program.id)
    for keeper in keepers.values():
        keeper.finish()
    if progress is not None:
        progress("", total, total)
    return result


class _Keeper:
    """Stores and posts what has changed of one program."""

    def __init__(
        self,
        book: Book,
        ground: Setting,
        program: Program,
        result: Accrued,
        actor: str,
        claim: tuple[str, int] | None,
        run: str | None,
    ) -> None:
        self.book, self.ground, self.program, self.result = book, ground, program, result
        self._commit: dict[str, Any] = {"actor": actor, "claim": claim, "run": run, "note": program.id}
        self.mode = ground.mode(program)
        self.definition = ground.registered[program.id].hash
        with book.read() as connection:
            self._known = entitlements.digests(connection, self.mode.book, program.id)
            balances = postings.balances(connection, self.mode.book, program.id)
        self._accrued: dict[Group, dict[Key, int]] = {}
        for key, balance in balances.items():
            group = (key.beneficiary, date.fromisoformat(key.period), key.currency)
            self._accrued.setdefault(group, {})[key] = balance.accrued
        self._seen: set[Group] = set()
        self._pending: list[tuple[dict[str, Any], list[Transaction]]] = []

    def take(self, results: Iterable[Result], counted_as: str) -> None:
        """Take in the results of the program under one of its definitions, for the groups that one holds for."""
        kept = self.ground.kept.get(counted_as)
        for item in results:
            group = (item.beneficiary, item.period.start, item.currency)
            if not self._counts(item.period) or not self.ground.holds(counted_as, group):
                continue
            self.result.groups += 1
            self._seen.add(group)
            self._consider(group, item, kept.hash if kept else self.definition)

    def finish(self) -> None:
        """What is known and was not met earns nothing any more."""
        for group in self._known:
            if group not in self._seen:
                period = self.program.calendar.of(group[1])
                self._consider(group, Result(group[0], period, group[2], 0, [], [], Side(), []), self.definition)
        self._flush()

    def _counts(self, period: Period) -> bool:
        return self.mode.settle_from is None or period.end > self.mode.settle_from

    def _consider(self, group: Group, item: Result, definition: str) -> None:
        rows = entitlements.cells_text(item.cells, item.parts)
        side, steps = entitlements.side_text(item), entitlements.steps_text(item)
        digest = entitlements.digest(definition, item.side.level, rows, item.waiting, side, steps, item.accrued)
        self.result.waiting += bool(item.waiting)
        old = self._known.get(group)
        if old is not None and old[0] == digest:
            return
        if old is None and not rows and not item.waiting:
            return
        now = self._shares(item)
        before = self._accrued.get(group, {})
        transactions = _transactions(self.ground.as_of, self.program, item.period, now, before)
        money = (self.program.id, item.currency)
        change = sum(now.values()) - sum(before.values())
        self.result.net_change[money] = self.result.net_change.get(money, 0) + change
        values = {
            "program": self.program.id,
            "beneficiary": group[0],
            "period": group[1],
            "currency": group[2],
            "amount": item.amount,
            "level": item.side.level,
            "definition": definition,
            "cells": rows,
            "cells_hash": digest,
            "waiting": item.waiting,
            "side": side,
            "steps": steps,
        }
        self._pending.append((values, transactions))
        if len(self._pending) >= _GROUPS_A_BATCH:
            self._flush()

    def _shares(self, item: Result) -> dict[Key, int]:
        accrued = item if item.accrued is None else item._replace(parts=item.accrued)
        start = item.period.start
        return shares(self.program.id, item.currency, item.beneficiary, start, accrued, self.ground.taxes)

    def _flush(self) -> None:
        if not self._pending:
            return
        with self.book.batch("accrue", **self._commit) as batch:
            _write(batch, self.mode.book, self._pending)
        self.result.changed += len(self._pending)
        self.result.transactions += sum(len(transactions) for _, transactions in self._pending)
        self._pending = []


def _transactions(
    as_of: date, program: Program, period: Period, now: Mapping[Key, int], before: Mapping[Key, int]
) -> list[Transaction]:
    """What was earned less what is accrued, by key; posted inside the period while it is open."""
    posted_on = min(as_of, period.last)
    made = []
    for key in sorted(set(now) | set(before)):
        delta = now.get(key, 0) - before.get(key, 0)
        if delta:
            kind: TransactionKind = "accrue" if delta > 0 else "release"
            made.append(Transaction(kind, posted_on, program.id, entry(kind, key, delta), period.label))
    return made


def _write(batch: Batch, book: str, pending: Sequence[tuple[dict[str, Any], list[Transaction]]]) -> None:
    entitlements.store(batch, book, [values for values, _ in pending])
    postings.post(batch, book, [item for _, transactions in pending for item in transactions])
