"""A source over REST that changes while it is read loses no record, however it is divided and wherever a pull stops."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.spi import Window
from core.documents import RawRecord
from tests.unit.crm_rest_reading.shelf import START, Connection, Item, Shelf, stream

OVERLAP = 40
ACTIONS = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 3)),
    st.tuples(st.just("change"), st.integers(0, 30)),
    st.tuples(st.just("delete"), st.integers(0, 30)),
    st.tuples(st.just("begin"), st.integers(1, 3)),
    st.tuples(st.just("commit"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
)
BETWEEN = st.lists(st.lists(ACTIONS, max_size=3), max_size=12)


class Source:
    """A shelf to which things happen between the pages. Its clock moves with each action, in seconds."""

    def __init__(self, shelf: Shelf, count: int, stamps: int, between: list[list[tuple[str, int]]]) -> None:
        self.shelf, self.now, self.between = shelf, 100, between
        self.next_id, self.changes = count + 1, 0
        self.late: list[int] = []
        for number in range(1, count + 1):
            shelf.put(number, at=number % stamps)
        shelf.between = self.act

    def act(self) -> None:
        for name, amount in self.between.pop(0) if self.between else []:
            self.now += 1
            getattr(self, name)(amount)

    def wait(self, seconds: int) -> None:
        if not self.late:  # what began is committed before the overlap is over
            self.now += seconds

    def add(self, count: int) -> None:
        for _ in range(count):
            self.shelf.put(self.next_id, at=self.now)
            self.next_id += 1

    def change(self, which: int) -> None:
        item = self._item(which)
        if item is not None:
            self.changes += 1
            self.shelf.put(item.id, at=self.now, text=f"change {self.changes}")

    def delete(self, which: int) -> None:
        item = self._item(which)
        if item is not None:
            self.shelf.take(item.id)

    def begin(self, count: int) -> None:
        if not self.late:
            self.late = list(range(self.next_id, self.next_id + count))
            self.shelf.hidden |= set(self.late)
            self.add(count)

    def commit(self, _: int) -> None:
        self.shelf.hidden -= set(self.late)
        self.late = []

    def _item(self, which: int) -> Item | None:
        items = [item for item in self.shelf.items if item.id not in self.shelf.hidden]
        return items[which % len(items)] if items else None


class Book:
    """What would have landed: of each record the version with the highest order, of equal ones the last."""

    def __init__(self) -> None:
        self.heads: dict[str, RawRecord] = {}

    def land(self, record: RawRecord) -> None:
        head = self.heads.get(record.external_id)
        if head is None or record.order >= head.order:
            self.heads[record.external_id] = record


def pull(connection: Connection, book: Book, cursor: Mapping[str, Any], until: int, most: int) -> Mapping[str, Any]:
    """A pull that stops after so many pages; the cursor it leaves."""
    pages = connection.reading.pull("items", Window(START + timedelta(seconds=until)), cursor)
    for page, _ in zip(pages, range(most), strict=False):
        for record in page.records:
            book.land(record)
        cursor = cursor if page.cursor is None else page.cursor
    return cursor


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["keyset", "offset", "total", "none"]),
    order=st.sampled_from(["id", "changed"]),
    bounded=st.booleans(),
    count=st.integers(0, 14),
    stamps=st.sampled_from([1, 3, 50]),
    between=BETWEEN,
    stops=st.lists(st.integers(1, 6), max_size=4),
)
def test_nothing_is_lost(
    kind: str,
    order: str,
    bounded: bool,
    count: int,
    stamps: int,
    between: list[list[tuple[str, int]]],
    stops: list[int],
) -> None:
    items = stream(kind, window={"overlap": OVERLAP})
    if not bounded:
        del items["request"]["query"]["until"]
    with Shelf() as shelf, tempfile.TemporaryDirectory() as folder:
        shelf.order = "id" if kind == "keyset" else order
        source = Source(shelf, count, stamps, between)
        connection = Connection(shelf, Path(folder), read={"items": items})
        book, cursor = Book(), dict[str, Any]()
        for most in stops:
            cursor = dict(pull(connection, book, cursor, source.now, most))
        source.commit(0)
        while source.between:
            source.act()
        source.commit(0)
        for _ in range(3):
            cursor = dict(pull(connection, book, cursor, source.now + 1, 1000))
        there = {str(item.id): item.text for item in shelf.items}
        known = {key: head.fields["name"] for key, head in book.heads.items() if key in there}
        assert known == there


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(["keyset", "offset", "total"]), count=st.integers(0, 14), between=BETWEEN)
def test_a_whole_list_names_all_that_was_there_throughout(
    kind: str, count: int, between: list[list[tuple[str, int]]]
) -> None:
    with Shelf() as shelf, tempfile.TemporaryDirectory() as folder:
        source = Source(shelf, count, 3, between)
        connection = Connection(shelf, Path(folder), read={"items": stream(kind)})
        before = {str(item.id) for item in shelf.items}
        pages = list(connection.reading.pull("items", Window(START), {}))
        throughout = before & {str(item.id) for item in shelf.items}
        assert source.now >= 100
        assert pages[-1].coverage is not None
        assert throughout <= pages[-1].seen
