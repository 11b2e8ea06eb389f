"""A log-in that gives a session, by token or cookie, and again when it ends."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.declarative.settings.request import Request
from connectors.spi import UnknownOutcome
from core.errors import FatalError, RetryableError
from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import Answer

GET = Request(path="/x")
LOGIN = {"method": "POST", "path": "/login", "body": {"user": "${user}", "password": "${password}"}}
TOKEN = {
    "kind": "session",
    "request": LOGIN,
    "user": "me",
    "password": {"env": "SECRET"},
    "token": "data.token",
    "prefix": "Token ",
    "exports": {"company": "data.company"},
    "logout": {"method": "DELETE", "path": "/login"},
}
COOKIE = {**{name: TOKEN[name] for name in ("kind", "request", "user", "password")}, "cookie": "SID"}


class Doorkeeper:
    """Gives a session for the right password, and knows the last one given only."""

    def __init__(self) -> None:
        self.given = 0
        self.ended = False

    def __call__(self, asked):
        current = f"session-{self.given}"
        if asked.path == "/login" and asked.method == "POST":
            if json.loads(asked.body) != {"user": "me", "password": "s3cret-value"}:
                return reply({"m": f"wrong password {asked.body.decode()}"}, 401)
            self.given, self.ended = self.given + 1, False
            name = f"session-{self.given}"
            cookies = f"lang=de; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, SID={name}; Path=/; HttpOnly, XSID=x"
            return reply({"data": {"token": name, "company": "ACME"}}, Set_Cookie=cookies)
        if asked.headers.get("Authorization") != f"Token {current}" and asked.headers.get("Cookie") != f"SID={current}":
            return reply({"m": f"no session {asked.headers.get('Authorization')}"}, 401)
        if asked.path == "/login":
            self.ended = True
        return reply({"path": asked.path}, 401 if self.ended and asked.path != "/login" else 200)


@pytest.fixture
def door(serve):
    keeper = Doorkeeper()
    keeper.server = serve(keeper)
    return keeper


@pytest.mark.parametrize("auth", [TOKEN, COOKIE])
def test_one_log_in_serves_many_requests(door, connect, auth):
    client = connect(door.server, auth=auth)
    for _ in range(3):
        assert client.call(GET).meaning == "fine"
    assert door.given == 1 and len(door.server.asked) == 4
    assert all(
        "Cookie" not in asked.headers or asked.headers["Cookie"] == "SID=session-1" for asked in door.server.asked
    )


@pytest.mark.parametrize("during", ["read", "write"])
@pytest.mark.parametrize("auth", [TOKEN, COOKIE])
def test_a_session_that_ended_is_begun_anew_once(door, connect, auth, during):
    client = connect(door.server, auth=auth)
    client.call(GET)
    door.ended = True
    assert client.call(GET, during=during).meaning == "fine"
    assert door.given == 2


def test_a_session_is_begun_anew_in_time(door, connect, clock):
    client = connect(door.server, auth={**TOKEN, "lifetime": 600})
    client.call(GET)
    clock.advance(530)
    client.call(GET)
    assert door.given == 1
    clock.advance(11)
    client.call(GET)
    assert door.given == 2


def test_many_threads_begin_one_session_anew(door, connect):
    client = connect(door.server, auth=TOKEN, throttle={"concurrency": 8})
    client.call(GET)
    door.given += 1  # somebody else logged in, which ended ours
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: client.call(GET).meaning, range(40)))
    assert answers == ["fine"] * 40 and door.given == 3


def test_what_the_reply_tells_can_be_named(door, connect):
    client = connect(door.server, auth=TOKEN)
    assert client.call(Request(path="/${session.company}/y")).body == {"path": "/ACME/y"}
    assert client.roots()["session"] == {"token": "session-1", "company": "ACME"}


def test_closing_logs_out_and_the_client_can_be_used_again(door, connect):
    client = connect(door.server, auth=TOKEN)
    client.close()
    assert door.server.asked == []
    client.call(GET)
    client.close()
    assert door.ended and door.server.asked[-1].method == "DELETE"
    assert client.call(GET).meaning == "fine" and door.given == 2


def test_a_log_out_that_fails_harms_nobody(door, connect):
    client = connect(door.server, auth=TOKEN)
    client.call(GET)
    door.server.close()
    client.close()


def test_a_refused_log_in_stops_without_showing_the_password(door, connect, monkeypatch):
    monkeypatch.setenv("SECRET", "wr0ng")
    client = connect(door.server, auth=TOKEN, error_message="m")
    with pytest.raises(FatalError, match="the log-in was answered 401: wrong password") as caught:
        client.call(GET)
    assert "wr0ng" not in caught.value.message and "auth.user" in caught.value.hint and len(door.server.asked) == 1


@pytest.mark.parametrize("auth", [TOKEN, COOKIE])
def test_a_log_in_that_gives_nothing_stops(serve, connect, auth):
    server = serve(lambda asked: reply({"data": {"token": None}}, Set_Cookie="XSID=1; Path=/, SIDX=2, SID=; Path=/"))
    with pytest.raises(FatalError, match=r"no token|no cookie SID"):
        connect(server, auth=auth).call(GET)


def test_rules_hold_for_the_log_in_too(serve, connect):
    server = serve(lambda asked: reply({"error": "bad user"}))
    with pytest.raises(FatalError, match="bad user"):
        connect(server, auth=TOKEN, errors=[{"path": "error", "then": "refused", "message": "error"}]).call(GET)


@pytest.mark.parametrize("answer", [reply({}, 503), Answer(200, b"<html>", {})])
def test_a_log_in_that_is_broken_for_now_can_be_tried_again_even_for_a_write(serve, connect, answer):
    client = connect(serve(lambda asked: answer), auth=TOKEN)
    with pytest.raises(RetryableError) as caught:
        client.call(Request(method="POST"), during="write")
    assert not isinstance(caught.value, UnknownOutcome)


def test_log_ins_are_not_watched(door, connect):
    client, seen = connect(door.server, auth=TOKEN), []
    with client.watched(lambda request, sent, reply: seen.append(sent)):
        client.call(GET)
        client.close()
    assert [sent.url for sent in seen] == [f"{door.server.url}/x"]


def test_a_log_in_that_needs_a_table_of_the_other_system_stops(door, connect):
    request = {**LOGIN, "headers": {"X": "${user | lookup:users}"}}
    with pytest.raises(FatalError, match="there is no table users here"):
        connect(door.server, auth={**TOKEN, "request": request}).call(GET)
