"""Net of other programs: what one program gives for a line is taken off the measure of those that are net of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.cells import Cell
from core.engine.plan import Plan
from core.engine.reductions import Place, given, reduced, reductions
from core.engine.result import Result
from core.programs.counters import Counter


class Deductions:
    """What programs have given so far for lines that others count too.

    `local_taxes` tells what stands for a tax key in another currency.
    """

    def __init__(self, plan: Plan, counters: Sequence[Counter], local_taxes: Mapping[tuple[int, str], int]) -> None:
        self.plan = plan
        self._givers = {name for counter in counters for name in counter.program.basis.net_of}
        self._local_taxes = local_taxes
        self._taken: dict[Place, int] = {}

    def wanted(self, program: str) -> bool:
        """Whether some program is net of this one."""
        return program in self._givers

    def note(self, result: Result) -> None:
        """Remember what a program gives, whether or not it was settled."""
        if not result.counted:
            return
        finer = given(self.plan, result.cells, result.parts, result.counted)
        for place, amount in reductions(self.plan, result.counted, finer).items():
            self._taken[place] = self._taken.get(place, 0) + amount

    def off(self, counter: Counter, cells: Sequence[Cell]) -> Sequence[Cell]:
        """The cells of a counter, less what others gave for the same lines."""
        if not counter.program.basis.net_of:
            return cells
        currency = counter.program.program.currency
        taxes = {
            cell.tax: self._local_taxes[cell.tax, currency]
            for cell in cells
            if (cell.tax, currency) in self._local_taxes
        }
        return reduced(cells, self._taken, taxes)
