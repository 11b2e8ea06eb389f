"""A stretch of change stamps, read in one piece, or in parts where one query gives too few of its records."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, NamedTuple

from connectors.declarative.expression import as_text, expression
from connectors.declarative.listing import Chunk
from connectors.declarative.reading.stream import Source
from connectors.declarative.references import references
from connectors.declarative.settings.pages import KeysetPages
from connectors.declarative.settings.reading import StampWindow
from connectors.declarative.settings.request import AnyRequest
from connectors.declarative.stamps import Stamps, instant_of
from core.errors import DataError, FatalError


class Step(NamedTuple):
    """A page of a part. `ends`: whether all before the end of the part has been read now."""

    chunk: Chunk
    ends: bool
    window: Mapping[str, Any]


class Spans:
    """Reads a stream between two stamps, in microseconds. Parts come in order."""

    def __init__(self, source: Source, setting: StampWindow) -> None:
        """Raises FatalError where the settings ask for parts, and the request does not name their bounds."""
        self._source = source
        self.stamps = Stamps(setting.format, setting.send, setting.time_zone)
        # What a key divides has no other limit: each of its pages is a query of its own.
        self._most = None if isinstance(source.stream.pages, KeysetPages) else setting.most
        self._total = expression(setting.total) if setting.total else None
        if self._most is not None and not names(source.stream.request, "window.since", "window.until"):
            raise FatalError(
                f"read.{source.name}.window.most: parts need ${{window.since}} and ${{window.until}} in the request"
            )

    def steps(self, since: int, until: int, *, after: Any = None) -> Iterator[Step]:
        """The pages of all parts. `after`: the key a keyset goes on behind.

        Raises FatalError where too many records share one stamp, and what the listing raises.
        """
        waiting = [(since, until)]
        while waiting:
            lower, upper = waiting.pop()
            if (yield from self._part(lower, upper, after)):
                middle = self._middle(lower, upper)
                waiting += [(middle, upper), (lower, middle)]

    def _part(self, lower: int, upper: int, after: Any) -> Generator[Step, None, bool]:
        """Read a part. Returns whether it has more records than one query gives."""
        window = {"since": self.stamps.since(lower), "until": self.stamps.until(upper)}
        held: Chunk | None = None
        count = 0
        for chunk in self._source.pages(window, after=after):
            count += len(chunk.records)
            if self._most is not None and self._is_too_many(chunk, count):
                return True
            if held is not None:
                yield Step(held, False, window)
            held = chunk
            if chunk.after is not None:
                yield Step(chunk, False, window)
                held = None
        if held is not None:
            yield Step(held, True, window)
        return False

    def _is_too_many(self, chunk: Chunk, count: int) -> bool:
        most = self._most or 0
        if self._total is not None:
            try:
                total = int(as_text(self._total.of(chunk.body)) or -1)
            except (DataError, ValueError):
                raise FatalError(f"read.{self._source.name}.window.total finds no count") from None
            if total >= 0:
                return total > most
        return count >= most

    def _middle(self, lower: int, upper: int) -> int:
        unit = self.stamps.unit
        middle = (lower + upper) // 2 // unit * unit
        if not lower < middle < upper:
            raise FatalError(
                f"read.{self._source.name}: more than {self._most} records were changed at {instant_of(lower):%F %T}: "
                f"a query gives no more",
                hint="divide the list by a key: pages of kind keyset",
            )
        return middle


def names(request: AnyRequest, *paths: str) -> bool:
    """Whether a request names all of these."""
    return set(paths) <= {found.path for _, template in request.templates() for found in references(template)}
