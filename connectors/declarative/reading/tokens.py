"""Reading what has changed by an address that the other system gave with the last page of what it told before.

What it says was removed is not taken as a deletion: a record may only have left what the request asks for. It lets the
sweep come sooner, which looks whether the record is still there; without a sweep, deletions are not found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from connectors.declarative.expression import expression
from connectors.declarative.listing import Chunk, Gone
from connectors.declarative.reading.place import Place
from connectors.declarative.reading.retry import note
from connectors.declarative.reading.snapshot import Snapshot
from connectors.declarative.reading.stream import Listed, Source, page_of
from connectors.declarative.settings.reading import TokenWindow
from connectors.declarative.stamps import Stamps
from connectors.spi import Page
from core.documents import RecordKind
from core.errors import DataError, FatalError


class Tokens:
    """Brings a stream up to now. `removed`: whether something was said to be removed."""

    def __init__(self, source: Source, setting: TokenWindow, place: Place, told_of: Collection[RecordKind]) -> None:
        self._source, self._place, self._told_of = source, place, told_of
        self._path = expression(setting.path)
        self._removed = expression(setting.removed) if setting.removed else None
        self._order = expression(setting.order) if setting.order else None
        self._stamps = Stamps("iso")
        self.removed = False

    def pages(self) -> Iterator[Page]:
        """What has changed; everything, as a complete snapshot, where no address is known or it is no longer good."""
        if self._place.token:
            try:
                yield from self._changes()
                return
            except Gone:
                self._place.token = ""
        for page in Snapshot(self._source, self._told_of).pages(self._order_of, self._cursor):
            note(self._place, (*page.records, *page.bad))
            yield page

    def _changes(self) -> Iterator[Page]:
        held: Chunk | None = None
        for chunk in self._source.pages(address=self._place.token):
            if held is not None:
                yield from self._told(held, last=False)
            held = chunk
        if held is not None:
            yield from self._told(held, last=True)

    def _told(self, chunk: Chunk, *, last: bool) -> Iterator[Page]:
        due, bad = [], []
        for record in chunk.records:
            try:
                if self._removed is not None and self._removed.holds(record):
                    self.removed = True
                else:
                    due.append(Listed(record, self._order_of(record)))
            except DataError as error:
                bad.append(self._source.records.bad(record, error, 0, f"read.{self._source.name}.window.removed"))
        told: list[Any] = [*bad, *self._source.told(due)]
        note(self._place, told)
        cursor = self._cursor(chunk) if last else None
        if told or cursor is not None:
            yield page_of(told, cursor)

    def _order_of(self, record: Any) -> int:
        """The order of a record; 0 where it tells none."""
        try:
            stamp = None if self._order is None else self._stamps.read(self._order.of(record))
        except DataError:
            stamp = None
        return max(stamp or 0, 0)

    def _cursor(self, chunk: Chunk) -> dict[str, Any]:
        try:
            token = self._path.of(chunk.body)
        except DataError:
            token = None
        if not isinstance(token, str) or not token:
            raise FatalError(
                f"read.{self._source.name}.window.path: the last page holds no address of what changes from now on",
                hint="the request may need a header or parameter that asks for it",
            )
        self._place.token = token
        return self._place.cursor()
