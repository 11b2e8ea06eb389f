"""Promises: whether what was approved is still covered by what is entitled, checked again right before sending.

Read once for a run: the claim on the book keeps others from writing meanwhile, and sending moves amounts from reserved
to settled, which changes nothing here.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from core.ledger import owing, postings, proposals, registry, review
from core.ledger.entitlements import latest
from core.ledger.facts import tax_codes
from core.ledger.proposals import PartRow, Stored
from core.posting import Key
from scheduler.context import Context


class Promises:
    """Entitlements and what they are reduced by, of the programs that have a part in what is to be sent."""

    def __init__(self, context: Context, programs: set[str]) -> None:
        self.tolerance = context.config.sending.tolerance_in
        self._taken: dict[Key, int] = {}
        self._parts: dict[int, list[PartRow]] = {}
        self._through: dict[tuple[str, date], dict[Key, int]] = {}
        with context.book.read() as reading:
            waiting = [
                item
                for program in sorted(programs)
                for item in proposals.in_states(reading, proposals.RESERVED, "live", program)
            ]
            self._parts = proposals.parts(reading, [item.id for item in waiting])
            involved = programs | {row.key.program for rows in self._parts.values() for row in rows}
            for program in sorted(involved):
                ends = {item.period_end for item in waiting if item.program == program}
                self._read(reading, program, ends)

    def _read(self, reading: sa.Connection, program: str, ends: set[date]) -> None:
        promised = proposals.reserved(reading, "live", program)
        balances = postings.balances(reading, "live", program)
        for key in {*promised, *balances}:
            self._taken[key] = owing.taken(balances.get(key, postings.Balance()), promised.get(key, 0))
        taxes, registered = tax_codes(reading), registry.current(reading)
        definition = registered[program].program
        rule = owing.rule_of(registered, definition)
        present = list(latest(reading, "live", program))
        for end in {*ends, date.max}:
            sums = self._through.setdefault((program, end), {})
            for stored in present:
                found = owing.earned(owing.through(stored, definition, rule, end), definition, taxes)
                sums |= {key: item.amount for key, item in found.items()}

    def fallen_short(self, item: Stored) -> str:
        """Why an approved proposal must wait; empty text where it may go.

        What counts is what its own settlement covers: a return after the settlement period's end belongs to the next.
        What it takes back for another program has no such end.
        """
        rows = self._parts.get(item.id, [])
        entitled = {}
        for row in rows:
            end = item.period_end if row.key.program == item.program else date.max
            entitled[row.key] = self._through.get((row.key.program, end), {}).get(row.key, 0)
        return review.fallen_short(item, rows, entitled, self._taken, self.tolerance(item.currency))
