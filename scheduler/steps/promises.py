"""Promises: whether what was approved is still covered by what is entitled, checked again right before sending.

Read once for a run: the claim on the book keeps others from writing meanwhile, and sending moves amounts from reserved
to settled, which changes nothing here.
"""

from __future__ import annotations

from core.ledger import postings, proposals, review
from core.ledger.accruals import shares
from core.ledger.entitlements import latest
from core.ledger.facts import tax_codes
from core.ledger.proposals import PartRow, Stored
from core.posting import Key
from scheduler.context import Context


class Promises:
    """Entitlements and what they are reduced by, of the programs that have something to send."""

    def __init__(self, context: Context, programs: set[str]) -> None:
        self.tolerance = context.config.sending.tolerance_in
        self.entitled: dict[Key, int] = {}
        self.taken: dict[Key, int] = {}
        self.parts: dict[int, list[PartRow]] = {}
        with context.book.read() as reading:
            taxes = tax_codes(reading)
            for program in programs:
                for stored in latest(reading, "live", program):
                    self.entitled |= shares(program, stored.currency, stored.beneficiary, stored.period, stored, taxes)
                promised = proposals.reserved(reading, "live", program)
                balances = postings.balances(reading, "live", program)
                for key in {*promised, *balances}:
                    now = balances.get(key, postings.Balance())
                    self.taken[key] = now.settled + promised.get(key, 0) + now.waived - now.adjusted
                waiting = proposals.in_states(reading, proposals.RESERVED, "live", program)
                self.parts |= proposals.parts(reading, [item.id for item in waiting])

    def fallen_short(self, item: Stored) -> str:
        """Why an approved proposal must wait; empty text where it may go."""
        rows = self.parts.get(item.id, [])
        return review.fallen_short(item, rows, self.entitled, self.taken, self.tolerance(item.currency))
