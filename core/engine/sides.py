"""Side measures: what beside the paid measure decides what is earned, for each beneficiary and period.

The counters of a qualifier, of conditions and of a baseline are counted like any program (`core.engine.measured`);
here their sums become single exact numbers. Money is in minor units of the program's currency, quantity in 10^-6 units,
counts are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from core.engine.measured import Measured
from core.money import QUANTITY_EXPONENT, exponent, scaled
from core.period import Period, add_months, day_date
from core.programs import COUNTED, Measure, Program
from core.rules import Checked


class Joined(NamedTuple):
    """A joiner: its first day, its own measure, and the days of it and of the whole period."""

    day: date
    measure: Fraction
    days: int
    whole: int


class Baseline(NamedTuple):
    """What a period is compared with: None where there is nothing, or why nothing is earned at all."""

    value: Fraction | None
    excluded: str = ""
    joined: Joined | None = None
    """How the baseline was raised for an account that joined within it."""


def qualifier(program: Program, measured: Measured, beneficiary: int, period: Period, through: date | None) -> Fraction:
    """The measure that picks the band: of the period, or of the whole months that end with it."""
    assert program.qualifier is not None  # noqa: S101 - the caller has looked
    months = program.qualifier.months
    if months is None:
        return measured.value(beneficiary, period.start, period.end, through)
    end = add_months(period.last, 1)
    return measured.value(beneficiary, add_months(end, -months), end, through)


def conditions(
    program: Program, measured: Mapping[int, Measured], beneficiary: int, period: Period, paid: Fraction,
    through: date | None,
) -> tuple[Checked, ...]:  # fmt: skip
    """Every condition with what was found; `paid` is the paid measure of the period."""
    found = []
    for number, condition in enumerate(program.condition):
        value = measured[number].value(beneficiary, period.start, period.end, through)
        if condition.minimum is not None:
            minimum = Fraction(scaled(condition.minimum, digits(condition.measure, program.program.currency)))
        else:
            minimum = paid * Fraction(condition.minimum_percent or 0) / 100
        found.append(Checked(condition.name, value, minimum, value >= minimum))
    return tuple(found)


def baseline(
    program: Program,
    measured: Measured | None,
    beneficiary: int,
    period: Period,
    names: Iterable[str],
    enrolled: int | None,
    merged: Sequence[int] = (),
) -> Baseline:
    """What a beneficiary's period is compared with.

    `names` are its external ids, `enrolled` the first day of its enrolment, `merged` the accounts merged into it from a
    day on, whose earlier documents it takes over as a base.
    """
    base = program.baseline
    assert base is not None  # noqa: S101 - the caller has looked
    if base.against == "target":
        target = next((base.targets[name] for name in names if name in base.targets), base.target)
        if target is None:
            return Baseline(None)
        return Baseline(Fraction(scaled(target, digits(program.basis.measure, program.program.currency))))
    compared = comparison(program, period)
    if measured is None or compared is None:
        return Baseline(None)
    everyone = (beneficiary, *merged)
    value = sum((measured.value(one, compared.start, compared.end) for one in everyone), Fraction(0))
    firsts = [day for one in everyone if (day := measured.first_day(one)) is not None]
    joined = day_date(enrolled) if enrolled is not None else (day_date(min(firsts)).replace(day=1) if firsts else None)
    if joined is None or joined >= compared.end:
        return Baseline(None)
    if joined <= compared.start or base.joiners == "as_is":
        return Baseline(value)
    if base.joiners == "exclude":
        return Baseline(None, f"joined on {joined}, within the period it is compared with")
    whole, own = (compared.end - compared.start).days, (compared.end - joined).days
    return Baseline(value * whole / own, "", Joined(joined, value, own, whole))


def comparison(program: Program, period: Period) -> Period | None:
    """The period that a period is compared with; None where there is none."""
    base = program.baseline
    if base is None or base.against == "target":
        return None
    if base.against == "previous_period":
        return program.calendar.before(period)
    return Period(_a_year_before(period.start), _a_year_before(period.end), f"the year before {period.label}")


def digits(measure: Measure, currency: str) -> int:
    """The decimal digits of a measure's integers."""
    if measure in COUNTED:
        return 0
    return QUANTITY_EXPONENT if measure == "quantity" else exponent(currency)


def _a_year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 3, 1)
    return day.replace(year=day.year - 1)
