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

from core.engine.reference.rounding import in_proportion, rounded, whole_parts
from core.engine.reference.scale import at_band, between, earns, rate_at, reached, steps
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
    amount, exact, parts = 0, NOTHING, [0] * len(cells)
    for members in units(program, cells):
        mine = [cells[i] for i in members]
        shares = exact_shares(program, names, mine, side)
        whole = rounded(sum(shares, NOTHING), program.program.rounding)
        for i, part in zip(members, _parts(program, mine, whole, shares), strict=True):
            parts[i] = part
        amount, exact = amount + whole, exact + sum(shares, NOTHING)
    return Earned(amount, parts, exact)


def units(program: Program, cells: Sequence[Any]) -> list[list[int]]:
    """The positions of the cells of each unit of accumulation, in order."""
    by = program.basis.accumulate
    found: dict[tuple[int, int], list[int]] = {}
    for i in sorted(range(len(cells)), key=lambda i: _place(cells[i])):
        cell = cells[i]
        found.setdefault((cell.document if by != "period" else 0, cell.line if by == "line" else 0), []).append(i)
    return list(found.values())


def exact_shares(program: Program, names: Sequence[str], cells: Sequence[Any], side: Any) -> list[Fraction]:
    """The share of each cell of one unit of accumulation, unrounded, in minor units. The cells stand in order."""
    if side.excluded or not all(one.met for one in side.conditions):
        return [NOTHING] * len(cells)
    minor = 10 ** exponent(program.program.currency)
    return [share * minor for share in _Unit(program, names, cells, side).shares()]


class _Unit:
    """One unit of accumulation: the measure it reaches, what its bands are about, and what is paid on."""

    def __init__(self, program: Program, names: Sequence[str], cells: Sequence[Any], side: Any) -> None:
        self.program, self.names, self.cells, self.side = program, names, cells, side
        unit = unit_of(program.basis.measure, program.program.currency)
        self.measures = [Fraction(cell.measure * cell.times) / (cell.over * unit) for cell in cells]
        self.found = sum(self.measures, NOTHING)
        self.whole = max(self.found, NOTHING) if program.basis.negative == "zero" else self.found
        self.base: Fraction | None = None
        self.nothing = self.highest = False
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
        has = base is not None and base > 0
        self.base = base if base is not None and has else NOTHING
        growth = self.whole - self.base
        if has:
            percents = {"percent": growth / self.base * 100, "attainment": self.whole / self.base * 100}
            self.value = percents.get(stated.bands_in, growth)
        else:
            self.nothing = stated.without == "nothing"
            self.highest = stated.bands_in != "amount" and self.whole > 0
        if stated.pays_on == "growth":
            self.paid = max(growth, NOTHING)

    @property
    def is_about_growth(self) -> bool:
        """Whether a fall reaches no band at all."""
        stated = self.program.baseline
        return stated is not None and stated.bands_in != "attainment"

    def shares(self) -> list[Fraction]:
        """The exact share of each cell, in major units."""
        if self.nothing:
            return [NOTHING] * len(self.cells)
        found: list[Fraction] = []
        begins = NOTHING
        for number, group in groupby(range(len(self.cells)), key=lambda i: self.cells[i].slice):
            members = list(group)
            part = self.program.slices()[number]
            if part.tier is not None and part.tier.at == "document":
                for level, alike in groupby(members, key=lambda i: self.cells[i].level):
                    found += self._share(number, level, list(alike), begins)
            else:
                found += self._share(number, self.side.level, members, begins)
            begins += sum((self.measures[i] for i in members), NOTHING)
        return found

    def _share(self, number: int, level: int, members: list[int], begins: Fraction) -> list[Fraction]:
        """The shares of cells of one slice under one level."""
        part = self.program.slices()[number]
        name = self.names[level] if 0 <= level < len(self.names) else ""
        scale = part.scales.get(name, part.scales[""])
        if scale is None:
            return [NOTHING] * len(members)
        factor = Fraction(part.tier.multipliers.get(name, 1)) if part.tier is not None else Fraction(1)
        return [factor * share for share in self._by_scale(scale, members, begins)]

    def _by_scale(self, scale: Scale, members: list[int], begins: Fraction) -> list[Fraction]:
        here = sum((self.measures[i] for i in members), NOTHING)
        counted = self.program.basis.measure in COUNTED
        if scale.method == "marginal" and self.program.baseline is None and self.whole == self.found:
            if here or counted:
                closed = steps(scale)[-1].upper
                first, last = (min(one, closed) if closed is not None else one for one in (begins, begins + here))
                return self._weighed(members, between(scale, first, last), here)
            return [self._rate_of_band(scale, begins) * self.measures[i] for i in members]
        paid = self.paid
        if scale.point == "baseline":
            paid = max(self.whole - (self.base or NOTHING), NOTHING)
        if self._is_one_rate(scale, paid) and not counted:
            rate = NOTHING if self._is_below_all(scale) else rate_at(scale, self._value(scale))
            return [rate * self.measures[i] for i in members]
        total = self._amount_for(scale, paid)
        if not self.whole:
            weights = _weights(self.program, self.cells, self.measures)
            return [total * weights[i] for i in members]
        if counted:
            return self._weighed(members, total * here / self.whole, here)
        return [total * self.measures[i] / self.whole for i in members]

    def _is_one_rate(self, scale: Scale, paid: Fraction) -> bool:
        """Whether the scale pays one rate on all that was measured, so that each cell has its own share of it."""
        if scale.kind == "amount" or scale.method == "linear" or paid != self.found:
            return False
        closed = steps(scale)[-1].upper
        if closed is not None and self._has_passed(scale, closed):
            return False
        *lower, band = reached(scale, self._value(scale))
        if scale.method == "marginal" or scale.point == "band":
            return band.lower == 0
        if scale.method == "rolling":
            return not sum(step.rate * (step.upper or NOTHING) for step in lower)
        return scale.point != "stated"

    def _has_passed(self, scale: Scale, bound: Fraction) -> bool:
        value = self._value(scale)
        return value > bound or (value == bound and scale.inclusive == "lower")

    def _value(self, scale: Scale) -> Fraction:
        """What the bands are about; one in the highest band where there is nothing to compare with."""
        return steps(scale)[-1].lower + 1 if self.highest else self.value

    def _is_below_all(self, scale: Scale) -> bool:
        """Whether no band is reached, not even one from 0: by a fall, or at 0 where the upper side is inclusive."""
        if not self.is_about_growth or not scale.bands:
            return False
        return not self._has_passed(scale, Fraction(scale.bands[0].from_))

    def _amount_for(self, scale: Scale, paid: Fraction) -> Fraction:
        """What the scale gives for the whole unit, where so much of it is paid on."""
        if self._is_below_all(scale):
            return NOTHING
        if scale.point is not None:
            return self._above_a_point(scale, paid)
        if not self.program.bands_apart and scale.method not in ("flat", "retrospective", "total"):
            return earns(scale, paid)
        closed = steps(scale)[-1].upper
        if closed is not None and not self.program.bands_apart:
            paid = min(paid, closed)
        return at_band(scale, self._value(scale), paid)

    def _above_a_point(self, scale: Scale, paid: Fraction) -> Fraction:
        """Retrospective from a point: the rate reached is for what lies above it. What is below zero is taken back."""
        step = reached(scale, self._value(scale))[-1]
        closed = steps(scale)[-1].upper
        if closed is not None:
            paid = min(paid, closed)
        if scale.point == "baseline":
            return step.rate * paid
        if scale.point == "band":
            return step.rate * (paid - step.lower)
        return step.rate * max(paid - Fraction(scale.point_at or 0), NOTHING)

    def _rate_of_band(self, scale: Scale, value: Fraction) -> Fraction:
        closed = steps(scale)[-1].upper
        if closed is not None and (value > closed or (value == closed and scale.inclusive == "lower")):
            return NOTHING
        return reached(scale, value)[-1].rate

    def _weighed(self, members: list[int], amount: Fraction, here: Fraction) -> list[Fraction]:
        """An amount of one slice among its cells: by measure, counts by what was paid for them."""
        if self.program.basis.measure in COUNTED:
            mine = [self.cells[i] for i in members]
            return [amount * weight for weight in _weights(self.program, mine, [self.measures[i] for i in members])]
        return [amount * self.measures[i] / here if here else NOTHING for i in members]


def _parts(program: Program, cells: Sequence[Any], amount: int, shares: Sequence[Fraction]) -> list[int]:
    """The rounded amount in whole parts: near the shares, or the same for every invoiced account."""
    if program.audience.distribution != "equal":
        return whole_parts(amount, shares)
    parts = [0] * len(cells)
    payees = sorted({cell.payee for cell in cells})
    for payee, part in zip(payees, in_proportion(amount, [Fraction(1)] * len(payees)), strict=True):
        members = [i for i, cell in enumerate(cells) if cell.payee == payee]
        mine = [cells[i] for i in members]
        weights = _weights(program, mine, [Fraction(cell.measure * cell.times) / cell.over for cell in mine])
        for i, own in zip(members, in_proportion(part, weights), strict=True):
            parts[i] = own
    return parts


def _weights(program: Program, cells: Sequence[Any], measures: Sequence[Fraction]) -> list[Fraction]:
    """Parts of one by what was paid, whatever its sign; by measure where nothing was, and evenly where neither is.

    What was paid is in the program's currency where the measure is money, else as the documents state it.
    """
    money = program.basis.measure in ("net", "gross")
    nets = [abs(Fraction(cell.net)) * (Fraction(cell.times, cell.over) if money else 1) for cell in cells]
    sizes = next((found for found in (nets, [abs(one) for one in measures]) if any(found)), [Fraction(1)] * len(cells))
    return [size / sum(sizes) for size in sizes]


def _place(cell: Any) -> tuple[Any, ...]:
    """Where a cell stands among those of its unit."""
    return cell.slice, cell.level, cell.tax, cell.document, cell.line, cell.payee, cell.settle


def accrued(program: Program, names: Sequence[str], cells: Sequence[Any], side: Any) -> Earned:
    """What is posted while a period runs: what was earned, a fixed rate, or the measure so far at the rate that the
    expected measure of the whole period would earn, conditions then counting as met."""
    stated = program.accrual
    if stated.rate == "achieved":
        return earned(program, names, cells, side)
    amount, exact, parts = 0, NOTHING, [0] * len(cells)
    for members in units(program, cells):
        mine = [cells[i] for i in members]
        shares = [_accrued(program, names, cell, side) for cell in mine] if not side.excluded else [NOTHING] * len(mine)
        whole = rounded(sum(shares, NOTHING), program.program.rounding)
        for i, part in zip(members, whole_parts(whole, shares), strict=True):
            parts[i] = part
        amount, exact = amount + whole, exact + sum(shares, NOTHING)
    return Earned(amount, parts, exact)


def _accrued(program: Program, names: Sequence[str], cell: Any, side: Any) -> Fraction:
    stated, minor = program.accrual, int(10 ** exponent(program.program.currency))
    unit = unit_of(program.basis.measure, program.program.currency)
    measure: Fraction = Fraction(cell.measure * cell.times) / Fraction(cell.over * unit)
    if stated.percent is not None:
        money = program.basis.measure in ("net", "gross")
        return Fraction(cell.net) * (Fraction(cell.times, cell.over) if money else 1) * Fraction(stated.percent) / 100
    if stated.per_unit is not None:
        return measure * Fraction(stated.per_unit) * minor
    expected = Fraction(stated.expected or 0)
    if not expected:
        return NOTHING
    whole = cell._replace(measure=expected * unit, times=1, over=1)
    return sum(exact_shares(program, names, [whole], side._replace(conditions=())), NOTHING) * measure / expected
