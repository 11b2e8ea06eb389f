"""Propose: what is due becomes proposals; what has changed supersedes them, in one transaction a program.

Running it again changes nothing. A proposal rests on hashes: definition, entitlements, engine. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core import __version__
from core.documents import DOCUMENT_KINDS
from core.entitlement import Rule, Side, compile_rule, entitle
from core.keys import SettlementKey, settlement_key
from core.ledger import acts, entitlements, moves, postings, proposals, quarantine, registry
from core.ledger.accounts import aliases, owner
from core.ledger.accruals import shares
from core.ledger.acts import Mode
from core.ledger.alarms import open_alarms
from core.ledger.book import Batch, Book
from core.ledger.facts import tax_codes
from core.ledger.masters import Profile, profiles
from core.ledger.postings import Balance
from core.ledger.proposals import PartRow, Stored
from core.ledger.registry import Registered
from core.ledger.tables import record
from core.period import Period, day_number
from core.posting import Key
from core.programs import Program
from core.settlement import Draft, Due, TaxCode, drafts, settlement_of, tax_lines


class AlarmLimits(NamedTuple):
    """What forces review: percent of the base, times the last settlement, an account's first."""

    percent_of_base: Decimal = Decimal(25)
    times_last_period: Decimal = Decimal(3)
    first_for_account: bool = True


@dataclass(slots=True)
class Proposed:
    """What a run of propose did; `open_net` in minor units by currency of what is open in the live book."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    held: int = 0
    carried: int = 0


class _Ground(NamedTuple):
    registered: Mapping[str, Registered]
    modes: Mapping[str, Mode]
    taxes: Mapping[int, TaxCode]
    names: Mapping[int, Profile]
    bad_accounts: Mapping[int, list[tuple[date | None, str]]]
    alarmed: Mapping[int, str]
    as_of: date
    limits: AlarmLimits
    settled: Mapping[tuple[str, int], Sequence[Stored]]  # by (book, payee), oldest first


class _Owed(NamedTuple):
    """What a program owes: dues, what each key waits for, and of each entitlement the hash and the documents it pays
    for, where the program accumulates by document."""

    dues: list[Due]
    incomplete: dict[Key, list[str]]
    hashes: dict[int, str]
    documents: dict[int, frozenset[int]]


def propose(
    book: Book,
    *,
    as_of: date,
    actor: str,
    claim: tuple[str, int] | None,
    limits: AlarmLimits | None = None,
    run: str | None = None,
) -> Proposed:
    """Bring the proposals of every program to what is due as of a business day."""
    result = Proposed()
    with book.read() as connection:
        ground = ground_of(connection, as_of, limits or AlarmLimits())
    for item in ground.registered.values():
        if not item.program.is_tier:
            with book.batch("propose", actor=actor, claim=claim, run=run, note=item.program.id) as batch:
                _program(batch, ground, item, result)
    return result


def ground_of(connection: Connection, as_of: date, limits: AlarmLimits | None = None) -> _Ground:
    """What a run of propose rests on."""
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
    return _Ground(
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


def owed(connection: Connection, ground: _Ground, item: Registered) -> _Owed:
    """What every key of a program is owed at the settlement that is due, and what it waits for."""
    rule = rule_of(ground.registered, item.program)
    program, book = item.program, ground.modes.get(item.program.id, Mode()).book
    settle_from = ground.modes.get(program.id, Mode()).settle_from
    balance = postings.balances(connection, book, program.id)
    promised = proposals.reserved(connection, book, program.id)
    splits = proposals.split_so_far(connection, book, program.id)
    found: list[Due] = []
    incomplete: dict[Key, list[str]] = {}
    hashes: dict[int, str] = {}
    documents: dict[int, frozenset[int]] = {}
    own_keys: dict[tuple[int, str], list[Key]] = {}
    for key in balance:
        own_keys.setdefault((key.beneficiary, key.period), []).append(key)
    for stored in entitlements.latest(connection, book, program.id):
        period = program.calendar.of(stored.period)
        place = settlement_of(program, period, ground.as_of)
        if place is None or (settle_from is not None and period.end <= settle_from):
            continue
        settlement, final = place
        amounts, split, bases = _through(stored, rule, program, settlement, final, ground.taxes)
        hashes[stored.id] = stored.cells_hash
        documents[stored.id] = frozenset(
            cell.document for cell, part in zip(stored.cells, stored.parts, strict=True) if part and cell.document
        )
        own = own_keys.get((stored.beneficiary, period.start.isoformat()), [])
        for key in sorted({*amounts, *own}):
            open_amount = amounts.get(key, 0) - _taken(balance.get(key, Balance()), promised.get(key, 0))
            found.append(
                Due(
                    key,
                    settlement,
                    final,
                    amounts.get(key, 0),
                    split.get(key, {}),
                    open_amount,
                    splits.get(key, {}),
                    stored.id,
                    bases.get(key, 0),
                )
            )
            reasons = [*stored.waiting, *_unsolved(ground, key.payee, period)]
            if reasons:
                incomplete[key] = reasons
    return _Owed(found, incomplete, hashes, documents)


def _taken(balance: Balance, promised: int) -> int:
    """What an entitlement is reduced by: settled + reserved + waived - adjusted."""
    return balance.settled + promised + balance.waived - balance.adjusted


def _through(
    stored: entitlements.Stored,
    rule: Rule,
    program: Program,
    settlement: Period,
    final: bool,
    taxes: Mapping[int, TaxCode],
) -> tuple[dict[Key, int], dict[Key, dict[int, int]], dict[Key, int]]:
    """Entitlement, split by tax code and base by key, of the documents up to the end of the settlement period."""
    item = stored if final else cut(stored, rule, settlement.end)
    currency = program.program.currency
    amounts = shares(program.id, currency, stored.beneficiary, stored.period, item, taxes)
    split: dict[Key, dict[int, int]] = {}
    bases: dict[Key, int] = {}
    for cell, part in zip(item.cells, item.parts, strict=True):
        key = Key(
            program.id, stored.beneficiary, cell.payee, taxes[cell.tax].entity, stored.period.isoformat(), currency
        )
        codes = split.setdefault(key, {})
        codes[cell.tax] = codes.get(cell.tax, 0) + part
        bases[key] = bases.get(key, 0) + cell.net
    return amounts, split, bases


def cut(stored: entitlements.Stored, rule: Rule, end: date) -> entitlements.Stored:
    """The entitlement of the documents before a settlement period's end: later ones belong to the next settlement."""
    last = day_number(end)
    cells = [cell for cell in stored.cells if cell.settle < last]
    if len(cells) == len(stored.cells):
        return stored
    return stored._replace(cells=cells, parts=entitle(rule, cells, Side(level=stored.level)).parts)


def _unsolved(ground: _Ground, payee: int, period: Period) -> list[str]:
    return [text for day, text in ground.bad_accounts.get(payee, []) if day is None or day in period]


def rule_of(registered: Mapping[str, Registered], program: Program) -> Rule:
    """The compiled rule of a registered program."""
    names: tuple[str, ...] = ()
    if program.tier is not None:
        status = registered[program.tier.program].program.status
        names = tuple(level.name for level in status.levels) if status else ()
    return compile_rule(program, names)


def _program(batch: Batch, ground: _Ground, item: Registered, result: Proposed) -> None:
    program = item.program
    mode = ground.modes.get(program.id, Mode())
    connection = batch.connection
    debt = owed(connection, ground, item)
    everything = proposals.in_states(
        connection, (*proposals.OPEN, *proposals.FROZEN, "rejected"), mode.book, program.id
    )
    reversed_keys = {entry.key for entry in everything if entry.state == "voided"} - proposals.settled_keys(connection)
    frozen = {
        (entry.payee, entry.entity, entry.period, entry.sequence): True
        for entry in everything
        if entry.state in proposals.FROZEN and entry.key not in reversed_keys
    }
    generations: dict[tuple[int, str, date, int], int] = {}
    for entry in everything:
        if entry.key in reversed_keys:
            place = (entry.payee, entry.entity, entry.period, entry.sequence)
            generations[place] = max(generations.get(place, 1), entry.generation + 1)
    open_ones = {
        (entry.payee, entry.entity, entry.period, entry.sequence): entry
        for entry in everything
        if entry.state in proposals.OPEN
    }
    last_rejected: dict[str, Stored] = {entry.key: entry for entry in everything if entry.state == "rejected"}
    open_parts = proposals.parts(connection, [entry.id for entry in open_ones.values()])
    made = drafts(program, debt.dues, frozen, ground.as_of)
    result.carried += sum(1 for due in debt.dues if due.open < 0)
    wanted = set()
    for draft in made:
        place = (draft.payee, draft.entity, draft.settlement.start, draft.sequence)
        wanted.add(place)
        old = open_ones.get(place)
        adjustments = [row for row in open_parts[old.id] if row.kind == "adjustment"] if old else []
        _one(batch, ground, item, draft, debt, old, adjustments, generations.get(place, 1), last_rejected, result)
    for place, entry in open_ones.items():
        if place not in wanted:
            proposals.move(batch, entry, "superseded", "nothing is left to propose here", proposals.DAEMON)
            result.withdrawn += 1


def _one(
    batch: Batch,
    ground: _Ground,
    item: Registered,
    draft: Draft,
    debt: _Owed,
    old: Stored | None,
    adjustments: list[PartRow],
    generation: int,
    rejected: Mapping[str, Stored],
    result: Proposed,
) -> None:
    program = item.program
    mode = ground.modes.get(program.id, Mode())
    rows = [
        PartRow("entitlement", part.key, part.amount, dict(part.taxes), part.entitlement_id, "") for part in draft.parts
    ] + adjustments
    reasons = sorted({reason for part in draft.parts for reason in debt.incomplete.get(part.key, [])})
    if draft.payee in ground.alarmed:
        reasons.append(ground.alarmed[draft.payee])
    content = describe(ground, item, draft, rows, reasons, debt.hashes)
    content |= _original(batch.connection, draft, debt)
    digest = proposals.signed_hash(content)
    if old is not None and old.content_hash == digest:
        result.unchanged += 1
        result.held += old.state == "held"
        return
    name = ground.names[draft.payee].external_id
    identity = SettlementKey(program.id, name, draft.entity, draft.settlement.label, draft.currency, draft.sequence)
    state, reason, actor = "proposed", "", proposals.DAEMON
    if old is not None and old.state == "held" and old.state_actor != proposals.DAEMON:
        state, reason, actor = "held", old.state_reason, old.state_actor
    elif reasons:
        state, reason = "held", "; ".join(reasons)
    if old is None:
        refused = rejected.get(settlement_key(identity, generation))
        if refused is not None and _claimed(refused.content) == _claimed(content):
            result.unchanged += 1
            return
    else:
        proposals.move(batch, old, "superseded", _difference(old, content), proposals.DAEMON)
    proposals.insert(
        batch,
        book=mode.book,
        identity=identity,
        generation=generation,
        payee=draft.payee,
        period=(draft.settlement.start, draft.settlement.end),
        net=content["net"],
        tax=content["tax"],
        content=content,
        rows=rows,
        supersedes=old.id if old else None,
        maker=old.maker if old and adjustments else item.actor,
        state=state,
        reason=reason,
        actor=actor,
    )
    result.held += state == "held"
    if old is None:
        result.new += 1
    else:
        result.changed += 1


def _claimed(content: Mapping[str, Any]) -> Any:
    """What a rejection is about: the amounts earned and what they rest on, not a person's adjustment or an alarm."""
    parts = [part for part in content["parts"] if part["kind"] == "entitlement"]
    return parts, content["rests_on"], content["incomplete"]


def _difference(old: Stored, content: Mapping[str, Any]) -> str:
    if old.net != content["net"]:
        return f"the result changed: net {old.net} became {content['net']} (minor units {old.currency})"
    return "what it rests on changed"


def _original(connection: Connection, draft: Draft, debt: _Owed) -> dict[str, str]:
    """The source's id of the invoice a settlement pays for, where it is one alone."""
    paid_for = set().union(*(debt.documents.get(part.entitlement_id or 0, ()) for part in draft.parts))
    if len(paid_for) != 1:
        return {}
    query = sa.select(record.c.external_id).where(record.c.id.in_(paid_for), record.c.kind == "invoice")
    found = connection.execute(query).scalar_one_or_none()
    return {} if found is None else {"original": found}


def describe(
    ground: _Ground,
    item: Registered,
    draft: Draft,
    rows: Sequence[PartRow],
    incomplete: Sequence[str],
    hashes: Mapping[int, str],
) -> dict[str, Any]:
    """The content of a proposal: everything an approver signs, and nothing that changes by itself."""
    program = item.program
    lines = tax_lines([row.taxes for row in rows], ground.taxes, program.program.rounding)
    net = sum(line.net for line in lines)
    text = program.settlement.text or program.program.name
    return {
        "program": program.id,
        "text": text,
        **({"texts": program.settlement.texts} if program.settlement.texts else {}),
        "payee": ground.names[draft.payee].external_id,
        "entity": draft.entity,
        "period": draft.settlement.label,
        "period_start": draft.settlement.start,
        "period_last": draft.settlement.end - timedelta(days=1),
        "currency": draft.currency,
        "sequence": draft.sequence,
        "net": net,
        "tax": sum(line.tax for line in lines),
        "lines": [
            {
                "category": ground.taxes[line.code].category,
                "rate": ground.taxes[line.code].rate,
                "registration": ground.taxes[line.code].registration,
                "code": line.code,
                "net": line.net,
                "tax": line.tax,
            }
            for line in lines
        ],
        "parts": [
            {
                "kind": row.kind,
                "beneficiary": ground.names[row.key.beneficiary].external_id,
                "period": row.key.period,
                "amount": row.amount,
                "reason": row.reason,
            }
            for row in rows
        ],
        "base": draft.base,
        "incomplete": list(incomplete),
        "alarms": _alarms(ground, program, draft, net),
        "rests_on": {
            "definition": item.hash,
            "entitlements": sorted(hashes[row.entitlement_id][:16] for row in rows if row.entitlement_id is not None),
            "engine": __version__.rpartition(".")[0],
        },
    }


def _alarms(ground: _Ground, program: Program, draft: Draft, net: int) -> list[str]:
    limits, found = ground.limits, []
    if draft.base > 0 and net * 100 > draft.base * limits.percent_of_base:
        found.append(f"more than {limits.percent_of_base} % of the base it rests on")
    book = ground.modes.get(program.id, Mode()).book
    before = [entry for entry in ground.settled.get((book, draft.payee), ()) if entry.period < draft.settlement.start]
    same = [entry for entry in before if entry.program == program.id]
    if same and net > same[-1].net * limits.times_last_period:
        found.append(f"more than {limits.times_last_period} times the last one ({same[-1].key})")
    if limits.first_for_account and not before:
        found.append("the account's first credit note")
    return found
