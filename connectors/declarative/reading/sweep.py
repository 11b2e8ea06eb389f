"""The sweep: all ids of a stream, now and then. What is missing was deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.declarative.expression import as_text, expression
from connectors.declarative.listing import Chunk
from connectors.declarative.reading.place import Place
from connectors.declarative.reading.snapshot import Seen, covered
from connectors.declarative.reading.spans import Spans
from connectors.declarative.reading.stream import NO_WINDOW, Source
from connectors.declarative.reading.window import start_of
from connectors.declarative.settings.reading import StampWindow
from connectors.declarative.stamps import SECOND
from connectors.spi import Page
from core.errors import DataError

HOUR = 3600 * SECOND
_AHEAD = 24 * HOUR
"""A record that is changed while the ids are listed must not leave the list: it ends so much after now."""


def is_due(source: Source, place: Place, until: int, *, removed: bool) -> bool:
    """Whether a sweep is due at an instant, in microseconds. What was said to be removed lets it come sooner."""
    sweep = source.stream.sweep
    if sweep is None:
        return False
    if place.swept is None:
        return True
    return until - place.swept >= (HOUR if removed else sweep.every_hours * HOUR)


def sweep(source: Source, place: Place, until: int, others: Sequence[Source]) -> Iterator[Page]:
    """List all ids, and tell what there is of each kind. `others`: the streams that read some of the same kinds.

    Nothing is told where a record has no id, or a reply had no list: the sweep is then tried again with the next pull.
    """
    ids: set[str] = set()
    seen: Seen = dict.fromkeys(source.kinds, ids)
    for each in (source, *others):
        own = set(_ids(each, until))
        if "" in own:
            return
        for kind in set(each.kinds) & set(source.kinds):
            seen[kind] = seen[kind] | own
    place.swept = until
    yield from covered(source.kinds, seen, place.cursor())


def _ids(source: Source, until: int) -> Iterator[str]:
    """The ids of a stream's records; an empty one where one cannot be told.

    Which of its kinds a record is, and whether it is one to read, may be seen in the whole record alone: then its id
    counts for each of them.
    """
    stream, setting = source.stream, source.stream.sweep
    only = None if stream.detail or stream.joins or source.has_hook else stream.only
    id_of: Any = source.records.id_of
    chunks: Iterator[Chunk]
    if setting is not None and setting.request is not None:
        only = setting.only if setting.only is not None else only
        data = {"window": _all_of(source, until)}
        chunks = source.listing.pages(
            setting.request, setting.records or stream.records, stream.pages, data, count=stream.count
        )
    else:
        only = setting.only if setting is not None and setting.only is not None else only
        chunks = _listed(source, until)
    if setting is not None and setting.id:
        path = expression(setting.id)
        id_of = lambda record: as_text(path.of(record)).strip()  # noqa: E731
    ours = expression(only) if only else None
    for chunk in chunks:
        if not chunk.told:
            yield ""
        for record in chunk.records:
            try:
                if ours is None or ours.holds(record):
                    yield id_of(record)
            except DataError:
                yield ""


def _all_of(source: Source, until: int) -> Mapping[str, Any]:
    """The window of a request of its own, where it names one."""
    setting = source.stream.window
    if not isinstance(setting, StampWindow):
        return NO_WINDOW
    stamps = Spans(source, setting).stamps
    return {"since": stamps.since(start_of(source, setting)), "until": stamps.until(until + _AHEAD)}


def _listed(source: Source, until: int) -> Iterator[Chunk]:
    setting = source.stream.window
    if not isinstance(setting, StampWindow):
        yield from source.pages()
        return
    start = start_of(source, setting)
    for step in Spans(source, setting).steps(start, until + _AHEAD):
        yield step.chunk
