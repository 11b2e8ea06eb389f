"""Calendar periods in business dates.

A period is a half-open range of days `[start, end)`. Days inside the engine are integers since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

Length = Literal["month", "quarter", "half", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_EPOCH = date(1970, 1, 1).toordinal()
FOREVER = date(9999, 12, 31)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_date(number: int) -> date:
    return date.fromordinal(number + _EPOCH)


class Period(NamedTuple):
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date
    label: str

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day < self.end


def add_months(day: date, months: int) -> date:
    """The first day of the month `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def period_of(day: date, length: Length, fiscal_start: int = 1) -> Period:
    """The period of `length` that holds `day`; the year begins with month `fiscal_start`.

    A fiscal year is named after the calendar year in which it begins.
    """
    months = MONTHS[length]
    since = (day.month - fiscal_start) % 12
    start = add_months(day, -(since % months))
    first = add_months(day, -since)
    number = since // months + 1
    label = {
        "month": f"{start.year}-{start.month:02d}",
        "quarter": f"{first.year}-Q{number}",
        "half": f"{first.year}-H{number}",
        "year": str(first.year),
    }[length]
    if length != "month" and fiscal_start != 1:
        label = "FY" + label
    return Period(start, add_months(start, months), label)


def periods(start: date, end: date, length: Length, fiscal_start: int = 1) -> Iterator[Period]:
    """Every period that shares a day with `[start, end)`, in order."""
    period = period_of(start, length, fiscal_start)
    while period.start < end:
        yield period
        if period.end.year >= 9990:
            return
        period = period_of(period.end, length, fiscal_start)


class Range(NamedTuple):
    """An explicit period: its first and last day, and its label."""

    start: date
    last: date
    label: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """How days fall into periods: calendar ones of a length, or explicit ranges that follow each other."""

    length: Length = "year"
    fiscal_start: int = 1
    ranges: tuple[Range, ...] = ()

    def of(self, day: date) -> Period:
        """The period that holds `day`. Raises ValueError for a day outside of explicit ranges."""
        if not self.ranges:
            return period_of(day, self.length, self.fiscal_start)
        for item in self.ranges:
            if item.start <= day <= item.last:
                return Period(item.start, item.last + timedelta(days=1), item.label)
        raise ValueError(f"{day} lies in none of the stated periods")

    def between(self, start: date, end: date) -> Iterator[Period]:
        """Every period that shares a day with `[start, end)`, in order."""
        if not self.ranges:
            yield from periods(start, end, self.length, self.fiscal_start)
            return
        for item in self.ranges:
            if item.start < end and start <= item.last:
                yield Period(item.start, item.last + timedelta(days=1), item.label)

    def before(self, period: Period) -> Period | None:
        """The period before one of these; None where there is none."""
        if not self.ranges:
            return period_of(period.start - timedelta(days=1), self.length, self.fiscal_start)
        earlier = [item for item in self.ranges if item.last < period.start]
        return self.of(earlier[-1].start) if earlier else None

    def after(self, period: Period) -> Period | None:
        """The period after one of these; None where there is none."""
        if not self.ranges:
            return period_of(period.end, self.length, self.fiscal_start)
        later = [item for item in self.ranges if item.start >= period.end]
        return self.of(later[0].start) if later else None
