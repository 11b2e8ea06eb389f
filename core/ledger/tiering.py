"""Tiers from the book: the timeline of every account in a tier program, and its standing kept where it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection

from core.engine.duck import DuckEngine
from core.engine.plan import AccountState
from core.ledger import standings
from core.ledger.book import Book
from core.ledger.overrides import decisions, overrides
from core.period import day_number
from core.programs import Program
from core.tiers import Ladder, Outlook, Override, Standing, ladder, outlook, timeline

if TYPE_CHECKING:
    from core.ledger.accruals import Accrued, Setting


class Given(NamedTuple):
    """What decides about tiers beside documents, by program and account."""

    enrolled: Mapping[tuple[str, int], int] = {}
    """The first day of the enrolment in a program whose windows begin with it."""
    overrides: Mapping[tuple[str, int], Sequence[Override]] = {}


def given(
    connection: Connection,
    programs: Iterable[Program],
    states: Mapping[int, Sequence[AccountState]],
    known_batch: int | None = None,
) -> Given:
    """Read what decides about the tiers of programs beside documents, or what was known of it at a batch."""
    tiers = {program.id: program for program in programs if program.status is not None}
    by_years = {name for name, program in tiers.items() if program.status and program.status.window == "anniversary"}
    enrolled: dict[tuple[str, int], int] = {}
    for account_id, history in states.items() if by_years else ():
        for state in history:
            for name in by_years.intersection(state.enrolled):
                key = name, account_id
                enrolled[key] = min(state.from_day, enrolled.get(key, state.from_day))
    decided = decisions(connection, known_batch)
    return Given(enrolled, {key: overrides(tiers[key[0]], found) for key, found in decided.items() if key[0] in tiers})


def tier_timelines(
    engine: DuckEngine, ground: Setting, program: Program, known_batch: int | None = None
) -> dict[int, list[Standing]]:
    """The standings of every account that has bought or has a tier by decision, up to the business day."""
    return {account_id: standing for account_id, standing, _ in _timelines(engine, ground, program, known_batch)}


def keep_tiers(
    book: Book,
    engine: DuckEngine,
    ground: Setting,
    program: Program,
    result: Accrued,
    actor: str,
    claim: tuple[str, int] | None,
    run: str | None,
) -> dict[int, list[Standing]]:
    """`tier_timelines`, and the standings that have changed written to the book. Counts them in `result`."""
    found: dict[int, list[Standing]] = {}
    views = {}
    for account_id, standing, view in _timelines(engine, ground, program):
        found[account_id], views[account_id] = standing, view
    as_of = day_number(ground.as_of)
    with book.batch("standing", actor=actor, claim=claim, run=run, note=program.id) as batch:
        for _, account_id in standings.latest(batch.connection, ground.mode(program).book, program.id):
            if account_id not in views:  # nothing of it counts any more
                views[account_id] = _account(ground, program.id, ladder(program), account_id, [])[1]
        count, changes = standings.store(batch, ground.mode(program).book, program, views, as_of)
    result.standings += count
    result.tier_changes += changes
    return found


def _timelines(
    engine: DuckEngine, ground: Setting, program: Program, known_batch: int | None = None
) -> Iterator[tuple[int, list[Standing], Outlook]]:
    allowed = [tax for tax, code in ground.taxes.items() if code.currency == program.program.currency]
    index, rung = ground.plan.index[program.id], ladder(program)
    rest = {account_id for name, account_id in ground.given.overrides if name == program.id}
    for account_id, sums in engine.day_sums(ground.plan, index, taxes=allowed, known_batch=known_batch):
        rest.discard(account_id)
        yield account_id, *_account(ground, program.id, rung, account_id, sums)
    for account_id in sorted(rest):
        yield account_id, *_account(ground, program.id, rung, account_id, [])


def _account(
    ground: Setting, program: str, rung: Ladder, account_id: int, sums: list[tuple[int, int]]
) -> tuple[list[Standing], Outlook]:
    as_of = day_number(ground.as_of)
    enrolled = ground.given.enrolled.get((program, account_id))
    decided = ground.given.overrides.get((program, account_id), ())
    held = timeline(rung, sums, rung.valid_from, max(as_of, rung.valid_from) + 1, enrolled=enrolled, overrides=decided)
    return held, outlook(rung, sums, as_of, enrolled=enrolled, overrides=decided)
