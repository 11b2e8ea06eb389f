"""Definitions in the book: known by their content; a version that was settled never changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger import acts, postings, registry
from core.ledger.postings import Transaction
from core.ledger.registry import Registered
from core.posting import Key, entry
from core.programs import Program
from tests.unit.core.settling import a_program
from tests.unit.core.shelf import TODAY, Shelf


def bonus(percent: str = "1", **head: Any) -> Program:
    return a_program("quarter", scale={"percent": Decimal(percent)}, **head)


def register(shelf: Shelf, program: Program, actor: str = "controller") -> bool:
    with shelf.by(actor) as batch:
        return registry.register(batch, program, "bonus.toml")


def current(shelf: Shelf, known_batch: int | None = None) -> dict[str, Registered]:
    with shelf.book.read() as connection:
        return registry.current(connection, known_batch)


def settle(shelf: Shelf, program: str = "bonus") -> None:
    payee = shelf.account()
    key = Key(program, payee, payee, "DE01", "2025-01-01", "EUR")
    with shelf.by("rebated") as batch:
        postings.post(batch, "live", [Transaction("settle", TODAY, program, entry("settle", key, 100), "RB-X")])


def test_the_same_content_is_registered_once(shelf: Shelf) -> None:
    assert register(shelf, bonus())
    assert not register(shelf, bonus(), actor="somebody else")
    found = current(shelf)["bonus"]
    assert (found.program, found.hash, found.actor) == (bonus(), bonus().hash(), "controller")


def test_the_latest_definition_counts_and_older_ones_stay_known(shelf: Shelf) -> None:
    register(shelf, bonus("1"))
    before = current(shelf)["bonus"]
    assert register(shelf, bonus("2", version="2"), actor="deputy")
    after = current(shelf)["bonus"]
    assert (after.hash, after.actor) == (bonus("2", version="2").hash(), "deputy")
    assert after.known_from > before.known_from
    assert current(shelf, before.known_from)["bonus"] == before
    with shelf.book.read() as connection:
        assert registry.by_hash(connection, before.hash) == bonus("1")


def test_a_version_may_change_until_something_was_settled(shelf: Shelf) -> None:
    register(shelf, bonus("1"))
    assert register(shelf, bonus("2"))
    settle(shelf)
    with pytest.raises(RefusedError, match="version '1' has been settled with other content") as caught:
        register(shelf, bonus("3"))
    assert caught.value.hint is not None
    assert "program.version" in caught.value.hint
    assert "[[change]]" in caught.value.hint
    assert register(shelf, bonus("3", version="2"))
    with pytest.raises(RefusedError, match="version '1' has been settled"):
        register(shelf, bonus("4"))


def test_settling_another_program_freezes_nothing(shelf: Shelf) -> None:
    register(shelf, bonus("1"))
    settle(shelf, "other")
    assert register(shelf, bonus("2"))


def test_the_unchanged_definition_is_no_mistake_after_settling(shelf: Shelf) -> None:
    register(shelf, bonus("1"))
    settle(shelf)
    assert not register(shelf, bonus("1"))


def test_to_return_to_old_content_takes_a_new_version(shelf: Shelf) -> None:
    register(shelf, bonus("1"))
    register(shelf, bonus("2"))
    with pytest.raises(RefusedError, match="registered before and replaced since"):
        register(shelf, bonus("1"))
    assert register(shelf, bonus("1", version="1b"))


def test_an_unknown_hash_is_refused(shelf: Shelf) -> None:
    with shelf.book.read() as connection, pytest.raises(RefusedError, match="no definition is registered under 0000"):
        registry.by_hash(connection, "0" * 64)


def test_a_program_is_in_shadow_until_a_person_says_otherwise(shelf: Shelf) -> None:
    with shelf.by("controller") as batch:
        assert acts.modes(batch.connection).get("bonus", acts.Mode()) == ("shadow", None)
        acts.record_act(batch, "program_mode", "bonus", {"mode": "live", "settle_from": "2025-04-01"})
        acts.record_act(batch, "program_mode", "other", {"mode": "shadow"})
        acts.record_act(batch, "program_mode", "bonus", {"mode": "live", "settle_from": "2025-07-01"})
    with shelf.book.read() as connection:
        found = acts.modes(connection)
    assert {name: (mode.book, str(mode.settle_from)) for name, mode in found.items()} == {
        "bonus": ("live", "2025-07-01"),
        "other": ("shadow", "None"),
    }
