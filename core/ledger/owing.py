"""What is owed: every key of a program with its cumulative entitlement and what that is reduced by.

What a settlement covers are the documents up to the end of its period; later ones belong to the next. A proposal that
stands on what is still incomplete waits, and these are the reasons. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from core.cells import Cell, net_of
from core.documents import DOCUMENT_KINDS
from core.entitlement import entitle
from core.ledger import acts, entitlements, moves, postings, proposals, quarantine, registry
from core.ledger.accounts import aliases, owner
from core.ledger.acts import Mode
from core.ledger.alarms import open_alarms
from core.ledger.facts import tax_codes
from core.ledger.masters import Profile, profiles
from core.ledger.postings import Balance
from core.ledger.proposals import Stored
from core.ledger.registry import Registered
from core.money import divide, largest_remainder
from core.period import Period, day_number
from core.posting import Key
from core.programs import COUNTED, Program
from core.rules import Rule, compile_rule
from core.scales import Number
from core.settlement import Due, amount_in
from core.settlement_calendar import settlement_of
from core.tax import TaxCode, under_lowest_rate


class AlarmLimits(NamedTuple):
    """What forces review: percent of the base, times the last settlement, an account's first."""

    percent_of_base: Decimal = Decimal(25)
    times_last_period: Decimal = Decimal(3)
    first_for_account: bool = True


class Ground(NamedTuple):
    """What a run of propose rests on. `settled` are the settled proposals by (book, payee), oldest first;
    `bad_accounts` the day and the reason of what is in quarantine."""

    registered: Mapping[str, Registered]
    modes: Mapping[str, Mode]
    taxes: Mapping[int, TaxCode]
    names: Mapping[int, Profile]
    bad_accounts: Mapping[int, list[tuple[date | None, str]]]
    alarmed: Mapping[int, str]
    as_of: date
    limits: AlarmLimits
    settled: Mapping[tuple[str, int], Sequence[Stored]]

    def mode(self, program: Program) -> Mode:
        return self.modes.get(program.id, Mode())


class Earned(NamedTuple):
    """What one key has earned: the amount, its split by tax code id, and the net amount of the lines."""

    amount: int
    split: dict[int, int]
    base: int


NOTHING = Earned(0, {}, 0)


@dataclass(slots=True)
class Owed:
    """What a program owes: its dues, what each key waits for, and of each entitlement the hash and the documents it
    pays for, where the program accumulates by document."""

    dues: list[Due] = field(default_factory=list)
    incomplete: dict[Key, list[str]] = field(default_factory=dict)
    hashes: dict[int, str] = field(default_factory=dict)
    documents: dict[int, frozenset[int]] = field(default_factory=dict)


def ground_of(connection: Connection, as_of: date, limits: AlarmLimits | None = None) -> Ground:
    """Read what a run of propose rests on."""
    settled: dict[tuple[str, int], list[Stored]] = {}
    for entry in proposals.in_states(connection, ("settled",)):
        settled.setdefault((entry.book, entry.payee), []).append(entry)
    bad: dict[int, list[tuple[date | None, str]]] = {}
    merged = aliases(connection)
    for row in quarantine.open_rows(connection):
        account_id = quarantine.account_of(connection, row) if row.kind in DOCUMENT_KINDS else None
        if account_id is not None:
            text = f"{row.kind} {row.external_id} is in quarantine ({row.reason})"
            bad.setdefault(owner(merged, account_id, row.day), []).append((row.day, text))
    alarmed = {
        row.account_id: row.message
        for row in open_alarms(connection)
        if row.kind == "unknown_key" and row.account_id is not None
    }
    for account_id, reason in moves.undecided(connection).items():
        alarmed[account_id] = "; ".join(filter(None, (alarmed.get(account_id), reason)))
    return Ground(
        registry.current(connection),
        acts.modes(connection),
        tax_codes(connection),
        profiles(connection),
        bad,
        alarmed,
        as_of,
        limits or AlarmLimits(),
        settled,
    )


def owed(connection: Connection, ground: Ground, item: Registered) -> Owed:
    """What every key of a program is owed at the settlement that is due, and what it waits for."""
    program, mode = item.program, ground.mode(item.program)
    rule = rule_of(ground.registered, program)
    balance = postings.balances(connection, mode.book, program.id)
    promised = proposals.reserved(connection, mode.book, program.id)
    splits = proposals.split_so_far(connection, mode.book, program.id)
    found = Owed()
    own_keys: dict[tuple[int, str, str], list[Key]] = {}
    for key in balance:
        own_keys.setdefault((key.beneficiary, key.period, key.currency), []).append(key)
    for stored in entitlements.latest(connection, mode.book, program.id):
        period = program.calendar.of(stored.period)
        place = settlement_of(program, period, ground.as_of)
        if place is None or (mode.settle_from is not None and period.end <= mode.settle_from):
            continue
        settlement, final = place
        there = earned(through(stored, program, rule, settlement.end), program, ground.taxes)
        found.hashes[stored.id] = stored.cells_hash
        found.documents[stored.id] = frozenset(
            cell.document for cell, part in zip(stored.cells, stored.parts, strict=True) if part and cell.document
        )
        own = own_keys.get((stored.beneficiary, period.start.isoformat(), stored.currency), [])
        for key in sorted({*there, *own}):
            now = there.get(key, NOTHING)
            open_amount = now.amount - taken(balance.get(key, Balance()), promised.get(key, 0))
            settled = splits.get(key, {})
            found.dues.append(
                Due(key, settlement, final, now.amount, now.split, open_amount, settled, stored.id, now.base)
            )
            reasons = [*stored.waiting, *_unsolved(ground, key.payee, period)]
            if reasons:
                found.incomplete[key] = reasons
    return found


def taken(balance: Balance, promised: int) -> int:
    """What an entitlement is reduced by: settled + reserved + waived - adjusted."""
    return balance.settled + promised + balance.waived - balance.adjusted


def earned(stored: entitlements.Stored, program: Program, taxes: Mapping[int, TaxCode]) -> dict[Key, Earned]:
    """The entitlement by payee and issuing legal entity, under the tax codes it is settled under."""
    splits: dict[Key, dict[int, int]] = {}
    bases: dict[Key, Number] = {}
    for cell, part in zip(stored.cells, stored.parts, strict=True):
        key = Key(
            program.id,
            stored.beneficiary,
            cell.payee,
            taxes[cell.tax].entity,
            stored.period.isoformat(),
            stored.currency,
        )
        split = splits.setdefault(key, {})
        split[cell.tax] = split.get(cell.tax, 0) + part
        bases[key] = bases.get(key, 0) + _base(cell, program, stored.currency, taxes[cell.tax].currency)
    if program.settlement.tax == "lowest_rate":
        splits = {key: under_lowest_rate(split, taxes) for key, split in splits.items()}
    return {
        key: Earned(sum(split.values()), split, divide(bases[key].numerator, bases[key].denominator))
        for key, split in splits.items()
    }


def _base(cell: Cell, program: Program, payout: str, currency: str) -> Number:
    """What a cell adds to the base a document is compared with, in the currency it is paid in."""
    if program.currency.payout == "invoice":
        return cell.net if currency == payout else 0
    return net_of(cell, money=program.basis.measure not in ("quantity", *COUNTED))


def through(stored: entitlements.Stored, program: Program, rule: Rule, end: date) -> entitlements.Stored:
    """The entitlement as far as a settlement period that ends on `end` covers it.

    What was bought later belongs to the next settlement. A guarantee that is paid at the start is covered by every
    settlement; what is earned beyond it by those of its own period.
    """
    if end >= program.calendar.of(stored.period).end:
        return stored
    last = day_number(end)
    inside = [i for i, cell in enumerate(stored.cells) if cell.settle < last]
    computed = stored.through(end)
    parts = [0] * len(stored.cells)
    if computed is not None:
        parts = computed
    elif len(inside) == len(stored.cells):
        parts = stored.parts
    elif inside:
        cells = [stored.cells[i] for i in inside]
        for i, part in zip(inside, entitle(rule, cells, stored.side).parts, strict=True):
            parts[i] = part
    guaranteed = _guaranteed(stored, program)
    if guaranteed is not None and guaranteed > sum(parts):
        return stored._replace(parts=largest_remainder(guaranteed, stored.parts))
    if guaranteed is None:
        kept = set(inside)
        chosen = [i for i in range(len(stored.cells)) if i in kept or parts[i]]
        return stored._replace(cells=[stored.cells[i] for i in chosen], parts=[parts[i] for i in chosen])
    return stored._replace(parts=parts)


def _guaranteed(stored: entitlements.Stored, program: Program) -> int | None:
    """How much of an entitlement is a guarantee that is paid when the period begins; None where none is."""
    limits = program.limits
    least = amount_in(program, limits.guarantee, stored.currency)
    if limits.guarantee_paid == "end" or least is None or not stored.cells:
        return None
    if any(item.kind == "guarantee" for item in stored.limits):
        return stored.amount
    return min(stored.amount, int(least))


def _unsolved(ground: Ground, payee: int, period: Period) -> list[str]:
    return [text for day, text in ground.bad_accounts.get(payee, []) if day is None or day in period]


def rule_of(registered: Mapping[str, Registered], program: Program) -> Rule:
    """The compiled rule of a registered program."""
    names: tuple[str, ...] = ()
    if program.tier is not None:
        status = registered[program.tier.program].program.status
        names = tuple(level.name for level in status.levels) if status else ()
    return compile_rule(program, names)
