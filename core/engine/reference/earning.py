"""What the cells of one beneficiary and period earn, by the words of the definition.

Everything is an exact fraction in major units until the one rounding; then amounts and parts are in minor units of the
program's currency. Cells are records with the fields of `core.entitlement.Cell`, sides with those of
`core.entitlement.Side`; of both only what was counted is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple

from core.engine.reference.rounding import rounded, whole_parts
from core.engine.reference.scale import at_band, between, earns, is_above, rate_at, reached, steps
from core.money import exponent
from core.programs import COUNTED, Program, Scale

NOTHING = Fraction(0)


class Earned(NamedTuple):
    """An amount in minor units, its parts by cell, and the exact amount before it was rounded."""

    amount: int
    parts: list[int]
    exact: Fraction


def unit_of(measure: str, currency: str) -> int:
    """How many of the smallest units that are counted make one of those that are stated."""
    if measure in COUNTED:
        return 1
    return 10**6 if measure == "quantity" else int(10 ** exponent(currency))


def earned(program: Program, names: Sequence[str], cells: Sequence[Any], side: Any) -> Earned:
    """What the cells earn. `names` are the levels of the tier program in use, from the lowest up."""
    by = program.basis.accumulate
    units: dict[tuple[int, int], list[int]] = {}
    for i in sorted(range(len(cells)), key=lambda i: _place(cells[i])):
        cell = cells[i]
        units.setdefault((cell.document if by != "period" else 0, cell.line if by == "line" else 0), []).append(i)
    amount, exact, parts = 0, NOTHING, [0] * len(cells)
    for members in units.values():
        shares = exact_shares(program, names, [cells[i] for i in members], side)
        whole = rounded(sum(shares, NOTHING), program.program.rounding)
        for i, part in zip(members, whole_parts(whole, shares), strict=True):
            parts[i] = part
        amount, exact = amount + whole, exact + sum(shares, NOTHING)
    return Earned(amount, parts, exact)


def exact_shares(program: Program, names: Sequence[str], cells: Sequence[Any], side: Any) -> list[Fraction]:
    """The share of each cell of one unit of accumulation, unrounded, in minor units. The cells stand in order."""
    if side.excluded or not all(one.met for one in side.conditions):
        return [NOTHING] * len(cells)
    shares = _Unit(program, names, cells, side).shares()
    minor = 10 ** exponent(program.program.currency)
    if program.audience.distribution == "equal":
        shares = _equally(cells, sum(shares, NOTHING))
    return [share * minor for share in shares]


class _Unit:
    """One unit of accumulation: the measure it reaches, what its bands are about, and what is paid on."""

    def __init__(self, program: Program, names: Sequence[str], cells: Sequence[Any], side: Any) -> None:
        self.program, self.names, self.cells, self.side = program, names, cells, side
        unit = unit_of(program.basis.measure, program.program.currency)
        self.measures = [Fraction(cell.measure * cell.times, cell.over * unit) for cell in cells]
        self.whole = sum(self.measures, NOTHING)
        self.base: Fraction | None = None
        self.highest = False
        self.value = self.paid = self.whole
        if program.qualifier is not None:
            stated = unit_of(program.qualifier.measure, program.program.currency)
            self.value = (side.qualifier or NOTHING) / stated
        if program.baseline is not None:
            self._compare(None if side.baseline is None else side.baseline / unit)

    def _compare(self, base: Fraction | None) -> None:
        """Growth or attainment: what the bands are about, and what the rate is for."""
        stated = self.program.baseline
        assert stated is not None  # noqa: S101
        self.highest = base is None or base <= 0
        self.base = NOTHING if base is None or base <= 0 else base
        growth = self.whole - self.base
        if self.base:
            percents = {"percent": growth / self.base * 100, "attainment": self.whole / self.base * 100}
            self.value = percents.get(stated.bands_in, growth)
        if stated.pays_on == "growth":
            self.paid = max(growth, NOTHING)

    def shares(self) -> list[Fraction]:
        """The exact share of each cell, in major units."""
        program = self.program
        if program.basis.negative == "zero" and self.whole < 0:
            return [NOTHING] * len(self.cells)
        if self.highest and program.baseline is not None and program.baseline.without == "nothing":
            return [NOTHING] * len(self.cells)
        found: list[Fraction] = []
        begins = NOTHING
        for number, group in groupby(range(len(self.cells)), key=lambda i: self.cells[i].slice):
            members = list(group)
            found += self._slice(number, members, begins)
            begins += sum((self.measures[i] for i in members), NOTHING)
        return found

    def _slice(self, number: int, members: list[int], begins: Fraction) -> list[Fraction]:
        part = self.program.slices()[number]
        if part.tier is not None and part.tier.at == "document":
            return [self._share(number, self.cells[i].level, [i], begins)[0] for i in members]
        return self._share(number, self.side.level, members, begins)

    def _share(self, number: int, level: int, members: list[int], begins: Fraction) -> list[Fraction]:
        """The shares of cells of one slice under one level."""
        part = self.program.slices()[number]
        name = self.names[level] if 0 <= level < len(self.names) else ""
        scale = part.scales.get(name, part.scales[""])
        if scale is None:
            return [NOTHING] * len(members)
        factor = Fraction(part.tier.multipliers.get(name, 1)) if part.tier is not None else Fraction(1)
        here = sum((self.measures[i] for i in members), NOTHING)
        counted = self.program.basis.measure in COUNTED
        if self._is_plain(scale) and not counted:
            rate = rate_at(scale, self._value(scale))
            return [rate * factor * self.measures[i] for i in members]
        if scale.method == "marginal" and self.paid == self.whole:
            closed = steps(scale)[-1].upper
            first, last = begins, begins + here
            if closed is not None:
                first, last = min(first, closed), min(last, closed)
            total = between(scale, first, last)
            if not here and not counted:
                rate = _rate_of_band(scale, begins)
                return [rate * factor * self.measures[i] for i in members]
        else:
            total = self._amount(scale)
            total *= here / self.whole if self.whole else _net_part(self.cells, members)
        return [total * factor * weight for weight in self._weights(members, here, counted)]

    def _is_plain(self, scale: Scale) -> bool:
        """Whether the scale is one rate for all that is measured, so that each cell has its own share of it."""
        if scale.kind == "amount" or scale.method not in ("flat", "retrospective", "total", "linear"):
            return False
        return scale.point is None and self.paid == self.whole and not self._is_closed(scale)

    def _is_closed(self, scale: Scale) -> bool:
        """Whether some of the measure lies above the end of the last band."""
        closed = steps(scale)[-1].upper
        return closed is not None and not self.program.bands_apart and self.paid > closed

    def _amount(self, scale: Scale) -> Fraction:
        """What the scale gives for the whole unit."""
        if scale.point is not None:
            return self._above_a_point(scale)
        if not self.program.bands_apart:
            return earns(scale, self.paid)
        return at_band(scale, self._value(scale), self.paid)

    def _value(self, scale: Scale) -> Fraction:
        """What the bands are about; one in the highest band where there is nothing to compare with."""
        return steps(scale)[-1].lower + 1 if self.highest else self.value

    def _above_a_point(self, scale: Scale) -> Fraction:
        """Retrospective from a point: the rate reached is for what lies above it."""
        step = reached(scale, self._value(scale))[-1]
        point = {"band": step.lower, "baseline": self.base, "stated": Fraction(scale.point_at or 0)}[scale.point or ""]
        closed = steps(scale)[-1].upper
        top = self.whole if closed is None or self.program.bands_apart else min(self.whole, closed)
        return step.rate * max(top - (point or NOTHING), NOTHING)

    def _weights(self, members: Sequence[int], here: Fraction, counted: bool) -> list[Fraction]:
        """How an amount that is one number is shared among cells: by measure, else by what was paid for them."""
        if here and not counted:
            return [self.measures[i] / here for i in members]
        return _by_net([self.cells[i] for i in members])


def _rate_of_band(scale: Scale, value: Fraction) -> Fraction:
    closed = steps(scale)[-1].upper
    if closed is not None and is_above(scale, value, closed):
        return NOTHING
    return reached(scale, value)[-1].rate


def _equally(cells: Sequence[Any], amount: Fraction) -> list[Fraction]:
    """In equal parts among the invoiced accounts, and inside each by what was paid."""
    payees = {cell.payee for cell in cells}
    shares = [NOTHING] * len(cells)
    for payee in payees:
        members = [i for i, cell in enumerate(cells) if cell.payee == payee]
        for i, weight in zip(members, _by_net([cells[i] for i in members]), strict=True):
            shares[i] = amount / len(payees) * weight
    return shares


def _by_net(cells: Sequence[Any]) -> list[Fraction]:
    """Parts of one by net amounts, whatever their sign; the first where nothing was paid."""
    whole = sum(abs(cell.net) for cell in cells)
    if whole:
        return [Fraction(abs(cell.net), whole) for cell in cells]
    return [Fraction(1 if i == 0 else 0) for i in range(len(cells))]


def _net_part(cells: Sequence[Any], members: Sequence[int]) -> Fraction:
    inside = _by_net(cells)
    return sum((inside[i] for i in members), NOTHING)


def _place(cell: Any) -> tuple[int, ...]:
    """Where a cell stands among those of its unit."""
    return cell.slice, cell.level, cell.tax, cell.document, cell.line, cell.payee, cell.settle
