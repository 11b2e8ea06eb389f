"""What one computation rests on, read from the book: definitions, master data, rates, and the plan for the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection

from core.engine.computation import Computation, Grounds
from core.engine.duck import DuckEngine
from core.engine.plan import AccountState, Plan, make_plan
from core.ledger import acts, proposals, registry
from core.ledger.accounts import rebased
from core.ledger.acts import Mode
from core.ledger.book import Book
from core.ledger.dimensions import Dimensions
from core.ledger.entitlements import Group
from core.ledger.exchange import Exchange
from core.ledger.facts import tax_codes
from core.ledger.freezing import frozen_rates
from core.ledger.masters import account_states, item_states
from core.ledger.overrides import overrides
from core.ledger.registry import Registered
from core.ledger.tables import entitlement
from core.period import day_number
from core.programs import DEFAULT_VIEW, Program, View, strata
from core.programs.counters import counters, derived
from core.tax import TaxCode
from core.tiers import Override

_BEGIN = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Setting:
    """What one computation rests on: definitions, their order, modes, tax codes, and the plan for the engine.

    `kept` tells of programs under an earlier definition, for groups that were settled by it: by the id it is counted
    under the program it stands for, its hash and those groups.
    """

    book: Book
    registered: Mapping[str, Registered]
    order: Sequence[Sequence[Program]]
    grounds: Grounds
    modes: Mapping[str, Mode]
    taxes: Mapping[int, TaxCode]
    kept: Mapping[str, Kept]
    overrides: Mapping[tuple[str, int], Sequence[Override]]
    """What people have decided about tiers, by tier program and account."""

    @property
    def plan(self) -> Plan:
        return self.grounds.plan

    @property
    def as_of(self) -> date:
        return self.grounds.as_of

    def mode(self, program: Program) -> Mode:
        return self.modes.get(program.id, Mode())

    def target(self, counted_as: str) -> str:
        """The id of the program that is counted under an id."""
        one = self.kept.get(counted_as)
        return one.program if one is not None else counted_as

    def holds(self, counted_as: str, group: Group) -> bool:
        """Whether it is the definition counted under this id that holds for a group."""
        one = self.kept.get(counted_as)
        if one is not None:
            return group in one.groups
        return not any(item.program == counted_as and group in item.groups for item in self.kept.values())

    def counted_as(self, program: str, definition: str) -> str:
        """The id that a program is counted under by the definition of a hash."""
        kept = (name for name, one in self.kept.items() if (one.program, one.hash) == (program, definition))
        return next(kept, program)

    def computation(self, engine: DuckEngine) -> Computation:
        """A computation on these grounds."""
        return Computation(engine, self.grounds)


@dataclass(frozen=True, slots=True)
class Kept:
    """An earlier definition that goes on holding for groups settled by it."""

    program: str
    hash: str
    groups: frozenset[Group]


def views(connection: Connection, *known_batches: int | None) -> tuple[View, ...]:
    """Every view of the facts that some program counts, now or as known at these batches, and the one that shows every
    document. Where earlier definitions go on holding for what was settled by them, theirs too."""
    found = [DEFAULT_VIEW]
    for known in known_batches or (None,):
        for item in registry.current(connection, known).values():
            found.append(item.program.basis.view)
            if item.program.program.change_mode == "unsettled_only":
                found += [one.basis.view for one in registry.versions(connection, item.program.id, known)]
    return tuple(dict.fromkeys(found))


def setting(
    book: Book,
    as_of: date,
    known_batch: int | None = None,
    *,
    horizon: tuple[int, int] = (0, 0),
    claim: tuple[str, int] | None = None,
    keep: bool = False,
) -> Setting:
    """Read what a computation as of a business day rests on. Raises ConfigError for a cycle of programs.

    `horizon` are the days the engine has lines on; (0, 0): none. Those after the business day do not count yet. With
    `known_batch`, as it was known then. `keep`: new tax codes are kept in the book.
    """
    dimensions = Dimensions(book, claim)
    with book.read() as connection:
        registered = registry.current(connection, known_batch)
        modes = acts.modes(connection)
        programs = [item.program for item in registered.values()]
        kept: dict[str, Kept] = {}
        for item in registered.values():
            for program, one in _kept(connection, item, modes.get(item.program.id, Mode())):
                programs.append(program)
                kept[program.id] = one
        taxes = tax_codes(connection)
        local = _local_taxes(dimensions, taxes, programs)
        order = strata(programs)
        mine = [counter for program in programs for counter in counters(program)]
        start = day_number(min([counter.program.program.valid_from for counter in mine], default=_BEGIN))
        through = day_number(as_of) + 1
        first, end = horizon if any(horizon) else (start, through)
        accounts = account_states(connection, known_batch)
        exchange = Exchange.read(connection, known_batch)
        bases = [item.program for item in registered.values()]
        frozen = frozen_rates(connection, bases, modes, exchange, known_batch)
        frozen |= {name: frozen[one.program] for name, one in kept.items() if one.program in frozen}
        plan = make_plan(
            mine,
            accounts,
            item_states(connection, known_batch),
            start=min(start, first),
            end=max(through, end),
            through=through,
            taxes={tax: code.currency for tax, code in taxes.items()},
            exchange=exchange,
            frozen=frozen,
        )
        merged = _merged(rebased(connection))
        decided = overrides(connection, programs, known_batch)
    if keep:
        dimensions.save()
    codes = {number: code for code, number in dimensions.taxes.items()}
    grounds = Grounds(
        plan,
        mine,
        programs,
        accounts,
        {tax: code.currency for tax, code in codes.items()},
        as_of,
        local,
        _enrolled(accounts, programs),
        merged,
        known_batch,
    )
    return Setting(book, registered, order, grounds, modes, codes, kept, decided)


def _local_taxes(
    dimensions: Dimensions, taxes: Mapping[int, TaxCode], programs: Iterable[Program]
) -> dict[tuple[int, str], int]:
    """For each tax code the one that is the same in the currency of a program that converts."""
    currencies = {
        program.program.currency
        for program in programs
        if not program.is_tier and program.currency.lines == "convert" and program.currency.payout == "program"
    }
    return {
        (tax, currency): dimensions.tax(code._replace(currency=currency))
        for currency in sorted(currencies)
        for tax, code in sorted(taxes.items())
        if code.currency != currency
    }


def _enrolled(accounts: Mapping[int, Sequence[AccountState]], programs: Iterable[Program]) -> dict[str, dict[int, int]]:
    """The first day of each account's enrolment, by program."""
    found: dict[str, dict[int, int]] = {program.id: {} for program in programs}
    for account_id, states in accounts.items():
        for state in states:
            for name in state.enrolled:
                days = found.setdefault(name, {})
                days[account_id] = min(days.get(account_id, state.from_day), state.from_day)
    return found


def _merged(became: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
    """The accounts that were merged into each, from a day on."""
    found: dict[int, list[int]] = {}
    for old, new in sorted(became.items()):
        found.setdefault(new, []).append(old)
    return {new: tuple(olds) for new, olds in found.items()}


def _kept(connection: Connection, item: Registered, mode: Mode) -> list[tuple[Program, Kept]]:
    """The earlier definitions that groups were finally settled by, where those go on holding for them."""
    if item.program.program.change_mode != "unsettled_only":
        return []
    by_hash: dict[str, set[Group]] = {}
    for group, digest in _settled_by(connection, item.program, mode.book).items():
        if digest != item.hash:
            by_hash.setdefault(digest, set()).add(group)
    found = []
    for digest, groups in sorted(by_hash.items()):
        program = registry.by_hash(connection, digest)
        head = program.program.model_copy(update={"id": f"{program.id}@{digest[:12]}"})
        found.append(
            (
                derived(program, program=head, combination=None),
                Kept(program.id, digest, frozenset(groups)),
            )
        )
    return found


def _settled_by(connection: Connection, program: Program, book: str) -> dict[Group, str]:
    """The definition that each group's final settlement rested on."""
    done = proposals.in_states(connection, ("settled", "waived"), book, program.id)
    parts = proposals.parts(connection, [item.id for item in done])
    table = entitlement.c
    found: dict[Group, str] = {}
    for item in done:
        for row in parts[item.id]:
            first = date.fromisoformat(row.key.period)
            if row.entitlement_id is None or row.key.program != program.id:
                continue
            if item.period_end >= program.calendar.of(first).end:
                query = sa.select(table.definition).where(table.id == row.entitlement_id)
                group = (row.key.beneficiary, first, row.key.currency)
                found.setdefault(group, connection.execute(query).scalar_one())
    return found
