"""A whole program, as one TOML file states it, and what holds in it from which day."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from core.keys import content_hash
from core.money import QUANTITY_EXPONENT, exponent
from core.period import FOREVER, MONTHS, Calendar, Length
from core.programs.audience import Audience
from core.programs.baseline import Baseline
from core.programs.basis import COUNTED, Basis, Condition, Qualifier, Scope
from core.programs.definition import Definition
from core.programs.example import Example
from core.programs.head import Head
from core.programs.limits import Limits
from core.programs.payout import Accrual, Combination, Currency, Settlement
from core.programs.scale import Scale
from core.programs.tier import Tier, TierUse


class Change(Definition):
    """What holds from this day on. The band is still picked on the whole period's measure."""

    from_: date = Field(alias="from", description="first day of the new scale")
    scale: Scale | None = Field(default=None, description="the new scale; unchanged where empty")
    tier: TierUse | None = Field(default=None, description="the new use of tiers; unchanged where empty")
    audience: Audience | None = Field(default=None, description="the new audience; unchanged where empty")
    scope: Scope | None = Field(default=None, description="the new scope; unchanged where empty")


class Slice(NamedTuple):
    """What holds from a day on: `scales` by tier level, `""` being no level."""

    start: date
    scales: dict[str, Scale | None]
    tier: TierUse | None
    audience: Audience
    scope: Scope


class Program(Definition):
    """A whole program, as one TOML file states it."""

    program: Head
    audience: Audience = Audience()
    scope: Scope = Scope()
    basis: Basis = Basis()
    qualifier: Qualifier | None = None
    condition: tuple[Condition, ...] = ()
    baseline: Baseline | None = None
    scale: Scale | None = None
    tier: TierUse | None = None
    change: tuple[Change, ...] = ()
    limits: Limits = Limits()
    accrual: Accrual = Accrual()
    settlement: Settlement = Settlement()
    currency: Currency = Currency()
    combination: Combination | None = None
    status: Tier | None = None
    example: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.program.kind == "tier":
            self._check_tier_program()
        else:
            self._check_rebate()
        return self

    def _check_tier_program(self) -> None:
        if self.status is None:
            raise ValueError("a tier program needs a [status] table with window and levels")
        if self.scale or self.tier or self.change:
            raise ValueError("a tier program has no scale, tier or change: a program that uses it pays")
        for name in ("qualifier", "condition", "baseline", "limits", "accrual", "combination"):
            if getattr(self, name) != Program.model_fields[name].default:
                raise ValueError(f"a tier program pays nothing: leave out {name}")
        if self.basis.accumulate != "period":
            raise ValueError("a tier program accumulates over its window: leave out basis.accumulate")
        if self.basis.measure == "products":
            raise ValueError("a tier is not earned by products: those of single days do not add up to distinct ones")
        if self.audience.tiers is not None:
            raise ValueError("a tier program cannot ask for tiers: leave out audience.tiers")
        digits = {"orders": 0, "quantity": QUANTITY_EXPONENT}.get(self.basis.measure, exponent(self.program.currency))
        for level in self.status.levels:
            if level.from_ != round(level.from_, digits):
                raise ValueError(
                    f"level {level.name} from {level.from_} has more digits after the point than {self.basis.measure}, "
                    f"which has {digits}"
                )
        if self.basis.net_of:
            raise ValueError("a tier program measures before any rebate: leave out basis.net_of")

    def _check_rebate(self) -> None:
        if self.status is not None:
            raise ValueError('a [status] table needs program.kind = "tier"')
        if self.scale is None and self.tier is None:
            raise ValueError("a rebate needs a [scale], or a [tier] table with levels")
        self._check_settlement()
        previous = self.program.valid_from
        for change in self.change:
            if change.from_ <= previous:
                raise ValueError(f"changes must follow each other: {change.from_} does not follow {previous}")
            previous = change.from_
        for part in self.slices():
            for scale in part.scales.values():
                if scale is not None:
                    self._check_scale(scale, part)
        if len({part.tier.program if part.tier else "" for part in self.slices()}) > 1:
            raise ValueError("all changes use the tier of one program")
        if len({part.tier.at for part in self.slices() if part.tier is not None}) > 1:
            raise ValueError("all changes use the tier of the same day: tier.at cannot change")
        if len({(part.audience.beneficiary, part.audience.distribution) for part in self.slices()}) > 1:
            raise ValueError("a change cannot change the beneficiary or the distribution")
        self._check_tier_audience()
        self._check_comparison()

    def _check_settlement(self) -> None:
        every, period = self.settlement.every, self.program.period
        if every is not None and period in MONTHS and MONTHS[every] > MONTHS[period] and MONTHS[every] % MONTHS[period]:
            raise ValueError(f"settlement.every = {every} does not hold whole {period}s")
        if self.accrual.per_unit is not None and self.basis.measure in ("net", "gross"):
            raise ValueError(f"accrual.per_unit is for each unit: basis.measure = {self.basis.measure} has none")
        if self.currency.payout == "invoice":
            for name, found in (
                ("accumulate per document or line", self.basis.accumulate != "period"),
                ("a guarantee, cap or budget", self.limits.bounds_amounts),
                ("net_of", bool(self.basis.net_of)),
                ("an accrual rate of its own", self.accrual.rate != "achieved"),
                ("a combination", self.combination is not None),
                ("a measure that is not money", self.basis.measure not in ("net", "gross")),
                ("rounding each line, which loses its rate", self.currency.rounding == "line"),
            ):
                if found:
                    raise ValueError(f"currency.payout = invoice does not go with {name}")

    def _check_scale(self, scale: Scale, part: Slice) -> None:
        money = self.basis.measure in ("net", "gross")
        if scale.kind == "percent" and not money:
            raise ValueError(f"basis.measure = {self.basis.measure} needs rates stated as per_unit or amount")
        if scale.kind == "per_unit" and money:
            raise ValueError(f"basis.measure = {self.basis.measure} needs rates stated as percent or amount")
        if part.tier is not None and part.tier.at == "document" and scale.method != "flat":
            raise ValueError(f"tier.at = document needs flat scales (from {part.start})")
        if self.bands_apart and scale.method not in ("flat", "retrospective", "total", "lump_sum", "linear"):
            raise ValueError(
                f"a {scale.method} scale cuts the measure it pays on: with a qualifier, or bands about growth in "
                "percent or attainment, use retrospective, total, lump_sum or linear"
            )
        if self.bands_apart and scale.bands and scale.bands[-1].to is not None:
            raise ValueError("bands about another figure than the one paid on stay open: leave out the last `to`")
        if self.bands_apart and scale.point in ("band", "stated"):
            raise ValueError(f"scale.point = {scale.point} needs bands about the figure that is paid on")
        if scale.point == "baseline" and self.baseline is None:
            raise ValueError("scale.point = baseline needs a [baseline]")

    def _check_tier_audience(self) -> None:
        for part in self.slices():
            wanted = part.audience.tiers
            if wanted is None:
                continue
            if part.tier is not None and part.tier.at == "document" and part.tier.program != wanted.program:
                raise ValueError("audience.tiers and tier.at = document ask for the tiers of two programs")
            if any(other.audience.tiers is None or other.audience.tiers.program != wanted.program
                   for other in self.slices()):  # fmt: skip
                raise ValueError("all changes ask for the tiers of one program in audience.tiers")

    def _check_comparison(self) -> None:
        if self.baseline is None:
            return
        if self.qualifier is not None:
            raise ValueError("a [baseline] picks the band already: leave out [qualifier]")
        if self.basis.accumulate != "period":
            raise ValueError("a [baseline] compares periods: leave out basis.accumulate")
        if self.basis.net_of:
            raise ValueError("a [baseline] is compared with the measure before other programs: leave out basis.net_of")
        if self.program.period in ("program", "ranges") and self.baseline.against == "previous_period":
            raise ValueError(f"period = {self.program.period} has no previous one: compare with last_year or a target")

    @property
    def id(self) -> str:
        return self.program.id

    @property
    def is_tier(self) -> bool:
        return self.program.kind == "tier"

    @property
    def bands_apart(self) -> bool:
        """Whether bands are about another figure than the one that is paid on."""
        if self.qualifier is not None:
            return True
        base = self.baseline
        return base is not None and not (base.bands_in == "amount" and base.pays_on == "growth")

    @cached_property
    def calendar(self) -> Calendar:
        """The calculation periods."""
        return self.program.calendar()

    @cached_property
    def settlement_calendar(self) -> Calendar:
        """The settlement periods: the calculation periods unless settlement.every says otherwise."""
        every = self.settlement.every
        return self.calendar if every is None else Calendar(every, self.program.fiscal_start)

    @property
    def settles_within(self) -> bool:
        """Whether a calculation period is settled in several steps."""
        every, period = self.settlement.every, self.program.period
        if every is None:
            return False
        return period not in MONTHS or MONTHS[every] < MONTHS[period]

    @property
    def settles_every(self) -> Length | str:
        return self.settlement.every or self.program.period

    @property
    def end(self) -> date:
        """The day after the last one that counts; far away where open."""
        if self.program.valid_to is None:
            return FOREVER
        return date.fromordinal(self.program.valid_to.toordinal() + 1)

    @property
    def counts_orders_or_products(self) -> bool:
        return self.basis.measure in COUNTED

    @property
    def tier_needs(self) -> tuple[str, ...]:
        """Programs whose tiers this one asks for."""
        used = [part.tier.program for part in self.slices() if part.tier is not None]
        asked = [part.audience.tiers.program for part in self.slices() if part.audience.tiers is not None]
        return tuple(dict.fromkeys([*used, *asked]))

    @property
    def needs(self) -> tuple[str, ...]:
        """Programs that must be computed before this one."""
        return tuple(dict.fromkeys([*self.tier_needs, *self.basis.net_of]))

    def slices(self) -> list[Slice]:
        """What holds from which day, in order of days."""
        return self._slices

    @cached_property
    def _slices(self) -> list[Slice]:
        found: list[Slice] = []
        scale, use, audience, scope = self.scale, self.tier, self.audience, self.scope
        first = Change.model_construct(from_=self.program.valid_from, scale=None, tier=None, audience=None, scope=None)
        for change in (first, *self.change):
            scale, use = change.scale or scale, change.tier or use
            audience, scope = change.audience or audience, change.scope or scope
            scales: dict[str, Scale | None] = {"": scale}
            if use is not None:
                scales.update(use.levels)
            found.append(Slice(change.from_, scales, use, audience, scope))
        return found

    def content(self) -> dict[str, Any]:
        """The definition as canonical data: what it states beyond the defaults, without its examples."""
        return self.model_dump(mode="python", by_alias=True, exclude_defaults=True, exclude={"example"})

    def hash(self) -> str:
        """The hash it is registered under."""
        return content_hash(self.content())
