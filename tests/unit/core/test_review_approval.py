"""Who may approve what: limits, two approvers, and what a signature stands for."""

from __future__ import annotations

import pytest

from core.errors import RefusedError
from core.ledger import review
from core.ledger.proposals import Stored
from tests.unit.core.settling import a_program
from tests.unit.core.shelf import TODAY, Limits, Shelf


def approve(shelf: Shelf, item: Stored, actor: str, limits: Limits | None = None, signed: str | None = None) -> str:
    now = shelf.see(item.id)
    with shelf.by(actor) as batch:
        return review.approve(batch, now, signed or item.content_hash, limits or Limits(), TODAY)


def adjust(shelf: Shelf, item: Stored, amount: int) -> Stored:
    with shelf.by("carl") as batch:
        made = review.adjust(batch, item, amount, "agreed by phone")
    return shelf.see(made)


def test_an_approval_is_recorded_with_its_person(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    assert approve(shelf, item, "anna") == "approved"
    now = shelf.see(item.id)
    assert (now.state, now.state_actor, now.content_hash) == ("approved", "anna", item.content_hash)
    assert shelf.states(item) == ["proposed", "approved"]


def test_the_maker_approves_up_to_the_limit_and_not_above(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000}, maker="anna")
    with pytest.raises(RefusedError, match=r"of 100\.00 EUR needs another approver than its maker anna"):
        approve(shelf, item, "anna", Limits(second=9_999))
    assert shelf.see(item.id).state == "proposed"
    assert approve(shelf, item, "anna", Limits(second=10_000)) == "approved"


def test_another_person_approves_above_the_limit(shelf: Shelf) -> None:
    assert approve(shelf, shelf.propose({1: 10_000}, maker="anna"), "ben", Limits(second=0)) == "approved"


def test_two_approvers_sign_above_the_second_limit(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    limits = Limits(second=0, two=9_999)
    assert approve(shelf, item, "anna", limits) == "proposed"
    assert shelf.see(item.id).state == "proposed"
    assert approve(shelf, item, "ben", limits) == "approved"
    assert shelf.states(item) == ["proposed", "signed", "proposed", "approved"]


def test_nobody_signs_for_two(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    limits = Limits(two=0)
    approve(shelf, item, "anna", limits)
    with pytest.raises(RefusedError, match="has your signature; a second approver must sign too"):
        approve(shelf, item, "anna", limits)
    assert shelf.see(item.id).state == "proposed"


@pytest.mark.parametrize("first", ["controller", "anna"])
def test_the_maker_is_neither_of_the_two(shelf: Shelf, first: str) -> None:
    item = shelf.propose({1: 10_000})
    limits = Limits(second=0, two=0)
    if first == "anna":
        approve(shelf, item, "anna", limits)
    with pytest.raises(RefusedError, match="another approver than its maker controller"):
        approve(shelf, item, "controller", limits)


def test_one_is_enough_at_the_second_limit(shelf: Shelf) -> None:
    assert approve(shelf, shelf.propose({1: 10_000}), "anna", Limits(two=10_000)) == "approved"


def test_an_approval_signs_what_was_read(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    with pytest.raises(RefusedError, match="has changed since you read it") as caught:
        approve(shelf, item, "anna", signed="0" * 64)
    assert caught.value.hint == "read it again, then approve"


def test_a_signature_does_not_pass_to_changed_content(shelf: Shelf) -> None:
    limits = Limits(two=0)
    item = shelf.propose({1: 10_000})
    approve(shelf, item, "anna", limits)
    after = adjust(shelf, item, 1)
    assert after.content_hash != item.content_hash
    with pytest.raises(RefusedError, match="has changed since you read it"):
        approve(shelf, after, "ben", limits, signed=item.content_hash)
    assert approve(shelf, after, "ben", limits) == "proposed"
    assert approve(shelf, after, "anna", limits) == "approved"


def test_nothing_in_shadow_is_decided(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000}, book="shadow")
    with shelf.by("anna") as batch:
        for act in (
            lambda: review.approve(batch, item, item.content_hash, Limits(), TODAY),
            lambda: review.reject(batch, item, "no"),
            lambda: review.hold(batch, item, "wait"),
            lambda: review.adjust(batch, item, 5, "more"),
            lambda: review.waive(batch, item, "gone", TODAY),
        ):
            with pytest.raises(RefusedError, match="runs in shadow") as caught:
                act()
            assert caught.value.hint == "`rebated program live bonus` starts the live book"
    assert shelf.states(item) == ["proposed"]


@pytest.mark.parametrize(
    "state", ["held", "suspended", "approved", "sending", "settled", "superseded", "rejected", "waived", "voided"]
)
def test_only_what_is_proposed_can_be_approved(shelf: Shelf, state: str) -> None:
    item = shelf.propose({1: 10_000}, state=state)
    with pytest.raises(RefusedError, match=f"is {state}: only proposed proposals can be approved"):
        approve(shelf, item, "anna")


def test_automatic_approval_ends_at_either_limit(shelf: Shelf) -> None:
    item = shelf.propose({1: 10_000})
    with shelf.by("rebated") as batch:
        for limits in (Limits(second=9_999), Limits(two=9_999)):
            with pytest.raises(RefusedError, match="above the limit for automatic approval"):
                review.approve(batch, item, item.content_hash, limits, TODAY, automatic=True)
        assert (
            review.approve(batch, item, item.content_hash, Limits(10_000, 10_000), TODAY, automatic=True) == "approved"
        )
    assert shelf.see(item.id).state_reason == "automatic"


def test_approving_posts_the_adjustments_and_nothing_else(shelf: Shelf) -> None:
    made = adjust(shelf, shelf.propose({1: 10_000}), -2_500)
    assert shelf.balance().adjusted == 0
    approve(shelf, made, "anna")
    assert shelf.balance()._asdict() == {"accrued": 0, "adjusted": -2_500, "settled": 0, "waived": 0}


def test_a_refusal_of_the_remote_takes_the_adjustments_back(shelf: Shelf) -> None:
    made = adjust(shelf, shelf.propose({1: 10_000}), 700)
    approve(shelf, made, "anna")
    assert shelf.balance().adjusted == 700
    with shelf.by("rebated") as batch:
        review.back_to_review(batch, made, "unknown tax code", TODAY)
    assert shelf.balance().adjusted == 0
    now = shelf.see(made.id)
    assert (now.state, now.state_reason) == ("held", "unknown tax code")


def test_half_even_programs_keep_their_rounding_when_adjusted(shelf: Shelf) -> None:
    program = a_program("quarter", rounding="half_even")
    made = adjust(shelf, shelf.propose({2: 100}, program=program), 50)
    assert (made.net, made.tax) == (150, 10)
