"""Writes of several requests: what one saves another uses, and what is left where a later one fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.spi import Remote, UnknownOutcome, WriteRefused
from tests.unit.crm_rest_writing.conversation import Answer, Conversation, Received, adapter

NOTE = sample_request("account_note")
JOURNAL = sample_request("journal")


def post(path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"request": {"method": "POST", "path": path, "body": body}, **more}


def written(kind: str, *create: dict[str, Any], **more: Any) -> dict[str, Any]:
    find = {"request": {"path": "/found"}}
    remote = {"fields": {"id": "id", "key": "key"}}
    given = {"idempotency": "duplicate_error", "create": list(create), "find": find, "remote": remote}
    return {kind: {**given, "lookup_lag": 0, **more}}


def by_path(answers: dict[str, Any]) -> Callable[[Received], Any]:
    return lambda asked: answers.get(f"{asked.method} {asked.raw_path.removeprefix('/api')}", Answer(404, {}))


def bodies(talk: Conversation) -> list[Any]:
    return [asked.json() for asked in talk.requests if asked.method == "POST"]


LINKED = written(
    "account_note",
    post("/notes", {"text": "${note.key}"}, save={"id": "data.id", "version": "data.version"}),
    post("/links", {"note": "${id}", "version": "${saved.version}", "to": "${note.account}"}, also_fine=[409]),
    discard={"request": {"method": "DELETE", "path": "/notes/${id}"}},
)
MADE = Answer(201, {"data": {"id": 7, "version": 3}})


def test_a_later_step_sees_what_an_earlier_one_saved() -> None:
    with Conversation(by_path({"POST /notes": MADE, "POST /links": Answer(204)})) as talk:
        assert adapter(talk, LINKED).create(NOTE) == Remote(NOTE.key, "7")
        assert bodies(talk)[1] == {"note": "7", "version": 3, "to": "C-1001"}


@pytest.mark.parametrize(
    "link", [Answer(409, {"problem": "linked already"}), Answer(400, {"code": "taken", "problem": "linked already"})]
)
def test_what_was_done_before_is_fine(link: Answer) -> None:
    with Conversation(by_path({"POST /notes": MADE, "POST /links": link})) as talk:
        assert adapter(talk, LINKED).create(NOTE).remote_id == "7"


def test_what_was_begun_is_removed_where_a_later_step_is_refused() -> None:
    answers = {"POST /notes": MADE, "POST /links": Answer(422, {"problem": "no such account"})}
    with Conversation(by_path({**answers, "DELETE /notes/7": Answer(204)})) as talk:
        with pytest.raises(WriteRefused, match="no such account") as caught:
            adapter(talk, LINKED).create(NOTE)
        assert caught.value.remote_id is None
    with Conversation(by_path({**answers, "DELETE /notes/7": Answer(422, {})})) as talk:
        with pytest.raises(WriteRefused, match="no such account") as caught:
            adapter(talk, LINKED).create(NOTE)
        assert caught.value.remote_id == "7"


@pytest.mark.parametrize("status", [403, 429, 500, 502])
def test_once_something_was_carried_out_an_error_leaves_all_unknown(status: int) -> None:
    link = Answer(status, {"problem": "not now"}, {"Retry-After": "900"})
    with Conversation(by_path({"POST /notes": MADE, "POST /links": link})) as talk:
        with pytest.raises(UnknownOutcome, match="not now"):
            adapter(talk, LINKED).create(NOTE)
        assert len(talk.requests) == 2, "nothing is removed whose outcome is unknown"


def test_a_later_request_that_cannot_be_made_removes_what_was_begun() -> None:
    write = written(
        "account_note",
        post("/notes", {}, save={"id": "id"}),
        post("/links", {"x": "text ${saved.nothing}"}),
        discard={"request": {"method": "DELETE", "path": "/notes/${id}"}},
    )
    with Conversation(by_path({"POST /notes": {"id": 7}, "DELETE /notes/7": Answer(204)})) as talk:
        with pytest.raises(WriteRefused, match=r"saved\.nothing"):
            adapter(talk, write).create(NOTE)
        assert talk.said[-1] == "DELETE /api/notes/7"


def test_a_step_for_each_line() -> None:
    write = written(
        "journal",
        post("/entries", {"key": "${journal.key}"}, save={"id": "id"}),
        post("/entries/${id}/rows", {"account": "${item.account}", "debit": "${item.debit}"}, each="journal.rows"),
    )
    with Conversation(by_path({"POST /entries": {"id": "E7"}, "POST /entries/E7/rows": Answer(204)})) as talk:
        assert adapter(talk, write).create(JOURNAL) == Remote(JOURNAL.key, "E7")
        assert [str(body["debit"]) for body in bodies(talk)[1:]] == ["15.05", "0.00"]
    write["journal"]["create"][1]["each"] = "journal.key"
    with (
        Conversation(by_path({"POST /entries": {"id": "E7"}})) as talk,
        pytest.raises(WriteRefused, match=r"create\.1\.each: journal\.key is no list"),
    ):
        adapter(talk, write).create(JOURNAL)


def test_an_id_may_stand_in_a_header() -> None:
    write = written("account_note", post("/notes", {}, save={"id": "after(headers.location, 'notes/')"}))
    made = Answer(204, None, {"Location": "https://crm.example.com/api/notes/a-7"})
    with Conversation(by_path({"POST /notes": made})) as talk:
        assert adapter(talk, write).create(NOTE).remote_id == "a-7"


def test_an_id_that_no_reply_tells_is_found_by_the_key() -> None:
    write = written("account_note", post("/notes", {}))
    with Conversation(by_path({"POST /notes": Answer(204), "GET /found": [{"id": 9, "key": NOTE.key}]})) as talk:
        assert adapter(talk, write).create(NOTE).remote_id == "9"
    with (
        Conversation(by_path({"POST /notes": Answer(204), "GET /found": []})) as talk,
        pytest.raises(UnknownOutcome, match="cannot be read back"),
    ):
        adapter(talk, write).create(NOTE)


def test_a_reply_in_which_nothing_can_be_found_leaves_it_unknown() -> None:
    write = written("account_note", post("/notes", {}, save={"id": "length(id)"}))
    with (
        Conversation(by_path({"POST /notes": {"id": 7}})) as talk,
        pytest.raises(UnknownOutcome, match="cannot be read"),
    ):
        adapter(talk, write).create(NOTE)


def test_a_step_may_read_what_the_next_must_name() -> None:
    """A version in a header, beside a body: what is changed meanwhile is not written over."""
    read = {"request": {"path": "/notes"}, "save": {"id": "id"}, "save_headers": {"version": "ETag"}}
    change = {"method": "PATCH", "path": "/notes/${id}", "headers": {"If-Match": "${saved.version}"}}
    answers = {"GET /notes": Answer(200, {"id": 7}, {"ETag": 'W/"3"'}), "PATCH /notes/7": Answer(204)}
    with Conversation(by_path(answers)) as talk:
        adapter(talk, written("account_note", read, {"request": change})).create(NOTE)
        assert talk.requests[-1].header("If-Match") == 'W/"3"'
