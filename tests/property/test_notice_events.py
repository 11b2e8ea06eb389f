"""Whatever is bought, returned and corrected, and whenever one looks: an event is told at most once in its window."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.period import day_date, day_number
from core.programs import Program, parse_program
from core.tiers import ladder, outlook
from scheduler.steps import events
from scheduler.steps.events import Event, Stand

FIRST = date(2025, 1, 1)


def club(window: str, more: str = "") -> Program:
    return parse_program(
        f"""
[program]
id = "club"
name = "Club"
kind = "tier"
currency = "EUR"
valid_from = 2025-01-01
[status]
window = "{window}"
levels = [{{ name = "bronze", from = 0 }}, {{ name = "silver", from = 30 }}, {{ name = "gold", from = 80 }}]
{more}
"""
    )


PROGRAMS = {
    "calendar": club("calendar"),
    "recompute": club("calendar", 'returns = "recompute"'),
    "strict": club("calendar", 'keep = "window_end"\nreturns = "recompute"'),
    "lifetime": club("lifetime", 'returns = "recompute"'),
    "anniversary": club("anniversary", 'returns = "recompute"'),
    "rolling": club("rolling", "months = 3"),
}

# A day on which one looks, and what is known anew by then: day and amount, which may take back what was bought.
LOOKS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.lists(st.tuples(st.integers(-60, 0), st.integers(-4000, 4000)), max_size=2),
    ),
    min_size=1,
    max_size=25,
)


def stands(program: Program, looks: list[tuple[int, list[tuple[int, int]]]]) -> list[Stand]:
    """Where the account stood each time somebody looked."""
    rung, today, known, found = ladder(program), day_number(FIRST), [], []
    for wait, more in looks:
        today += wait
        known += [(max(today + back, day_number(FIRST)), amount) for back, amount in more]
        if program.status is not None and program.status.window == "rolling":
            sums = [(day_number(day_date(day).replace(day=1)), amount) for day, amount in known]
        else:
            sums = known
        view = outlook(rung, sums, today, enrolled=day_number(FIRST))
        until = None if view.valid_until is None else day_date(view.valid_until)
        missing, upper = view.to_next or (None, None)
        found.append(
            Stand(
                rung.names[view.level], day_date(view.since), until, view.measure, missing, upper, view.to_keep,
                day_date(today),
            )
        )  # fmt: skip
    return found


def happened(program: Program, found: list[Stand]) -> list[tuple[date, Event]]:
    """Everything there would be to tell each time, and the day."""
    told: list[tuple[date, Event]] = []
    before: Stand | None = None
    change: Event | None = None
    for stand in found:
        if before is None or before.tier != stand.tier:
            event = events.changed(program, stand, before and before.tier, before and before.valid_until)
            change = event if event.before != stand.tier else None
        candidates = (change, events.at_risk(program, stand, stand.as_of, 45), events.near(program, stand, Decimal(10)))
        told += [(stand.as_of, event) for event in candidates if event is not None]
        before = stand
    return told


@pytest.mark.parametrize("name", PROGRAMS)
@given(looks=LOOKS)
def test_an_event_has_one_id_in_its_window(name: str, looks: list[tuple[int, list[tuple[int, int]]]]):
    program = PROGRAMS[name]
    assert program.status is not None
    seen: dict[tuple[str, str], Event] = {}
    for _, event in happened(program, stands(program, looks)):
        seen.setdefault((event.kind, event.id), event)
    within: Counter[tuple[str, str, str]] = Counter()
    for event in seen.values():
        if event.months or program.status.window == "rolling":
            continue
        day = event.stand.as_of if event.kind in ("near_tier", "tier_at_risk") else event.stand.since
        window = "" if program.status.window == "lifetime" else str(day.year)
        subject = event.stand.next_tier if event.kind == "near_tier" else event.stand.tier
        if event.kind != "tier_at_risk":
            within[event.kind, str(subject), window] += 1
    if program.status.window != "anniversary":
        assert {key: count for key, count in within.items() if count > 1} == {}


@pytest.mark.parametrize("name", PROGRAMS)
@given(looks=LOOKS)
def test_what_is_told_is_so(name: str, looks: list[tuple[int, list[tuple[int, int]]]]):
    program = PROGRAMS[name]
    bounds = dict(zip(ladder(program).names, ladder(program).bounds, strict=True))
    for day, event in happened(program, stands(program, looks)):
        stand = event.stand
        match event.kind:
            case "tier_reached":
                assert bounds[stand.tier] > bounds[event.before]
            case "tier_lost":
                assert bounds[stand.tier] < bounds[event.before]
            case "tier_at_risk":
                assert stand.to_keep and stand.valid_until
                assert day <= stand.valid_until <= day + timedelta(45)
            case "near_tier":
                assert stand.next_tier and stand.to_next
                assert 0 < stand.to_next * 10 <= bounds[stand.next_tier]
