"""The plan: everything counting has to know about programs and master data, as small tables of integers.

Audiences and scopes are evaluated here, in Python, once for each state of an account and of an item, never for a line.
Two states that match the same programs are the same to us: they share a class. Days are cut into slots wherever any
program's period, settlement, slice or validity begins or ends, so that the calendar stays small.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from operator import attrgetter, itemgetter
from types import MappingProxyType

import pyarrow

from core.engine.counting import Counting, countings, rivals_of, tier_giver
from core.engine.patterns import Audiences, Scopes
from core.engine.ratios import ItemRatios, Ratios, TaxRatios, item_ratios, tax_ratios
from core.engine.reach import Reach, Share, reach_of
from core.engine.slots import Span, calendar_of, days_of, slots_of
from core.engine.states import BEGINNING, END, AccountState, Exchange, ItemState, State
from core.errors import IntegrityError
from core.period import day_date, day_number
from core.programs import Program
from core.programs.counters import Counter

__all__ = ["BEGINNING", "END", "UNKNOWN", "AccountState", "Exchange", "ItemState", "Plan", "Span", "make_plan"]

UNKNOWN = 0
"""The class of an account or item of which nothing is known on a day."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Tables of integers for counting. Programs are named by their index."""

    counters: tuple[Counter, ...]
    programs: tuple[Program, ...]
    """Those of the counters."""
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
    countings: tuple[Counting, ...]
    """How each program is counted."""
    rivals: tuple[tuple[int, ...], ...]
    """For each program those whose lines it leaves to them."""
    rolled: Mapping[str, pyarrow.Table]
    """By kind of beneficiary (account, from_day, to_day, other): whose result the account's lines are."""
    products: pyarrow.Table
    """item, product; empty where no products are counted"""
    item_ratios: Mapping[ItemRatios, Ratios]
    tax_ratios: Mapping[TaxRatios, Ratios]
    accounts: Mapping[int, Sequence[AccountState]]
    items: Mapping[int, Sequence[ItemState]]
    taxes: Mapping[int, str]
    shares: list[tuple[Share, ...]] = field(default_factory=list)
    """What lines of a program that others are net of count in there too; cells name one by its place. It grows as
    programs are counted."""

    @cached_property
    def index(self) -> dict[str, int]:
        """The index of each program by its id."""
        return {program.id: i for i, program in enumerate(self.programs)}

    def levels(self, giver: str) -> tuple[str, ...]:
        """The levels of a tier program, from the lowest up; none where there is no such program."""
        status = self.programs[self.index[giver]].status if giver in self.index else None
        return () if status is None else tuple(level.name for level in status.levels)

    def givers(self, program: int) -> tuple[int, ...]:
        """The tier programs whose standings are needed to count a program."""
        asked = (tier_giver(self.programs[program]), self.countings[program].others)
        return tuple(sorted({self.index[name] for name in asked if name in self.index}))

    @cached_property
    def _orders(self) -> dict[tuple[int, ...], Reach]:
        return {}

    def order(self, programs: Sequence[int]) -> Reach:
        """What counts where for programs that are net of, or give way to, each other."""
        found = self._orders.get(tuple(programs))
        if found is None:
            found = self._orders[tuple(programs)] = reach_of(self, programs)
        return found


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
    frozen: Mapping[str, Exchange] = MappingProxyType({}),
) -> Plan:
    """The plan for lines on the days from `start` up to, not including, `end`. What lies on `through` or later counts
    nowhere yet. `taxes` are the currencies of the tax keys; a key without one is in the currency of each program.
    `frozen` are the exchange rates of programs that have their own.

    On days no state of an account or item covers nothing is known of it: it then takes part only in what is open to
    everyone. Raises IntegrityError where two states of one account or item cover the same day, and ConfigError where
    programs that look at each other ask for the tiers of several programs.
    """
    programs = [counter.program for counter in counters]
    audiences, scopes = Audiences(counters), Scopes(programs)
    account_rows, account_masks = _classes(accounts, audiences.match, AccountState(BEGINNING, END), "account")
    item_rows, item_masks = _classes(items, scopes.match, ItemState(BEGINNING, END), "item")
    last = end if through is None else through
    how = countings(counters, taxes, frozen)
    slots = slots_of(programs, start, end, last)
    calendar, spans, groups = calendar_of(programs, slots, last)
    account_members, item_members = _members(account_masks), _members(item_masks)
    sizes = [
        Tally(row[column] for row in rows) for column, rows in ((1, account_members), (1, item_members), (0, calendar))
    ]
    return Plan(
        counters=tuple(counters),
        programs=tuple(programs),
        start=start,
        end=end,
        account_class=_table(("account", "from_day", "to_day", "class"), account_rows),
        item_class=_table(("item", "from_day", "to_day", "class"), item_rows),
        account_member=_table(("class", "program"), account_members),
        item_member=_table(("class", "program"), item_members),
        days=_table(("day", "slot", "month"), days_of(slots, end)),
        calendar=_table(("program", "slot", "span", "period", "measure", "tier"), calendar),
        spans=tuple(spans),
        groups=tuple(groups),
        account_masks=tuple(account_masks),
        item_masks=tuple(item_masks),
        reach=tuple(prod(size[i] for size in sizes) for i in range(len(programs))),
        countings=how,
        rivals=rivals_of(counters),
        rolled={
            kind: _rolled(accounts, ROLLED[kind])
            for kind in {name for one in how for name in (one.beneficiary, one.level, one.others_level)} & set(ROLLED)
        },
        products=_products(items if any("product" in one.grain for one in how) else {}),
        item_ratios={one.items: item_ratios(one.items, items) for one in how if one.items is not None},
        tax_ratios={
            wanted: tax_ratios(wanted, taxes, frozen.get(wanted.program, exchange), max(start, first), min(end, last))
            for wanted, first in _conversions(programs, how).items()
        },
        accounts=accounts,
        items=items,
        taxes=taxes,
    )


ROLLED: Mapping[str, str] = {"group": "group_id", "parent": "parent_id", "top_parent": "top_id"}
"""The attribute of an account that says whose result its lines are, by kind of beneficiary."""


def _rolled(accounts: Mapping[int, Sequence[AccountState]], name: str) -> pyarrow.Table:
    """Rows (account, from_day, to_day, other)."""
    other = attrgetter(name)
    rows = [
        (account, state.from_day, state.to_day, other(state))
        for account, states in accounts.items()
        for state in states
        if other(state) is not None
    ]
    return _table(("account", "from_day", "to_day", "other"), rows)


def _products(items: Mapping[int, Sequence[ItemState]]) -> pyarrow.Table:
    """Rows (item, product). Items of one sku are one product, named by the first of them."""
    by_sku: dict[str, int] = {}
    rows = []
    for item in sorted(items):
        sku = next((state.sku for state in items[item] if state.sku is not None), None)
        rows.append((item, item if sku is None else by_sku.setdefault(sku, item)))
    return _table(("item", "product"), rows)


def _conversions(programs: Sequence[Program], how: Sequence[Counting]) -> dict[TaxRatios, int]:
    """The ratios of tax keys that are needed, and the first day they are."""
    found: dict[TaxRatios, int] = {}
    for program, one in zip(programs, how, strict=True):
        if one.taxes is not None:
            first = day_number(program.program.valid_from)
            found[one.taxes] = min(first, found.get(one.taxes, first))
    return found


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


def _table(names: Sequence[str], rows: Sequence[tuple[int, ...]]) -> pyarrow.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pyarrow.table([pyarrow.array(column, pyarrow.int32()) for column in columns], names=list(names))
