"""Months and years around a day, by number."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from core.period import day_date, day_number


@lru_cache(maxsize=1 << 16)
def month(day: int) -> int:
    """The month of a day, counted from the beginning of the calendar."""
    found = day_date(day)
    return found.year * 12 + found.month - 1


@lru_cache(maxsize=1 << 12)
def first_day(number: int) -> int:
    """The first day of a month."""
    return day_number(date(number // 12, number % 12 + 1, 1))


@lru_cache(maxsize=1 << 16)
def months_after(day: int, months: int) -> int:
    """The same day of the month some months later; the first of the month after where that one is too short."""
    found = month(day) + months
    start = first_day(found)
    return min(start + day_date(day).day - 1, first_day(found + 1))
