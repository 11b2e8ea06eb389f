"""The reading half of an adapter that is described by settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.declarative.client import Client
from connectors.declarative.hook import hook_of
from connectors.declarative.listing import Listing
from connectors.declarative.lookups import Lookups
from connectors.declarative.reading.place import Place
from connectors.declarative.reading.retry import retry
from connectors.declarative.reading.snapshot import Snapshot
from connectors.declarative.reading.stream import Source
from connectors.declarative.reading.sweep import is_due, sweep
from connectors.declarative.reading.tokens import Tokens
from connectors.declarative.reading.window import CLOCKS_APART, Windows
from connectors.declarative.references import references
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.reading import StampWindow, Stream, TokenWindow
from connectors.declarative.stamps import SECOND, micros
from connectors.spi import Page, Window
from core.documents import BadRecord, RawRecord, RecordKind
from core.errors import DataError, FatalError

_FORM = 1
"""Raise it where the same settings make other records than before: then everything is read again."""


class Reading:
    """Reads the streams of a connection. Keeps nothing between calls but tables; safe to use from threads.

    Every record comes as the source has it now, so pages say `present`. A stream without a window is a complete
    snapshot each time. Kinds that several streams read are swept together; none of them alone is a snapshot.
    """

    def __init__(self, client: Client, listing: Listing, tables: Lookups, settings: DeclarativeSettings) -> None:
        """Makes no request."""
        self._client, self._listing, self._tables, self._settings = client, listing, tables, settings
        self._streams = {name: stream for name, stream in settings.read.items() if not stream.off}
        self.kinds: frozenset[RecordKind] = frozenset(
            kind for stream in self._streams.values() for kind in _kinds(stream)
        )

    def streams(self) -> tuple[str, ...]:
        """What can be read, in the order of the settings."""
        return tuple(self._streams)

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """What has changed since the cursor, and a sweep where one is due. The first pull gets an empty cursor.

        Raises FatalError for an unknown stream, settings that cannot be used, and a list that has no end, and what the
        client raises.
        """
        if stream not in self._streams:
            raise FatalError(f"there is no stream {stream!r}; there are: {', '.join(self._streams)}")
        self._tables.refresh()
        source = self._source(stream)
        setting, until = source.stream.window, micros(window.until)
        if setting is None:
            yield from Snapshot(source, self._of_one_stream(stream)).pages(lambda record: 0)
            return
        reach = setting.overlap * SECOND if isinstance(setting, StampWindow) else 0
        place = Place.of(cursor, self._digest(source.stream), until + max(reach, CLOCKS_APART))
        if place.is_new:
            place.swept = until  # what has been read once needs no sweep yet
        if not place.bad:
            place.retried = until
        removed = False
        if isinstance(setting, TokenWindow):
            tokens = Tokens(source, setting, place, self._of_one_stream(stream))
            yield from tokens.pages()
            removed = tokens.removed
        else:
            since = None if window.since is None else micros(window.since)
            yield from Windows(source, setting, place).pages(since, until)
        yield from retry(source, place, until)
        if is_due(source, place, until, removed=removed):
            others = [self._source(name) for name in self._streams if name != stream and self._shares(name, source)]
            yield from sweep(source, place, until, others)

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        """One record as it is now; None where it is not there, or not among what is read. Raises NotImplementedError
        where a stream of its kind cannot read a single record, and what the client raises."""
        unable = False
        for name, stream in self._streams.items():
            if kind not in _kinds(stream):
                continue
            if stream.one is None:
                unable = True
                continue
            found = _fetched(self._source(name), kind, external_id)
            if found is not None:
                return found
        if unable:
            raise NotImplementedError
        return None

    def _source(self, name: str) -> Source:
        settings = self._settings
        return Source(
            name, self._streams[name], self._client, self._listing, self._tables, settings, hook_of(settings.hook)
        )

    def _of_one_stream(self, name: str) -> list[RecordKind]:
        """The kinds of a stream that no other one reads."""
        others = {kind for other, stream in self._streams.items() if other != name for kind in _kinds(stream)}
        return [kind for kind in _kinds(self._streams[name]) if kind not in others]

    def _shares(self, name: str, source: Source) -> bool:
        return bool(set(_kinds(self._streams[name])) & set(source.kinds))

    def _digest(self, stream: Stream) -> str:
        """What decides what a record becomes: with other settings, everything is read again."""
        settings = self._settings
        about = stream.model_dump(exclude={"pages", "sweep", "off"})
        tables = {name: lookup.model_dump() for name, lookup in settings.lookups.items() if f"'{name}'" in repr(about)}
        named = {found.path for found in _references((about, tables))}
        values = {name: value for name, value in settings.values.items() if f"values.{name}" in named}
        derived = settings.derived if any(path.startswith("derived.") for path in named) else {}
        if derived:
            values = dict(settings.values)
        maps = settings.maps if "map:" in repr((about, tables, derived)) else {}
        said = repr((_FORM, tuple(settings.addresses()), about, tables, values, derived, maps, settings.hook))
        return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _references(value: Any) -> Iterator[Any]:
    """Every reference in dumped settings. What only looks like one has none."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _references(key)
            yield from _references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _references(item)
    elif isinstance(value, str) and "${" in value:
        yield from references(value)


def _kinds(stream: Stream) -> tuple[RecordKind, ...]:
    return tuple(dict.fromkeys((stream.kind, *(rule.kind for rule in stream.kinds))))


def _fetched(source: Source, kind: RecordKind, external_id: str) -> RawRecord | None:
    try:
        record = source.one(external_id)
    except DataError:
        # It is there, and cannot be read.
        return RawRecord(kind, external_id, {}, origin=source.records.origin({}, external_id))
    if record is None:
        return None
    found = source.again(record)
    if found is None or found.kind != kind or found.external_id != external_id:
        return None
    if isinstance(found, BadRecord):
        # It is there, only not as it should be: what is wrong is said again where it is read.
        about = found.raw["about"]
        return RawRecord(kind, external_id, about, found.raw.get("lines", ()), found.order, origin=found.origin)
    return found
