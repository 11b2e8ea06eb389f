"""How one key stays one: each strategy against what the other system answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.spi import AlreadyExists, NeedsPerson, Remote, UnknownOutcome, WriteRefused
from core.errors import FatalError, RetryableError
from tests.unit.crm_rest_writing.conversation import Answer, Conversation, Received, StillClock, adapter, writing

NOTE = sample_request("account_note")
OTHER = sample_request("account_note", 2)
CREATE = {"save": {"id": "id"}, "request": {"method": "POST", "path": "/notes", "body": {"text": "${note.key}"}}}
STATE = {"request": {"method": "PATCH", "path": "/accounts/${tier.account}", "body": {"tier": "${tier.tier}"}}}
FIND = {"records": "notes", "request": {"path": "/notes", "query": {"text": "${key}", "account": "${account?}"}}}
REMOTE = {"fields": {"id": "id", "key": "text"}}


def note(idempotency: str, **more: Any) -> dict[str, Any]:
    write = {"idempotency": idempotency, "create": CREATE, "find": FIND, "remote": REMOTE, "lookup_lag": 0}
    return {"account_note": {**write, **more}}


def held(*texts: str) -> dict[str, Any]:
    return {"notes": [{"id": number, "text": text} for number, text in enumerate(texts, 7)]}


def answers(create: Any, *found: Any) -> Callable[[Received], Any]:
    """POST is answered with `create`; each GET with the next of `found`, the last of them ever after."""
    left = list(found)

    def answer(asked: Received) -> Any:
        if asked.method == "POST":
            return create
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


CREATED = Answer(201, {"id": 7})
TAKEN = Answer(409, {"problem": "it is there", "code": "taken"})


@pytest.mark.parametrize("idempotency", ["conditional", "duplicate_error", "upsert"])
def test_what_the_other_system_keeps_apart_is_not_looked_for_first(idempotency: str) -> None:
    with Conversation(answers(CREATED, held())) as talk:
        assert adapter(talk, note(idempotency, created="status == `201`")).create(NOTE) == Remote(NOTE.key, "7")
        assert talk.said == ["POST /api/notes"]


@pytest.mark.parametrize("idempotency", ["search", "marker"])
def test_what_it_does_not_keep_apart_is(idempotency: str) -> None:
    with Conversation(answers(CREATED, held(OTHER.key), held(f"about {NOTE.key}"))) as talk:
        connection = adapter(talk, note(idempotency))
        assert connection.create(NOTE).remote_id == "7"
        with pytest.raises(AlreadyExists):
            connection.create(NOTE)
        assert [line.partition(" ")[0] for line in talk.said] == ["GET", "POST", "GET"]


def test_a_taken_key_is_looked_up() -> None:
    with Conversation(answers(TAKEN, held(NOTE.key))) as talk:
        with pytest.raises(AlreadyExists):
            adapter(talk, note("duplicate_error")).create(NOTE)
        assert talk.said[-1] == f"GET /api/notes?text={NOTE.key}&account=C-1001"


def test_a_taken_key_under_which_nothing_is_found_is_for_a_person() -> None:
    with Conversation(answers(TAKEN, held(OTHER.key))) as talk, pytest.raises(NeedsPerson, match=NOTE.key):
        adapter(talk, note("duplicate_error")).create(NOTE)


def test_what_is_shown_late_is_waited_for() -> None:
    clock = StillClock()
    with Conversation(answers(TAKEN, held(), held(), held(), held(NOTE.key))) as talk:
        with pytest.raises(AlreadyExists):
            writing(talk, note("duplicate_error", lookup_lag=10), clock).create(NOTE)
        assert 0 < clock.seconds <= 10


def test_what_is_never_shown_is_waited_for_as_long_as_it_may_take() -> None:
    clock = StillClock()
    with Conversation(answers(TAKEN, held())) as talk:
        with pytest.raises(NeedsPerson):
            writing(talk, note("duplicate_error", lookup_lag=10), clock).create(NOTE)
        assert clock.seconds == 10


def test_a_failed_condition_means_that_it_is_there() -> None:
    refused = Answer(412, {"problem": "precondition failed"})
    with Conversation(answers(refused, held(NOTE.key))) as talk:
        with pytest.raises(AlreadyExists):
            adapter(talk, note("conditional")).create(NOTE)
        with pytest.raises(WriteRefused, match="precondition failed"):
            adapter(talk, note("duplicate_error")).create(NOTE)


def test_an_upsert_tells_new_from_old() -> None:
    with Conversation(answers(Answer(200, {"id": 7, "new": False}), held())) as talk:
        with pytest.raises(AlreadyExists):
            adapter(talk, note("upsert", created="status == `201`")).create(NOTE)
        with pytest.raises(AlreadyExists):
            adapter(talk, note("upsert", created="body.new")).create(NOTE)
        assert talk.said == ["POST /api/notes"] * 2


def test_an_upsert_that_cannot_tell_looks_first() -> None:
    with Conversation(answers(CREATED, held(NOTE.key), held())) as talk:
        connection = adapter(talk, note("upsert"))
        with pytest.raises(AlreadyExists):
            connection.create(NOTE)
        assert connection.create(NOTE).remote_id == "7"


def test_a_state_is_written_as_often_as_one_likes() -> None:
    request = sample_request("tier")
    with Conversation(lambda asked: Answer(204)) as talk:
        connection = adapter(talk, {"tier": {"idempotency": "repeat", "create": STATE}})
        assert (
            connection.create(request) == connection.create(request) == Remote(request.key, "C-1001", account="C-1001")
        )
        assert connection.look_up("tier", request.key, "C-1001") == ()
        assert connection.read_back("tier", "C-1001") is None
        assert talk.said == ["PATCH /api/accounts/C-1001"] * 2


def test_only_the_very_key_counts() -> None:
    texts = (f"{NOTE.key}X", f"x{NOTE.key}", OTHER.key, f"{OTHER.key} {NOTE.key}", f"<p>[{NOTE.key}]</p>", "")
    with Conversation(answers(CREATED, held(*texts))) as talk:
        found = adapter(talk, note("marker")).look_up("account_note", NOTE.key)
        assert [(remote.remote_id, remote.key) for remote in found] == [("10", NOTE.key), ("11", NOTE.key)]
        assert talk.said == [f"GET /api/notes?text={NOTE.key}"]


def test_where_nothing_is_found_there_is_nothing() -> None:
    with Conversation(lambda asked: Answer(404, {"problem": "no such note"})) as talk:
        assert adapter(talk, note("marker")).look_up("account_note", NOTE.key) == ()


def test_listed_records_that_are_not_whole_are_read_one_by_one() -> None:
    def answer(asked: Received) -> Any:
        if asked.raw_path == "/api/notes":
            return {"notes": [{"id": 1}, {"id": 2}, {"id": 3, "hidden": True}, {"id": 4}]}
        number = int(asked.raw_path.rpartition("/")[2])
        return Answer(404, {}) if number == 4 else {"note": {"id": number, "text": NOTE.key if number == 2 else "x"}}

    one = {"record": "note", "request": {"path": "/notes/${id}"}}
    with Conversation(answer) as talk:
        write = note("marker", find={**FIND, "whole": False, "only": "!hidden"}, one=one)
        assert [found.remote_id for found in adapter(talk, write).look_up("account_note", NOTE.key)] == ["2"]
        assert len(talk.requests) == 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(500, {"problem": "boom"}), UnknownOutcome),
        (Answer(200, b"<html>fine</html>", content_type="text/html"), UnknownOutcome),
        (Answer(429, {"problem": "slowly"}, {"Retry-After": "900"}), RetryableError),
        (Answer(403, {"problem": "not you"}), FatalError),
        (Answer(422, {"problem": "the text is too long"}), WriteRefused),
        (Answer(404, {"problem": "no such account"}), WriteRefused),
    ],
)
def test_errors_say_what_is_known(answer: Answer, error: type[Exception]) -> None:
    with Conversation(answers(answer, held())) as talk:
        with pytest.raises(error) as caught:
            adapter(talk, note("duplicate_error")).create(NOTE)
        assert type(caught.value) is error or error is RetryableError
        assert not (error is RetryableError and isinstance(caught.value, UnknownOutcome))
        assert len(talk.requests) == 1


def test_a_refusal_without_words_is_told_with_its_status() -> None:
    with Conversation(answers(Answer(422, {}), held())) as talk, pytest.raises(WriteRefused, match="422"):
        adapter(talk, note("duplicate_error")).create(NOTE)


def test_a_request_that_cannot_be_made_names_the_setting() -> None:
    create = {**CREATE, "request": {**CREATE["request"], "body": {"x": "${note.event | map:events}"}}}
    with Conversation(answers(CREATED, held())) as talk:
        connection = adapter(talk, note("duplicate_error", create=create), maps={"events": {"other": "x"}})
        with pytest.raises(WriteRefused, match=r"write\.account_note\.create.*maps\.events.*tier_reached"):
            connection.create(NOTE)
        assert talk.requests == []


def test_ids_that_no_document_can_have_are_not_asked_for() -> None:
    one = {"request": {"method": "POST", "path": "/search", "body": {"id": "${id | integer}"}}}
    with Conversation(lambda asked: {"id": 7, "text": NOTE.key}) as talk:
        connection = adapter(talk, note("marker", one=one))
        assert connection.read_back("account_note", "../../etc/passwd") is None
        assert connection.read_back("account_note", "") is None
        assert talk.requests == []
        assert connection.read_back("account_note", "7") == Remote(NOTE.key, "7")


def test_an_id_stays_one_step_of_a_path() -> None:
    one = {"request": {"path": "/notes/${id}"}}
    with Conversation(lambda asked: Answer(404, {})) as talk:
        assert adapter(talk, note("marker", one=one)).read_back("account_note", "../../etc/passwd") is None
        assert talk.said == ["GET /api/notes/..%2F..%2Fetc%2Fpasswd"]


def test_what_is_not_written_is_our_error() -> None:
    with Conversation(lambda asked: {}) as talk:
        connection = adapter(talk, note("marker"))
        with pytest.raises(FatalError, match="does not write a journal"):
            connection.create(sample_request("journal"))
        with pytest.raises(WriteRefused, match="no drafts"):
            connection.post("account_note", "7")
        with pytest.raises(WriteRefused, match="cannot be removed") as caught:
            connection.discard("account_note", "7")
        assert caught.value.remote_id == "7"
        assert talk.requests == []


def test_a_state_that_is_refused_as_double_is_a_refusal() -> None:
    request = sample_request("tier")
    with Conversation(lambda asked: TAKEN) as talk, pytest.raises(WriteRefused, match="it is there"):
        adapter(talk, {"tier": {"idempotency": "repeat", "create": STATE}}).create(request)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"find": {**FIND, "only": "abs(text)"}}, r"write\.account_note\.find"),
        ({"find": {**FIND, "records": "notes[0]"}}, "no list"),
        ({"one": {"record": "abs(text)", "request": {"path": "/notes/${id}"}}}, r"write\.account_note\.one\.record"),
    ],
)
def test_a_reply_that_is_not_as_the_settings_say_names_them(over: dict[str, Any], said: str) -> None:
    with Conversation(lambda asked: held(NOTE.key) if "?" in asked.target else {"text": "x"}) as talk:
        connection = adapter(talk, note("marker", **over))
        with pytest.raises(FatalError, match=said):
            connection.look_up("account_note", NOTE.key)
            connection.read_back("account_note", "7")
