"""Propose: what is due becomes proposals; what has changed supersedes them, in one transaction a program.

Running it again changes nothing. A proposal rests on hashes: definition, entitlements, engine. Where a program's
debts are taken from other programs, all live programs are proposed in one transaction. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from core.clawback import claw_back, offset
from core.keys import SettlementKey, settlement_key
from core.ledger import postings, proposals
from core.ledger.book import Batch, Book
from core.ledger.describing import describe, rows_of
from core.ledger.owing import AlarmLimits, Ground, Owed, ground_of, owed
from core.ledger.postings import Transaction
from core.ledger.proposals import Stored
from core.ledger.registry import Registered
from core.money import shown
from core.period import Period
from core.posting import entry as sides_of
from core.settlement import Adjusted, Adjustment, Draft, Place, Settled, of_one_sign_only, settle


@dataclass(slots=True)
class Proposed:
    """What a run of propose did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    held: int = 0
    carried: int = 0
    written_off: int = 0


@dataclass(frozen=True, slots=True)
class _Work:
    """One program as it stands: what it owes, and its proposals by their places."""

    item: Registered
    book: str
    debt: Owed
    present: Mapping[Place, Stored]
    adjusted: Sequence[Adjusted]
    frozen: frozenset[Place]
    generations: Mapping[Place, int]
    rejected: Mapping[str, Stored]


def propose(
    book: Book,
    *,
    as_of: date,
    actor: str,
    claim: tuple[str, int] | None,
    limits: AlarmLimits | None = None,
    run: str | None = None,
    takes_both_signs: Callable[[str], bool] = lambda entity: True,
) -> Proposed:
    """Bring the proposals of every program to what is due as of a business day.

    `takes_both_signs` tells whether the system that issues an entity's documents takes lines of both signs on one.
    """
    result = Proposed()
    with book.read() as connection:
        ground = ground_of(connection, as_of, limits or AlarmLimits())
    for group in _together(ground):
        note = group[0].program.id if len(group) == 1 else f"{len(group)} programs"
        with book.batch("propose", actor=actor, claim=claim, run=run, note=note) as batch:
            _group(batch, ground, group, takes_both_signs, result)
    return result


def _together(ground: Ground) -> Iterator[list[Registered]]:
    """The rebate programs that are proposed together: each alone, unless debts go from one to another."""
    rebates = [item for item in ground.registered.values() if not item.program.is_tier]
    live = [item for item in rebates if ground.mode(item.program).book == "live"]
    if len(live) > 1 and any(item.program.settlement.clawback == "offset" for item in live):
        yield live
        rebates = [item for item in rebates if item not in live]
    for item in rebates:
        yield [item]


def _group(
    batch: Batch,
    ground: Ground,
    group: Sequence[Registered],
    takes_both_signs: Callable[[str], bool],
    result: Proposed,
) -> None:
    works = {item.program.id: _work(batch.connection, ground, item) for item in group}
    found = {}
    for name, work in works.items():
        program = work.item.program
        found[name] = claw_back(
            program, settle(program, work.debt.dues, work.frozen, ground.as_of, work.adjusted), ground.as_of
        )
    found = offset([item.program for item in group], found)
    debt = Owed()
    for work in works.values():
        debt.incomplete |= work.debt.incomplete
        debt.hashes |= work.debt.hashes
        debt.documents |= work.debt.documents
        result.carried += sum(1 for due in work.debt.dues if due.open < 0)
    for name, work in works.items():
        made = [_for_target(item, takes_both_signs) for item in found[name].made]
        _Program(batch, ground, work, debt, result).bring(Settled(made, found[name].left))


def _for_target(item: Draft, takes_both_signs: Callable[[str], bool]) -> Draft:
    """The draft as the system that issues it can take it; what is no document of ours goes to none."""
    alone = of_one_sign_only(item)
    ours = item.kind in ("credit_note", "debit_invoice")
    return alone if ours and alone is not item and not takes_both_signs(item.entity) else item


def _work(connection: Connection, ground: Ground, item: Registered) -> _Work:
    program = item.program
    book = ground.mode(program).book
    everything = proposals.in_states(
        connection, (*proposals.UNDECIDED, *proposals.FROZEN, "rejected"), book, program.id
    )
    reversed_keys = {entry.key for entry in everything if entry.state == "voided"} - proposals.settled_keys(connection)
    generations: dict[Place, int] = {}
    for entry in everything:
        if entry.key in reversed_keys:
            place = place_of(entry)
            generations[place] = max(generations.get(place, 1), entry.generation + 1)
    present = {place_of(entry): entry for entry in everything if entry.state in proposals.UNDECIDED}
    rows = proposals.parts(connection, [entry.id for entry in present.values()])
    adjusted = []
    for place, entry in present.items():
        changes = [
            Adjustment(row.key, row.amount, row.taxes, row.reason, place)
            for row in rows[entry.id]
            if row.kind == "adjustment"
        ]
        if changes:
            adjusted.append(Adjusted(Period(entry.period, entry.period_end, entry.period_label), changes))
    return _Work(
        item,
        book,
        owed(connection, ground, item),
        present,
        adjusted,
        frozenset(
            place_of(entry)
            for entry in everything
            if entry.state in proposals.FROZEN and entry.key not in reversed_keys
        ),
        generations,
        {entry.key: entry for entry in everything if entry.state == "rejected"},
    )


def place_of(item: Stored) -> Place:
    """The place of a proposal among the documents of its program."""
    return Place(item.payee, item.entity, item.currency, item.period, item.sequence)


class _Program:
    """Brings the proposals of one program to the drafts of this run."""

    def __init__(self, batch: Batch, ground: Ground, work: _Work, debt: Owed, result: Proposed) -> None:
        self.batch, self.ground, self.work, self.debt, self.result = batch, ground, work, debt, result

    def bring(self, found: Settled) -> None:
        """Propose what is made, write off what is given up, withdraw what is no more."""
        proposed = {item.place for item in found.made if item.kind != "write_off"}
        for item in found.made:
            if item.kind == "write_off":
                self._write_off(item)
            else:
                self._one(item)
        waiting = {change.place for pool in found.left for change in pool.adjustments}
        for place, entry in self.work.present.items():
            if place not in proposed:
                self._withdraw(entry, place in waiting)

    def _withdraw(self, entry: Stored, adjusted: bool) -> None:
        if adjusted and entry.state == "waiting":
            return
        if adjusted:
            reason = "with what was adjusted nothing positive is left: the adjustment waits with the rest"
        elif any(change.place == place_of(entry) for item in self.work.adjusted for change in item.changes):
            reason = "its adjustment went on to a later settlement with the rest"
        else:
            reason = "nothing is left to propose here"
        proposals.move(self.batch, entry, "waiting" if adjusted else "superseded", reason, proposals.DAEMON)
        self.result.withdrawn += 1

    def _reasons(self, item: Draft) -> list[str]:
        reasons = sorted({reason for part in item.parts for reason in self.debt.incomplete.get(part.key, [])})
        if item.payee in self.ground.alarmed:
            reasons.append(self.ground.alarmed[item.payee])
        return [*reasons, item.waits] if item.waits else reasons

    def _identity(self, item: Draft) -> SettlementKey:
        name = self.ground.names[item.payee].external_id
        return SettlementKey(item.program, name, item.entity, item.settlement.label, item.currency, item.sequence)

    def _one(self, item: Draft) -> None:
        old = self.work.present.get(item.place)
        reasons = self._reasons(item)
        content = describe(self.batch.connection, self.ground, self.work.item, item, self.debt, reasons)
        if old is not None and old.state != "waiting" and old.content_hash == proposals.signed_hash(content):
            self.result.unchanged += 1
            self.result.held += old.state == "held"
            return
        state, reason, actor = "proposed", "", proposals.DAEMON
        if old is not None and old.state == "held" and old.state_actor != proposals.DAEMON:
            state, reason, actor = "held", old.state_reason, old.state_actor
        elif reasons:
            state, reason = "held", "; ".join(reasons)
        if old is None:
            refused = self.work.rejected.get(settlement_key(self._identity(item), self._generation(item)))
            if refused is not None and _claimed(refused.content) == _claimed(content):
                self.result.unchanged += 1
                return
        else:
            proposals.move(self.batch, old, "superseded", _difference(old, content), proposals.DAEMON)
        self._insert(item, content, old, self._maker(item), state, reason, actor)
        self.result.held += state == "held"
        if old is None:
            self.result.new += 1
        else:
            self.result.changed += 1

    def _maker(self, item: Draft) -> str:
        """Whoever adjusted it, here or where the adjustment was carried from, else whoever imported the definition."""
        for change in item.adjustments:
            entry = self.work.present.get(change.place)
            if entry is not None:
                return entry.maker
        return self.work.item.actor

    def _generation(self, item: Draft) -> int:
        return self.work.generations.get(item.place, 1)

    def _insert(
        self, item: Draft, content: dict[str, Any], old: Stored | None, maker: str, state: str, reason: str, actor: str
    ) -> str:
        identity = self._identity(item)
        proposals.insert(
            self.batch,
            book=self.work.book,
            identity=identity,
            generation=self._generation(item),
            payee=item.payee,
            period=(item.settlement.start, item.settlement.end),
            net=content["net"],
            tax=content["tax"],
            content=content,
            rows=rows_of(item),
            supersedes=old.id if old else None,
            maker=maker,
            state=state,
            reason=reason,
            actor=actor,
        )
        return settlement_key(identity, self._generation(item))

    def _write_off(self, item: Draft) -> None:
        """Give up what is owed back: posted, and kept like a proposal that was waived. What is incomplete waits."""
        if self._reasons(item) or self.work.book != "live":
            return
        content = describe(self.batch.connection, self.ground, self.work.item, item, self.debt, [])
        most = self.work.item.program.settlement.waive_up_to
        reason = f"{shown(-item.net, item.currency)} is owed back: up to {most} {item.currency} is written off"
        key = self._insert(item, content, None, self.work.item.actor, "waived", reason, proposals.DAEMON)
        transactions = [
            Transaction(
                "write_off", self.ground.as_of, item.program, sides_of("write_off", part.key, part.amount), key, reason
            )
            for part in item.parts
        ]
        postings.post(self.batch, self.work.book, transactions)
        self.result.written_off += 1


def _claimed(content: Mapping[str, Any]) -> Any:
    """What a rejection is about: the amounts earned and what they rest on, not a person's adjustment or an alarm."""
    parts = [part for part in content["parts"] if part["kind"] == "entitlement"]
    return parts, content["rests_on"], content["incomplete"]


def _difference(old: Stored, content: Mapping[str, Any]) -> str:
    if old.net != content["net"]:
        return f"the result changed: net {old.net} became {content['net']} (minor units {old.currency})"
    return "what it rests on changed" if old.state != "waiting" else "enough is due again for its adjustment"
