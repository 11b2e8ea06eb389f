"""Left out: the lines of an account that do not count for a program, each with the first reason why.

Evaluated in Python, line by line, for one beneficiary and period: it explains what the counting statement does for
everyone at once, and reads the definition and the states as they are rather than the tables made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from typing import NamedTuple

from core.engine.counting import tier_giver
from core.engine.duck import DuckEngine, Line
from core.engine.patterns import ACCOUNT_LISTS, PRODUCT_LISTS, chosen
from core.engine.plan import ROLLED, Plan
from core.engine.ratios import Ratios
from core.engine.states import BEGINNING, END, AccountState, ItemState, State
from core.period import day_date, day_number
from core.programs import DEFAULT_VIEW, AccountSelection, ProductSelection
from core.tiers import Standing

Standings = Mapping[str, Mapping[int, Sequence[Standing]]]
"""By tier program the standings of every account."""


class LeftOut(NamedTuple):
    """A line that does not count. `reason` is the path of the setting that says so, `detail` what it found."""

    line: Line
    reason: str
    detail: str = ""


def left_out(
    engine: DuckEngine,
    plan: Plan,
    program: int,
    account: int,
    period: int,
    *,
    standings: Standings | None = None,
    known_batch: int | None = None,
) -> list[LeftOut]:
    """The lines of a beneficiary's accounts in a calculation period that do not count, or wait for a rate or a unit.

    `period` is its first day. `standings` are by tier program, for each whose level on the line's day matters
    (`Plan.givers`); where one is missing no line is said to be left out for its tier. Lines of days that another slice
    of the same program counts are that one's.
    """
    definition = plan.programs[program]
    days = definition.calendar.of(day_date(period))
    view = plan.countings[program].view
    members = list(_members(plan, program, account))
    first, end = day_number(days.start), day_number(days.end)

    def mine(line: Line) -> bool:
        return _beneficiary(plan, program, line.account, line.day) == account and not _elsewhere(plan, program, line)

    found = []
    for line in filter(mine, engine.lines(members, first, end, view, known_batch=known_batch)):
        why = _why(plan, program, line, standings) or _waits(plan, program, line)
        if why is not None:
            found.append(LeftOut(line, *why))
    if view != DEFAULT_VIEW:
        lines = engine.lines(members, plan.start, plan.end, view, known_batch=known_batch)
        there = {(line.document, line.line) for line in lines}
        for line in filter(mine, engine.lines(members, first, end, known_batch=known_batch)):
            if (line.document, line.line) not in there:
                why = _why(plan, program, line, standings) or ("basis.paid", definition.basis.paid)
                found.append(LeftOut(line, *why))
    return found


Reason = tuple[str, str]


def _elsewhere(plan: Plan, program: int, line: Line) -> bool:
    """Whether another counter of the same program is for the day."""
    this = plan.counters[program]
    return any(
        i != program
        and (other.of, other.role) == (this.of, this.role)
        and day_number(other.program.program.valid_from) <= line.day < day_number(other.program.end)
        for i, other in enumerate(plan.counters)
    )


def _why(plan: Plan, program: int, line: Line, standings: Standings | None) -> Reason | None:
    """Why a line does not count, whatever its rate and unit; None where it does."""
    return _alone(plan, program, line, standings) or next(
        (
            ("combination.priority", plan.counters[rival].of)
            for rival in plan.rivals[program]
            if _alone(plan, rival, line, standings) is None
        ),
        None,
    )


def _alone(plan: Plan, program: int, line: Line, standings: Standings | None) -> Reason | None:
    """Why a line does not count, if every program stood alone."""
    definition = plan.programs[program]
    if not day_number(definition.program.valid_from) <= line.day < day_number(definition.end):
        return "program.valid_from", f"{day_date(line.day)}"
    account = _state(plan.accounts.get(line.account, ()), line.day, AccountState(BEGINNING, END))
    item = _state(plan.items.get(line.item, ()), line.day, ItemState(BEGINNING, END))
    reasons = chain(_account_reasons(plan, program, account), _item_reasons(plan, program, item))
    return next(reasons, None) or _tier(plan, program, line, standings or {})


def _account_reasons(plan: Plan, program: int, state: AccountState) -> Iterator[Reason]:
    counter = plan.counters[program]
    audience = counter.program.audience
    yield from _excluded("audience.exclude", audience.exclude, _account_values(state))
    yield from _missing("audience", audience, _account_values(state))
    if audience.enrolled and counter.of not in state.enrolled:
        yield "audience.enrolled", counter.of
    if audience.pilot is not None and not chosen(counter.of, audience.pilot, state.external_ids):
        yield "audience.pilot", audience.pilot.part


def _item_reasons(plan: Plan, program: int, state: ItemState) -> Iterator[Reason]:
    definition = plan.programs[program]
    if state.is_return and definition.basis.returns == "exclude":
        yield "basis.returns", "exclude"
    if state.line_kind in definition.scope.line_kinds_out:
        yield "scope.line_kinds_out", state.line_kind
    yield from _excluded("scope.exclude", definition.scope.exclude, _item_values(state))
    yield from _missing("scope", definition.scope, _item_values(state))


def _account_values(state: AccountState) -> dict[str, list[str]]:
    single = zip(ACCOUNT_LISTS, (state.segment, state.country, state.group, state.channel, state.parent), strict=False)
    found = {name: [] if value is None else [value] for name, value in single}
    return found | {"tags": list(state.tags), "accounts": list(state.external_ids)}


def _item_values(state: ItemState) -> dict[str, list[str]]:
    values = zip(PRODUCT_LISTS, (state.sku, state.category, state.brand), strict=True)
    return {name: [] if value is None else [value] for name, value in values}


def _missing(
    path: str, selection: AccountSelection | ProductSelection, values: Mapping[str, Sequence[str]]
) -> Iterator[Reason]:
    """Filled lists that nothing matches."""
    for name, stated in values.items():
        patterns = getattr(selection, name)
        if patterns and not _matching(patterns, stated):
            yield f"{path}.{name}", ", ".join(stated)


def _excluded(
    path: str, selection: AccountSelection | ProductSelection, values: Mapping[str, Sequence[str]]
) -> Iterator[Reason]:
    """Lists that something matches."""
    for name, stated in values.items():
        matching = _matching(getattr(selection, name), stated)
        if matching:
            yield f"{path}.{name}", ", ".join(matching)


def _matching(patterns: Iterable[str], values: Sequence[str]) -> list[str]:
    return [value for value in values if any(fnmatchcase(value, pattern) for pattern in patterns)]


def _tier(plan: Plan, program: int, line: Line, standings: Standings) -> Reason | None:
    """Whether the tier of the day is not wanted."""
    definition = plan.programs[program]
    wanted, giver = definition.slices()[0].audience.tiers, tier_giver(definition)
    if wanted is None or giver is None or giver not in standings:
        return None
    status = plan.programs[plan.index[giver]]
    holder = _rolled(plan, status.audience.beneficiary, line.account, line.day)
    levels = plan.levels(giver)
    held = standings[giver].get(holder, ())
    level = levels[next((one.level for one in held if one.start <= line.day < one.end), 0)]
    return None if level in wanted.levels else ("audience.tiers", level)


def _waits(plan: Plan, program: int, line: Line) -> Reason | None:
    """Whether nobody knows yet what the line measures."""
    definition, how = plan.programs[program], plan.countings[program]
    if definition.basis.measure == "quantity":
        if line.quantity is None:
            return "basis.unit", ""
        if how.items is not None and not _ratio(plan.item_ratios[how.items], line.item, line.day):
            return "basis.unit", definition.basis.unit
    if how.taxes is not None and not _ratio(plan.tax_ratios[how.taxes], line.tax, line.day):
        return "currency.lines", plan.taxes.get(line.tax, "")
    return None


def _ratio(ratios: Ratios, key: int, day: int) -> int:
    """What is divided by; 0 where nobody knows."""
    rows = ratios.of(key)
    return next((ratio[1] for first, end, ratio in rows if first <= day < end), ratios.default[1])


def _members(plan: Plan, program: int, account: int) -> Iterator[int]:
    """The accounts whose lines may be the beneficiary's."""
    name = ROLLED.get(plan.countings[program].beneficiary)
    yield account
    if name is not None:
        for number, states in plan.accounts.items():
            if number != account and any(getattr(state, name) == account for state in states):
                yield number


def _beneficiary(plan: Plan, program: int, account: int, day: int) -> int:
    return _rolled(plan, plan.countings[program].beneficiary, account, day)


def _rolled(plan: Plan, kind: str, account: int, day: int) -> int:
    """Whose result the lines of an account are on a day."""
    state = _state(plan.accounts.get(account, ()), day, AccountState(BEGINNING, END))
    other = getattr(state, ROLLED[kind]) if kind in ROLLED else None
    return account if other is None else int(other)


def _state(states: Sequence[State], day: int, nothing: State) -> State:
    return next((state for state in states if state.from_day <= day < state.to_day), nothing)
