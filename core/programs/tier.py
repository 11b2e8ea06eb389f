"""Tiers: how accounts earn a status, and how other programs use it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.programs.definition import Amount, Definition, Identifier
from core.programs.scale import Scale


class TierUse(Definition):
    """How a program uses the tier another program gives."""

    program: Identifier = Field(description="id of the tier program")
    at: Literal["period_end", "period_start", "document"] = Field(
        default="period_end", description="the day whose tier counts; `document` only for flat scales"
    )
    levels: dict[str, Scale] = Field(
        default={},
        description="scale by level; a level without one has the program's own scale, or nothing where it has none",
    )
    multipliers: dict[str, Annotated[Decimal, Field(ge=0, le=1000)]] = Field(
        default={}, description="by level, what everything its scale gives is multiplied by; 1 where not stated"
    )


class Level(Definition):
    """One level of a tier program."""

    name: Identifier = Field(description="name of the tier")
    from_: Amount = Field(alias="from", description="measure from which the tier is reached")


class Tier(Definition):
    """How accounts earn a tier."""

    window: Literal["calendar", "rolling", "anniversary", "lifetime"] = Field(
        description="calendar: the year's measure, kept until the next year ends; rolling: the whole months before; "
        "anniversary: years that begin with the day of enrolment, or of the first document; lifetime: everything ever"
    )
    months: int = Field(default=12, ge=1, le=60, description="months of a rolling window")
    upgrade: Literal["at_once", "next_period", "retroactive"] = Field(
        default="at_once",
        description="calendar and anniversary windows: from the day after the document, from the next month, or back "
        "to the first day of the window",
    )
    keep: Literal["window_end", "next_window_end"] = Field(
        default="next_window_end",
        description="calendar and anniversary windows: until when a tier earned is kept",
    )
    grace_days: int = Field(default=0, ge=0, le=366, description="days a tier is kept beyond its end")
    soft_landing: bool = Field(
        default=False, description="at its end a tier falls by one level at a time, to no less than what was earned"
    )
    minimum_stay: int = Field(default=0, ge=0, le=60, description="whole months a level is kept at least")
    returns: Literal["protect", "recompute"] = Field(
        default="protect",
        description="whether a return takes back the tier its purchase earned: not before its end, or at once",
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
        if self.window in ("rolling", "lifetime") and self.upgrade == "retroactive":
            raise ValueError(f"a {self.window} window has no beginning to go back to: upgrade at_once or next_period")
        return self
