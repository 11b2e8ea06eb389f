"""What merging two accounts would do to the book, or why it cannot be: read, shown to a person, then done.

A key goes over whole or not at all, so a date that cuts through what was settled is refused, and what is promised has
to be settled or ended first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.documents import DOCUMENT_KINDS
from core.engine.patterns import Audiences
from core.errors import RefusedError
from core.ledger import moves, postings, proposals, registry
from core.ledger.accounts import Alias, Identity, aliases, identities, origins, owner
from core.ledger.alarms import open_alarms
from core.ledger.masters import account_states
from core.ledger.postings import Balance
from core.ledger.proposals import Stored
from core.ledger.registry import Registered
from core.ledger.tables import record, record_head, record_version
from core.money import shown
from core.period import Period, day_number
from core.posting import Key
from core.programs.counters import counters

BOOKS = ("live", "shadow")
Reach = Literal["whole", "part", "none"]


class Handover(NamedTuple):
    """The balance of one key that goes over to another."""

    book: str
    old: Key
    new: Key
    balance: Balance


class Withdrawn(NamedTuple):
    """An open proposal of the old account, which ends. `adjusted` is what people had added to it."""

    proposal_id: int
    key: str
    program: str
    period: str
    net: int
    adjusted: int
    currency: str


class Merger(NamedTuple):
    """What merging two accounts would do. `moved` documents name the new account already, `documents` still the old
    one; `left_out` are programs that paid the old account and in which the new one takes no part."""

    old: Identity
    new: Identity
    start: date | None
    is_known: bool
    is_asked: bool
    moved: int
    documents: int
    handovers: tuple[Handover, ...]
    withdrawn: tuple[Withdrawn, ...]
    left_out: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_known and not (self.is_asked or self.handovers or self.withdrawn)


def plan(connection: Connection, old: Identity, new: Identity, start: date | None = None) -> Merger:
    """What merging `old` into `new` from a day on (always, where None) does. Raises RefusedError where it cannot be."""
    merged = aliases(connection)
    is_known = _is_known(connection, merged, old, new, start)
    programs = registry.current(connection)
    _nothing_reserved(connection, programs, old, start)
    days = moves.moved_days(connection, merged, old.account_id, new.account_id)
    if start is not None:
        _cuts_nothing(connection, programs, old, start, days)
    handovers = tuple(_handovers(connection, programs, old, new, start))
    return Merger(
        old,
        new,
        start,
        is_known,
        is_asked(connection, old, new),
        len(days),
        _documents(connection, merged, old, start),
        handovers,
        tuple(_withdrawn(connection, programs, old, start)),
        tuple(_left_out(connection, programs, old, new, handovers)),
    )


def is_asked(connection: Connection, old: Identity, new: Identity) -> bool:
    about = moves.subject(old.account_id, new.account_id)
    return any(row.kind == moves.ALARM and row.subject == about for row in open_alarms(connection))


def reach(programs: Mapping[str, Registered], program: str, first: date, start: date | None) -> Reach:
    """How much of a period lies on days from `start` on."""
    if start is None or first >= start:
        return "whole"
    return "part" if _period(programs, program, first).end > start else "none"


def _is_known(
    connection: Connection, merged: Sequence[Alias], old: Identity, new: Identity, start: date | None
) -> bool:
    """Whether the alias stands already. Raises RefusedError where another one is in its way."""
    if old.account_id == new.account_id:
        raise RefusedError("an account cannot be merged into itself")
    mine = [alias for alias in merged if alias.old == old.account_id]
    became = owner(merged, new.account_id)
    names = identities(connection, {became, *(alias.new for alias in mine)})
    if became == old.account_id:
        raise RefusedError(f"{new.external_id} was merged into {old.external_id}: that cannot be turned round")
    if became != new.account_id:
        other = names[became].external_id
        raise RefusedError(f"{new.external_id} was itself merged into {other}", hint=f"merge into {other}")
    if mine and mine[-1].new != new.account_id:
        other = names[mine[-1].new].external_id
        raise RefusedError(
            f"{old.external_id} was merged into {other}",
            hint=f"if {other} has become {new.external_id}, merge that one",
        )
    return any(alias.start is None or (start is not None and alias.start <= start) for alias in mine)


def _period(programs: Mapping[str, Registered], program: str, first: date) -> Period:
    return programs[program].program.calendar.of(first)


def _concerned(
    connection: Connection,
    programs: Mapping[str, Registered],
    old: Identity,
    start: date | None,
    items: Sequence[Stored],
) -> Iterator[tuple[Stored, list[proposals.PartRow]]]:
    """Those proposals of the old account that hold a key which goes over, or what would be divided."""
    rows = proposals.parts(connection, [item.id for item in items])
    for item in items:
        mine = [row for row in rows[item.id] if old.account_id in (row.key.payee, row.key.beneficiary)]
        reaches = {reach(programs, row.key.program, date.fromisoformat(row.key.period), start) for row in mine}
        if "whole" in reaches or ("part" in reaches and start is not None and item.period_end > start):
            yield item, mine


def _nothing_reserved(
    connection: Connection, programs: Mapping[str, Registered], old: Identity, start: date | None
) -> None:
    settled = proposals.settled_keys(connection)
    standing = proposals.in_states(connection, (*proposals.RESERVED, "differs"), "live")
    reserved = [item for item in standing if item.key not in settled]
    found = [item for item, _ in _concerned(connection, programs, old, start, reserved)]
    if not found:
        return
    acts = {
        "approved": "`rebated review reject KEY --reason …` ends one that is approved, `rebated write-back` sends it",
        "sending": "`rebated write-back` finds out about one that is being sent",
        "differs": "`rebated review accept|write-off KEY --reason …` decides about one that differs",
    }
    states = ["approved" if item.state == "suspended" else item.state for item in found]
    told = ", ".join(f"{item.key} ({item.state}, {shown(item.net, item.currency)})" for item in found)
    raise RefusedError(
        f"{old.external_id} has been promised what is not settled yet: {told}",
        hint="; ".join(acts[state] for state in dict.fromkeys(states)) + ". Then merge",
    )


def _cuts_nothing(
    connection: Connection,
    programs: Mapping[str, Registered],
    old: Identity,
    start: date,
    days: Sequence[date],
) -> None:
    """A key goes over whole or stays: refuse a day on which what was settled would have to be divided."""
    always = "merge without --from: then everything of the account goes over"
    early = [day for day in days if day < start]
    if early:
        raise RefusedError(
            f"{len(early)} of the documents that have moved are dated before {start}, the first on {early[0]}",
            hint=always,
        )
    done = proposals.in_states(connection, ("settled", "differs", "waived"), "live")
    for item, rows in _concerned(connection, programs, old, start, done):
        for row in rows:
            first = date.fromisoformat(row.key.period)
            if reach(programs, row.key.program, first, start) == "part":
                label = _period(programs, row.key.program, first).label
                raise RefusedError(
                    f"{start} cuts through {label} of {row.key.program}, of which {item.key} was settled through "
                    f"{item.content['period_last']}",
                    hint=f"say --from {first} or --from {item.period_end}, or {always}",
                )


def _handovers(
    connection: Connection, programs: Mapping[str, Registered], old: Identity, new: Identity, start: date | None
) -> Iterator[Handover]:
    def renamed(account_id: int) -> int:
        return new.account_id if account_id == old.account_id else account_id

    for book in BOOKS:
        for key, balance in sorted(postings.balances(connection, book, account=old.account_id).items()):
            if any(balance) and reach(programs, key.program, date.fromisoformat(key.period), start) == "whole":
                target = key._replace(beneficiary=renamed(key.beneficiary), payee=renamed(key.payee))
                yield Handover(book, key, target, balance)


def _withdrawn(
    connection: Connection, programs: Mapping[str, Registered], old: Identity, start: date | None
) -> Iterator[Withdrawn]:
    waiting = proposals.in_states(connection, proposals.UNDECIDED)
    standing = [item for item in waiting if item.payee == old.account_id]
    for item, rows in _concerned(connection, programs, old, start, standing):
        adjusted = sum(row.amount for row in rows if row.kind == "adjustment")
        yield Withdrawn(item.id, item.key, item.program, item.period_label, item.net, adjusted, item.currency)


def _documents(connection: Connection, merged: Sequence[Alias], old: Identity, start: date | None) -> int:
    """How many documents still count for the old account and will for the new one."""
    query = (
        sa.select(record_version.c.account_id, record_version.c.day)
        .join(record_head, record_head.c.version_id == record_version.c.id)
        .join(record, record.c.id == record_head.c.record_id)
        .where(
            record_head.c.present,
            record.c.kind.in_(DOCUMENT_KINDS),
            record_version.c.account_id.in_(origins(merged, {old.account_id})),
        )
    )
    return sum(
        owner(merged, account_id, day) == old.account_id and (start is None or day >= start)
        for account_id, day in connection.execute(query)
    )


def _left_out(
    connection: Connection,
    programs: Mapping[str, Registered],
    old: Identity,
    new: Identity,
    handovers: Sequence[Handover],
) -> Iterator[str]:
    """Programs that paid the old account for a period in which the new one takes no part in them."""
    paid = [item for item in handovers if item.book == "live" and (item.balance.settled or item.balance.waived)]
    if not paid:
        return
    states = account_states(connection).get(new.account_id, [])
    names = sorted({item.old.program for item in paid})
    audiences = Audiences([counters(programs[name].program)[0] for name in names])
    for bit, name in enumerate(names):
        for period in sorted({item.old.period for item in paid if item.old.program == name}):
            span = _period(programs, name, date.fromisoformat(period))
            first, end = day_number(span.start), day_number(span.end)
            there = [state for state in states if state.from_day < end and first < state.to_day]
            ids = [state._replace(external_ids=(*state.external_ids, old.external_id)) for state in there]
            if not any(audiences.match(state) >> bit & 1 for state in ids):
                yield f"{name} {span.label}"
