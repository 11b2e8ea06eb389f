"""Promises: whether what was approved is still covered by what is entitled, checked again right before sending.

Read once for a run: the claim on the book keeps others from writing meanwhile, and sending moves amounts from reserved
to settled, which changes nothing here.
"""

from __future__ import annotations

from datetime import date

from core.ledger import postings, proposals, registry, review
from core.ledger.accruals import shares
from core.ledger.entitlements import latest
from core.ledger.facts import tax_codes
from core.ledger.proposals import PartRow, Stored
from core.ledger.proposing import cut, rule_of
from core.posting import Key
from scheduler.context import Context


class Promises:
    """Entitlements and what they are reduced by, of the programs that have something to send."""

    def __init__(self, context: Context, programs: set[str]) -> None:
        self.tolerance = context.config.sending.tolerance_in
        self._taken: dict[Key, int] = {}
        self._parts: dict[int, list[PartRow]] = {}
        self._entitled: dict[tuple[str, date], dict[Key, int]] = {}
        with context.book.read() as reading:
            taxes = tax_codes(reading)
            registered = registry.current(reading)
            for program in programs:
                promised = proposals.reserved(reading, "live", program)
                balances = postings.balances(reading, "live", program)
                for key in {*promised, *balances}:
                    now = balances.get(key, postings.Balance())
                    self._taken[key] = now.settled + promised.get(key, 0) + now.waived - now.adjusted
                waiting = proposals.in_states(reading, proposals.RESERVED, "live", program)
                self._parts |= proposals.parts(reading, [item.id for item in waiting])
                rule = rule_of(registered, registered[program].program)
                present = list(latest(reading, "live", program))
                for end in {item.period_end for item in waiting}:
                    sums = self._entitled.setdefault((program, end), {})
                    for stored in present:
                        item = cut(stored, rule, end)
                        sums |= shares(program, item.currency, item.beneficiary, item.period, item, taxes)

    def fallen_short(self, item: Stored) -> str:
        """Why an approved proposal must wait; empty text where it may go.

        What counts is what its own settlement covers: a return after the settlement period's end belongs to the next.
        """
        entitled = self._entitled.get((item.program, item.period_end), {})
        rows = self._parts.get(item.id, [])
        return review.fallen_short(item, rows, entitled, self._taken, self.tolerance(item.currency))
