"""Replay: what would have been computed with what was known at an earlier moment, and why two replays differ.

Nothing is written. A replay takes the documents, master data, rates and definitions as the book knew them at a batch; a
difference is told line by line, each with its reason: a document that landed, changed or was cancelled, a line that
counts by other master data, a rate, a tier, another definition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.engine.duck import DuckEngine
from core.engine.result import Result
from core.ledger.book import Book
from core.ledger.documents import Known, known_documents
from core.ledger.evidence import counted_lines
from core.ledger.left_out import lines_left_out
from core.ledger.setting import Setting, setting
from core.ledger.tables import batch
from core.ledger.tiering import tier_timelines
from core.programs import Program
from core.programs.differences import differences
from core.tiers import Standing


class Place(NamedTuple):
    """What an entitlement is of: program, account id of the beneficiary, first day of the period, payout currency."""

    program: str
    beneficiary: int
    period: date
    currency: str


class Replayed(NamedTuple):
    """An entitlement as it was computed, the definition it rests on, and the name of its tier."""

    result: Result
    program: Program
    tier: str | None


class Replay(NamedTuple):
    """All entitlements as known at a batch, as of a business day."""

    known_batch: int
    engine: DuckEngine
    ground: Setting
    found: Mapping[Place, Replayed]
    tiers: Mapping[str, Mapping[int, Sequence[Standing]]]

    def counted_as(self, place: Place) -> str:
        """The id that a place is counted under: by the definition that holds for it."""
        known = self.found.get(place)
        return place.program if known is None else known.program.id


class LineDifference(NamedTuple):
    """A line that counts in one replay and not, or not alike, in the other. Measures are integers of the measure."""

    document: str
    line: int
    day: date | None
    product: str
    before: int | None
    after: int | None
    reason: str


class Difference(NamedTuple):
    """What two replays give for one place; None where it earns nothing there."""

    place: Place
    before: Replayed | None
    after: Replayed | None
    reasons: list[str]
    lines: list[LineDifference]


def batch_at(connection: Connection, moment: datetime) -> int:
    """The last batch committed up to an instant (UTC); 0 where there is none."""
    query = sa.select(sa.func.max(batch.c.seq)).where(batch.c.at <= moment)
    return int(connection.execute(query).scalar() or 0)


def replay(
    book: Book, engine: DuckEngine, as_of: date, known_batch: int, programs: Collection[str] | None = None
) -> Replay:
    """Compute everything as of a business day with what was known at a batch. `engine` holds the book's facts."""
    ground = setting(book, as_of, known_batch, horizon=engine.horizon())
    computation = ground.computation(engine)
    found: dict[Place, Replayed] = {}
    for stratum in ground.order:
        for program in stratum:
            if program.is_tier:
                computation.tiers[program.id] = tier_timelines(engine, ground, program)
        for finished, results in computation.computed(stratum):
            name = ground.target(finished.id)
            names = computation.level_names(finished)
            for item in results:
                group = (item.beneficiary, item.period.start, item.currency)
                if (programs is not None and name not in programs) or not ground.holds(finished.id, group):
                    continue
                level = item.side.level
                tier = names[level] if 0 <= level < len(names) else None
                found[Place(name, *group)] = Replayed(item, finished, tier)
    return Replay(known_batch, engine, ground, found, computation.tiers)


def compare(connection: Connection, before: Replay, after: Replay) -> Iterator[Difference]:
    """Where two replays differ in an amount, with the reasons. Their engines must still be open."""
    for place in sorted(before.found.keys() | after.found.keys()):
        old, new = before.found.get(place), after.found.get(place)
        if (old.result.amount if old else 0) != (new.result.amount if new else 0):
            lines = list(_lines(connection, place, before, after))
            yield Difference(place, old, new, list(_reasons(old, new)), lines)


def _reasons(old: Replayed | None, new: Replayed | None) -> Iterator[str]:
    """What beside single lines is not the same."""
    if old is None or new is None:
        return
    for setting_ in differences(old.program, new.program):
        if setting_.path != "program.id":
            yield f"definition: {setting_.path} was {setting_.old}, is {setting_.new}"
    if old.tier != new.tier:
        yield f"tier: was {old.tier or 'none'}, is {new.tier or 'none'}"
    for name in ("qualifier", "baseline"):
        was, now = getattr(old.result.side, name), getattr(new.result.side, name)
        if was != now:
            yield f"{name}: was {was}, is {now}"
    met = {item.name: item.met for item in old.result.side.conditions}
    for item in new.result.side.conditions:
        if met.get(item.name, item.met) != item.met:
            yield f"condition {item.name}: {'is met now' if item.met else 'is not met any more'}"
    if old.result.side.excluded != new.result.side.excluded:
        was, now = old.result.side.excluded or "nothing", new.result.side.excluded or "nothing"
        yield f"what keeps it from earning: was {was}, is {now}"
    if [item.kind for item in old.result.limits] != [item.kind for item in new.result.limits]:
        yield "limits: others apply"
    if old.result.waiting != new.result.waiting:
        yield f"waits: {'; '.join(new.result.waiting) or 'nothing any more'}"
    if _ratios(old.result) != _ratios(new.result):
        yield "exchange rates or unit ratios are others"


def _ratios(result: Result) -> set[tuple[int, int, int]]:
    return {(cell.tax, cell.times, cell.over) for cell in result.cells if (cell.times, cell.over) != (1, 1)}


def _lines(connection: Connection, place: Place, before: Replay, after: Replay) -> Iterator[LineDifference]:
    was_out, now_out = (_left_out(connection, place, one) for one in (before, after))
    old, new = _evidence(place, before, was_out), _evidence(place, after, now_out)
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    ids = {document for document, _ in changed}
    was, now = (known_documents(connection, ids, one.known_batch) for one in (before, after))
    for document, line in changed:
        key = (document, line)
        told = now.get(document) or was.get(document)
        text = told.lines.get(line) if told else None
        yield LineDifference(
            told.number if told else "?",
            line,
            told.day if told else None,
            text.product if text is not None else "",
            old.get(key),
            new.get(key),
            _why(was.get(document), now.get(document), was_out.get(key, ""), now_out.get(key, "")),
        )


def _why(was: Known | None, now: Known | None, was_out: str, is_out: str) -> str:
    """The reason why a line counts otherwise; the last two say why it did not count, and why it does not."""
    if was is None and now is not None:
        return f"landed in batch {now.batch} from {now.origin}"
    if was is not None and now is not None and was.version != now.version:
        what = "was cancelled" if now.cancelled else "changed"
        return f"{what} in batch {now.batch} by {now.origin}"
    if was is not None and was.counts and (now is None or not now.counts):
        return "was withdrawn"
    if is_out:
        return f"does not count any more: {is_out}"
    if was_out:
        return f"counts now; before: {was_out}"
    return "counts otherwise: its account, payments or units changed"


def _left_out(connection: Connection, place: Place, replayed: Replay) -> dict[tuple[int, int], str]:
    """Why lines behind a place do not count."""
    rows = lines_left_out(
        connection,
        replayed.engine,
        replayed.ground,
        replayed.counted_as(place),
        place.beneficiary,
        place.period,
        replayed.tiers,
        replayed.known_batch,
    )
    return {row["place"]: row["reason"] for row in rows}


def _evidence(place: Place, replayed: Replay, without: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The measure of every line behind a place."""
    found: dict[tuple[int, int], int] = {}
    for row in counted_lines(
        replayed.engine,
        replayed.ground,
        replayed.counted_as(place),
        place.beneficiary,
        place.period,
        replayed.known_batch,
        without,
        replayed.tiers,
    ):
        key = (row.document, row.line)
        found[key] = found.get(key, 0) + row.measure
    return found
