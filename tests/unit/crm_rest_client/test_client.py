"""What a call sends, what it gives back, and what it raises, by how one recovers."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.declarative.settings.request import Request
from connectors.spi import UnknownOutcome, WriteRefused
from core.errors import ConfigError, DataError, FatalError, RetryableError
from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import Answer, closed_port, hang_up, reset, saying, silent

GET = Request(path="/things")
POST = Request(method="POST", path="/things", body={"amount": "${amount}"})


def test_a_request_is_filled_in_and_its_reply_read_exactly(serve, connect):
    server = serve(lambda asked: reply_text(b'{"total": 10.50}', X_Left="9"))
    client = connect(
        server, base_url=f"{server.url}/v${{values.version}}/", values={"version": 2}, headers={"X-Org": "7"}
    )
    request = Request(
        method="PATCH",
        path="/accounts/${account}",
        query={"since": "${since}", "props": ["a", "b c"], "none": "${nothing?}", "on": True},
        headers={"If-Match": "${account}"},
        body={"net": "${net | number}", "day": "${day}", "left": "${nothing?}", "text": 'a "${account}"'},
    )
    answer = client.call(
        request,
        {
            "account": "A/1 ü?",
            "since": datetime(2026, 1, 2, tzinfo=UTC),
            "nothing": None,
            "net": Decimal("1.10"),
            "day": None,
        }
        | {"account": "A/1?&"},
        during="write",
    )
    assert answer.body == {"total": Decimal("10.50")} and str(answer.body["total"]) == "10.50"
    assert (answer.status, answer.meaning, answer.message, answer.headers["x-left"]) == (200, "fine", "", "9")
    (asked,) = server.asked
    assert asked.method == "PATCH"
    assert asked.path == "/v2/accounts/A%2F1%3F%26?since=2026-01-02T00:00:00%2B00:00&props=a&props=b%20c&on=true"
    assert asked.body == b'{"net":1.10,"day":null,"text":"a \\"A/1?&\\""}'
    assert (asked.headers["X-Org"], asked.headers["If-Match"]) == ("7", "A/1?&")
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == ("application/json", "application/json")


def reply_text(body: bytes, **headers: str) -> Answer:
    return Answer(200, body, {name.replace("_", "-"): value for name, value in headers.items()})


def test_a_form_is_sent_as_one(serve, connect):
    server = serve(lambda asked: reply({}))
    request = Request(
        method="POST", form={"a": "ü&=", "b": ["1", "2"], "c": "${nothing?}"}, headers={"accept": "text/x"}
    )
    connect(server).call(request, {"nothing": ""}, during="write")
    (asked,) = server.asked
    assert asked.body == b"a=%C3%BC%26%3D&b=1&b=2" and asked.path == "/"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers.get_all("Accept") == ["text/x"]


@pytest.mark.parametrize(
    ("sent", "meaning"),
    [
        (Answer(204), "empty"),
        (Answer(304), "empty"),
        (reply({"error": "no"}, 404), "missing"),
        (Answer(404, b"<html>none</html>"), "missing"),
    ],
)
def test_nothing_found_is_an_answer(serve, connect, sent, meaning):
    answer = connect(serve(lambda asked: sent)).call(GET)
    assert answer.meaning == meaning
    assert answer.body is None or meaning == "missing"


def test_what_rules_call_fine_empty_skipped_or_taken_is_an_answer(serve, connect):
    rules = [
        {"status": [404], "path": "message", "matches": "no rows", "then": "empty"},
        {"status": [410], "then": "skip"},
        {"status": [409], "during": "write", "then": "duplicate", "message": "message"},
    ]
    client = connect(server := serve(), errors=rules)
    for status, meaning in ((404, "empty"), (410, "skip"), (409, "duplicate")):
        server.answer = lambda asked, status=status: reply({"message": "no rows"}, status)
        answer = client.call(POST, {"amount": 1}, during="write")
        assert answer.meaning == meaning
        assert answer.body == (None if meaning == "empty" else {"message": "no rows"})
    assert answer.message == "no rows"


def test_a_status_that_says_it_was_done_before_is_fine(serve, connect):
    client = connect(serve(lambda asked: reply({"error": 1}, 409)))
    assert client.call(POST, {"amount": 1}, during="write", also_fine=(409,)).meaning == "fine"


@pytest.mark.parametrize("status", [400, 409, 412, 415, 422])
def test_a_refusal_is_an_answer_to_a_write_and_stops_a_read(serve, connect, status):
    client = connect(server := serve(lambda asked: reply({"m": "bad"}, status)), error_message="m")
    answer = client.call(POST, {"amount": 1}, during="write")
    assert (answer.meaning, answer.message) == ("refused", "bad")
    if status != 409:
        with pytest.raises(FatalError, match=f"answered {status}: bad"):
            client.call(GET)
    assert len(server.asked) == (2 if status != 409 else 1)


def test_errors_name_the_place_in_the_settings_and_no_data(serve, connect):
    server = serve(lambda asked: reply({"who": "Jane"}, 403))
    stream = {
        "kind": "counterpart",
        "request": {"path": "/people/${values.who}", "query": {"q": "Jane"}},
        "fields": {"id": "id"},
    }
    client = connect(server, read={"people": stream}, values={"who": "Jane"})
    with pytest.raises(FatalError) as caught:
        client.call(client.settings.read["people"].request)
    assert caught.value.message == "crm: read.people.request (GET) was answered 403"
    assert "rights" in caught.value.hint


def test_a_read_is_tried_three_times_and_a_write_once(serve, connect, clock):
    server = serve(lambda asked: reply({}, 500))
    client = connect(server)
    with pytest.raises(RetryableError, match="answered 500") as caught:
        client.call(GET)
    assert not isinstance(caught.value, UnknownOutcome)
    assert len(server.asked) == 3 and len(clock.slept) == 2 and sum(clock.slept) < 10
    with pytest.raises(UnknownOutcome, match="answered 500"):
        client.call(POST, {"amount": 1}, during="write")
    assert len(server.asked) == 4


def test_a_read_that_works_at_last_is_an_answer(serve, connect):
    answers = [reply({}, 502), hang_up, reply({"a": 1})]
    server = serve(lambda asked: answers.pop(0))
    assert connect(server).call(GET).body == {"a": 1}


@pytest.mark.parametrize(
    "breaks", [hang_up, reset, saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), "silent"]
)
def test_a_lost_reply_leaves_the_outcome_of_a_write_unknown(serve, connect, breaks):
    server = serve()
    server.answer = lambda asked: silent(server) if breaks == "silent" else breaks
    client = connect(server, http={"read_timeout": 0.3})
    with pytest.raises(UnknownOutcome, match="was sent"):
        client.call(POST, {"amount": 1}, during="write")
    assert len(server.asked) == 1
    with pytest.raises(RetryableError) as caught:
        client.call(GET)
    assert not isinstance(caught.value, UnknownOutcome) and len(server.asked) == 4


def test_what_was_not_sent_can_be_tried_again(connect):
    client = connect(base_url=f"http://127.0.0.1:{closed_port()}")
    for during in ("read", "write"):
        with pytest.raises(RetryableError, match="no connection") as caught:
            client.call(POST, {"amount": 1}, during=during)
        assert not isinstance(caught.value, UnknownOutcome)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<html>Please log in</html>", "text/html"), (b"{", "application/json"), (b"[" * 100, ""), (b"[1e999999]", "")],
)
def test_a_fine_status_with_what_is_no_json_is_no_success(serve, connect, body, kind):
    client = connect(server := serve(lambda asked: Answer(200, body, {"Content-Type": kind})))
    with pytest.raises(RetryableError, match="cannot be read") as caught:
        client.call(GET)
    assert "log in" not in caught.value.message and len(server.asked) == 3
    with pytest.raises(UnknownOutcome, match="cannot be read"):
        client.call(POST, {"amount": 1}, during="write")


def test_a_reply_that_is_too_large_is_not_asked_for_again(serve, connect):
    client = connect(server := serve(lambda asked: Answer(200, b" " * (2 << 20))), http={"max_reply_megabytes": 1})
    with pytest.raises(RetryableError, match="larger than"):
        client.call(GET)
    assert len(server.asked) == 1
    with pytest.raises(UnknownOutcome):
        client.call(POST, {"amount": 1}, during="write")


def test_a_conflict_was_not_carried_out(serve, connect):
    client = connect(server := serve(lambda asked: reply({}, 409)), errors=[{"status": [409], "then": "conflict"}])
    with pytest.raises(RetryableError) as caught:
        client.call(POST, {"amount": 1}, during="write")
    assert not isinstance(caught.value, UnknownOutcome) and len(server.asked) == 1
    with pytest.raises(RetryableError):
        client.call(GET)
    assert len(server.asked) == 4


def test_a_template_that_cannot_be_filled_in_refuses_the_write_and_stops_the_read(serve, connect):
    steps = [{"request": {"method": "POST", "path": "/x", "body": {"a": "${tier.level | decimal:2}"}}}]
    client = connect(
        server := serve(),
        write={"tier": {"idempotency": "repeat", "create": steps}},
    )
    request = client.settings.write["tier"].create[0].request
    with pytest.raises(WriteRefused, match=r"write\.tier\.create\.0\.request \(POST\): tier\.level"):
        client.call(request, {"tier": {"level": "gold"}}, during="write")
    with pytest.raises(FatalError, match=r"write\.tier\.create"):
        client.call(request, {"tier": {"level": "gold"}})
    assert server.asked == []


def test_a_header_cannot_be_split_by_data(serve, connect):
    client = connect(server := serve())
    for value in ("a\r\nX-Evil: 1", "é", ""):
        with pytest.raises(WriteRefused, match="header X-Id"):
            client.call(Request(path="/", headers={"X-Id": "${id}"}), {"id": value}, during="write")
    assert server.asked == []


@pytest.mark.parametrize("value", ["..", "."])
def test_data_cannot_climb_out_of_a_path(serve, connect, value):
    client = connect(server := serve())
    with pytest.raises(WriteRefused, match="dots"):
        client.call(Request(path="/a/${id}/b"), {"id": value}, during="write")
    assert server.asked == []


@pytest.mark.parametrize(
    "request_", [{"path": "/a/${id}"}, {"query": {"q": "${id}"}}, {"method": "POST", "form": {"q": "${id}"}}]
)
def test_half_a_letter_refuses_the_write_and_stops_the_read(serve, connect, request_):
    client = connect(server := serve())
    with pytest.raises(WriteRefused, match="no letter"):
        client.call(Request.model_validate(request_), {"id": "A\udc80"}, during="write")
    with pytest.raises(FatalError, match="no letter"):
        client.call(Request.model_validate(request_), {"id": "A\udc80"})
    assert server.asked == []


def test_tables_of_the_adapter_are_used(serve, connect):
    client = connect(server := serve(lambda asked: reply({})))

    class Tables:
        def map(self, name, key):
            if key not in ("gold",):
                raise DataError("unknown_key", f"maps.{name} has no {key}")
            return 3

        lookup = map

    client.tables = Tables()
    request = Request(method="POST", body={"level": "${tier | map:levels}"})
    client.call(request, {"tier": "gold"}, during="write")
    assert json.loads(server.asked[0].body) == {"level": 3}
    with pytest.raises(WriteRefused, match=r"maps\.levels has no lead"):
        client.call(request, {"tier": "lead"}, during="write")


def test_the_servers_clock_is_known(serve, connect):
    client = connect(serve(lambda asked: reply({})))
    assert client.server_date is None
    client.call(GET)
    assert client.server_date is not None and client.server_date.tzinfo is UTC


def test_files_of_the_connection_are_checked_at_once(connect):
    with pytest.raises(ConfigError, match="client_certificate"):
        connect(base_url="https://crm.example.com", http={"client_certificate": "none.pem"})


def test_many_threads_share_a_client(serve, connect):
    client = connect(server := serve(lambda asked: reply({"path": asked.path})), throttle={"concurrency": 8})

    def ask(number: int) -> bool:
        return client.call(Request(path="/${n}"), {"n": number}).body == {"path": f"/{number}"}

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(200)))
    assert len(server.asked) == 200


def test_watchers_see_requests_without_credentials(serve, connect):
    auth = {"kind": "api_key", "key": {"env": "SECRET"}, "place": "query", "name": "key"}
    client = connect(server := serve(lambda asked: reply({})), auth=auth)
    seen = []
    with client.watched(
        lambda request, sent, reply: seen.append((sent.method, sent.url, dict(sent.headers), reply.status))
    ):
        client.call(GET)
    client.call(GET)
    assert seen == [("GET", f"{server.url}/things", {"Accept": "application/json"}, 200)]
    assert server.asked[0].path == "/things?key=s3cret-value"


def test_nothing_private_is_in_any_log(serve, connect, caplog):
    caplog.set_level(logging.DEBUG)
    auth = {"kind": "api_key", "key": {"env": "SECRET"}, "place": "query", "name": "key"}
    client = connect(serve(lambda asked: reply({"n": "Jane"}, 500)), auth=auth, error_message="n")
    with pytest.raises(RetryableError):
        client.call(Request(path="/people/${who}", query={"vat": "${who}"}), {"who": "DE123"})
    told = caplog.text + repr([vars(record) for record in caplog.records])
    assert "s3cret" not in told and "DE123" not in told and "Jane" not in told


def test_what_is_held_does_not_show_itself(serve, connect):
    client = connect(serve(lambda asked: reply({"n": "Jane"}, 200, X_Name="Jane")))
    shown = repr(client.call(GET)) + repr(client.outgoing(Request(path="/${who}"), {"who": "Jane"}))
    assert "Jane" not in shown
