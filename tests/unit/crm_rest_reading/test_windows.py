"""What has changed: windows that overlap, are frozen at their end, and lose nothing where they are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.crm_rest_reading.shelf import (
    START,
    bad_of,
    connected,
    cursor_of,
    ids_of,
    records_of,
    stamp,
    stream,
)

KINDS = ["none", "link", "cursor", "number", "offset", "keyset"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_changed_comes_and_what_came_does_not_come_again(tmp_path: Path, kind: str) -> None:
    with connected(tmp_path, stream(kind, window={})) as (shelf, connection):
        shelf.put(*range(1, 8))
        first = connection.pull(100)
        assert sorted(ids_of(first)) == list(range(1, 8))
        assert all(page.present for page in first)
        second = connection.pull(200, cursor_of(first))
        assert records_of(second) == []
        shelf.put(3, at=150, text="second")
        third = connection.pull(300, cursor_of(second))
        assert [(record.external_id, record.fields["name"]) for record in records_of(third)] == [("3", "second")]
        assert records_of(third)[0].order > records_of(first)[0].order


def test_a_change_within_one_stamp_is_told(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={})) as (shelf, connection):
        shelf.put(1, 2, at=0)
        first = connection.pull(100)
        shelf.put(1, at=0, text="second")
        assert ids_of(connection.pull(200, cursor_of(first))) == [1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_a_window_is_frozen(tmp_path: Path, kind: str) -> None:
    with connected(tmp_path, stream(kind, window={})) as (shelf, connection):
        shelf.put(1, at=0)
        shelf.put(2, at=100)
        shelf.put(3, at=100.5)
        first = connection.pull(100)
        assert ids_of(first) == [1]
        second = connection.pull(100.7, cursor_of(first))
        assert sorted(ids_of(second)) == [2, 3]


def test_without_an_end_in_the_request_what_is_later_is_left(tmp_path: Path) -> None:
    items = stream("keyset", window={})
    del items["request"]["query"]["until"]
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(*range(1, 5), at=0)
        shelf.put(5, at=101)
        first = connection.pull(100)
        assert ids_of(first) == [1, 2, 3, 4]
        assert ids_of(connection.pull(102, cursor_of(first))) == [5]


def test_a_stamp_from_the_future_is_told_of_and_holds_nothing_up(tmp_path: Path) -> None:
    items = stream("none", window={})
    del items["request"]["query"]["until"]
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, at=0)
        shelf.put(2, at=400_000_000)
        first = connection.pull(100)
        assert ids_of(first) == [1, 2]
        second = connection.pull(200, cursor_of(first))
        assert ids_of(second) == [], "it came already"
        shelf.put(3, at=150)
        assert ids_of(connection.pull(300, cursor_of(second))) == [3]


def test_a_stamp_from_the_future_does_not_move_the_window_to_our_clock(tmp_path: Path) -> None:
    items = stream("none", window={"overlap": 10})
    del items["request"]["query"]["until"]
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, at=0)
        shelf.put(2, at=400_000_000)
        first = connection.pull(5000)  # by a clock that is more than an hour ahead
        shelf.put(3, at=100)
        assert ids_of(connection.pull(5100, cursor_of(first))) == [3]


def test_a_late_commit_within_the_overlap_is_met(tmp_path: Path) -> None:
    with connected(tmp_path, stream("keyset", window={"overlap": 60})) as (shelf, connection):
        shelf.put(1, at=0)
        shelf.put(2, at=50)
        shelf.put(9, at=10)
        shelf.hidden = {9}
        first = connection.pull(100)
        assert ids_of(first) == [1, 2]
        shelf.hidden = set()
        assert ids_of(connection.pull(200, cursor_of(first))) == [9]


def test_a_quiet_source_is_asked_from_what_was_seen_not_from_our_clock(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={"overlap": 10})) as (shelf, connection):
        shelf.put(1, at=5)
        first = connection.pull(1000)
        connection.pull(90_000, cursor_of(connection.pull(50_000, cursor_of(first))))
        assert [asked.query["since"] for asked in shelf.listed] == [
            "2026-01-01T00:00:00Z",
            "2026-03-01T11:59:55Z",
            "2026-03-01T11:59:55Z",
        ]


def test_what_comes_for_something_else_that_changed_comes_once(tmp_path: Path) -> None:
    items = stream("none", window={"overlap": 10, "field": "own"})
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, at=0, own=stamp(0))
        shelf.put(2, at=50, own=stamp(50))
        first = connection.pull(60)
        shelf.put(1, at=70, own=stamp(0), text="second")
        second = connection.pull(80, cursor_of(first))
        assert [record.fields["name"] for record in records_of(second)] == ["second"]
        third = connection.pull(90, cursor_of(second))
        assert records_of(third) == []
        assert records_of(connection.pull(95, cursor_of(third))) == []
        shelf.put(1, at=92, own=stamp(0), text="third")
        assert ids_of(connection.pull(99, cursor_of(third))) == [1]


def test_nothing_seen_moves_nothing(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={})) as (shelf, connection):
        first = connection.pull(1000)
        shelf.put(1, at=-5000)
        assert ids_of(connection.pull(2000, cursor_of(first))) == [1]


@pytest.mark.parametrize(
    ("kind", "order"), [*((kind, "id") for kind in KINDS), *((kind, "changed") for kind in KINDS if kind != "keyset")]
)
def test_a_pull_that_stops_between_pages_loses_nothing(tmp_path: Path, kind: str, order: str) -> None:
    with connected(tmp_path, stream(kind, window={"overlap": 0})) as (shelf, connection):
        shelf.order = order
        for number in range(1, 12):
            shelf.put(number, at=(number * 7) % 11)
        whole = connection.pull(100)
        assert len(whole) > (kind != "none")
        for cut in range(len(whole) + 1):
            rest = connection.pull(100, cursor_of(whole[:cut]))
            assert {*ids_of(whole[:cut]), *ids_of(rest)} == set(range(1, 12)), f"cut after {cut}"
            later = connection.pull(200, cursor_of(whole[:cut]))
            assert {*ids_of(whole[:cut]), *ids_of(later)} == set(range(1, 12)), f"cut after {cut}"


def test_a_keyset_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with connected(tmp_path, stream("keyset", window={})) as (shelf, connection):
        shelf.put(*range(1, 8), at=50)
        first = connection.pull(100)
        shelf.put(1, at=120, text="second")
        shelf.put(9, at=130)
        rest = connection.pull(150, cursor_of(first[:2]))
        assert sorted(ids_of(rest)) == [1, 7, 9] or sorted(ids_of(rest)) == [1, 2, 3, 4, 5, 6, 7, 9]
        assert shelf.listed[len(first)].query["after"] == "6"


def test_thousands_of_equal_stamps(tmp_path: Path) -> None:
    items = stream("keyset", window={})
    items["pages"] = {**items["pages"], "size": 500}
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(*range(1, 2501), at=1)
        first = connection.pull(100)
        assert ids_of(first) == list(range(1, 2501))
        assert ids_of(connection.pull(200, cursor_of(first))) == []


# ---------------------------------------------------------------- stamps


def test_seconds_round_down_at_the_beginning_and_up_at_the_end(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={"overlap": 0})) as (shelf, connection):
        shelf.put(1, at=1.9)
        first = connection.pull(2.5)
        connection.pull(3.25, cursor_of(first))
        assert shelf.listed[0].query["until"] == "2026-03-01T12:00:03Z"
        assert shelf.listed[1].query["since"] == "2026-03-01T12:00:01Z"


def test_a_stamp_that_cannot_be_read_is_one_bad_record(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", window={"field": "when"})) as (shelf, connection):
        shelf.put(1, when="yesterday")
        shelf.put(2, when=stamp(5))
        shelf.put(3)
        pages = connection.pull(100)
        assert ids_of(pages) == [2, 3]
        assert [(bad.external_id, bad.reason) for bad in bad_of(pages)] == [("1", "not_a_date")]
        assert "read.items.window.field" in bad_of(pages)[0].message
        assert [record.order > 0 for record in records_of(pages)] == [True, False]


def local(connection_items: dict[str, Any]) -> dict[str, Any]:
    connection_items["window"] |= {
        "field": "local",
        "format": "%Y-%m-%d %H:%M:%S",
        "time_zone": "Europe/Berlin",
        "overlap": 300,
    }
    return connection_items


def test_the_hour_that_comes_twice_loses_nothing(tmp_path: Path) -> None:
    """2026-10-25 in Berlin: 02:00 to 03:00 comes twice."""
    items = local(stream("none", window={}))
    shifted = (START.replace(month=10, day=25, hour=0, minute=55) - START).total_seconds()
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, at=0, local="2026-10-25 02:50:00")
        first = connection.pull(shifted)
        assert records_of(first)[0].order == int(START.replace(month=10, day=25, hour=0, minute=50).timestamp()) * 10**6
        # A quarter of an hour of the second pass later.
        shelf.put(2, at=0, local="2026-10-25 02:10:00")
        shelf.put(1, at=0, text="second", local="2026-10-25 02:11:00")
        second = connection.pull(shifted + 1200, cursor_of(first))
        assert shelf.listed[1].query["since"] <= "2026-10-25 02:00:00"
        assert sorted(ids_of(second)) == [1, 2]
        again = next(record for record in records_of(second) if record.external_id == "1")
        assert again.order > records_of(first)[0].order, "it is the later version"
        third = connection.pull(shifted + 1300, cursor_of(second))
        assert ids_of(third) == []
