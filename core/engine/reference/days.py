"""Days, months and periods, worked out from the definition each time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from core.programs import Program

EPOCH = date(1970, 1, 1)
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
DAY = timedelta(days=1)


class Days(NamedTuple):
    """The days from `first` to `last`, both of them."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


def date_of(number: int) -> date:
    """The day with a number: days since 1970-01-01."""
    return EPOCH + timedelta(days=number)


def months_later(day: date, months: int) -> date:
    """The first day of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_run(program: Program, day: date, length: str) -> date:
    """The first day of the month, quarter, half or year that holds a day."""
    since_year_start = (day.month - program.program.fiscal_start) % 12
    return months_later(day, -(since_year_start % MONTHS[length]))


def period_with(program: Program, day: date) -> Days:
    """The calculation period that holds a day. Raises LookupError for a day outside of explicit ones."""
    head = program.program
    if head.period == "program":
        if head.valid_to is None or not head.valid_from <= day <= head.valid_to:
            raise LookupError(f"{day} is outside of the program")
        return Days(head.valid_from, head.valid_to)
    if head.period == "ranges":
        for item in head.ranges:
            if item.from_ <= day <= item.to:
                return Days(item.from_, item.to)
        raise LookupError(f"{day} lies in none of the stated periods")
    first = month_run(program, day, head.period)
    return Days(first, months_later(first, MONTHS[head.period]) - DAY)


def settles_from(program: Program, day: date, period: Days) -> date:
    """The first day of the settlement period a day falls in; that of the calculation period where it is not shorter."""
    every, length = program.settlement.every, program.program.period
    if every is None or (length in MONTHS and MONTHS[every] >= MONTHS[length]):
        return period.first
    return month_run(program, day, every)


def year_before(day: date) -> date:
    """The same day a year before; the 28th for the 29th of February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return date(day.year - 1, day.month, day.day)
