"""What a sender does until a document is there, step by step, with a remote that follows a script."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.conformance import Delivery, deliver, matches, sample_request
from connectors.spi import (
    AlreadyExists,
    Capabilities,
    DocumentRequest,
    NeedsPerson,
    Remote,
    Uniqueness,
    UnknownOutcome,
    WriteRefused,
)
from core.errors import FatalError, RetryableError

REQUEST = sample_request("credit_note")
assert isinstance(REQUEST, DocumentRequest)


def remote(number: str, state: Any = "posted", net: int = REQUEST.net) -> Remote:
    return Remote(
        REQUEST.key, number, "", state, REQUEST.account, "EUR", net, REQUEST.tax, REQUEST.taxes, len(REQUEST.lines)
    )


class Scripted:
    """Answers the calls in the order of the script: each is the call's name and what it returns or raises."""

    def __init__(self, *script: tuple[str, Any], uniqueness: Uniqueness = "enforced", repeatable: bool = False) -> None:
        kinds: Any = frozenset({REQUEST.kind})
        self.capabilities = Capabilities(
            kinds, kinds, uniqueness, 2, 7, repeatable=kinds if repeatable else frozenset()
        )
        self.script = list(script)
        self.waited: list[float] = []

    def __getattr__(self, called: str) -> Any:
        def call(*given: Any) -> Any:
            name = f"{called} {given[1]}" if called in ("post", "discard") else called
            expected, outcome = self.script.pop(0)
            assert name == expected
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return call

    def deliver(self) -> Delivery:
        adapter: Any = self
        delivery = deliver(adapter, REQUEST, wait=self.waited.append)
        assert self.script == [], "not everything was called"
        return delivery


NOTHING = ("look_up", ())


def test_what_is_not_there_is_created() -> None:
    delivery = Scripted(NOTHING, ("create", remote("1"))).deliver()
    assert delivery == Delivery(remote("1"))


def test_what_is_there_is_taken_and_drafts_beside_it_go() -> None:
    found = (remote("5", "draft"), remote("3", "cancelled"), remote("4"))
    assert Scripted(("look_up", found), ("discard 5", None)).deliver().remote == remote("4")
    assert Scripted(("look_up", found[1:2])).deliver().remote == remote("3", "cancelled")


def test_the_lowest_draft_that_matches_is_posted_and_the_others_go() -> None:
    found = (remote("10", "draft"), remote("9", "draft"), remote("8", "draft", net=1))
    scripted = Scripted(("look_up", found), ("discard 8", None), ("discard 10", None), ("post 9", remote("9")))
    assert scripted.deliver().remote == remote("9")


def test_drafts_that_do_not_match_go_and_it_is_created() -> None:
    found = (remote("8", "draft", net=1),)
    scripted = Scripted(("look_up", found), ("discard 8", None), ("create", remote("9")))
    assert scripted.deliver().remote == remote("9")


def test_after_an_unknown_outcome_it_waits_and_looks() -> None:
    lost = UnknownOutcome("lost")
    scripted = Scripted(NOTHING, ("create", lost), ("look_up", (remote("1"),)))
    assert scripted.deliver() == Delivery(remote("1"), "", [lost])
    assert scripted.waited == [7 + 2]
    scripted = Scripted(NOTHING, ("create", lost), NOTHING, ("create", remote("2")))
    assert scripted.deliver() == Delivery(remote("2"), "", [lost])


def test_where_two_cannot_be_told_apart_an_unknown_outcome_is_for_a_person() -> None:
    script = (NOTHING, ("create", UnknownOutcome("lost")), NOTHING)
    delivery = Scripted(*script, uniqueness="none").deliver()
    assert delivery.remote is None and "cannot refuse a second" in delivery.person


def test_what_is_searched_for_is_created_where_it_is_not_found() -> None:
    script = (NOTHING, ("create", UnknownOutcome("lost")), NOTHING, ("create", remote("2")))
    assert Scripted(*script, uniqueness="searched").deliver().remote == remote("2")


def test_a_state_is_written_without_looking() -> None:
    script = (("create", UnknownOutcome("lost")), ("create", remote("2")))
    assert Scripted(*script, uniqueness="none", repeatable=True).deliver().remote == remote("2")


def test_a_break_that_is_asked_for_is_kept() -> None:
    scripted = Scripted(
        NOTHING,
        ("create", RetryableError("busy", after=30)),
        ("look_up", FatalError("who are you?")),
        NOTHING,
        ("create", remote("1")),
    )
    assert scripted.deliver().remote == remote("1")
    assert scripted.waited == [30, 0]


def test_what_exists_is_looked_up() -> None:
    scripted = Scripted(
        NOTHING, ("create", AlreadyExists()), ("look_up", (remote("1", "draft"),)), ("post 1", remote("1"))
    )
    assert scripted.deliver().remote == remote("1")
    scripted = Scripted(NOTHING, ("create", AlreadyExists()), NOTHING, ("look_up", (remote("1"),)))
    delivery = scripted.deliver()
    assert [type(error) for error in delivery.errors] == [AlreadyExists, UnknownOutcome]
    assert delivery.remote == remote("1") and scripted.waited == [9]


@pytest.mark.parametrize("error", [WriteRefused("no"), NeedsPerson("no")])
def test_a_refusal_is_for_a_person(error: Exception) -> None:
    assert Scripted(NOTHING, ("create", error)).deliver() == Delivery(None, "no", [error])  # type: ignore[list-item]


def test_it_does_not_try_for_ever() -> None:
    delivery = Scripted(*[NOTHING, ("create", UnknownOutcome("lost"))] * 6).deliver()
    assert delivery.remote is None and delivery.person == "not there after 6 rounds"


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"account": "C-2"}, False),
        ({"account": ""}, True),
        ({"currency": "USD"}, False),
        ({"net": 1}, False),
        ({"tax": 999}, True),
        ({"taxes": ()}, True),
        ({"taxes": (), "tax": 999}, False),
        ({"taxes": (), "tax": 999, "own_tax": True}, True),
        ({"taxes": (REQUEST.taxes[0],)}, False),
        ({"taxes": (REQUEST.taxes[0], REQUEST.taxes[1]._replace(tax=52))}, True),
        ({"taxes": (REQUEST.taxes[0], REQUEST.taxes[1]._replace(tax=53))}, False),
        ({"line_count": 3}, False),
        ({"line_count": 0}, True),
    ],
    ids=str,
)
def test_what_was_asked_for_is_told_from_something_else(changed: dict[str, Any], same: bool) -> None:
    from dataclasses import replace

    assert matches(REQUEST, replace(remote("1"), **changed)) is same
