"""Slots: the days in runs within which nothing begins or ends for any program, so that the calendar stays small."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, get_args

from core.engine.counting import tier_giver
from core.period import day_date, day_number
from core.programs import Measure, Program

MEASURES: tuple[str, ...] = get_args(Measure)


class Span(NamedTuple):
    """What all lines of a program on some days have in common. Days are the first of their range."""

    program: int
    period: int
    settle: int
    slice: int


def slots_of(programs: Sequence[Program], start: int, end: int, through: int) -> list[int]:
    """The first day of each slot."""
    cuts = {start, through}
    if start < end:
        first, last = day_date(start), day_date(end)
        for calendar in {
            calendar
            for program in programs
            if not program.is_tier
            for calendar in (program.calendar, program.settlement_calendar)
        }:
            cuts.update(day_number(period.start) for period in calendar.between(first, last))
        for program in programs:
            cuts.update(day_number(part.start) for part in program.slices())
            cuts.add(day_number(program.end))
    return sorted(day for day in cuts if start <= day < end)


def calendar_of(
    programs: Sequence[Program], slots: Sequence[int], last: int
) -> tuple[list[tuple[int, ...]], list[Span], list[int]]:
    """Rows (program, slot, span, group, measure, tier) of the calendar, the spans in order of program, period,
    settlement and slice, and their groups."""
    index = {program.id: i for i, program in enumerate(programs)}
    found: list[tuple[int, Span]] = []
    for number, program in enumerate(programs):
        starts = [day_number(part.start) for part in program.slices()]
        end = min(day_number(program.end), last)
        for slot, day in enumerate(slots):
            if starts[0] <= day < end:
                period, settle = (starts[0], starts[0]) if program.is_tier else _periods(program, day)
                found.append((slot, Span(number, period, settle, bisect_right(starts, day) - 1)))
    spans = sorted({span for _, span in found})
    places = {span: i for i, span in enumerate(spans)}
    numbers: dict[tuple[int, int], int] = {}
    groups = [numbers.setdefault((span.program, span.period), len(numbers)) for span in spans]
    rows: list[tuple[int, ...]] = []
    for slot, span in found:
        program = programs[span.program]
        tier = index.get(tier_giver(program) or "", -1)
        measure = MEASURES.index(program.basis.measure)
        place = places[span]
        rows.append((span.program, slot, place, groups[place], measure, tier))
    return rows, spans, groups


def _periods(program: Program, day: int) -> tuple[int, int]:
    """First days of the calculation period and of the settlement period of a day."""
    period = day_number(program.calendar.of(day_date(day)).start)
    if not program.settles_within:
        return period, period
    return period, day_number(program.settlement_calendar.of(day_date(day)).start)


def days_of(slots: Sequence[int], end: int) -> list[tuple[int, ...]]:
    """Rows (day, slot, first day of the month)."""
    rows: list[tuple[int, ...]] = []
    for slot, first in enumerate(slots):
        for day in range(first, slots[slot + 1] if slot + 1 < len(slots) else end):
            rows.append((day, slot, day_number(day_date(day).replace(day=1))))
    return rows
