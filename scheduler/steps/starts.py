"""Since when each event is told, kept in the book: what was so before is not told.

An event begins to be told to a target, for the accounts of a source, when its notes are first routed there and the
event is among those of the configuration; taken out of either and put back, it begins anew. Of a program it begins
with the first standings of its live book.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.ledger import acts, standings
from core.ledger.tables import account_identity
from scheduler.config_sections import route
from scheduler.context import Context

_KIND = "notices_from"
NEVER = 2**62


class Start(NamedTuple):
    """The batch after which an event is told, and the business day of it."""

    batch: int
    day: date


class Starts:
    """Since when events are told."""

    def __init__(self, reading: sa.Connection) -> None:
        self._routed = acts.latest(reading, _KIND)
        self._live = standings.first_batches(reading, "live", acts.latest_batches(reading, "program_mode"))

    @property
    def first(self) -> int:
        """A batch before which nothing is told of anything."""
        return min((batch for events in self._routed.values() for batch, _ in events.values()), default=NEVER)

    def of(self, source: str, target: str, event: str, program: str | None = None) -> Start | None:
        """Since when an event is told, of a program where one is named; None where it is not."""
        found = self._routed.get(_subject(source, target), {}).get(event)
        if found is None:
            return None
        batch, day = found
        return Start(max(batch, self._live.get(program, 0)) if program else batch, date.fromisoformat(day))


def keep_starts(context: Context) -> None:
    """Record what begins to be told with this run, and what is told no more."""
    with context.book.read() as reading:
        known = acts.latest(reading, _KIND)
        sources = reading.execute(sa.select(account_identity.c.source).distinct()).scalars().all()
    wanted = dict.fromkeys(known, frozenset[str]())
    for source in sources:
        target = route(context.config.write_back.account_notes, source)
        if target is not None:
            wanted[_subject(source, target)] = frozenset(context.config.notices.events)
    changed = {subject: events for subject, events in wanted.items() if events != known.get(subject, {}).keys()}
    if not changed:
        return
    with context.book.batch("notices", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        begin = [batch.seq, context.as_of.isoformat()]
        for subject, events in sorted(changed.items()):
            before: dict[str, Any] = known.get(subject, {})
            value = {event: before.get(event, begin) for event in sorted(events)}
            acts.record_act(batch, _KIND, subject, value, "what was so before is not told")


def _subject(source: str, target: str) -> str:
    return f"{source}>{target}"
