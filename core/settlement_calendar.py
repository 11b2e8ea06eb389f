"""When settlements are due. Pure functions over days. (design.md section 5)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from core.period import Period
from core.programs import Program


def settlement_of(program: Program, calculation: Period, as_of: date) -> tuple[Period, bool] | None:
    """The settlement period that is due for a calculation period, and whether it is its last one.

    Due is the day after the grace days that follow the period's end. A guarantee that is paid at the start is due on
    the first day of the calculation period, in the settlement period before. None: nothing is due yet.
    """
    calendar = program.settlement_calendar
    grace = timedelta(days=program.settlement.grace_days)
    last = calendar.of(calculation.last)
    if last.end + grace <= as_of:
        return last, True
    found = None
    if program.settles_within:
        day = calculation.start
        while day < calculation.end:
            period = calendar.of(day)
            if period.end + grace > as_of:
                break
            found = period
            day = period.end
    if found is None and program.limits.guarantee_paid == "start" and calculation.start <= as_of:
        found = _before(program, calculation.start)
    return (found, False) if found is not None else None


def _before(program: Program, day: date) -> Period:
    """The settlement period before a day; a single day before the first of stated periods."""
    calendar = program.settlement_calendar
    found = calendar.before(calendar.of(day))
    eve = day - timedelta(days=1)
    return found if found is not None else Period(eve, day, eve.isoformat())


def next_settlements(program: Program, after: Period, as_of: date) -> Iterator[Period]:
    """The settlement periods after `after` that are due, in order, within the program's life."""
    grace = timedelta(days=program.settlement.grace_days)
    period = program.settlement_calendar.after(after)
    while period is not None and period.end + grace <= as_of and period.start < program.end:
        yield period
        period = program.settlement_calendar.after(period)


def is_over(program: Program, as_of: date) -> bool:
    """Whether every settlement period of the program has been due."""
    if program.program.valid_to is None:
        return False
    last = program.settlement_calendar.of(program.program.valid_to)
    return last.end + timedelta(days=program.settlement.grace_days) <= as_of
