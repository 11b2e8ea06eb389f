"""Reading a whole list: each time where nothing tells what has changed, and the first time where an address does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from connectors.declarative.listing import Chunk
from connectors.declarative.reading.records import Told
from connectors.declarative.reading.stream import Listed, Source, page_of
from connectors.spi import Page
from core.documents import BadRecord, Coverage, RecordKind

Seen = dict[RecordKind, set[str]]
_OPEN_ENDED: frozenset[RecordKind] = frozenset(("exchange_rate",))
"""Kinds of which a list need not have the older ones: nothing follows from what is missing."""


class Snapshot:
    """All of a stream as it is now. `told_of`: the kinds of which no other stream reads any."""

    def __init__(self, source: Source, told_of: Collection[RecordKind]) -> None:
        self._source = source
        self._kinds = [kind for kind in source.kinds if kind in told_of and kind not in _OPEN_ENDED]
        self._seen: Seen = {kind: set() for kind in source.kinds}
        self._complete = True

    def pages(self, order: Callable[[Any], int], cursor: Callable[[Chunk], Any] = lambda chunk: None) -> Iterator[Page]:
        """Every record, and then the ids of each kind; the last page has the cursor made of the last chunk."""
        last: Chunk | None = None
        for chunk in self._source.pages():
            self._complete = self._complete and chunk.told
            told = self._source.told([Listed(record, order(record)) for record in chunk.records])
            for item in told:
                self._see(item)
            if told:
                yield page_of(told, None)
            last = chunk
        kept = cursor(last) if last is not None else None
        kinds = self._kinds if self._complete else []
        yield from covered(kinds, self._seen, kept)

    def _see(self, item: Told) -> None:
        if item.external_id is None:
            self._complete = False
        elif isinstance(item, BadRecord):
            for kind in self._seen:
                self._seen[kind].add(item.external_id)
        else:
            self._seen[item.kind].add(item.external_id)


def covered(kinds: Collection[RecordKind], seen: Seen, cursor: Any) -> Iterator[Page]:
    """The pages that say what there is of each kind; the last has the cursor."""
    pages = [
        Page(coverage=Coverage("snapshot", kind, complete=True), seen=frozenset(seen[kind]), present=True)
        for kind in kinds
    ]
    yield from pages[:-1]
    if pages:
        yield Page(coverage=pages[-1].coverage, seen=pages[-1].seen, cursor=cursor, present=True)
    elif cursor is not None:
        yield Page(cursor=cursor, present=True)
