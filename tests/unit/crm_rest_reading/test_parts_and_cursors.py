"""Windows that are read in parts, and what a cursor is worth under other settings, or where it is not ours."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.spi import Window
from core.errors import FatalError
from tests.unit.crm_rest_reading.shelf import (
    SIZE,
    START,
    Connection,
    connected,
    cursor_of,
    ids_of,
    records_of,
    stream,
)


@pytest.mark.parametrize("total", ["", "total"])
@pytest.mark.parametrize("kind", ["none", "link", "number", "offset"])
def test_a_window_with_more_than_one_query_gives_is_read_in_parts(tmp_path: Path, kind: str, total: str) -> None:
    window = {"most": 6, "total": total, "start": "2026-03-01T00:00:00Z"}
    with connected(tmp_path, stream(kind, window=window)) as (shelf, connection):
        for number in range(1, 21):
            shelf.put(number, at=number * 1000)
        pages = connection.pull(86_400)
        assert set(ids_of(pages)) == set(range(1, 21))
        if total:
            assert len(ids_of(pages)) == 20, "what is too much is seen before it is told"
        cuts = [page for page in pages if page.cursor is not None]
        assert len(cuts) > 2, "each part that is done is kept"
        for cut in range(1, len(pages), 3):
            rest = connection.pull(86_400, cursor_of(pages[:cut]))
            assert {*ids_of(pages[:cut]), *ids_of(rest)} == set(range(1, 21))


def test_more_of_one_stamp_than_one_query_gives_is_told(tmp_path: Path) -> None:
    with connected(tmp_path, stream("link", window={"most": 6, "start": "2026-03-01T00:00:00Z"})) as (
        shelf,
        connection,
    ):
        shelf.put(*range(1, 8), at=5)
        with pytest.raises(FatalError, match="more than 6 records") as raised:
            connection.pull(86_400)
        assert "keyset" in (raised.value.hint or "")


def test_parts_need_their_bounds_in_the_request(tmp_path: Path) -> None:
    items = stream("link", window={"most": 6})
    del items["request"]["query"]["until"]
    with connected(tmp_path, items) as (_, connection), pytest.raises(FatalError, match=r"window\.most"):
        connection.pull(100)


def test_other_settings_of_the_stream_read_everything_again(tmp_path: Path) -> None:
    items = stream("none", window={})
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, 2)
        cursor = cursor_of(connection.pull(100))
        assert ids_of(connection.pull(200, cursor)) == []
        other = Connection(shelf, tmp_path, read={"items": {**items, "only": "id > `1`"}})
        assert ids_of(other.pull(200, cursor)) == [2]
        same = Connection(shelf, tmp_path, read={"items": items}, values={"unused": "x"}, throttle={"concurrency": 1})
        assert ids_of(same.pull(200, cursor)) == []


def test_a_value_a_stream_names_is_among_its_settings(tmp_path: Path) -> None:
    items = stream("none", window={})
    items["fields"] = {"id": "id", "name": "text", "segment": {"value": "${values.segment}"}}
    with connected(tmp_path, items, values={"segment": "a"}) as (shelf, connection):
        shelf.put(1)
        cursor = cursor_of(connection.pull(100))
        other = Connection(shelf, tmp_path, read={"items": items}, values={"segment": "b"})
        assert [record.fields["segment"] for record in records_of(other.pull(100, cursor))] == ["b"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"files": 7},
        {"high": "x"},
        {"high": 10**30},
        {"recent": [1, 2]},
        {"recent": {"1": "x"}},
        {"inside": "x"},
        {"inside": [1, 2, None, 3]},
        {"token": 7},
        {"swept": {}},
    ],
)
def test_a_cursor_that_is_not_ours_does_no_harm(tmp_path: Path, spoilt: dict[str, Any]) -> None:
    with connected(tmp_path, stream("keyset", window={})) as (shelf, connection):
        shelf.put(*range(1, 2 * SIZE))
        cursor = {**cursor_of(connection.pull(100)), **spoilt}
        shelf.put(9, at=150)
        assert 9 in ids_of(connection.pull(200, cursor))


def test_a_cursor_from_the_future_reads_everything_again(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={})) as (shelf, connection):
        shelf.put(1, at=5000)
        cursor = cursor_of(connection.pull(6000))
        shelf.put(1, at=5)
        assert ids_of(connection.pull(100, cursor)) == [1]


def test_a_window_may_begin_where_it_is_asked_to(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={"overlap": 10})) as (shelf, connection):
        shelf.put(1, at=0)
        shelf.put(2, at=1000)
        begin = START + timedelta(seconds=1000)
        pages = list(connection.reading.pull("items", Window(START + timedelta(seconds=2000), begin), {}))
        assert ids_of(pages) == [2]


def test_an_unknown_stream_is_told(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none")) as (_, connection), pytest.raises(FatalError, match="items"):
        connection.pull(name="others")
