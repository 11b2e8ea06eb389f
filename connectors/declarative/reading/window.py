"""Reading what has changed, by frozen windows over change stamps that overlap.

A window begins at the highest stamp met so far, less the overlap, and takes in what is stamped exactly so. What came
already is not told again unless its stamp or content is another. What is stamped after the end of the window is left to
the next one; but a stamp that lies in the future is told of at once, for want of a next one it would be in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.declarative.expression import expression
from connectors.declarative.reading.place import MOST_RECENT, Inside, Place, digest_of
from connectors.declarative.reading.retry import note
from connectors.declarative.reading.spans import Spans, names
from connectors.declarative.reading.stream import Listed, Source, page_of
from connectors.declarative.settings.reading import StampWindow
from connectors.declarative.stamps import SECOND, micros
from connectors.spi import Page
from core.documents import BadRecord
from core.errors import ConfigError, DataError

CLOCKS_APART = 300 * SECOND
"""How far clocks may be apart: what is stamped later than that comes from the future."""


class Windows:
    """Brings a stream from where it stands up to an instant. Stamps are microseconds."""

    def __init__(self, source: Source, setting: StampWindow, place: Place) -> None:
        """Raises FatalError for settings that cannot be used."""
        self._source, self._place = source, place
        self.spans = Spans(source, setting)
        self.start = start_of(source, setting)
        self._stamps = self.spans.stamps
        self._field = expression(setting.field)
        self._lists_all = not names(source.stream.request, "window.since")
        self._overlap = setting.overlap * SECOND
        self._high: int | None = None
        self._fresh: dict[str, tuple[int, object]] = {}
        self._again: set[str] = set()

    def pages(self, since: int | None, until: int) -> Iterator[Page]:
        """The rest of a window that was left open, if one was, and the window up to `until`.

        `since`: where the first window begins, or an earlier point than the stream stands at.
        """
        inside = self._place.inside
        if inside is not None:
            yield from self._window(inside.since, inside.until, inside.after, inside.high)
            if inside.until >= until:
                return
        yield from self._window(self._since(since, until), until, None, None)

    def _since(self, asked: int | None, until: int) -> int:
        high = self._place.high
        if high is None:
            return self.start if asked is None else asked
        lower = high - self._reach(high)
        return min(lower, until, lower if asked is None else asked)

    def _reach(self, high: int) -> int:
        """How far the next window reaches back. In the hour that comes twice, over all of it."""
        return self._overlap + self._stamps.twice(high)

    def _window(self, since: int, until: int, after: str | int | None, high: int | None) -> Iterator[Page]:
        place = self._place
        self._high, self._fresh, self._again = high, {}, set()
        for step in self.spans.steps(since, until, after=after):
            bad: list[BadRecord] = []
            due = self._due(step.chunk.records, since, until, bad)
            told = [*bad, *self._source.told(due, step.window)]
            note(place, told)
            behind = step.chunk.after
            if step.ends:
                self._finish(since)
            elif isinstance(behind, (str, int)):
                place.inside = Inside(since, until, behind, self._high)
            page = page_of(told, place.cursor() if step.ends or isinstance(behind, (str, int)) else None)
            if page.records or page.bad or page.cursor is not None:
                yield page

    def _finish(self, since: int) -> None:
        """All up to the end of this part has been told."""
        place = self._place
        place.inside = None
        if self._high is not None:
            place.high = self._high if place.high is None else max(place.high, self._high)
        lowest = since if place.high is None else place.high - self._reach(place.high)
        place.remember(self._fresh, self._again, since, lowest)

    def _due(self, records: list[object], since: int, until: int, bad: list[BadRecord]) -> list[Listed]:
        """The records to tell of, with their order; one whose stamp cannot be read is added to `bad`."""
        source, recent, fresh = self._source, self._place.recent, self._fresh
        read, field, id_of = self._stamps.read, self._field.of, source.records.id_of
        date = source.client.server_date
        future = (until if date is None else max(until, micros(date))) + CLOCKS_APART
        # Where the request does not say since when, the list has all: what lies before the window has been told.
        lowest = since - since % self._stamps.unit if self._lists_all else -sys.maxsize
        due = []
        for record in records:
            try:
                plain = read(field(record))
            except DataError as error:
                bad.append(source.records.bad(record, error, 0, f"read.{source.name}.window.field"))
                continue
            if plain is None:
                due.append(Listed(record))
                continue
            key, stamp = id_of(record), plain
            known = recent.get(key)
            if known is not None and stamp < known.stamp:
                stamp += self._stamps.twice(stamp)
            if until <= stamp <= future or stamp < lowest:
                continue
            if plain < until and (self._high is None or plain > self._high):
                self._high = plain
            if known is not None and known.stamp == stamp and known.digest == digest_of(record):
                self._again.add(key)
                continue
            if key:
                fresh[key] = stamp, record
            due.append(Listed(record, max(stamp, 0)))
        if len(fresh) > 2 * MOST_RECENT:
            latest = sorted(fresh.items(), key=lambda item: item[1][0], reverse=True)[:MOST_RECENT]
            self._fresh = dict(latest)
        return due


def start_of(source: Source, setting: StampWindow) -> int:
    """What the first pull begins with. Raises ConfigError where it is no instant."""
    try:
        start = datetime.fromisoformat(setting.start)
    except ValueError:
        raise ConfigError(f"read.{source.name}.window.start: write it like 2026-01-01T00:00:00Z") from None
    return micros(start if start.tzinfo is not None else start.replace(tzinfo=UTC))
