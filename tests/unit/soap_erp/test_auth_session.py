"""A session over SOAP: its id in an argument, in a SOAP header or in an HTTP header, begun anew where it ended."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.declarative.settings.request import Operation
from core.errors import FatalError
from tests.helpers.stand_ins.soap import SoapFault
from tests.unit.soap_erp.desk import WSDL, Desk

LOG_IN = {
    "kind": "session",
    "request": {"operation": "LogIn", "arguments": {"User": "${user}", "Password": "${password}"}},
    "user": "me",
    "password": {"env": "SECRET"},
    "token": "Id",
    "header": "",
    "exports": {"company": "Company"},
    "logout": {"operation": "LogOut", "arguments": {"Id": "${session.token}"}},
}
ENDED = [{"path": "fault.code", "matches": "^Client.NoSession$", "then": "refresh"}]
ARGUMENT = {"arguments": {"Id": "${session.token}"}}


@pytest.fixture(params=["argument", "header"])
def place(request):
    return request.param


@pytest.fixture
def desk(place):
    def guard(asked):
        given = asked.arguments if place == "argument" or asked.operation == "LogOut" else asked.headers.get("Session")
        if (given or {}).get("Id") not in desk.sessions:
            raise SoapFault("Client.NoSession", f"{given} is no session")

    with Desk(guard) as desk:
        yield desk
        assert desk.invalid == []


@pytest.fixture
def client(desk, connect, place):
    headers = {"soap_headers": {"Session": {"Id": "${session.token?}"}}} if place == "header" else {}
    return connect(WSDL, desk.address("desk"), auth=LOG_IN, errors=ENDED, throttle={"concurrency": 8}, **headers)


@pytest.fixture
def count(place):
    return Operation(operation="Count", **(ARGUMENT if place == "argument" else {}))


@pytest.fixture
def add(place):
    arguments = {"Text": "${session.company}"} | (ARGUMENT["arguments"] if place == "argument" else {})
    return Operation(operation="Add", arguments=arguments)


def test_one_log_in_serves_many_calls_and_a_log_out_ends_it(desk, client, count, add):
    for _ in range(3):
        assert client.call(add, during="write").meaning == "fine"
    assert client.call(count).body == {"Number": 3} and desk.added == ["ACME"] * 3 and desk.log_ins == 1
    client.close()
    assert desk.sessions == [] and client.call(count).body == {"Number": 3} and desk.log_ins == 2


@pytest.mark.parametrize("during", ["read", "write"])
def test_a_session_that_ended_is_begun_anew_once_and_the_call_made_with_the_new_one(desk, client, add, during):
    client.call(add, during=during)
    desk.sessions.clear()
    assert client.call(add, during=during).meaning == "fine"
    assert desk.log_ins == 2 and len(desk.added) == 2 and len(desk.requests) == 5


def test_a_session_that_never_holds_stops_without_showing_it(desk, client, count, caplog):
    caplog.set_level(logging.DEBUG)
    client.call(count)
    desk.guard = _never
    with pytest.raises(FatalError, match="no session") as caught:
        client.call(count)
    told = caught.value.message + caplog.text
    assert desk.log_ins == 2 and "sess" not in told.replace("no session", "") and "s3cret" not in told


def test_a_refused_log_in_stops_without_showing_the_password(desk, client, count, monkeypatch):
    monkeypatch.setenv("SECRET", "wr0ng & <value>")
    with pytest.raises(FatalError, match="the log-in was answered 500: not") as caught:
        client.call(count)
    assert "wr0ng" not in caught.value.message and desk.log_ins == 0


def test_neither_a_request_nor_a_reply_that_is_watched_shows_the_session(desk, client, count):
    seen = []
    with client.watched(lambda request, sent, reply: seen.append((sent, reply))):
        client.call(count)
        client.close()
    assert len(seen) == 1
    sent, _ = seen[0]
    assert b"sess&amp;ion&lt;1&gt;" in sent.body and "sess" not in repr(sent)
    assert "sess" not in client.without_secrets(client.wire.shown(sent.body))


def test_many_threads_begin_one_session(desk, client, count):
    client.call(count)
    desk.sessions.clear()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: client.call(count).meaning, range(24)))
    assert answers == ["fine"] * 24 and desk.log_ins == 2


def _never(asked):
    raise SoapFault("Client.NoSession", f"{asked.received.body.decode()} is no session")


def test_a_call_filled_in_as_another_thread_logs_in_is_filled_in_again(desk, client, count, add, place):
    """Else its refusal would end the session the other has just begun."""
    client.call(count)
    outgoing, waiting = client.wire.outgoing, [client]

    def slowly(request, *told, **named):
        sent = outgoing(request, *told, **named)
        if request is add and waiting:
            desk.sessions.clear()
            waiting.pop().call(count)
        return sent

    client.wire.outgoing = slowly
    assert client.call(add, during="write").meaning == "fine"
    assert desk.log_ins == 2 and len(desk.added) == 1
    assert [asked.answer.status for asked in desk.requests].count(500) == 1
