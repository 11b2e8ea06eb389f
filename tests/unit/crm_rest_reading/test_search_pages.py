"""Pages of a search that is kept over there and runs again for each of them: what moves between pages is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.base import Received, route
from tests.unit.crm_rest_reading.shelf import Connection, Shelf

SIZE = 3
PAGES: dict[str, Any] = {
    "kind": "search",
    "id": "search",
    "last": "pages",
    "total": "total",
    "size": SIZE,
    "next": {"path": "/more", "query": {"search": "${page.search}", "page": "${page.number}"}},
}


class Searched(Shelf):
    """Keeps ids; `leaving` go away before the second page is asked for, one set for each reading of the list."""

    def __init__(self, count: int, leaving: list[set[int]]) -> None:
        super().__init__()
        self.kept, self.leaving = list(range(1, count + 1)), leaving
        self.asked: list[str] = []
        self.tells = True

    @route("GET", "/search")
    def search(self, asked: Received) -> Any:
        self.asked.append("search")
        return self.page(1)

    @route("GET", "/more")
    def more(self, asked: Received) -> Any:
        assert asked.query["search"] == "S-1"
        self.asked.append(asked.query["page"])
        if asked.query["page"] == "2" and self.leaving:
            gone = self.leaving.pop(0)
            self.kept = [each for each in self.kept if each not in gone]
        return self.page(int(asked.query["page"]))

    def page(self, number: int) -> Any:
        shown = [{"id": each} for each in self.kept[(number - 1) * SIZE : number * SIZE]]
        told = {"total": len(self.kept)} if self.tells or number == 1 else {}
        return {"items": shown, "search": "S-1", "pages": -(-len(self.kept) // SIZE), **told}


def read(folder: Path, shelf: Searched, **pages: Any) -> list[int]:
    items = {
        "kind": "invoice",
        "request": {"path": "/search"},
        "records": "items",
        "pages": {**PAGES, **pages},
        "fields": {"id": "id"},
    }
    connection = Connection(shelf, folder, read={"items": items})
    return [record["id"] for chunk in connection.chunks("items") for record in chunk.records]


@pytest.mark.parametrize("count", [0, 1, SIZE, SIZE + 1, 2 * SIZE, 2 * SIZE + 1])
def test_every_record_comes_once(tmp_path: Path, count: int) -> None:
    with Searched(count, []) as shelf:
        assert read(tmp_path, shelf) == list(range(1, count + 1))


def test_what_slips_over_a_boundary_is_met_by_reading_again(tmp_path: Path) -> None:
    with Searched(5, [{1}]) as shelf:  # as many pages as before, and the fourth now stands on the first
        assert set(read(tmp_path, shelf)) == {1, 2, 3, 4, 5}
        assert shelf.asked == ["search", "2", "search", "2"]


def test_without_a_total_only_the_number_of_pages_is_seen(tmp_path: Path) -> None:
    with Searched(5, [{1}]) as shelf:
        assert read(tmp_path, shelf, total="") == [1, 2, 3, 5]
    with Searched(4, [{1}]) as shelf:
        assert set(read(tmp_path, shelf, total="")) == {1, 2, 3, 4}


def test_a_page_that_tells_no_total_is_none_of_the_search(tmp_path: Path) -> None:
    with Searched(5, []) as shelf:
        shelf.tells = False
        with pytest.raises(RetryableError, match="changed each time"):
            read(tmp_path, shelf)


def test_what_never_rests_is_left_for_later(tmp_path: Path) -> None:
    with Searched(9, [{1}, {2}, {3}]) as shelf, pytest.raises(RetryableError, match="changed each time"):
        read(tmp_path, shelf)


def test_a_search_without_an_id_is_told(tmp_path: Path) -> None:
    with Searched(5, []) as shelf, pytest.raises(FatalError, match="finds no id of the search"):
        read(tmp_path, shelf, id="nothing")
