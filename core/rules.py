"""Rules: a rebate program compiled to integers, and what beside its own cells decides what a group earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from core.money import Rounding
from core.period import day_number
from core.programs import Basis, Condition, Program, Qualifier, Scale, Slice
from core.programs.baseline import Baseline
from core.scale_compiler import ONE, Axis, compile_scale, digits_of, unit_of
from core.scales import AnyScale, CompiledScale, Number, Unit

HIGHEST = 10**40
"""More than any bound: what has grown from nothing reaches the highest band."""


class Checked(NamedTuple):
    """One condition of a program with what was found."""

    name: str
    measure: Fraction
    """As `Side.qualifier`."""
    minimum: Fraction
    met: bool


class Side(NamedTuple):
    """What decides, beside its own cells, what a group of cells earns."""

    level: int = -1
    """Index of the tier level that counts; -1 for none."""
    qualifier: Fraction | None = None
    """The qualifier's measure of the period: minor units, 10^-6 units, or a whole count. None counts as 0."""
    baseline: Fraction | None = None
    """The baseline of the paid measure after index and joiners, in the measure's unit; None: there is none."""
    conditions: tuple[Checked, ...] = ()
    excluded: str = ""
    """Why nothing is earned, whatever the cells say; shown to people."""


ALONE = Side()


class Reach(NamedTuple):
    """What a unit's measure comes to: what picks the band, the measure that counts, and its growth."""

    reached: Number
    measure: Number
    growth: Number


class Measured(NamedTuple):
    """The unit a measure is counted in, and its name for people: `EUR`, `CS`, `orders`."""

    unit: Unit
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rebate program compiled to integers."""

    program: str
    currency: str
    rounding: Rounding
    accumulate: Literal["period", "document", "line"]
    at: Literal["period_end", "period_start", "document"] | None
    """The day whose tier counts; None where the program uses no tier."""
    starts: tuple[int, ...]
    """First day of each slice."""
    scales: tuple[tuple[AnyScale | None, ...], ...]
    """By slice, then by level + 1: the first scale of a slice is the one without a tier."""
    levels: tuple[str, ...]
    digits: int
    denominator: int
    """10**digits."""
    at_document: bool
    measured: Measured
    """What is paid on."""
    qualifier: Measured | None
    conditions: tuple[Measured, ...]
    baseline: Baseline | None
    counts: bool
    """Whether the measure counts things, which belong to no line."""
    floor: bool
    """Whether a measure below zero counts as zero."""
    equal: bool
    """Whether payees have equal parts."""
    simple: bool
    """Whether nothing but the cells' own measure and the level decides, by segments alone."""

    @property
    def unit(self) -> Unit:
        """The unit of the paid measure."""
        return self.measured.unit

    def reach(self, measure: Number, side: Side) -> Reach | None:
        """What the measure of a unit comes to beside the rest; None where nothing is earned whatever the scale."""
        if side.excluded or (side.conditions and not all(condition.met for condition in side.conditions)):
            return None
        if self.floor:
            measure = max(measure, 0)
        if self.qualifier is not None:
            return Reach(side.qualifier or 0, measure, 0)
        if self.baseline is None:
            return Reach(measure, measure, 0)
        base: Number = side.baseline or 0
        if base <= 0:
            if self.baseline.without == "nothing":
                return None
            base = 0
        growth = measure - base
        if self.baseline.bands_in == "amount":
            reached: Number = growth
        elif not base:
            reached = HIGHEST if measure > 0 else measure
        else:
            reached = Fraction((growth if self.baseline.bands_in == "percent" else measure) * 10**8) / base
        return Reach(reached, measure, max(growth, 0))

    def paid(self, scale: AnyScale, reach: Reach) -> Number:
        """The measure that a scale pays on."""
        return reach.growth if self.pays_on_growth(scale) else reach.measure

    def pays_on_growth(self, scale: AnyScale) -> bool:
        """Whether a scale pays on the growth, not on the whole measure."""
        return self.baseline is not None and (self.baseline.pays_on == "growth" or scale.beyond)


def compile_rule(program: Program, level_names: Sequence[str] = ()) -> Rule:
    """The rule of a rebate program. `level_names` are the levels of the tier program it uses, from the lowest up.

    Raises ConfigError where a bound is finer than what it is compared with.
    """
    if program.is_tier:
        raise ValueError(f"{program.id} gives a tier and pays nothing: it has no rule")
    head, slices = program.program, program.slices()
    unit, axis = unit_of(program.basis.measure), _axis(program)
    stated = [_scales(part, level_names) for part in slices]
    needed = [
        digits_of(scale, head.currency, unit, factor)
        for row in stated
        for scale, factor in row
        if scale is not None
    ]  # fmt: skip
    digits = max(needed, default=0)
    compiled = tuple(
        tuple(
            None if scale is None else compile_scale(scale, head.currency, digits, unit, axis, factor)
            for scale, factor in row
        )
        for row in stated
    )
    at = slices[0].tier.at if slices[0].tier is not None else None
    floor, equal = program.basis.negative == "zero", slices[0].audience.distribution == "equal"
    apart = program.qualifier is not None or program.baseline is not None or bool(program.condition)
    segments = all(scale is None or isinstance(scale, CompiledScale) for row in compiled for scale in row)
    return Rule(
        program=program.id,
        currency=head.currency,
        rounding=head.rounding,
        accumulate=program.basis.accumulate,
        at=at,
        starts=tuple(day_number(part.start) for part in slices),
        scales=compiled,
        levels=tuple(level_names),
        digits=digits,
        denominator=10**digits,
        at_document=at == "document",
        measured=_measured(program.basis, head.currency),
        qualifier=None if program.qualifier is None else _measured(program.qualifier, head.currency),
        conditions=tuple(_measured(condition, head.currency) for condition in program.condition),
        baseline=program.baseline,
        counts=unit == "count",
        floor=floor,
        equal=equal,
        simple=segments and unit != "count" and not (floor or equal or apart),
    )


def _measured(stated: Basis | Qualifier | Condition, currency: str) -> Measured:
    unit = unit_of(stated.measure)
    names = {"money": currency, "quantity": stated.unit or "units"}
    return Measured(unit, names.get(unit, stated.measure))


def _scales(part: Slice, level_names: Sequence[str]) -> list[tuple[Scale | None, Decimal]]:
    """The scale of no level and of each level, with what multiplies it."""
    own = part.scales[""]
    factors = part.tier.multipliers if part.tier is not None else {}
    return [(own, ONE), *((part.scales.get(name, own), factors.get(name, ONE)) for name in level_names)]


def _axis(program: Program) -> Axis | None:
    """What the bands are about, where it is not the measure itself."""
    if program.qualifier is not None:
        return Axis(unit_of(program.qualifier.measure))
    if program.baseline is None:
        return None
    if program.baseline.bands_in == "amount":
        return Axis(unit_of(program.basis.measure), growth=True)
    return Axis("percent", growth=program.baseline.bands_in == "percent")
