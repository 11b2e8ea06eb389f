"""Targets that take several documents with one request: few requests, and still each document once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from connectors.spi import Capabilities, NeedsPerson, Remote, UnknownOutcome, WriteRefused
from core.errors import RebatedError, RetryableError
from scheduler.steps.write_back import MOST_AT_ONCE, handfuls
from tests.helpers.crash_checks import rows
from tests.helpers.crash_remote import FakeRemote, documents, installed
from tests.helpers.crash_sending import DAY, alarms, moved, states, write_back
from tests.helpers.workspace import Workspace, call, sale

REMOTE = """
[connections.remote]
adapter = "fake"
write = true
[connections.remote.settings]
file = "remote.db"
uniqueness = "{uniqueness}"
batch = {batch}
{more}
"""
ACCOUNTS = 7


@pytest.fixture(autouse=True)
def _fake() -> Iterator[None]:
    with installed():
        yield


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Workspace]:
    """Seven approved credit notes for a target that takes so many with one request."""

    def made(uniqueness: str = "enforced", batch: int = 3, more: str = "") -> Workspace:
        workspace = Workspace.make(
            tmp_path / "workspace",
            accounts=ACCOUNTS,
            programs=("bonus",),
            target="remote",
            more=REMOTE.format(uniqueness=uniqueness, batch=batch, more=more),
        )
        workspace.sales(1, *(sale(f"INV-{number}", f"C-{number}") for number in range(1, ACCOUNTS + 1)))
        call(workspace, "pull")
        call(workspace, "program", "live", "bonus", "--settle-from", "2025-01-01")
        call(workspace, "run", "--once", *DAY)
        call(workspace, "review", "approve", "--all-without-alarms")
        return workspace

    return made


@contextmanager
def watched() -> Iterator[list[tuple[str, int]]]:
    """The calls of the adapter that concern credit notes: what was called, and about how many documents."""
    calls: list[tuple[str, int]] = []
    inside: list[str] = []

    def noticing(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: FakeRemote, *given: Any) -> Any:
            asked = given[0] if name == "create_many" else given[:1]
            kinds = {getattr(item, "kind", item) for item in asked}
            if kinds == {"credit_note"} and not inside:
                calls.append((name, len(asked)))
            inside.append(name)
            try:
                return original(self, *given)
            finally:
                inside.pop()

        return call

    with ExitStack() as stack:
        for name in ("create", "create_many", "look_up"):
            stack.enter_context(patch.object(FakeRemote, name, noticing(name, getattr(FakeRemote, name))))
        yield calls


def held(workspace: Workspace) -> list[str]:
    """The accounts of the credit notes the target holds."""
    found = documents(workspace.folder / "remote.db")
    return sorted(content["account"] for kind, _, _, content in found if kind == "credit_note")


EVERYBODY = [f"C-{number}" for number in range(1, ACCOUNTS + 1)]


def test_what_is_new_takes_one_request_for_as_many_as_the_target_takes(make):
    workspace = make()
    with watched() as calls:
        result = write_back(workspace)
    assert calls == [("create_many", 3), ("create_many", 3), ("look_up", 1), ("create", 1)]
    assert held(workspace) == EVERYBODY and set(states(workspace).values()) == {"settled"}
    assert result["net"] == {"EUR": 500 * ACCOUNTS}
    assert write_back(workspace)["sent"] == 0


@pytest.mark.parametrize("uniqueness", ["draft_first", "searched"])
def test_where_a_double_would_not_be_noticed_each_is_looked_up_before(make, uniqueness):
    workspace = make(uniqueness, batch=100)
    with watched() as calls:
        write_back(workspace)
    assert calls == [("look_up", 1)] * ACCOUNTS + [("create_many", ACCOUNTS)]
    assert held(workspace) == EVERYBODY


def test_where_nothing_keeps_two_apart_each_goes_alone(make):
    workspace = make("none", batch=100)
    with watched() as calls:
        write_back(workspace)
    assert {name for name, _ in calls} == {"look_up", "create"}
    assert held(workspace) == EVERYBODY


def test_one_that_is_refused_does_not_stop_the_others(make):
    workspace = make(batch=100, more='refuse = ["C-3"]')
    result = write_back(workspace)
    assert result["refused"] == 1 and held(workspace) == [name for name in EVERYBODY if name != "C-3"]
    assert states(workspace).pop("C-3") == "held"
    assert [kind for kind, _ in alarms(workspace)] == ["refused"]


@pytest.mark.parametrize("uniqueness", ["enforced", "draft_first", "searched"])
def test_after_a_lost_reply_each_is_looked_up_and_none_is_written_twice(make, uniqueness):
    workspace = make(uniqueness, batch=100)
    create_many = FakeRemote.create_many

    def lost(self: FakeRemote, requests: Sequence[Any]) -> Any:
        create_many(self, requests[:4])  # died half-way, and nobody knows where
        raise UnknownOutcome("the reply was lost")

    with patch.object(FakeRemote, "create_many", lost):
        assert write_back(workspace)["waiting"] == ACCOUNTS
    assert {state for (state,) in rows(workspace, "select state from outbox")} == {"unknown"}
    assert write_back(workspace)["sent"] == 0, "nothing is created as long as it may still take effect"
    with moved(4_000), watched() as calls:
        write_back(workspace)
    assert calls == [("look_up", 1)] * ACCOUNTS + [("create_many", ACCOUNTS - 4)]
    assert held(workspace) == EVERYBODY and set(states(workspace).values()) == {"settled"}


def test_each_result_is_taken_as_if_it_had_been_the_only_one(make):
    workspace = make(batch=100)
    create_many = FakeRemote.create_many

    def mixed(self: FakeRemote, requests: Sequence[Any]) -> list[Remote | RebatedError]:
        results = list(create_many(self, requests))
        if requests[0].kind == "credit_note":
            by_account = {request.account: number for number, request in enumerate(requests)}
            results[by_account["C-2"]] = UnknownOutcome("half a reply")
            results[by_account["C-4"]] = NeedsPerson("who knows")
        return results

    with patch.object(FakeRemote, "create_many", mixed):
        result = write_back(workspace)
    assert result["net"] == {"EUR": 500 * (ACCOUNTS - 2)} and result["waiting"] == 2
    query = "select name.external_id, state from outbox join account_identity name using (account_id)"
    found = dict(rows(workspace, query + " where kind = 'credit_note'"))
    assert (found["C-2"], found["C-4"]) == ("unknown", "person")
    with moved(4_000):
        assert write_back(workspace)["net"] == {"EUR": 500}
    assert held(workspace) == EVERYBODY


def test_one_that_is_there_already_is_read_back(make):
    workspace = make(batch=100)
    with patch.object(FakeRemote, "create_many", side_effect=RetryableError("too busy")) as busy:
        result = write_back(workspace)
    assert busy.call_count == 1 and "too busy" in result["messages"][0] and held_nothing(workspace)
    with watched() as calls, moved(4_000):
        create = FakeRemote.create
        sneaked: list[Any] = []

        def sneaking(self: FakeRemote, request: Any) -> Remote:
            if not sneaked and request.kind == "credit_note":
                sneaked.append(create(self, request))  # somebody was quicker
            return create(self, request)

        with patch.object(FakeRemote, "create", sneaking):
            write_back(workspace)
    assert ("look_up", 1) in calls and sneaked
    assert held(workspace) == EVERYBODY and set(states(workspace).values()) == {"settled"}


def held_nothing(workspace: Workspace) -> bool:
    return not (workspace.folder / "remote.db").exists() or held(workspace) == []


def test_a_batch_refused_without_a_word_about_which_is_sent_one_by_one(make):
    workspace = make(batch=100)
    with (
        patch.object(FakeRemote, "create_many", side_effect=WriteRefused("something in it is wrong")),
        watched_create() as created,
    ):
        write_back(workspace)
    assert sorted(created) == EVERYBODY == held(workspace)


@contextmanager
def watched_create() -> Iterator[list[str]]:
    create, accounts = FakeRemote.create, []

    def noticing(self: FakeRemote, request: Any) -> Remote:
        if request.kind == "credit_note":
            accounts.append(request.account)
        return create(self, request)

    with patch.object(FakeRemote, "create", noticing):
        yield accounts


def test_results_that_are_too_few_say_nothing(make):
    workspace = make(batch=100)
    create_many = FakeRemote.create_many
    with patch.object(FakeRemote, "create_many", lambda self, requests: create_many(self, requests)[:-1]):
        assert write_back(workspace)["waiting"] == ACCOUNTS
    with moved(4_000):
        write_back(workspace)
    assert held(workspace) == EVERYBODY and set(states(workspace).values()) == {"settled"}


def row(number: int, kind: str, account: int) -> Any:
    return SimpleNamespace(key=f"RB-{number}", kind=kind, request={"account": f"C-{account}"})


def test_kinds_go_apart_and_of_a_state_no_two_of_an_account_go_together():
    able = Capabilities(
        frozenset(),
        frozenset({"tier", "account_note"}),
        "enforced",
        0,
        1,
        repeatable=frozenset({"tier"}),
        batches={"tier": 10, "account_note": 100_000},
    )
    waiting = [row(1, "tier", 1), row(2, "account_note", 1), row(3, "tier", 2), row(4, "tier", 1), row(5, "tier", 1)]
    found = [[item.key for item in some] for some in handfuls(able, waiting)]
    assert found == [["RB-1", "RB-3"], ["RB-4"], ["RB-5"], ["RB-2"]]
    many = [row(number, "account_note", 1) for number in range(2 * MOST_AT_ONCE + 1)]
    assert [len(some) for some in handfuls(able, many)] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
