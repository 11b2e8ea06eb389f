"""What a program is called, and when it runs."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from core.money import Rounding, is_currency
from core.period import Calendar, Range
from core.programs.definition import Definition, Identifier

LAST_YEAR = 2200
ChangeMode = Literal["everything", "unsettled_only", "from_period_start", "from_now"]


class PeriodRange(Definition):
    """One calculation period of a program with explicit ones."""

    label: str = Field(min_length=1, max_length=20, description="name of the period, printed on documents")
    from_: date = Field(alias="from", description="first day")
    to: date = Field(description="last day")


class Head(Definition):
    """What a program is called, and when it runs."""

    id: Identifier = Field(description="id of the program; part of every settlement key, never changed")
    name: str = Field(min_length=1, max_length=120, description="name for people")
    kind: Literal["rebate", "tier"] = Field(default="rebate", description="rebate pays, tier gives a status")
    version: str = Field(default="1", max_length=40, description="names this content; change it with the content")
    change_mode: ChangeMode = Field(
        default="everything",
        description="what a changed definition holds for: every period (what was settled becomes a difference), only "
        "periods not settled yet, documents from the start of the running period, or documents from the day it is "
        "imported",
    )
    change_from: date | None = Field(
        default=None,
        description="the day that from_now and from_period_start go by; the day of import where empty",
    )
    currency: str = Field(description="ISO 4217 code")
    valid_from: date = Field(description="first day whose documents count")
    valid_to: date | None = Field(default=None, description="last day whose documents count; open where empty")
    period: Literal["month", "quarter", "half", "year", "program", "ranges"] = Field(
        default="year", description="calculation period; program: the whole of it; ranges: those stated"
    )
    ranges: tuple[PeriodRange, ...] = Field(default=(), description="the periods of period = ranges, in order")
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
        if self.change_from is not None and self.change_mode not in ("from_now", "from_period_start"):
            raise ValueError("change_from needs change_mode = from_now or from_period_start")
        self._check_ranges()
        return self

    def _check_ranges(self) -> None:
        if (self.period == "ranges") != bool(self.ranges):
            raise ValueError("period = ranges states `ranges`, the others do not")
        if self.period == "program" and self.valid_to is None:
            raise ValueError("period = program needs valid_to")
        if not self.ranges:
            return
        for item in self.ranges:
            if item.to < item.from_:
                raise ValueError(f"range {item.label} ends on {item.to}, before it begins on {item.from_}")
        for before, after in zip(self.ranges, self.ranges[1:], strict=False):
            if (after.from_ - before.to).days != 1:
                what = "a gap" if after.from_ > before.to else "an overlap"
                raise ValueError(f"{what} between {before.to} and {after.from_}: ranges follow each other")
        if len({item.label for item in self.ranges}) != len(self.ranges):
            raise ValueError("two ranges have one label")
        if self.valid_from < self.ranges[0].from_ or self.valid_to is None or self.valid_to > self.ranges[-1].to:
            raise ValueError("the ranges cover valid_from to valid_to")

    def calendar(self) -> Calendar:
        """The calculation periods."""
        if self.period == "program":
            assert self.valid_to is not None  # noqa: S101 - checked above
            return Calendar(ranges=(Range(self.valid_from, self.valid_to, "whole"),))
        if self.period == "ranges":
            return Calendar(ranges=tuple(Range(item.from_, item.to, item.label) for item in self.ranges))
        return Calendar(self.period, self.fiscal_start)
