"""Tables are read once, and again where they may have changed meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.client import Client
from connectors.declarative.clock import SystemClock
from connectors.declarative.listing import Listing
from connectors.declarative.lookups import Lookups
from core.errors import DataError
from tests.unit.crm_rest_reading.shelf import Shelf


class Later(SystemClock):
    """A clock that is put forward."""

    seconds = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.seconds


def tables(shelf: Shelf, base: Path, clock: Later, **lookup: Any) -> Lookups:
    given = {"request": {"path": "/table/t"}, "records": "rows", "key": "on", "value": "code", **lookup}
    settings = RestSettings.model_validate(
        {"base_url": shelf.url, "lookups": {"t": given}, "maps": {"m": {"a": "A"}, "all": {"a": "A", "*": "other"}}}
    )
    client = Client("shelf", settings, base=base, clock=clock)
    client.tables = found = Lookups(client, Listing(client))
    return found


def test_a_key_that_is_new_there_is_found_after_a_while(tmp_path: Path) -> None:
    with Shelf() as shelf:
        clock = Later()
        found = tables(shelf, tmp_path, clock)
        shelf.tables["t"] = [{"on": "a", "code": 1}]
        assert found.lookup("t", "a") == 1
        shelf.tables["t"] = [{"on": "a", "code": 2}, {"on": "b", "code": 3}]
        with pytest.raises(DataError, match="has nothing under 'b'"):
            found.lookup("t", "b")
        assert found.lookup("t", "a") == 1
        assert len(shelf.requests) == 1
        clock.seconds = 60
        assert found.lookup("t", "b") == 3
        assert found.lookup("t", "a") == 2
        assert len(shelf.requests) == 2


def test_a_table_is_not_used_for_ever(tmp_path: Path) -> None:
    with Shelf() as shelf:
        clock = Later()
        found = tables(shelf, tmp_path, clock)
        shelf.tables["t"] = [{"on": "a", "code": 1}]
        assert found.lookup("t", "a") == 1
        shelf.tables["t"] = [{"on": "a", "code": 2}]
        clock.seconds = 700
        assert found.lookup("t", "a") == 2
        shelf.tables["t"] = [{"on": "a", "code": 3}]
        found.refresh()
        assert found.lookup("t", "a") == 3


def test_keys_that_are_not_there_are_asked_for_once(tmp_path: Path) -> None:
    with Shelf() as shelf:
        by_keys = {"path": "/table/t", "query": {"keys": "${keys | join}"}}
        found = tables(shelf, tmp_path, Later(), request=by_keys)
        shelf.tables["t"] = [{"on": "a", "code": 1}]
        found.prepare("t", ["a", "b", "a", ""])
        assert found.lookup("t", "a") == 1
        for _ in range(2):
            with pytest.raises(DataError):
                found.lookup("t", "b")
        assert [asked.query["keys"] for asked in shelf.requests] == ["a,b"]


def test_rows_without_key_or_value_are_left_out(tmp_path: Path) -> None:
    with Shelf() as shelf:
        found = tables(shelf, tmp_path, Later())
        shelf.tables["t"] = [{"code": 1}, {"on": "", "code": 2}, {"on": "c"}, {"on": 4, "code": {"x": 1}}]
        assert found.lookup("t", "4") == {"x": 1}
        for key in ("", "c"):
            with pytest.raises(DataError):
                found.lookup("t", key)


def test_maps(tmp_path: Path) -> None:
    with Shelf() as shelf:
        found = tables(shelf, tmp_path, Later())
        assert found.map("m", "a") == "A"
        assert found.map("all", "x") == "other"
        with pytest.raises(DataError, match=r"\[maps\.m\]"):
            found.map("m", "x")
        with pytest.raises(DataError, match="there is no"):
            found.map("none", "a")
        with pytest.raises(DataError, match="there is no"):
            found.lookup("none", "a")
        assert shelf.requests == []
