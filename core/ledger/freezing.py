"""Frozen rates: what a day was converted by when the first settlement that rests on it was approved.

A rate that is corrected later changes nothing of it, in that program and for every account: nobody is asked back or
paid for a correction of a rate that finance has signed. Days that no approved settlement covers follow the correction.
(design.md section 5, currency)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger import proposals
from core.ledger.acts import Mode
from core.ledger.exchange import Exchange, Rate, Rule
from core.ledger.tables import effect, proposal, proposal_event, proposal_part, record
from core.programs import Program

_APPROVED = (*proposals.FROZEN, "waived")


@dataclass(frozen=True, slots=True)
class Frozen:
    """Days from `start` up to, not including, `end`, with the rates that were known when they were approved."""

    start: date
    end: date
    exchange: Exchange


class FrozenExchange:
    """The rates of one program: those of its frozen days, and the present ones."""

    def __init__(self, frozen: Iterable[Frozen], present: Exchange) -> None:
        """`frozen` in the order in which they were approved: the first that covers a day holds."""
        self._frozen, self._present = list(frozen), present

    def ratio(self, base: str, quote: str, day: date, rule: Rule, provider: str, period_end: date) -> Fraction | None:
        """As `Exchange.ratio`."""
        return self.on(day).ratio(base, quote, day, rule, provider, period_end)

    def told(self, base: str, quote: str, day: date, rule: Rule, provider: str, period_end: date) -> Rate | None:
        """As `Exchange.told`."""
        return self.on(day).told(base, quote, day, rule, provider, period_end)

    def on(self, day: date) -> Exchange:
        """The rates that hold for documents of a day."""
        return next((item.exchange for item in self._frozen if item.start <= day < item.end), self._present)


def frozen_rates(
    connection: Connection,
    programs: Iterable[Program],
    modes: Mapping[str, Mode],
    present: Exchange,
    known_batch: int | None = None,
) -> dict[str, FrozenExchange]:
    """The rates of the programs of which some are frozen and were corrected since; most often none."""
    corrected = _last_correction(connection, known_batch)
    found: dict[str, FrozenExchange] = {}
    known: dict[int, Exchange] = {}
    for program in programs:
        if corrected is None or program.is_tier or program.currency.lines == "wait":
            continue
        days = []
        for batch, start, end in _approvals(connection, program, modes.get(program.id, Mode()).book, known_batch):
            if batch < corrected:
                if batch not in known:
                    known[batch] = Exchange.read(connection, batch)
                days.append(Frozen(start, end, known[batch]))
        if days:
            found[program.id] = FrozenExchange(days, present)
    return found


def _last_correction(connection: Connection, known_batch: int | None) -> int | None:
    """The batch that last changed or took back an exchange rate; None where none ever was."""
    query = (
        sa.select(sa.func.max(effect.c.batch))
        .join(record, record.c.id == effect.c.record_id)
        .where(record.c.kind == "exchange_rate", effect.c.sign == -1)
    )
    if known_batch is not None:
        query = query.where(effect.c.batch <= known_batch)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def _approvals(
    connection: Connection, program: Program, book: str, known_batch: int | None
) -> list[tuple[int, date, date]]:
    """(batch, first day, day after the last) of what approved settlements rest on, in order of their approval."""
    approved = sa.select(proposal_event.c.proposal_id, sa.func.min(proposal_event.c.batch).label("batch")).where(
        proposal_event.c.state == "approved"
    )
    if known_batch is not None:
        approved = approved.where(proposal_event.c.batch <= known_batch)
    first = approved.group_by(proposal_event.c.proposal_id).subquery()
    standing = {item.id for item in proposals.in_states(connection, _APPROVED, book, program.id)}
    query = (
        sa.select(proposal.c.id, first.c.batch, sa.func.min(proposal_part.c.period), proposal.c.period_end)
        .join(first, first.c.proposal_id == proposal.c.id)
        .join(proposal_part, proposal_part.c.proposal_id == proposal.c.id)
        .where(proposal.c.program == program.id, proposal.c.book == book)
        .group_by(proposal.c.id, first.c.batch, proposal.c.period_end)
    )
    rows = [(int(row[1]), row[2], row[3]) for row in connection.execute(query) if row[0] in standing]
    return sorted(dict.fromkeys(rows))
