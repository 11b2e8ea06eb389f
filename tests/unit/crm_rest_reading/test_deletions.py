"""What is gone: whole lists, addresses of what has changed, and sweeps. Nothing is concluded from half a list."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.spi import Page, Window
from core.errors import FatalError, RebatedError
from tests.unit.crm_rest_reading.shelf import START, Connection, Shelf, connected, cursor_of, ids_of, records_of, stream

DAY = 86_400
TOKEN: dict[str, Any] = {"kind": "token", "path": "delta", "removed": "gone", "order": "changed"}


def covered(pages: list[Page]) -> dict[str, set[int]]:
    """The ids of each kind a complete snapshot was told of."""
    found = {}
    for page in pages:
        if page.coverage is not None:
            assert page.coverage.mode == "snapshot" and page.coverage.complete
            found[page.coverage.kind] = {int(id_) for id_ in page.seen}
    return {str(kind): ids for kind, ids in found.items()}


# ---------------------------------------------------------------- whole lists


@pytest.mark.parametrize("kind", ["none", "link", "number", "offset", "keyset"])
def test_a_list_without_a_window_is_a_snapshot_each_time(tmp_path: Path, kind: str) -> None:
    with connected(tmp_path, stream(kind)) as (shelf, connection):
        shelf.put(*range(1, 8))
        first = connection.pull()
        assert covered(first) == {"account": set(range(1, 8))}
        assert all(page.present for page in first)
        assert first[-1].coverage is not None, "it stands on the last page"
        shelf.take(3)
        second = connection.pull(cursor=cursor_of(first))
        assert covered(second) == {"account": {1, 2, 4, 5, 6, 7}}


def test_kinds_are_told_of_apart_and_what_is_not_ours_is_not_there(tmp_path: Path) -> None:
    items = stream("none", kinds=[{"when": "text == 'p'", "kind": "product"}])
    items["only"] = "text != 'out'"
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, 2)
        shelf.put(3, text="p")
        shelf.put(4, text="out")
        assert covered(connection.pull()) == {"account": {1, 2}, "product": {3}}


def test_a_bad_record_is_there(tmp_path: Path) -> None:
    items = stream("none")
    items["fields"]["name"] = {"path": "text", "map": {"first": "f"}}
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1)
        shelf.put(2, text="other")
        assert covered(connection.pull()) == {"account": {1, 2}}


def test_nothing_is_gone_where_an_id_or_the_list_itself_is_missing(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none")) as (shelf, connection):
        shelf.fail(200, {"items": [{"id": 1}, {"text": "no id"}]})
        assert covered(connection.pull()) == {}
        shelf.fail(200, {"message": "under maintenance"})
        assert covered(connection.pull()) == {}
        assert covered(connection.pull()) == {"account": set()}


def test_of_a_kind_that_two_streams_read_one_is_no_snapshot(tmp_path: Path) -> None:
    with Shelf() as shelf:
        connection = Connection(shelf, tmp_path, read={"items": stream("none"), "others": stream("link")})
        shelf.put(1)
        assert covered(connection.pull()) == {}
        assert ids_of(connection.pull()) == [1]


# ---------------------------------------------------------------- addresses of changes


def tokens(**other: Any) -> dict[str, Any]:
    return {**stream("none"), "request": {"path": "/delta"}, "window": TOKEN, **other}


def test_an_address_gives_what_has_changed(tmp_path: Path) -> None:
    with connected(tmp_path, tokens()) as (shelf, connection):
        shelf.put(1, 2)
        first = connection.pull()
        assert covered(first) == {"account": {1, 2}}
        assert records_of(first)[0].order > 0
        shelf.put(3, at=5)
        shelf.put(1, at=6, gone=True)
        second = connection.pull(cursor=cursor_of(first))
        assert ids_of(second) == [3]
        assert covered(second) == {}
        assert ids_of(connection.pull(cursor=cursor_of(second))) == []


def test_a_bad_record_among_changes_is_tried_again(tmp_path: Path) -> None:
    items = tokens(one={"request": {"path": "/items/${id}"}, "record": "item"})
    items["fields"] = {"id": "id", "name": {"path": "text", "map": {"first": "f"}}}
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, text="other")
        first = connection.pull(DAY)
        assert cursor_of(first)["bad"] == ["1"]
        shelf.put(2, text="other", at=5)
        second = connection.pull(DAY + 60, cursor_of(first))
        assert cursor_of(second)["bad"] == ["1", "2"]
        for item in shelf.items:
            item.text = "first"
        assert ids_of(connection.pull(2 * DAY, cursor_of(second))) == [1, 2]


@pytest.mark.parametrize("rules", [[], [{"status": [410], "then": "missing"}]])
def test_an_address_that_ended_reads_everything_again(tmp_path: Path, rules: list[Any]) -> None:
    with connected(tmp_path, tokens(), errors=rules) as (shelf, connection):
        shelf.put(1, 2)
        cursor = {**cursor_of(connection.pull()), "token": "/delta?from=gone"}
        again = connection.pull(cursor=cursor)
        assert covered(again) == {"account": {1, 2}}
        assert cursor_of(again)["token"] == "/delta?from=2"


def test_an_address_must_be_told(tmp_path: Path) -> None:
    with connected(tmp_path, tokens()) as (shelf, connection):
        shelf.fail(200, {"items": []})
        with pytest.raises(FatalError, match=r"window\.path"):
            connection.pull()


def test_what_is_said_to_be_removed_lets_a_sweep_come_sooner(tmp_path: Path) -> None:
    sweep = {"every_hours": 1000, "request": {"path": "/none"}, "records": "items"}
    with connected(tmp_path, tokens(sweep=sweep)) as (shelf, connection):
        shelf.put(1, 2)
        first = connection.pull(DAY)
        shelf.put(1, at=6, gone=True)
        shelf.take(1)
        second = connection.pull(2 * DAY, cursor_of(first))
        assert covered(second) == {"account": {2}}
        shelf.log.append(shelf.log[-1])
        assert covered(connection.pull(2 * DAY + 60, cursor_of(second))) == {}, "not at every pull"


# ---------------------------------------------------------------- sweeps


def test_a_sweep_comes_when_it_is_due(tmp_path: Path) -> None:
    with connected(tmp_path, stream("keyset", window={}, sweep={"every_hours": 24})) as (shelf, connection):
        shelf.put(*range(1, 8))
        first = connection.pull(DAY)
        assert covered(first) == {}, "what has been read once needs none yet"
        shelf.take(3)
        second = connection.pull(DAY + 3600, cursor_of(first))
        assert covered(second) == {}
        third = connection.pull(2 * DAY, cursor_of(second))
        assert covered(third) == {"account": {1, 2, 4, 5, 6, 7}}
        assert third[-1].coverage is not None
        assert covered(connection.pull(2 * DAY + 60, cursor_of(third))) == {}


def test_a_light_sweep_has_its_own_request(tmp_path: Path) -> None:
    sweep = {
        "every_hours": 1,
        "request": {"path": "/table/ids"},
        "records": "rows",
        "id": "key",
        "only": "state == 'ours'",
    }
    with connected(tmp_path, stream("none", window={}, sweep=sweep)) as (shelf, connection):
        first = connection.pull(DAY)
        shelf.tables["ids"] = [{"key": 1, "state": "ours"}, {"key": 2, "state": "theirs"}, {"key": 3, "state": "ours"}]
        assert covered(connection.pull(2 * DAY, cursor_of(first))) == {"account": {1, 3}}


def test_a_sweep_that_fails_is_tried_again(tmp_path: Path) -> None:
    with connected(tmp_path, stream("link", window={}, sweep={"every_hours": 1})) as (shelf, connection):
        shelf.put(*range(1, 8))
        first = connection.pull(DAY)
        shelf.fail(
            400, times=1, when=lambda asked: asked.query["since"].startswith("2026-01") and "cursor=3" in asked.target
        )
        pages: list[Page] = []
        with pytest.raises(RebatedError):
            for page in connection.reading.pull("items", Window(START + timedelta(days=2)), cursor_of(first)):
                pages.append(page)
        assert covered(pages) == {}
        again = connection.pull(2 * DAY, cursor_of(pages) or cursor_of(first))
        assert covered(again) == {"account": set(range(1, 8))}


def test_nothing_is_gone_where_a_swept_record_has_no_id(tmp_path: Path) -> None:
    sweep = {"every_hours": 1, "request": {"path": "/table/ids"}, "records": "rows"}
    with connected(tmp_path, stream("none", window={}, sweep=sweep)) as (shelf, connection):
        first = connection.pull(DAY)
        shelf.tables["ids"] = [{"id": 1}, {"no": 2}]
        second = connection.pull(2 * DAY, cursor_of(first))
        assert covered(second) == {}
        shelf.tables["ids"] = [{"id": 1}]
        assert covered(connection.pull(2 * DAY + 1, cursor_of(second))) == {"account": {1}}


def test_what_changes_while_ids_are_listed_is_not_gone(tmp_path: Path) -> None:
    with connected(tmp_path, stream("keyset", window={}, sweep={"every_hours": 1})) as (shelf, connection):
        shelf.put(*range(1, 8))
        first = connection.pull(DAY)
        shelf.between = lambda: shelf.put(7, at=2 * DAY + 5)
        assert covered(connection.pull(2 * DAY, cursor_of(first))) == {"account": set(range(1, 8))}


def test_a_sweep_is_read_in_parts_too(tmp_path: Path) -> None:
    window_settings = {"most": 5, "total": "total"}
    items = stream("link", window=window_settings, sweep={"every_hours": 1})
    with connected(tmp_path, items) as (shelf, connection):
        for number in range(1, 30):
            shelf.put(number, at=number)
        first = connection.pull(DAY)
        assert covered(connection.pull(2 * DAY, cursor_of(first))) == {"account": set(range(1, 30))}


def test_streams_of_one_kind_are_swept_together(tmp_path: Path) -> None:
    one = stream("none", window={}, sweep={"every_hours": 1})
    two = {**stream("link", window={}), "sweep": {"request": {"path": "/table/two"}, "records": "rows"}}
    with Shelf() as shelf:
        connection = Connection(shelf, tmp_path, read={"items": one, "others": two})
        shelf.put(1, 2)
        shelf.tables["two"] = [{"id": 2}, {"id": 3}]
        first = connection.pull(DAY)
        assert covered(connection.pull(2 * DAY, cursor_of(first))) == {"account": {1, 2, 3}}
