"""Every kind of pages, with as many records as lie on a boundary, and lists that never end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.base import Received, route
from tests.unit.crm_rest_reading.shelf import PAGES, SIZE, Connection, Shelf, connected, stream


def read(connection: Connection) -> list[int]:
    return [record["id"] for chunk in connection.chunks("items") for record in chunk.records]


@pytest.mark.parametrize("count", [0, 1, 2, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE - 1, 2 * SIZE, 2 * SIZE + 1, 10])
@pytest.mark.parametrize("kind", PAGES)
def test_every_record_comes_once(tmp_path: Path, kind: str, count: int) -> None:
    with connected(tmp_path, stream(kind)) as (shelf, connection):
        shelf.put(*range(1, count + 1))
        assert read(connection) == list(range(1, count + 1))


@pytest.mark.parametrize(("kind", "name", "first"), [("zero", "number", "0"), ("offset", "offset", "0")])
def test_a_zero_is_sent(tmp_path: Path, kind: str, name: str, first: str) -> None:
    with connected(tmp_path, stream(kind)) as (shelf, connection):
        read(connection)
        assert shelf.listed[0].query[name] == first


def test_a_first_cursor_is_not_sent_and_a_zero_is_one(tmp_path: Path) -> None:
    class Zero(Shelf):
        @route("GET", "/zero/list")
        def list_zero(self, asked: Received) -> Any:
            self.listed.append(asked)
            return {"items": [{"id": len(self.listed)}], "token": 0 if len(self.listed) == 1 else None}

    with Zero() as shelf:
        read_items = stream("cursor")
        read_items["request"] = {"path": "/zero/list", "query": {"cursor": "${page.cursor?}"}}
        assert read(Connection(shelf, tmp_path, read={"items": read_items})) == [1, 2]
        assert [asked.query.get("cursor") for asked in shelf.listed] == [None, "0"]


class Looping(Shelf):
    """Answers each request in the same way."""

    body: Callable[[Looping], Any]

    @route("GET", "/loop")
    def loop(self, asked: Received) -> Any:
        self.listed.append(asked)
        return self.body(self)


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("relative", lambda shelf: {"items": [{"id": len(shelf.listed)}], "next": "/loop?x=1"}, "circles"),
        ("cursor", lambda shelf: {"items": [{"id": len(shelf.listed)}], "token": "same"}, "circles"),
        ("cursor", lambda shelf: {"items": [{"id": 1}], "token": len(shelf.listed)}, "are the same"),
        ("number", lambda shelf: {"items": [{"id": 1}, {"id": 2}, {"id": 3}]}, "are the same"),
        ("keyset", lambda shelf: {"items": [{"id": 1}, {"id": 2}, {"id": 3}]}, "does not lie behind"),
        ("keyset", lambda shelf: {"items": [{"id": 9}, {"id": 9}, {"id": 9}]}, "cannot divide"),
        ("keyset", lambda shelf: {"items": [{"no": 9}, {"no": 9}, {"no": 9}]}, "has no `id`"),
        ("offset", lambda shelf: {"items": [{"id": 1}, {"id": 2}, {"id": 3}]}, "no notice of the offset"),
        ("more", lambda shelf: {"items": [], "more": True}, "finds no token"),
        ("relative", lambda shelf: {"items": [], "next": 7}, "no address"),
        ("cursor", lambda shelf: {"items": [], "token": {"a": 1}}, "no token"),
        ("last", lambda shelf: {"items": [], "pages": "many"}, "no count"),
        ("counted", lambda shelf: {"items": [], "total": 4}, "4 records are told of, and the pages end at 0"),
        ("counted", lambda shelf: {"items": [{"id": 1}]}, "finds no number of records"),
        ("counted", lambda shelf: {"items": [{"id": 1}], "total": -1}, "finds no number of records"),
        ("none", lambda shelf: {"items": {"id": 1}}, "no list"),
        ("cursor", lambda shelf: {"items": [{"id": len(shelf.listed)}], "token": len(shelf.listed)}, "endless"),
        ("total", lambda shelf: {"items": [], "total": 7}, "the pages end at 0"),
    ],
)
def test_what_has_no_end_is_told(tmp_path: Path, kind: str, body: Callable[[Looping], Any], says: str) -> None:
    items = stream(kind)
    items["request"]["path"] = "/loop"
    with Looping() as shelf:
        shelf.body = body
        connection = Connection(shelf, tmp_path, read={"items": items}, most_pages=12)
        with pytest.raises(FatalError, match=says):
            read(connection)
        assert len(shelf.listed) <= 16


def test_as_many_pages_as_there_may_be_are_read(tmp_path: Path) -> None:
    with connected(tmp_path, stream("link"), most_pages=3) as (shelf, connection):
        shelf.put(*range(1, 3 * SIZE + 1))
        assert len(read(connection)) == 3 * SIZE


def test_a_link_to_another_host_is_not_followed(tmp_path: Path) -> None:
    with Shelf() as other, connected(tmp_path, stream("relative")) as (shelf, connection):
        shelf.put(*range(1, 7))
        shelf.fail(200, {"items": [{"id": 1}], "next": f"{other.url}/relative?cursor=3"})
        with pytest.raises(FatalError):
            read(connection)
        assert other.requests == []


def test_a_link_that_is_absolute_and_here_is_followed_with_its_own_query(tmp_path: Path) -> None:
    with connected(tmp_path, stream("link")) as (shelf, connection):
        shelf.put(*range(1, SIZE + 2))
        read(connection)
        assert shelf.listed[1].query["cursor"] == str(SIZE)


@pytest.mark.parametrize("status", [204, 304, 404])
def test_an_empty_answer_is_an_empty_page(tmp_path: Path, status: int) -> None:
    rules = [{"status": [404], "then": "empty"}]
    with connected(tmp_path, stream("number"), errors=rules) as (shelf, connection):
        shelf.put(*range(1, 2 * SIZE + 1))
        shelf.fail(status, when=lambda asked: asked.query.get("number") == "3")
        assert read(connection) == list(range(1, 2 * SIZE + 1))
        assert len(shelf.listed) == 2


def test_a_list_that_is_missing_is_no_empty_one(tmp_path: Path) -> None:
    with connected(tmp_path, stream("number")) as (shelf, connection):
        shelf.fail(404, {"error": "nothing"})
        with pytest.raises(FatalError, match="no such list"):
            read(connection)


@pytest.mark.parametrize("then", ["skip", "duplicate", "refused"])
def test_a_list_that_is_refused_is_no_empty_one(tmp_path: Path, then: str) -> None:
    rules = [{"status": [400], "then": then, "message": "error"}]
    with connected(tmp_path, stream("number"), errors=rules) as (shelf, connection):
        shelf.fail(400, {"error": "nonsense"})
        with pytest.raises(FatalError, match="nonsense"):
            read(connection)


@pytest.mark.parametrize("kind", ["offset", "total"])
def test_offsets_go_a_page_back_where_records_were_deleted(tmp_path: Path, kind: str) -> None:
    with connected(tmp_path, stream(kind)) as (shelf, connection):
        shelf.put(*range(1, 11))
        gone = [[2], [5, 1], [], [8]]
        shelf.between = lambda: shelf.take(*(gone.pop(0) if gone else []))
        found = read(connection)
        assert {3, 4, 6, 7, 9, 10} <= set(found)
        assert len(found) == len(set(found)), "what came before a step back comes once"


def test_offsets_take_what_was_put_in_front(tmp_path: Path) -> None:
    with connected(tmp_path, stream("offset")) as (shelf, connection):
        shelf.put(*range(1, 11))
        new = [0, -1, -2]
        shelf.between = lambda: shelf.put(new.pop(0)) if new else None
        assert set(read(connection)) >= set(range(1, 11))


def test_offsets_of_a_list_that_never_rests_are_left_for_later(tmp_path: Path) -> None:
    with connected(tmp_path, stream("offset")) as (shelf, connection):
        shelf.put(*range(100, 110))
        new = iter(range(99, -1000, -1))
        shelf.between = lambda: shelf.put(next(new))
        with pytest.raises(RetryableError, match="moved each time"):
            read(connection)


def test_numbered_pages_are_read_again_where_their_number_changes(tmp_path: Path) -> None:
    with connected(tmp_path, stream("last")) as (shelf, connection):
        shelf.put(*range(1, 8))
        gone = [[], [1], [], [], []]
        shelf.between = lambda: shelf.take(*(gone.pop(0) if gone else []))
        assert set(read(connection)) >= set(range(2, 8))


@pytest.mark.parametrize("count", [0, 1, SIZE, 10])
@pytest.mark.parametrize("pages", [{"total": "total"}, {"last": "pages"}, {"stop": "empty"}])
def test_numbered_pages_go_on_where_a_server_gives_fewer_than_asked_for(
    tmp_path: Path, count: int, pages: dict[str, str]
) -> None:
    with connected(tmp_path, stream("number", pages={**pages, "size": 100})) as (shelf, connection):
        shelf.most = 2
        shelf.put(*range(1, count + 1))
        assert read(connection) == list(range(1, count + 1))


def test_numbered_pages_are_read_again_where_the_total_changes(tmp_path: Path) -> None:
    with connected(tmp_path, stream("counted")) as (shelf, connection):
        shelf.put(*range(1, 8))
        gone = [[], [1], [], [], []]
        shelf.between = lambda: shelf.take(*(gone.pop(0) if gone else []))
        assert set(read(connection)) >= set(range(2, 8))


def test_a_keyset_goes_on_behind_a_key(tmp_path: Path) -> None:
    with connected(tmp_path, stream("keyset")) as (shelf, connection):
        shelf.put(*range(1, 10))
        chunks = list(connection.chunks("items"))
        assert [chunk.after for chunk in chunks] == [3, 6, 9, None]
        assert [record["id"] for chunk in connection.chunks("items", after=6) for record in chunk.records] == [7, 8, 9]


def test_what_is_not_there_is_told_from_what_is_empty(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none")) as (shelf, connection):
        assert [chunk.told for chunk in connection.chunks("items")] == [True]
        shelf.fail(200, {"other": []})
        assert [chunk.told for chunk in connection.chunks("items")] == [False]


def test_an_answer_is_asked_for_again_where_it_may_be_right_then(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none")) as (shelf, connection):
        shelf.put(1)
        shelf.fail(503, {"error": "busy"}, {"Retry-After": "0"})
        assert read(connection) == [1]
