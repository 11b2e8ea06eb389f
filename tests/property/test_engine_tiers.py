"""Timelines agree, day by day, with levels looked up from the definition."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.reference import level_on
from core.period import day_date, day_number
from core.programs import Program, program_from
from core.tiers import level_at, outlook, standing_at, timeline

START, STOP = day_number(date(2023, 1, 1)), day_number(date(2027, 1, 1))
NAMES = ("bronze", "silver", "gold", "platinum")


@st.composite
def tier_programs(draw: st.DrawFn) -> Program:
    return program_from(
        {
            "program": {
                "id": "status",
                "name": "Status",
                "kind": "tier",
                "currency": "EUR",
                "valid_from": draw(st.sampled_from([date(2023, 1, 1), date(2024, 1, 15), date(2024, 3, 1)])),
                "fiscal_start": draw(st.sampled_from([1, 2, 4, 12])),
            },
            "status": {
                "window": draw(st.sampled_from(["calendar", "calendar", "rolling"])),
                "months": draw(st.sampled_from([1, 2, 12, 13])),
                "upgrade": draw(st.sampled_from(["at_once", "next_period"])),
                "keep": draw(st.sampled_from(["window_end", "next_window_end"])),
                "levels": [
                    {"name": name, "from": Decimal(bound)} for name, bound in zip(NAMES, (0, 10, 25, 60), strict=True)
                ],
            },
        }
    )


near_bounds = st.sampled_from(
    [
        day_number(date(year, month, 1)) + offset
        for year in (2024, 2025)
        for month in (1, 2, 4, 12)
        for offset in (-1, 0, 1)
    ]
)
purchases = st.lists(
    st.tuples(
        near_bounds | st.integers(START, STOP - 400),
        st.sampled_from([1000, 999, 1, 2500, -1000, -500, 6000]) | st.integers(-3000, 6000),
    ),
    max_size=10,
)


def sums_of(program: Program, bought: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """As the engine hands them over: what lies before the program is not there, rolling windows have months."""
    first = day_number(program.program.valid_from)
    rolling = program.status is not None and program.status.window == "rolling"
    return [
        (day_number(day_date(day).replace(day=1)) if rolling else day, amount)
        for day, amount in bought
        if not rolling or day >= first
    ]


@settings(deadline=None, max_examples=150)
@given(program=tier_programs(), bought=purchases, more=st.lists(st.integers(START, STOP - 1), max_size=20))
def test_a_timeline_is_the_level_of_each_day(program: Program, bought: list[tuple[int, int]], more: list[int]) -> None:
    sums = sums_of(program, bought)
    held = timeline(program, sums, START, STOP)
    assert [standing.start for standing in held[1:]] == [standing.end for standing in held[:-1]]
    assert (held[0].start, held[-1].end) == (START, STOP)
    known = [(day_date(day), amount) for day, amount in bought if day_date(day) >= program.program.valid_from]
    asked = {day + offset for day, _ in bought for offset in (0, 1, 31, 366)} | {standing.start for standing in held}
    asked |= {standing.start - 1 for standing in held} | set(more)
    for day in sorted(day for day in asked if START <= day < STOP):
        assert level_at(held, day) == level_on(program, known, day_date(day))
    for standing in held:
        if standing.level and standing.start >= day_number(program.program.valid_from):
            assert level_at(held, max(standing.since, START)) == standing.level
            if standing.valid_until is not None and standing.valid_until < STOP:
                assert standing_at(held, standing.valid_until).level >= standing.level


@settings(deadline=None, max_examples=60)
@given(program=tier_programs(), bought=purchases, as_of=st.integers(START + 500, STOP - 400))
def test_buying_what_is_missing_reaches_the_next_level(
    program: Program, bought: list[tuple[int, int]], as_of: int
) -> None:
    sums = [item for item in sums_of(program, bought) if item[0] <= as_of]
    view = outlook(program, sums, as_of)
    assert view.level == level_at(timeline(program, sums, START, STOP), as_of)

    def tomorrow(amount: int) -> Any:
        """The level once everything bought so far counts."""
        rolling = program.status is not None and program.status.window == "rolling"
        at = day_number(day_date(as_of).replace(day=1)) if rolling else as_of
        first_next = day_number(
            (day_date(as_of).replace(day=28) + (date(2024, 1, 5) - date(2024, 1, 1))).replace(day=1)
        )
        at_once = program.status is not None and program.status.upgrade == "at_once" and not rolling
        held = timeline(program, [*sums, (at, amount)], START, STOP)
        return level_at(held, as_of + 1 if at_once else first_next)

    year_ends = day_date(as_of + 1).month == program.program.fiscal_start or day_date(as_of).month % 12 + 1 == (
        program.program.fiscal_start
    )
    keeps = program.status is not None and program.status.keep == "next_window_end"
    if view.to_next is not None and (keeps or not year_ends):
        assert tomorrow(view.to_next[0]) > view.level
        assert view.to_next[1] == NAMES[view.level + 1]
    if view.to_keep is not None and (keeps or not year_ends):
        assert tomorrow(view.to_keep) >= view.level
