"""Adjust, reject, hold, release and waive."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger import proposals, review
from core.ledger.proposals import Stored
from core.ledger.verify import verify
from core.posting import Key
from tests.unit.core.shelf import TODAY, Limits, Shelf


def decide(shelf: Shelf, act: Any, item: Stored, *args: Any, actor: str = "carl") -> Any:
    """A person's decision on a proposal as it stands now."""
    now = shelf.see(item.id)
    with shelf.by(actor) as batch:
        return act(batch, now, *args)


def test_adjusting_makes_a_new_proposal_with_you_as_its_maker(shelf: Shelf) -> None:
    item = shelf.propose({1: 8_000, 2: 2_000})
    made = shelf.see(decide(shelf, review.adjust, item, -1_000, "agreed by phone"))
    assert shelf.see(item.id).state == "superseded"
    assert (made.state, made.maker, made.supersedes, made.net) == ("proposed", "carl", item.id, 9_000)
    assert (made.key, made.generation, made.sequence, made.period_label) == (item.key, 1, 1, "2025-Q1")
    with pytest.raises(RefusedError, match="its maker carl"), shelf.by("carl") as batch:
        review.approve(batch, made, made.content_hash, Limits(second=0), TODAY)


def test_an_adjustment_is_spread_over_the_tax_codes_and_told_with_its_reason(shelf: Shelf) -> None:
    item = shelf.propose({1: 8_000, 2: 2_000})
    made = shelf.see(decide(shelf, review.adjust, item, -1_001, "agreed by phone"))
    earned, adjustment = shelf.parts(made)
    assert earned == shelf.parts(item)[0]
    assert (adjustment.kind, adjustment.amount, adjustment.reason) == ("adjustment", -1_001, "agreed by phone")
    assert adjustment.taxes == {1: -801, 2: -200}
    lines = [(line["code"], line["net"], line["tax"]) for line in made.content["lines"]]
    assert lines == [(2, 1_800, 126), (1, 7_199, 1_368)]
    assert (made.net, made.tax) == (8_999, 1_494)
    assert made.content["net"] == 8_999
    assert made.content["parts"][-1]["reason"] == "agreed by phone"


def test_adjustments_add_up_and_go_under_one_key(shelf: Shelf) -> None:
    item = shelf.propose({1: 8_000, 2: 2_000})
    first = shelf.see(decide(shelf, review.adjust, item, 500, "one"))
    second = shelf.see(decide(shelf, review.adjust, first, -200, "two", actor="dora"))
    assert [part.amount for part in shelf.parts(second)] == [10_000, 500, -200]
    assert len({part.key for part in shelf.parts(second)}) == 1
    assert (second.maker, second.net) == ("dora", 10_300)
    assert len({item.content_hash, first.content_hash, second.content_hash}) == 3


@pytest.mark.parametrize(
    ("amount", "told"), [(-10_000, "leave 0.00 EUR"), (-10_001, "leave -0.01 EUR"), (0, "nothing")]
)
def test_an_adjustment_leaves_something_positive(shelf: Shelf, amount: int, told: str) -> None:
    item = shelf.propose({1: 10_000})
    with pytest.raises(RefusedError, match=told):
        decide(shelf, review.adjust, item, amount, "agreed")
    assert shelf.states(item) == ["proposed"]


def test_adjusting_releases_no_hold(shelf: Shelf) -> None:
    """A hold is ended by release, by name."""
    item = shelf.propose({1: 10_000}, state="held", incomplete=("invoice I-7 is in quarantine",))
    made = shelf.see(decide(shelf, review.adjust, item, 100, "agreed"))
    assert (made.state, made.state_reason, made.state_actor) == ("held", item.state_reason, proposals.DAEMON)
    assert made.maker == "carl"


def test_a_rejected_proposal_is_at_its_end(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    decide(shelf, review.reject, item, "wrong account")
    now = shelf.see(item.id)
    assert (now.state, now.state_actor, now.state_reason) == ("rejected", "carl", "wrong account")
    assert shelf.balance() == (0, 0, 0, 0), "to reject is not to waive"
    for act, *args in (
        (review.reject, "again"),
        (review.hold, "wait"),
        (review.release, "go"),
        (review.adjust, 5, "more"),
        (review.waive, "gone", TODAY),
    ):
        with pytest.raises(RefusedError, match="is rejected: only"):
            decide(shelf, act, item, *args)


def test_a_hold_before_approval_is_ended_by_release(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    decide(shelf, review.hold, item, "ask sales")
    assert shelf.see(item.id).state == "held"
    with pytest.raises(RefusedError, match="is held: only proposed or approved proposals can be held"):
        decide(shelf, review.hold, item, "again")
    decide(shelf, review.release, item, "answered")
    assert shelf.states(item) == ["proposed", "held", "proposed"]
    assert shelf.see(item.id).maker == "controller", "who ends a plain hold has made nothing"


def test_what_is_approved_is_suspended_and_comes_back_approved(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    with shelf.by("anna") as batch:
        review.approve(batch, item, item.content_hash, Limits(), TODAY)
    decide(shelf, review.hold, item, "wait for the audit")
    assert shelf.see(item.id).state == "suspended"
    with shelf.book.read() as connection:
        assert sum(proposals.reserved(connection, "live").values()) == 10_000, "it stays reserved"
    decide(shelf, review.release, item, "done")
    assert shelf.see(item.id).state == "approved"


def test_releasing_what_is_incomplete_makes_you_its_maker(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000}, state="held", incomplete=("invoice I-7 is in quarantine",))
    decide(shelf, review.release, item, "I-7 is not ours")
    with shelf.book.read() as connection:
        old, new = proposals.history(connection, item.key)
    assert (old.state, new.state, new.maker) == ("superseded", "proposed", "carl")
    assert (new.content, new.content_hash) == (item.content, item.content_hash)
    assert shelf.parts(new) == shelf.parts(item)


@pytest.mark.parametrize("state", ["sending", "settled", "differs", "voided"])
def test_what_is_on_its_way_can_no_longer_be_decided(shelf: Shelf, state: str) -> None:
    item = shelf.propose({1: 10_000}, state=state)
    for act, *args in (
        (review.reject, "no"),
        (review.hold, "wait"),
        (review.release, "go"),
        (review.adjust, 5, "more"),
        (review.waive, "gone", TODAY),
    ):
        with pytest.raises(RefusedError, match=f"is {state}: only"):
            decide(shelf, act, item, *args)


def test_waiving_is_posted(shelf: Shelf) -> None:
    item = shelf.propose({1: 8_000, 2: 2_000})
    decide(shelf, review.waive, item, "customer has left", TODAY)
    assert shelf.see(item.id).state == "waived"
    assert shelf.balance().waived == 10_000


def test_waiving_gives_up_what_was_earned_not_what_was_added(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    made = shelf.see(decide(shelf, review.adjust, item, 500, "goodwill"))
    decide(shelf, review.waive, made, "customer has left", TODAY)
    assert shelf.balance() == (0, 0, 0, 10_000)
    with shelf.book.read() as connection:
        (split,) = proposals.split_so_far(connection, "live", "bonus").values()
    assert split == {1: 10_000}


def test_decisions_leave_a_book_without_faults(shelf: Shelf) -> None:
    item = shelf.propose({1: 8_000, 2: 2_000})
    made = shelf.see(decide(shelf, review.adjust, item, 500, "goodwill"))
    decide(shelf, review.hold, made, "ask")
    decide(shelf, review.release, made, "asked")
    decide(shelf, review.waive, made, "gone", TODAY)
    with shelf.book.read() as connection:
        assert list(verify(connection)) == []


def test_an_approved_proposal_that_lost_its_ground_is_not_sent(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    rows = shelf.parts(item)
    key: Key = rows[0].key

    def short(entitled: int, taken: int, tolerance: int = 0) -> str:
        return review.fallen_short(item, rows, {key: entitled}, {key: taken}, tolerance)

    assert short(10_000, 10_000) == ""
    assert short(12_000, 10_000) == ""
    assert "fallen 0.01 EUR below what is promised" in short(9_999, 10_000)
    assert short(9_900, 10_000, tolerance=100) == ""
    assert "fallen 1.01 EUR" in short(9_899, 10_000, tolerance=100)
    assert "fallen 100.00 EUR" in review.fallen_short(item, rows, {}, {key: 10_000}, 0)
