"""Tiers from the book: the timeline of every account in a tier program, and its standing kept where it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.engine.duck import DuckEngine
from core.ledger import standings
from core.ledger.book import Book
from core.period import day_number
from core.programs import Program
from core.tiers import Standing, outlook, timeline

if TYPE_CHECKING:
    from core.ledger.accruals import Accrued, Setting


def tier_timelines(engine: DuckEngine, ground: Setting, program: Program) -> dict[int, list[Standing]]:
    """The standings of every account that has bought, up to the business day."""
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
    outlooks = {}
    for account_id, standing, sums in _timelines(engine, ground, program):
        found[account_id] = standing
        outlooks[account_id] = outlook(program, sums, day_number(ground.as_of))
    with book.batch("standing", actor=actor, claim=claim, run=run, note=program.id) as batch:
        for _, account_id in standings.latest(batch.connection, ground.mode(program).book, program.id):
            if account_id not in outlooks:  # nothing of it counts any more
                outlooks[account_id] = outlook(program, [], day_number(ground.as_of))
        count, changes = standings.store(batch, ground.mode(program).book, program, outlooks, day_number(ground.as_of))
    result.standings += count
    result.tier_changes += changes
    return found


def _timelines(
    engine: DuckEngine, ground: Setting, program: Program
) -> Iterator[tuple[int, list[Standing], list[tuple[int, int]]]]:
    allowed = [tax for tax, code in ground.taxes.items() if code.currency == program.program.currency]
    start = day_number(program.program.valid_from)
    end = day_number(ground.as_of) + 1
    for account_id, sums in engine.day_sums(ground.plan, ground.plan.index[program.id], taxes=allowed):
        yield account_id, timeline(program, sums, start, max(end, start + 1)), sums
