"""Reading what has changed, by frozen windows that overlap.

A row's stamp is the start of the transaction that wrote it, which may commit long after; the stamps read are cut to
seconds. So a window reaches back over the one before it, has no order but that of ids, which never change, and leaves
out what it knows by its content, not by its stamp. (Paging by stamp loses rows: measured.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connectors.http.ahead import ahead
from connectors.odoo.reading.buckets import Buckets
from connectors.odoo.reading.place import Place, content_of, earlier, stamp_of
from connectors.odoo.reading.rows import Row
from connectors.odoo.reading.stream import Mapped, Stream
from connectors.spi import Page
from core.documents import BadRecord, RawRecord


class Windows:
    """Brings a stream from where it stands up to an instant.

    `read`: the marks of the rows delivered, by id, where they are to be kept.
    """

    def __init__(self, stream: Stream, place: Place, reach: timedelta, *, keep_marks: bool = False) -> None:
        self.stream, self.place, self.reach, self.keep_marks = stream, place, reach, keep_marks
        self.batch = stream.settings.read.batch
        self.read: dict[int, str] = {}

    def pages(self, until: str) -> Iterator[Page]:
        """The rest of a window that was left open, if one was, and the window up to `until`."""
        if self.place.until and self.place.until != until:
            yield from self._window()
        self.place.until = until
        yield from self._window()

    def _window(self) -> Iterator[Page]:
        place, stamp, mark = self.place, self.stream.stamp, self.stream.mark
        lower = earlier(place.since, self.reach) if place.since else ""
        keep_from = earlier(place.until, self.reach)
        buckets = None if lower else Buckets()
        for rows, last in ahead(self._rows(lower, place.after)):
            late = {row["id"] for row in rows if stamp(row) > place.until and self._is_late(row)}
            due = [row for row in rows if row["id"] not in late] if late else rows
            found = [
                item
                for row, item in zip(due, self.stream.mapped(due), strict=True)
                if item is not None and self._is_new(row, item, lower, keep_from)
            ]
            if self.keep_marks:
                self.read.update((row["id"], mark(row)) for row in due)
            if buckets is not None:
                for row in rows:
                    buckets.add(row["id"], mark(row))
            if last:
                place.finish(self.reach)
                if buckets is not None:
                    buckets.close()
            else:
                place.after = rows[-1]["id"]
            if buckets is not None:
                place.buckets = {**place.buckets, **buckets.digests}
            yield page_of(found, place)

    def _rows(self, lower: str, after: int) -> Iterator[tuple[list[Row], bool]]:
        """The pages of the window, and whether it is the last."""
        stream = self.stream
        domain = [*stream.base(), *(stream.changed(lower) if lower else ())]
        while True:
            rows = stream.rows.search(stream.model, [*domain, ("id", ">", after)], stream.specification, self.batch)
            last = len(rows) < self.batch
            yield rows, last
            if last:
                return
            after = rows[-1]["id"]

    def _is_late(self, row: Row) -> bool:
        """Whether a row changed after the window was frozen is left to the next.

        One that seems to be changed later than it is now is not: there would be no next for it.
        """
        now = self.stream.rows.server_time()
        return now is None or self.stream.stamp(row) <= stamp_of(now)

    def _is_new(self, row: Row, item: RawRecord | BadRecord, lower: str, keep_from: str) -> bool:
        """Whether the record was not read before as it is; kept in mind where a later window will reach it."""
        place = self.place
        # What came for something else that changed may come again for it.
        stamp = place.until if lower and self.stream.linked else self.stream.stamp(row)
        known = place.recent.get(row["id"])
        if known is None and (stamp < keep_from or place.is_full):
            return True
        content = content_of(item)
        if stamp >= keep_from:
            place.remember(row["id"], stamp, content)
        return known is None or known[1] != content


def page_of(found: Sequence[Mapped], place: Place) -> Page:
    """A page of what a row became, read from the database as it is now."""
    return Page(
        records=tuple(item for item in found if isinstance(item, RawRecord)),
        bad=tuple(item for item in found if isinstance(item, BadRecord)),
        cursor=place.cursor(),
        present=True,
    )
