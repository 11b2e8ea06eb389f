"""Several with one request: whose result is whose, and what is known where something is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.conformance import sample_request
from connectors.declarative.settings.writing import Batch
from connectors.spi import AlreadyExists, NeedsPerson, NoteRequest, Remote, UnknownOutcome, WriteRefused
from core.errors import FatalError, RebatedError, RetryableError
from tests.unit.crm_rest_writing.conversation import Answer, Conversation, Received, Refused, adapter

BATCH = {
    "most": 3,
    "request": {
        "method": "POST",
        "path": "/batch",
        "body": {"items": {"$each": "items", "$item": {"id": "${item.tier.account}", "tier": "${item.tier.tier}"}}},
    },
    "results": "done",
    "by": "id",
    "key": "${item.tier.account}",
    "error": "why",
}
CREATE = {"request": {"method": "PATCH", "path": "/accounts/${tier.account}", "body": {"tier": "${tier.tier}"}}}


def tiers(*accounts: str) -> list[Any]:
    return [replace(sample_request("tier", number, account)) for number, account in enumerate(accounts, 1)]


def written(create: bool = False, **over: Any) -> dict[str, Any]:
    write: dict[str, Any] = {"idempotency": "repeat", "batch": {**BATCH, **over}}
    return {"tier": write | ({"create": CREATE} if create else {})}


def told(results: Sequence[Remote | RebatedError]) -> list[str]:
    return [
        result.remote_id if isinstance(result, Remote) else f"{type(result).__name__}: {result.message}"
        for result in results
    ]


def sent(talk: Conversation) -> list[list[str]]:
    return [[item["id"] for item in asked.json()["items"]] for asked in talk.requests if asked.method == "POST"]


def replying(reply: Callable[[list[str]], Any]) -> Callable[[Received], Any]:
    return lambda asked: reply([item["id"] for item in asked.json()["items"]])


def test_results_are_told_apart_by_their_names() -> None:
    with Conversation(replying(lambda ids: {"done": [{"id": name} for name in reversed(ids)]})) as talk:
        connection = adapter(talk, written(id="id"))
        assert connection.capabilities.batches == {"tier": 3}
        assert told(connection.create_many(tiers("A", "B", "C"))) == ["A", "B", "C"]


def test_what_is_worth_another_try_is_not_refused() -> None:
    def reply(ids: list[str]) -> Any:
        return {"done": [{"id": name, "why": {"B": "LOCKED", "C": "no such account"}.get(name)} for name in ids]}

    with Conversation(replying(reply)) as talk:
        results = adapter(talk, written(ok="!why", id="id", again="LOCKED")).create_many(tiers("A", "B", "C"))
        assert told(results) == ["A", "RetryableError: LOCKED", "WriteRefused: no such account"]
        assert not isinstance(results[1], UnknownOutcome)


@pytest.mark.parametrize("name", ["again", "duplicate"])
def test_what_is_no_pattern_is_refused_with_the_settings(name: str) -> None:
    with pytest.raises(ValidationError, match="not a regular expression"):
        Batch.model_validate({**BATCH, name: "("})


def test_results_come_in_the_order_sent() -> None:
    def reply(ids: list[str]) -> Any:
        return {"done": [{"success": name != "B", "why": "no such account", "number": f"n-{name}"} for name in ids]}

    with Conversation(replying(reply)) as talk:
        results = adapter(talk, written(by="", key="", ok="success", id="number")).create_many(tiers("A", "B", "C"))
        assert told(results) == ["n-A", "WriteRefused: no such account", "n-C"]


def test_no_more_are_sent_than_one_request_takes_and_no_account_twice() -> None:
    with Conversation(replying(lambda ids: {"done": [{"id": name} for name in ids]})) as talk:
        results = adapter(talk, written()).create_many(tiers("A", "B", "C", "D", "D", "A"))
        assert told(results) == ["A", "B", "C", "D", "D", "A"]
        assert sent(talk) == [["A", "B", "C"], ["D"], ["D", "A"]]


def test_errors_may_stand_apart_from_the_results() -> None:
    def reply(ids: list[str]) -> Any:
        return Answer(
            207, {"done": [{"id": "C"}], "failed": [{"of": {"ids": ["A", "x"]}, "why": ["gone", "for good"]}]}
        )

    with Conversation(replying(reply)) as talk:
        results = adapter(talk, written(errors="failed", error_by="of.ids")).create_many(tiers("A", "B", "C"))
        assert told(results) == [
            "WriteRefused: gone; for good",
            f"UnknownOutcome: write.tier.batch: the reply says nothing of {tiers('A', 'B')[1].key}",
            "C",
        ]


def test_an_error_of_nobody_in_particular_is_of_those_nothing_is_said_of() -> None:
    reply = {"done": [{"id": "A"}], "failed": [{"why": "some accounts are locked"}]}
    with Conversation(replying(lambda ids: reply)) as talk:
        results = adapter(talk, written(errors="failed", error_by="of.ids")).create_many(tiers("A", "B"))
        assert told(results) == ["A", "WriteRefused: some accounts are locked"]


@pytest.mark.parametrize("reply", [{"done": [{"id": "A"}]}, {"done": None}, {}, Answer(204), {"done": [{}, {}]}])
def test_what_a_reply_says_nothing_of_is_unknown(reply: Any) -> None:
    with Conversation(lambda asked: reply) as talk:
        results = adapter(talk, written(by="number", key="${item.tier.key}")).create_many(tiers("A", "B"))
        assert [type(result) for result in results] == [UnknownOutcome] * 2
    with Conversation(lambda asked: {"done": [{"id": "A"}]}) as talk:
        results = adapter(talk, written(by="", key="")).create_many(tiers("A", "B"))
        assert [type(result) for result in results] == [UnknownOutcome] * 2, "one result for two: whose is it?"


def test_results_that_contradict_each_other_are_no_word_about_what_came_of_it() -> None:
    done = [{"id": "A"}, {"id": "B", "number": 1}, {"id": "A"}, {"id": "B", "number": 2}, {"id": "B", "number": 2}]
    with Conversation(lambda asked: {"done": done}) as talk:
        results = adapter(talk, written()).create_many(tiers("A", "B"))
        assert [type(result) for result in results] == [Remote, UnknownOutcome]


def test_a_result_without_a_name_is_nobodys() -> None:
    reply = {"done": [{"id": ""}, {"id": None}], "failed": [{"of": {"ids": [""]}, "why": "no name"}]}
    with Conversation(lambda asked: reply) as talk:
        settings = written(key="${item.tier.next_tier?}")
        results = adapter(talk, settings).create_many([replace(tier, next_tier=None) for tier in tiers("A", "B")])
        assert [type(result) for result in results] == [UnknownOutcome] * 2
    with Conversation(lambda asked: reply) as talk:
        settings = written(errors="failed", error_by="of.ids")
        assert told(adapter(talk, settings).create_many(tiers("A"))) == ["WriteRefused: no name"]


@pytest.mark.parametrize("reply", [Answer(500, {}), Answer(200, b"<html/>", content_type="text/html")])
def test_a_lost_reply_leaves_each_unknown(reply: Answer) -> None:
    with Conversation(lambda asked: reply) as talk:
        results = adapter(talk, written(create=True)).create_many(tiers("A", "B"))
        assert [type(result) for result in results] == [UnknownOutcome] * 2
        assert len(talk.requests) == 1


def test_a_reply_that_cannot_be_looked_through_leaves_each_unknown() -> None:
    with Conversation(lambda asked: {"done": [{"id": "A"}]}) as talk:
        results = adapter(talk, written(results="abs(done)")).create_many(tiers("A", "B"))
        assert told(results)[0].startswith("UnknownOutcome: write.tier.batch: the reply cannot be used")


def _all_or_nothing(asked: Received) -> Any:
    ids = [item["id"] for item in asked.json()["items"]] if asked.method == "POST" else [asked.raw_path[-1]]
    if "B" in ids:
        raise Refused(422, {"problem": "B is locked"})
    return {"done": [{"id": name} for name in ids]}


def test_where_the_whole_is_refused_each_is_tried_alone() -> None:
    wanted = ["A", "WriteRefused: B is locked", "C"]
    with Conversation(_all_or_nothing) as talk:
        assert told(adapter(talk, written(create=True)).create_many(tiers("A", "B", "C"))) == wanted
        assert [asked.method for asked in talk.requests] == ["POST", "PATCH", "PATCH", "PATCH"]
    with Conversation(_all_or_nothing) as talk:
        assert told(adapter(talk, written()).create_many(tiers("A", "B", "C"))) == wanted
        assert sent(talk) == [["A", "B", "C"], ["A"], ["B"], ["C"]]


def test_one_that_cannot_be_named_does_not_stop_the_others() -> None:
    with Conversation(replying(lambda ids: {"done": [{"id": f"{name}-7"} for name in ids]})) as talk:
        settings = written(key="${item.tier.account | map:numbers}", id="id")
        results = adapter(talk, settings, maps={"numbers": {"A": "A-7", "C": "C-7"}}).create_many(tiers("A", "B", "C"))
        assert told(results)[::2] == ["A-7", "C-7"]
        assert isinstance(results[1], WriteRefused) and "maps.numbers" in results[1].message
        assert sent(talk) == [["A", "C"]]


@pytest.mark.parametrize(("status", "error"), [(403, FatalError), (429, RetryableError)])
def test_what_was_not_carried_out_is_raised_as_long_as_nothing_was(status: int, error: type[Exception]) -> None:
    left = [3]

    def answer(asked: Received) -> Any:
        left[0] -= 1
        if left[0] < 1:
            raise Refused(status, {"problem": "no more"}, {"Retry-After": "900"})
        return {"done": [{"id": item["id"]} for item in asked.json()["items"]]}

    with Conversation(answer) as talk:
        connection = adapter(talk, written())
        results = connection.create_many(tiers("A", "B", "C", "D", "E", "F", "G", "H"))
        assert [type(result) for result in results[:6]] == [Remote] * 6
        assert all(isinstance(result, error) and not isinstance(result, UnknownOutcome) for result in results[6:])
        with pytest.raises(error):
            connection.create_many(tiers("A"))


def test_a_kind_may_be_written_in_batches_only() -> None:
    with Conversation(_all_or_nothing) as talk:
        connection = adapter(talk, written())
        assert connection.create(tiers("A")[0]).remote_id == "A"
        with pytest.raises(WriteRefused, match="B is locked"):
            connection.create(tiers("B")[0])
        with pytest.raises(FatalError, match="not written in batches"):
            connection.create_many([sample_request("account_note")])


NOTES = {
    "account_note": {
        "idempotency": "duplicate_error",
        "lookup_lag": 0,
        "batch": {
            "most": 10,
            "request": {
                "method": "POST",
                "path": "/batch",
                "body": {"items": {"$each": "items", "$item": {"id": "${item.note.key}"}}},
            },
            "results": "results",
            "by": "key",
            "key": "${item.note.key}",
            "ok": "id",
            "id": "id",
            "error": "why",
            "duplicate": "is taken",
        },
        "find": {"request": {"path": "/notes", "query": {"key": "${key}"}}},
        "remote": {"fields": {"id": "id", "key": "key", "account": "account"}},
    }
}


def test_a_taken_key_among_others_is_looked_up() -> None:
    first, taken, lost = (sample_request("account_note", number) for number in (1, 2, 3))

    def answer(asked: Received) -> Any:
        if asked.method == "GET":
            found = asked.query["key"]
            return [{"id": 5, "key": found, "account": "C-1001"}] if found == taken.key else []
        good = [{"id": 8, "key": first.key}]
        return {"results": [*good, *({"key": key, "why": f"{key} is taken"} for key in (taken.key, lost.key))]}

    with Conversation(answer) as talk:
        results = adapter(talk, NOTES).create_many([lost, taken, first])
        assert [type(result) for result in results] == [NeedsPerson, AlreadyExists, Remote]
        assert isinstance(first, NoteRequest)
        assert results[2] == Remote(first.key, "8", account=first.account)
