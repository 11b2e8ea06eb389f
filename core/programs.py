"""Program definitions: readable TOML in, validated frozen models out.

A definition is data. It is registered in the book by the hash of its content; its `version` names the content, and
a later slice (`[[change]]`) states what holds from a day on. Amounts and quantities in a definition are in major
units and exact (`Decimal`); `core.scales` compiles them to integers.
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.documents import LineKind
from core.errors import ConfigError
from core.keys import content_hash
from core.money import Rounding, is_currency
from core.period import FOREVER, MONTHS, Length

DEFAULT_LINE_KINDS_OUT: tuple[LineKind, ...] = ("freight", "fee", "deposit", "tax", "bad_debt", "rounding")
LAST_YEAR = 2200
_MOST = 10**13
"""No bound and no rate a unit is larger, in major units."""
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Patterns = Annotated[tuple[str, ...], Field(default=())]


class Definition(BaseModel):
    """Base of every part of a definition: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AccountSelection(Definition):
    """Accounts by any of these; within one list any pattern is enough (`*` and `?` are wild)."""

    accounts: Patterns = Field(default=(), description="account ids of the source")
    segments: Patterns = Field(default=(), description="customer segments")
    countries: Patterns = Field(default=(), description="ISO 3166 codes")
    groups: Patterns = Field(default=(), description="buying groups")
    channels: Patterns = Field(default=(), description="sales channels")

    def is_empty(self) -> bool:
        return not (self.accounts or self.segments or self.countries or self.groups or self.channels)


class Audience(AccountSelection):
    """Who takes part: accounts that match every list that is filled, less the excluded ones. Exclusions win."""

    exclude: AccountSelection = Field(default=AccountSelection(), description="never these, by any of the lists")


class ProductSelection(Definition):
    """Products by any of these patterns (`*` and `?` are wild)."""

    skus: Patterns = Field(default=(), description="product ids of the source")
    categories: Patterns = Field(default=(), description="product categories")
    brands: Patterns = Field(default=(), description="brands")

    def is_empty(self) -> bool:
        return not (self.skus or self.categories or self.brands)


class Scope(ProductSelection):
    """Which lines count: those of products that match every list that is filled, less the excluded ones."""

    exclude: ProductSelection = Field(default=ProductSelection(), description="never these, by any of the lists")
    line_kinds_out: tuple[LineKind, ...] = Field(
        default=DEFAULT_LINE_KINDS_OUT, description="kinds of line that never count"
    )


class Basis(Definition):
    """What is measured."""

    measure: Literal["net", "gross", "quantity"] = Field(
        default="net", description="net or gross amount in the program's currency, or quantity in base units"
    )
    accumulate: Literal["period", "document", "line"] = Field(
        default="period", description="the unit over which the band is chosen and the amount rounded once"
    )
    returns: Literal["count", "exclude"] = Field(
        default="count", description="whether credit notes of the source reduce the measure, in their own period"
    )


class Band(Definition):
    """One band of a scale: from this measure on, this rate."""

    from_: Decimal = Field(alias="from", ge=0, le=_MOST, description="lower bound of the measure")
    to: Decimal | None = Field(default=None, description="upper bound; only to be read, must be the next `from`")
    percent: Decimal | None = Field(default=None, ge=-100, le=100, description="percent of the measure")
    per_unit: Decimal | None = Field(
        default=None, ge=-_MOST, le=_MOST, description="amount in major units for each unit of quantity"
    )


class Scale(Definition):
    """How the measure becomes an amount."""

    method: Literal["flat", "marginal", "retrospective"] = Field(
        default="flat",
        description="flat: one rate; marginal: each slice at its own rate; retrospective: all at the band reached",
    )
    percent: Decimal | None = Field(default=None, ge=-100, le=100, description="rate of a flat scale in percent")
    per_unit: Decimal | None = Field(
        default=None, ge=-_MOST, le=_MOST, description="rate of a flat scale in major units a unit"
    )
    bands: tuple[Band, ...] = Field(default=(), description="bands of the other scales")
    inclusive: Literal["lower", "upper"] = Field(
        default="lower", description="lower: a measure equal to `from` is in the band; upper: it is still below it"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.method == "flat":
            if self.bands:
                raise ValueError("a flat scale has no bands: state `method`, or `percent` alone")
            if (self.percent is None) == (self.per_unit is None):
                raise ValueError("a flat scale states either `percent` or `per_unit`")
            return self
        if self.percent is not None or self.per_unit is not None:
            raise ValueError(f"a {self.method} scale states its rates in `bands`")
        if not self.bands:
            raise ValueError(f"a {self.method} scale needs `bands`")
        kinds = {(band.percent is None, band.per_unit is None) for band in self.bands}
        if kinds not in ({(False, True)}, {(True, False)}):
            raise ValueError("all bands state `percent`, or all state `per_unit`")
        for before, after in zip(self.bands, self.bands[1:], strict=False):
            if after.from_ <= before.from_:
                raise ValueError(f"bands must rise: {after.from_} follows {before.from_}")
            if before.to is not None and before.to != after.from_:
                what = "a gap" if before.to < after.from_ else "an overlap"
                raise ValueError(f"{what} between {before.to} and {after.from_}: each `to` is the next `from`")
        if self.bands[-1].to is not None:
            raise ValueError(f"the last band must stay open: leave out `to = {self.bands[-1].to}`")
        return self

    @property
    def is_per_unit(self) -> bool:
        return self.per_unit is not None or any(band.per_unit is not None for band in self.bands)


class TierUse(Definition):
    """How a program uses the tier another program gives."""

    program: Identifier = Field(description="id of the tier program")
    at: Literal["period_end", "period_start", "document"] = Field(
        default="period_end", description="the day whose tier counts; `document` only for flat scales"
    )
    levels: dict[str, Scale] = Field(
        description="scale by level; a level without one has the program's own scale, or nothing where it has none"
    )


class Change(Definition):
    """From this day on another scale holds. The band is still picked on the whole period's measure."""

    from_: date = Field(alias="from", description="first day of the new scale")
    scale: Scale | None = Field(default=None, description="the new scale; unchanged where empty")
    tier: TierUse | None = Field(default=None, description="the new use of tiers; unchanged where empty")


class Settlement(Definition):
    """When and how what is earned becomes a document."""

    every: Length | None = Field(default=None, description="settlement calendar; the calculation period where empty")
    grace_days: int = Field(default=0, ge=0, le=366, description="days after the period's end before a proposal")
    approval: Literal["manual", "automatic"] = Field(
        default="manual", description="automatic: approved by the daemon unless an alarm forces review"
    )
    clawback: Literal["net"] = Field(
        default="net", description="what is owed back waits for the next positive settlement of the program"
    )
    tax: Literal["original"] = Field(default="original", description="split over the tax codes of the documents")
    text: str = Field(default="", max_length=200, description="text printed on the credit note; the name where empty")
    texts: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Annotated[str, Field(min_length=1, max_length=200)]] = (
        Field(
            default={}, description="the text in other languages, by their codes such as de, for accounts that have one"
        )
    )


class Level(Definition):
    """One level of a tier program."""

    name: Identifier = Field(description="name of the tier")
    from_: Decimal = Field(alias="from", ge=0, le=_MOST, description="measure from which the tier is reached")


class Tier(Definition):
    """How accounts earn a tier."""

    window: Literal["calendar", "rolling"] = Field(
        description="calendar: the year's measure, kept until the next year ends; rolling: the whole months before"
    )
    months: int = Field(default=12, ge=1, le=60, description="months of a rolling window")
    upgrade: Literal["at_once", "next_period"] = Field(
        default="at_once", description="calendar window: the day after the document, or the next month"
    )
    keep: Literal["window_end", "next_window_end"] = Field(
        default="next_window_end", description="calendar window: until when a tier earned is kept"
    )
    levels: tuple[Level, ...] = Field(min_length=1, description="levels from the lowest up; the first from 0")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.levels[0].from_ != 0:
            raise ValueError(f"the first level starts at 0, not at {self.levels[0].from_}")
        for before, after in zip(self.levels, self.levels[1:], strict=False):
            if after.from_ <= before.from_:
                raise ValueError(f"levels must rise: {after.name} from {after.from_} follows {before.from_}")
        if len({level.name for level in self.levels}) != len(self.levels):
            raise ValueError("two levels have one name")
        return self


class Head(Definition):
    """What a program is called, and when it runs."""

    id: Identifier = Field(description="id of the program; part of every settlement key, never changed")
    name: str = Field(min_length=1, max_length=120, description="name for people")
    kind: Literal["rebate", "tier"] = Field(default="rebate", description="rebate pays, tier gives a status")
    version: str = Field(default="1", max_length=40, description="names this content; change it with the content")
    currency: str = Field(description="ISO 4217 code; lines in other currencies wait")
    valid_from: date = Field(description="first day whose documents count")
    valid_to: date | None = Field(default=None, description="last day whose documents count; open where empty")
    period: Length = Field(default="year", description="calculation period")
    fiscal_start: int = Field(default=1, ge=1, le=12, description="month the year begins with")
    rounding: Rounding = Field(default="half_away_from_zero", description="rule at the one rounding point")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not is_currency(self.currency):
            raise ValueError(f"{self.currency!r} is not an ISO 4217 currency")
        for name, day in (("valid_from", self.valid_from), ("valid_to", self.valid_to)):
            if day is not None and day.year > LAST_YEAR:
                raise ValueError(f"{name} {day} is after {LAST_YEAR}: leave out valid_to where there is no end")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is before valid_from {self.valid_from}")
        return self


class Program(Definition):
    """A whole program, as one TOML file states it."""

    program: Head
    audience: Audience = Audience()
    scope: Scope = Scope()
    basis: Basis = Basis()
    scale: Scale | None = None
    tier: TierUse | None = None
    change: tuple[Change, ...] = ()
    settlement: Settlement = Settlement()
    status: Tier | None = None

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
        if self.basis.accumulate != "period":
            raise ValueError("a tier program accumulates over its window: leave out basis.accumulate")
        if self.basis.measure == "quantity":
            raise ValueError("a tier program measures net or gross")

    def _check_rebate(self) -> None:
        if self.status is not None:
            raise ValueError('a [status] table needs program.kind = "tier"')
        if self.scale is None and self.tier is None:
            raise ValueError("a rebate needs a [scale], or a [tier] table with levels")
        every = self.settlement.every
        if every is not None and MONTHS[every] > MONTHS[self.program.period]:
            longer, shorter = MONTHS[every], MONTHS[self.program.period]
            if longer % shorter:
                raise ValueError(f"settlement.every = {every} does not hold whole {self.program.period}s")
        previous = self.program.valid_from
        for change in self.change:
            if change.from_ <= previous:
                raise ValueError(f"changes must follow each other: {change.from_} does not follow {previous}")
            previous = change.from_
        for start, scales, use in self.slices():
            for scale in scales.values():
                if scale is None:
                    continue
                if scale.is_per_unit != (self.basis.measure == "quantity"):
                    need = "per_unit" if self.basis.measure == "quantity" else "percent"
                    raise ValueError(f"basis.measure = {self.basis.measure} needs rates stated as {need}")
                if use is not None and use.at == "document" and scale.method != "flat":
                    raise ValueError(f"tier.at = document needs flat scales (from {start})")
        if len({use.program if use else "" for _, _, use in self.slices()}) > 1:
            raise ValueError("all changes use the tier of one program")
        if len({use.at for _, _, use in self.slices() if use is not None}) > 1:
            raise ValueError("all changes use the tier of the same day: tier.at cannot change")

    @property
    def id(self) -> str:
        return self.program.id

    @property
    def is_tier(self) -> bool:
        return self.program.kind == "tier"

    @property
    def settles_every(self) -> Length:
        return self.settlement.every or self.program.period

    @property
    def end(self) -> date:
        """The day after the last one that counts; far away where open."""
        if self.program.valid_to is None:
            return FOREVER
        return date.fromordinal(self.program.valid_to.toordinal() + 1)

    @property
    def needs(self) -> tuple[str, ...]:
        """Programs that must be computed before this one."""
        return tuple(dict.fromkeys(use.program for _, _, use in self.slices() if use is not None))

    def slices(self) -> list[tuple[date, dict[str, Scale | None], TierUse | None]]:
        """(first day, scale by level, use of tiers) of each slice; the level `""` is that of no tier."""
        found: list[tuple[date, dict[str, Scale | None], TierUse | None]] = []
        scale, use = self.scale, self.tier
        for start, new_scale, new_use in [
            (self.program.valid_from, None, None),
            *((change.from_, change.scale, change.tier) for change in self.change),
        ]:
            scale, use = new_scale or scale, new_use or use
            scales: dict[str, Scale | None] = {"": scale}
            if use is not None:
                scales.update(use.levels)
            found.append((start, scales, use))
        return found

    def content(self) -> dict[str, Any]:
        """The definition as canonical data, defaults included."""
        return self.model_dump(mode="python", by_alias=True)

    def hash(self) -> str:
        """The hash it is registered under."""
        return content_hash(self.content())


def parse_program(text: str, source: str = "program") -> Program:
    """A program from TOML text. Raises ConfigError naming `source`, the path of each setting and what is allowed."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([(source, "", f"not valid TOML: {error}")]) from None
    return program_from(data, source)


def program_from(data: Any, source: str = "program") -> Program:
    """A program from data, as `parse_program` does."""
    try:
        return Program.model_validate(data)
    except ValidationError as error:
        raise ConfigError(problems(error, source)) from None


def read_program(path: Path) -> Program:
    """A program from a file. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([(str(path), "", f"cannot be read: {error}")]) from None
    return parse_program(text, str(path))


def problems(error: ValidationError, source: str) -> list[tuple[str, str, str]]:
    """A validation error as rows (file, path of the setting, what is wrong and what is allowed)."""
    rows = []
    for item in error.errors(include_url=False):
        path = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        given = item.get("input")
        if item["type"] == "extra_forbidden":
            message = "unknown setting"
        elif item["type"] != "missing" and isinstance(given, str | int | Decimal | bool):
            message = f"{message}, not {given!r}" if not isinstance(given, Decimal) else f"{message}, not {given}"
        rows.append((source, path, message[:1].lower() + message[1:]))
    return rows


def strata(programs: list[Program]) -> list[list[Program]]:
    """The programs in groups, each needing only the groups before it.

    Raises ConfigError naming a program that is needed and not there, one that gives no tier, or a cycle.
    """
    by_id = {program.id: program for program in programs}
    wrong = []
    for program in programs:
        for need in program.needs:
            if need not in by_id:
                wrong.append((program.id, "tier.program", f"no program is called {need!r}"))
            elif not by_id[need].is_tier:
                wrong.append((program.id, "tier.program", f"{need!r} is no tier program"))
            else:
                status = by_id[need].status
                known = [level.name for level in status.levels] if status else []
                stated = dict.fromkeys(level for _, _, use in program.slices() if use for level in use.levels)
                allowed = f"{need!r} has the levels {', '.join(known)}"
                wrong += [(program.id, f"tier.levels.{level}", allowed) for level in stated if level not in known]
    if wrong:
        raise ConfigError(wrong)
    done: list[list[Program]] = []
    placed: set[str] = set()
    waiting = list(programs)
    while waiting:
        ready = [program for program in waiting if placed.issuperset(program.needs)]
        if not ready:
            names = ", ".join(sorted(program.id for program in waiting))
            raise ConfigError(f"the programs {names} need each other in a circle")
        done.append(ready)
        placed.update(program.id for program in ready)
        waiting = [program for program in waiting if program.id not in placed]
    return done
