"""What all stand-ins rest on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.base import Answer, Malformed, Received, Refused, StandIn, bracketed, route, same
from tests.helpers.stand_ins.clock import cut
from tests.helpers.stand_ins.table import Table


class Shop(StandIn):
    precision = timedelta(seconds=1)

    def __init__(self) -> None:
        super().__init__()
        self.things = Table(self.stamp)

    def authenticate(self, asked: Received) -> None:
        if not same(asked.bearer(), "secret"):
            raise Refused(401, {"message": "who are you?"})

    @route("GET", "/health", open=True)
    def health(self, asked: Received) -> Any:
        return {"ok": True}

    @route("GET", "/things/{id}")
    def thing(self, asked: Received, id: str) -> Any:
        row = self.things.get(id)
        if row is None:
            raise Refused(404, {"message": f"no {id}"})
        return row.values

    @route("GET", "/things/search")
    @route("GET", "/find({name})")
    def search(self, asked: Received, name: str = "") -> Any:
        return {"query": asked.query, "name": name}

    @route("POST", "/things")
    def make(self, asked: Received) -> Any:
        return Answer(201, {"id": self.things.add(asked.json()).id}, {"X-Made": "yes"})

    @route("DELETE", "/things/{id}")
    def remove(self, asked: Received, id: str) -> None:
        row = self.things.get(id)
        assert row is not None
        self.things.delete(row)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = "Bearer secret"
        yield session


def test_records_are_made_read_and_removed(shop: Shop, client: requests.Session) -> None:
    made = client.post(f"{shop.url}/things", json={"price": 12.5, "name": "Säge"})
    assert (made.status_code, made.json(), made.headers["X-Made"]) == (201, {"id": "1"}, "yes")
    row = shop.things.get("1")
    assert row is not None and row.values == {"price": Decimal("12.5"), "name": "Säge"}
    assert client.get(f"{shop.url}/things/1").text == '{"price":12.5,"name":"Säge"}'
    assert client.delete(f"{shop.url}/things/1").status_code == 204
    assert client.get(f"{shop.url}/things/1").json() == {"message": "no 1"}
    assert [row.deleted for row in shop.things.every] == [True]
    assert [asked.answer.status for asked in shop.requests if asked.answer] == [201, 200, 204, 404]


def test_plain_paths_come_before_those_with_names(shop: Shop, client: requests.Session) -> None:
    assert client.get(f"{shop.url}/things/search?a=1&b=x%20y").json()["query"] == {"a": "1", "b": "x y"}
    assert client.get(f"{shop.url}/find('it%2Fem')").json()["name"] == "'it/em'"


def test_strangers_are_refused_but_where_it_is_open(shop: Shop) -> None:
    assert requests.get(f"{shop.url}/health", timeout=5).json() == {"ok": True}
    assert requests.get(f"{shop.url}/things/1", timeout=5).status_code == 401
    assert requests.get(f"{shop.url}/elsewhere", timeout=5).status_code == 404


def test_what_cannot_be_read_is_refused(shop: Shop, client: requests.Session) -> None:
    assert client.patch(f"{shop.url}/things/1", json={}).status_code == 405
    assert client.post(f"{shop.url}/things", data={"a": "b"}).status_code == 400
    headers = {"Content-Type": "application/json"}
    for body in (b"{", b'{"a": NaN}'):
        assert client.post(f"{shop.url}/things", data=body, headers=headers).status_code == 400
    assert len(shop.things) == 0


def test_failures_come_as_often_as_asked_for(shop: Shop, client: requests.Session) -> None:
    shop.fail(503, {"message": "later"}, {"Retry-After": "1"}, when=lambda asked: asked.method == "POST")
    shop.fail(500, b"lost", times=2, when=lambda asked: asked.method == "POST", after=True)
    assert client.get(f"{shop.url}/things/search").status_code == 200
    refused = client.post(f"{shop.url}/things", json={})
    assert (refused.status_code, refused.headers["Retry-After"], len(shop.things)) == (503, "1", 0)
    assert [client.post(f"{shop.url}/things", json={}).status_code for _ in range(3)] == [500, 500, 201]
    assert len(shop.things) == 3


def test_stamps_are_cut_and_a_boundary_keeps_them_apart(shop: Shop) -> None:
    before = shop.things.add({}).changed
    boundary = shop.boundary()
    after = shop.things.add({}).changed
    assert before < boundary < after
    assert before.microsecond == after.microsecond == 0
    moments = [shop.clock.now() for _ in range(1000)]
    assert moments == sorted(set(moments))
    assert cut(moments[0], timedelta(milliseconds=1)).microsecond == moments[0].microsecond // 1000 * 1000


def test_brackets_are_read() -> None:
    pairs = [("where[0][type]", "after"), ("where[0][value]", "x"), ("ids[]", "1"), ("ids[]", "2"), ("plain", "y")]
    assert bracketed(pairs) == {"where": {"0": {"type": "after", "value": "x"}}, "ids": ["1", "2"], "plain": "y"}
    with pytest.raises(Malformed, match="plain"):
        bracketed([("plain", "y"), ("plain[a]", "z")])
