"""Timelines of every window and rule agree with levels looked up day by day, in whatever order documents come."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.period import day_date, day_number
from core.programs import Program, program_from
from core.tiers import Override, level_at, outlook, standing_at, timeline
from tests.helpers.tiers_by_day import Bought, TierByDay

FIRST, LAST = date(2023, 1, 1), date(2028, 6, 30)
START, STOP = day_number(FIRST), day_number(LAST) + 1
BOUNDS = (0, 10, 25, 60)


@st.composite
def statuses(draw: st.DrawFn, **fixed: Any) -> dict[str, Any]:
    window = draw(st.sampled_from(["calendar", "anniversary", "lifetime", "rolling"]))
    upgrades = ["at_once", "next_period"] + (["retroactive"] if window in ("calendar", "anniversary") else [])
    return {
        "window": window,
        "months": draw(st.sampled_from([1, 3, 12])),
        "upgrade": draw(st.sampled_from(upgrades)),
        "keep": draw(st.sampled_from(["window_end", "next_window_end"])),
        "grace_days": draw(st.sampled_from([0, 0, 1, 30, 100, 366])),
        "soft_landing": draw(st.booleans()),
        "minimum_stay": draw(st.sampled_from([0, 0, 1, 6, 12, 18])),
        "returns": draw(st.sampled_from(["protect", "recompute"])),
    } | fixed


def tier_program(status: dict[str, Any], valid_from: date = FIRST, fiscal_start: int = 1) -> Program:
    names = ("bronze", "silver", "gold", "platinum")
    levels = [{"name": name, "from": Decimal(bound)} for name, bound in zip(names, BOUNDS, strict=True)]
    head = {"id": "status", "name": "Status", "kind": "tier", "currency": "EUR", "valid_from": valid_from}
    return program_from({"program": head | {"fiscal_start": fiscal_start}, "status": status | {"levels": levels}})


def sums_of(status: dict[str, Any], bought: Bought) -> list[tuple[int, int]]:
    """As the engine hands them over: by month for rolling windows."""
    rolling = status["window"] == "rolling"
    return [(day_number(day.replace(day=1) if rolling else day), amount) for day, amount in bought]


near_bounds = st.builds(
    lambda year, month, offset: date(year, month, 1) + timedelta(days=offset),
    st.sampled_from([2023, 2024, 2025]),
    st.sampled_from([1, 3, 4, 7]),
    st.sampled_from([-1, 0, 1]),
)
days = near_bounds | st.dates(FIRST, date(2026, 6, 30)) | st.just(date(2024, 2, 29))
amounts = st.sampled_from([1000, 999, 1, 2500, -1000, -500, -2500, 6000]) | st.integers(-3000, 6000)
purchases = st.lists(st.tuples(days, amounts), max_size=8)


@settings(deadline=None, max_examples=120)
@given(
    status=statuses(),
    bought=purchases,
    valid_from=st.sampled_from([FIRST, date(2023, 12, 15), date(2024, 2, 29)]),
    fiscal_start=st.sampled_from([1, 4]),
    enrolled=st.none() | st.sampled_from([date(2022, 6, 15), date(2024, 2, 29), date(2024, 8, 31)]),
)
def test_a_timeline_is_the_level_of_each_day(
    status: dict[str, Any], bought: Bought, valid_from: date, fiscal_start: int, enrolled: date | None
) -> None:
    program = tier_program(status, valid_from, fiscal_start)
    number = None if enrolled is None else day_number(enrolled)
    counted = [item for item in bought if status["window"] != "rolling" or item[0] >= valid_from]
    held = timeline(program, sums_of(status, counted), START, STOP, enrolled=number)
    by_day = TierByDay(status, [bound * 100 for bound in BOUNDS], valid_from, fiscal_start, enrolled)
    for day, level in by_day.levels(counted, LAST):
        assert level_at(held, day_number(day)) == level, day
    assert [standing.start for standing in held[1:]] == [standing.end for standing in held[:-1]]
    for standing in held:
        if standing.level and standing.start > day_number(valid_from):
            assert level_at(held, max(standing.since, START)) == standing.level
            if standing.valid_until is not None and standing.valid_until < STOP and status["returns"] == "protect":
                assert standing_at(held, standing.valid_until).level >= standing.level


@settings(deadline=None, max_examples=60)
@given(status=statuses(), bought=purchases, data=st.data())
def test_the_order_of_documents_does_not_matter(status: dict[str, Any], bought: Bought, data: st.DataObject) -> None:
    program, sums = tier_program(status), sums_of(status, bought)
    other = data.draw(st.permutations(sums))
    assert timeline(program, sums, START, STOP) == timeline(program, other, START, STOP)
    cancelled = [*other, (START + 40, 700), (START + 40, -700)]
    if status["window"] != "rolling":
        assert timeline(program, sums, START, STOP) == timeline(program, cancelled, START, STOP)


@settings(deadline=None, max_examples=60)
@given(status=statuses(returns="protect"), bought=purchases, day=days, amount=st.integers(1, 6000))
def test_buying_more_never_lowers_a_tier(status: dict[str, Any], bought: Bought, day: date, amount: int) -> None:
    status = status | {"window": "calendar"} if status["window"] == "anniversary" else status
    program = tier_program(status)
    before = timeline(program, sums_of(status, bought), START, STOP)
    after = timeline(program, sums_of(status, [*bought, (day, amount)]), START, STOP)
    for when in {standing.start for standing in (*before, *after)}:
        assert level_at(after, when) >= level_at(before, when), day_date(when)


@settings(deadline=None, max_examples=80)
@given(status=statuses(), bought=purchases, as_of=st.dates(date(2024, 6, 1), date(2026, 6, 30)))
def test_an_outlook_tells_the_standing_of_its_day(status: dict[str, Any], bought: Bought, as_of: date) -> None:
    program, today = tier_program(status), day_number(as_of)
    known = sums_of(status, [item for item in bought if item[0] <= as_of])
    view = outlook(program, known, today)
    held = timeline(program, known, START, STOP)
    now = standing_at(held, today)
    assert (view.level, view.since) == (now.level, now.since)
    if view.valid_until is not None:
        assert view.valid_until >= today
        if status["window"] != "rolling":
            assert min(level_at(held, when) for when in range(today, min(view.valid_until + 1, STOP))) >= view.level
    assert (view.to_next is None) == (view.level == len(BOUNDS) - 1)


@settings(deadline=None, max_examples=60)
@given(
    status=statuses(),
    bought=purchases,
    stated=st.lists(st.tuples(days, st.integers(0, 500), st.none() | st.integers(0, 3)), max_size=4),
)
def test_an_override_holds_on_its_days_and_changes_no_other(
    status: dict[str, Any], bought: Bought, stated: list[tuple[date, int, int | None]]
) -> None:
    program, sums = tier_program(status), sums_of(status, bought)
    decided = [Override(day_number(day), day_number(day) + length, level) for day, length, level in stated]
    plain = timeline(program, sums, START, STOP)
    held = timeline(program, sums, START, STOP, overrides=decided)
    for when in {day for item in decided for day in (item.first - 1, item.first, item.last, item.last + 1)} | {
        standing.start for standing in (*plain, *held)
    }:
        if not START <= when < STOP:
            continue
        about = [item.level for item in decided if item.first <= when <= item.last]
        level = about[-1] if about and about[-1] is not None else level_at(plain, when)
        assert level_at(held, when) == level, day_date(when)
        until = standing_at(held, when).valid_until
        if about and about[-1] is not None:
            assert until is not None
            assert level_at(held, min(until, STOP - 1)) == level
