"""Tiers from the book: the timeline of every account in a tier program, and its standing kept where it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.engine.duck import DuckEngine
from core.ledger import standings
from core.ledger.book import Book
from core.period import day_number
from core.programs import Program
from core.tiers import Ladder, Outlook, Standing, Sums, ladder, outlook, timeline

if TYPE_CHECKING:
    from core.ledger.accruals import Accrued
    from core.ledger.setting import Setting


def tier_timelines(engine: DuckEngine, ground: Setting, program: Program) -> dict[int, list[Standing]]:
    """The standings of every account that has bought or has a tier by decision, up to the business day."""
    return {account_id: standing for account_id, standing, _ in _timelines(engine, ground, program)}


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


def _timelines(engine: DuckEngine, ground: Setting, program: Program) -> Iterator[tuple[int, list[Standing], Outlook]]:
    index, rung = ground.plan.index[program.id], ladder(program)
    rest = {account_id for name, account_id in ground.overrides if name == program.id}
    known = ground.grounds.known_batch
    for account_id, sums in engine.day_sums(ground.plan, index, taxes=ground.taxes, known_batch=known):
        rest.discard(account_id)
        yield account_id, *_account(ground, program.id, rung, account_id, sums)
    for account_id in sorted(rest):
        yield account_id, *_account(ground, program.id, rung, account_id, [])


def _account(
    ground: Setting, program: str, rung: Ladder, account_id: int, sums: Sums
) -> tuple[list[Standing], Outlook]:
    as_of = day_number(ground.as_of)
    enrolled = ground.grounds.enrolled.get(program, {}).get(account_id)
    decided = ground.overrides.get((program, account_id), ())
    held = timeline(rung, sums, rung.valid_from, max(as_of, rung.valid_from) + 1, enrolled=enrolled, overrides=decided)
    return held, outlook(rung, sums, as_of, enrolled=enrolled, overrides=decided)
