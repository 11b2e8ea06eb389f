"""The plan: everything counting has to know about programs and master data, as small tables of integers.

Audiences and scopes are evaluated here, in Python, once for each state of an account and of an item, never for a line.
Two states that match the same programs are the same to us: they share a class. Days are cut into slots wherever any
program's period, settlement, slice or validity begins or ends, so that the calendar stays small.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import prod
from operator import itemgetter
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol, TypeVar

import pyarrow

from core.engine.patterns import Audiences, Scopes
from core.errors import IntegrityError
from core.period import day_date, day_number
from core.programs import Program
from core.programs.counters import Counter

BEGINNING, END = -(2**31), 2**31 - 1
"""Day numbers for states that were always true, or still are."""

UNKNOWN = 0
"""The class of an account or item of which nothing is known on a day."""


class AccountState(NamedTuple):
    """What is true of an account on the days from `from_day` up to, not including, `to_day`."""

    from_day: int
    to_day: int
    external_ids: tuple[str, ...] = ()
    segment: str | None = None
    country: str | None = None
    group: str | None = None
    channel: str | None = None
    parent: str | None = None
    """The parent account's id of the source."""
    tags: tuple[str, ...] = ()
    enrolled: tuple[str, ...] = ()
    """Ids of the programs the account is enrolled in."""
    group_id: int | None = None
    """The account that stands for the buying group."""
    parent_id: int | None = None
    top_id: int | None = None
    """The account at the top of the parents."""


class ItemState(NamedTuple):
    """What is true of an item (a product, as one kind of line on one kind of document) on those days."""

    from_day: int
    to_day: int
    sku: str | None = None
    category: str | None = None
    brand: str | None = None
    line_kind: str = "goods"
    is_return: bool = False
    """Whether the item stands for lines of credit notes."""
    base_unit: str = ""
    units: tuple[tuple[str, Fraction], ...] = ()
    """Other units, and how many base units one of each holds."""


class Exchange(Protocol):
    """Where exchange rates come from."""

    def ratio(
        self,
        base: str,
        quote: str,
        day: date,
        rule: Literal["document", "month_average", "period_end"],
        provider: str,
        period_end: date,
    ) -> Fraction | None:
        """Major units of `quote` for one of `base`, exactly; None where no rate is known."""


State = TypeVar("State", AccountState, ItemState)


class Span(NamedTuple):
    """What all lines of a program on some days have in common. Days are the first of their range."""

    program: int
    period: int
    settle: int
    slice: int


@dataclass(frozen=True, eq=False)
class Plan:
    """Tables of integers for counting. Programs are named by their index."""

    programs: tuple[Program, ...]
    start: int
    end: int
    """Lines on days from `start` up to, not including, `end` can be counted."""
    account_class: pyarrow.Table
    """account, from_day, to_day, class"""
    item_class: pyarrow.Table
    """item, from_day, to_day, class"""
    account_member: pyarrow.Table
    """class, program: the accounts of the class take part."""
    item_member: pyarrow.Table
    """class, program: the items of the class count."""
    days: pyarrow.Table
    """day, slot, month: the first day of the day's month"""
    calendar: pyarrow.Table
    """program, slot, span, period (index of a period of a program), measure (index in MEASURES), tier (index of the
    tier program in use, or -1)"""
    spans: tuple[Span, ...]
    groups: tuple[int, ...]
    """For each span the index of its (program, period), as in the calendar."""
    account_masks: tuple[int, ...]
    item_masks: tuple[int, ...]
    """For each class the set of its programs, as bits."""
    reach: tuple[int, ...]
    """For each program the number of combinations of account class, item class and slot it counts."""

    @cached_property
    def index(self) -> dict[str, int]:
        """The index of each program by its id."""
        return {program.id: i for i, program in enumerate(self.programs)}


MEASURES = ("net", "gross", "quantity")


def make_plan(
    counters: Sequence[Counter],
    accounts: Mapping[int, Sequence[AccountState]],
    items: Mapping[int, Sequence[ItemState]],
    start: int,
    end: int,
    through: int | None = None,
    *,
    taxes: Mapping[int, str] = MappingProxyType({}),
    exchange: Exchange | None = None,
) -> Plan:
    """The plan for lines on the days from `start` up to, not including, `end`. What lies on `through` or later counts
    nowhere yet. `taxes` are the currencies of the tax keys; a key without one is in the currency of each program.

    On days no state of an account or item covers nothing is known of it: it then takes part only in what is open to
    everyone. Raises IntegrityError where two states of one account or item cover the same day.
    """
    programs = [counter.program for counter in counters]
    audiences, scopes = Audiences(counters), Scopes(programs)
    account_rows, account_masks = _classes(accounts, audiences.match, AccountState(BEGINNING, END), "account")
    item_rows, item_masks = _classes(items, scopes.match, ItemState(BEGINNING, END), "item")
    last = end if through is None else through
    slots = _slots(programs, start, end, last)
    calendar, spans, groups = _calendar(programs, slots, last)
    account_members, item_members = _members(account_masks), _members(item_masks)
    sizes = [
        Tally(row[column] for row in rows) for column, rows in ((1, account_members), (1, item_members), (0, calendar))
    ]
    return Plan(
        programs=tuple(programs),
        start=start,
        end=end,
        account_class=_table(("account", "from_day", "to_day", "class"), account_rows),
        item_class=_table(("item", "from_day", "to_day", "class"), item_rows),
        account_member=_table(("class", "program"), account_members),
        item_member=_table(("class", "program"), item_members),
        days=_table(("day", "slot", "month"), _days(slots, end)),
        calendar=_table(("program", "slot", "span", "period", "measure", "tier"), calendar),
        spans=tuple(spans),
        groups=tuple(groups),
        account_masks=tuple(account_masks),
        item_masks=tuple(item_masks),
        reach=tuple(prod(size[i] for size in sizes) for i in range(len(programs))),
    )


def _classes(
    states: Mapping[int, Sequence[State]], match: Callable[[State], int], nothing: State, what: str
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Rows (id, from_day, to_day, class) and the set of programs of each class."""
    classes = {match(nothing): UNKNOWN}
    rows: list[tuple[int, ...]] = []
    for key, history in states.items():
        before = BEGINNING
        for state in history if len(history) == 1 else sorted(history, key=itemgetter(0)):
            first, last = state[0], state[1]
            if first < before:
                raise IntegrityError(f"two states of {what} {key} are true on {day_date(first)}")
            before = last
            rows.append((key, first, last, classes.setdefault(match(state), len(classes))))
    return rows, list(classes)


def _members(masks: Sequence[int]) -> list[tuple[int, ...]]:
    """Rows (class, program)."""
    return [
        (number, program)
        for number, mask in enumerate(masks)
        for program in range(mask.bit_length())
        if mask >> program & 1
    ]


def _slots(programs: Sequence[Program], start: int, end: int, through: int) -> list[int]:
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


def _calendar(
    programs: Sequence[Program], slots: Sequence[int], last: int
) -> tuple[list[tuple[int, ...]], list[Span], list[int]]:
    """Rows of the calendar, the spans in order of program, period, settlement and slice, and their groups."""
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
        tier = index.get(program.tier_needs[0], -1) if program.tier_needs else -1
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


def _days(slots: Sequence[int], end: int) -> list[tuple[int, ...]]:
    """Rows (day, slot, first day of the month)."""
    rows: list[tuple[int, ...]] = []
    for slot, first in enumerate(slots):
        for day in range(first, slots[slot + 1] if slot + 1 < len(slots) else end):
            rows.append((day, slot, day_number(day_date(day).replace(day=1))))
    return rows


def _table(names: Sequence[str], rows: Sequence[tuple[int, ...]]) -> pyarrow.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pyarrow.table([pyarrow.array(column, pyarrow.int32()) for column in columns], names=list(names))
