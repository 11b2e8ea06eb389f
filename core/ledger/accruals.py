"""Count, entitle, accrue: from the lines that count to entitlements and balanced postings, only what has changed.

Runs stratum by stratum: tier programs first, then those that use their tiers. Running it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.engine.duck import DuckEngine
from core.engine.plan import Plan, make_plan
from core.entitlement import Cell, Rule, Side, compile_rule, entitle
from core.ledger import acts, entitlements, postings, registry
from core.ledger.acts import Mode
from core.ledger.book import Batch, Book
from core.ledger.facts import sync_facts, tax_codes
from core.ledger.masters import account_states, item_states
from core.ledger.postings import Transaction
from core.ledger.registry import Registered
from core.ledger.standings import TierChange
from core.ledger.tiering import Given, given, keep_tiers
from core.period import Period, day_date, day_number
from core.posting import Key, TransactionKind, entry
from core.programs import Program, strata
from core.programs.counters import counters
from core.settlement import TaxCode
from core.tiers import Standing, level_at

_GROUPS_A_BATCH = 5_000
_BEGIN = date(1990, 1, 1)
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


@dataclass(frozen=True, slots=True)
class Setting:
    """What one computation rests on: definitions, their order, modes, tax codes, and the plan for the engine."""

    registered: Mapping[str, Registered]
    order: Sequence[Sequence[Program]]
    plan: Plan
    modes: Mapping[str, Mode]
    taxes: Mapping[int, TaxCode]
    as_of: date
    given: Given

    def mode(self, program: Program) -> Mode:
        return self.modes.get(program.id, Mode())


def setting(book: Book, as_of: date, known_batch: int | None = None, *, horizon: tuple[int, int] = (0, 0)) -> Setting:
    """Read what a computation as of a business day rests on. Raises ConfigError for a cycle of programs.

    `horizon` are the days the engine has lines on; (0, 0): none. Those after the business day do not count yet.
    """
    with book.read() as connection:
        registered = registry.current(connection, known_batch)
        programs = [item.program for item in registered.values()]
        order = strata(programs)
        counted = [counter for program in programs for counter in counters(program)]
        start = day_number(min([counter.program.program.valid_from for counter in counted], default=_BEGIN))
        through = day_number(as_of) + 1
        first, end = horizon if any(horizon) else (start, through)
        states = account_states(connection)
        plan = make_plan(
            counted,
            states,
            item_states(connection),
            start=min(start, first),
            end=max(through, end),
            through=through,
        )
        return Setting(
            registered,
            order,
            plan,
            acts.modes(connection),
            tax_codes(connection),
            as_of,
            given(connection, programs, states, known_batch),
        )


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
    result = Accrued(facts=sync_facts(book, engine, claim))
    ground = setting(book, as_of, horizon=engine.horizon())
    total = len(ground.registered)
    done = 0
    tiers: dict[str, dict[int, list[Standing]]] = {}
    for stratum in ground.order:
        for program in stratum:
            if progress is not None:
                progress(program.id, done, total)
            if program.is_tier:
                tiers[program.id] = keep_tiers(book, engine, ground, program, result, actor, claim, run)
            else:
                _rebate(book, engine, ground, program, tiers, result, actor, claim, run)
            done += 1
    if progress is not None:
        progress("", total, total)
    return result


def groups(
    engine: DuckEngine,
    ground: Setting,
    program: Program,
    tiers: Mapping[str, Mapping[int, list[Standing]]],
    known_batch: int | None = None,
) -> Iterator[tuple[int, Period, list[Cell], int]]:
    """(beneficiary, calculation period, cells, level) of every group of a rebate program."""
    index = ground.plan.index[program.id]
    use = program.tier
    timelines = tiers.get(use.program, {}) if use is not None else {}
    at_document = use is not None and use.at == "document"
    rows: list[tuple[int, int, int, int, int]] = []
    if use is not None and at_document:
        giver = ground.plan.index[use.program]
        rows = [
            (giver, account_id, item.start, item.end, item.level)
            for account_id, standing in timelines.items()
            for item in standing
            if item.level
        ]
    for _, beneficiary, first, cells in engine.count(ground.plan, [index], standings=rows, known_batch=known_batch):
        period = program.calendar.of(day_date(first))
        level = -1
        if use is not None and not at_document:
            day = period.start if use.at == "period_start" else min(period.last, ground.as_of)
            known = timelines.get(beneficiary)
            level = level_at(known, day_number(day)) if known else 0
        yield beneficiary, period, cells, level


def level_names(ground: Setting, program: Program) -> tuple[str, ...]:
    """The levels of the tier program a program uses."""
    if program.tier is None:
        return ()
    status = ground.registered[program.tier.program].program.status
    return tuple(level.name for level in status.levels) if status else ()


@dataclass(frozen=True, slots=True)
class Computed:
    """One entitlement as computed: its cells in canonical order with their parts, and what waits."""

    amount: int
    cells: list[Cell]
    parts: list[int]
    waiting: list[str]


def compute(rule: Rule, program: Program, cells: Sequence[Cell], level: int, taxes: Mapping[int, TaxCode]) -> Computed:
    """Entitle the cells of one group; those in another currency wait with the reason."""
    currency = program.program.currency
    own = sorted(cell for cell in cells if taxes[cell.tax].currency == currency)
    foreign: dict[str, int] = {}
    for cell in cells:
        other = taxes[cell.tax].currency
        if other != currency:
            foreign[other] = foreign.get(other, 0) + cell.lines
    waiting = [
        f"{count} lines in {other} wait: the program is in {currency} and no exchange rate applies"
        for other, count in sorted(foreign.items())
        if count
    ]
    if program.basis.measure == "quantity":
        unknown = sum(cell.unknown for cell in own)
        if unknown:
            waiting.append(f"{unknown} lines wait: their unit has no ratio to the product's base unit")
    own = [cell for cell in own if cell.lines or cell.measure or cell.net]
    result = entitle(rule, own, Side(level=level))
    return Computed(result.amount, own, result.parts, waiting)


def shares(
    program: str,
    currency: str,
    beneficiary: int,
    period: date,
    item: Computed | entitlements.Stored,
    taxes: Mapping[int, TaxCode],
) -> dict[Key, int]:
    """The entitlement by payee and issuing legal entity."""
    found: dict[Key, int] = {}
    for cell, part in zip(item.cells, item.parts, strict=True):
        key = Key(program, beneficiary, cell.payee, taxes[cell.tax].entity, period.isoformat(), currency)
        found[key] = found.get(key, 0) + part
    return found


def _rebate(
    book: Book,
    engine: DuckEngine,
    ground: Setting,
    program: Program,
    tiers: Mapping[str, Mapping[int, list[Standing]]],
    result: Accrued,
    actor: str,
    claim: tuple[str, int] | None,
    run: str | None,
) -> None:
    mode = ground.mode(program)
    definition = ground.registered[program.id].hash
    rule = compile_rule(program, level_names(ground, program))
    with book.read() as connection:
        known = entitlements.digests(connection, mode.book, program.id)
        accrued = {key: value.accrued for key, value in postings.balances(connection, mode.book, program.id).items()}
    by_group: dict[tuple[int, str], dict[Key, int]] = {}
    for key, amount in accrued.items():
        by_group.setdefault((key.beneficiary, key.period), {})[key] = amount
    pending: list[tuple[dict[str, Any], list[Transaction]]] = []
    seen = set()

    def flush() -> None:
        if pending:
            with book.batch("accrue", actor=actor, claim=claim, run=run, note=program.id) as batch:
                _write(batch, mode.book, pending)
            result.changed += len(pending)
            result.transactions += sum(len(transactions) for _, transactions in pending)
            pending.clear()

    def consider(beneficiary: int, period: Period, item: Computed, level: int) -> None:
        rows = entitlements.cells_text(item.cells, item.parts)
        digest = entitlements.digest(definition, level, rows, item.waiting)
        group = (beneficiary, period.start)
        result.waiting += bool(item.waiting)
        old = known.get(group)
        if old is not None and old[0] == digest:
            return
        if old is None and not rows and not item.waiting:
            return
        values = {
            "program": program.id,
            "beneficiary": beneficiary,
            "period": period.start,
            "currency": program.program.currency,
            "amount": item.amount,
            "level": level,
            "definition": definition,
            "cells": rows,
            "cells_hash": digest,
            "waiting": item.waiting,
        }
        now = shares(program.id, program.program.currency, beneficiary, period.start, item, ground.taxes)
        before = by_group.get((beneficiary, period.start.isoformat()), {})
        transactions = _transactions(ground, program, period, now, before)
        change = sum(now.values()) - sum(before.values())
        money = (program.id, program.program.currency)
        result.net_change[money] = result.net_change.get(money, 0) + change
        pending.append((values, transactions))
        if len(pending) >= _GROUPS_A_BATCH:
            flush()

    for beneficiary, period, cells, level in groups(engine, ground, program, tiers):
        if mode.settle_from is not None and period.end <= mode.settle_from:
            continue
        result.groups += 1
        seen.add((beneficiary, period.start))
        consider(beneficiary, period, compute(rule, program, cells, level, ground.taxes), level)
    for beneficiary, start in known:
        if (beneficiary, start) not in seen:
            period = program.calendar.of(start)
            consider(beneficiary, period, Computed(0, [], [], []), -1)
    flush()


def _transactions(
    ground: Setting, program: Program, period: Period, now: Mapping[Key, int], before: Mapping[Key, int]
) -> list[Transaction]:
    """What was earned less what is accrued, by key; posted inside the period while it is open."""
    posted_on = min(ground.as_of, period.last)
    made = []
    for key in sorted(set(now) | set(before)):
        delta = now.get(key, 0) - before.get(key, 0)
        if delta:
            kind: TransactionKind = "accrue" if delta > 0 else "release"
            made.append(Transaction(kind, posted_on, program.id, entry(kind, key, delta), period.label))
    return made


def _write(batch: Batch, book: str, pending: list[tuple[dict[str, Any], list[Transaction]]]) -> None:
    entitlements.store(batch, book, [values for values, _ in pending])
    postings.post(batch, book, [item for _, transactions in pending for item in transactions])
