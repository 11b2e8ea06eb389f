from __future__ import annotations

from typing import Any

import pytest

from connectors.spi import AlreadyExists, UnknownOutcome, WriteRefused
from tests.unit.odoo_writing.installation import Installation
from tests.unit.odoo_writing.wanted import REDUCED, credit_note, line

COARSE = {"18": 1, "16": 1, "14": 1}
"""Versions that keep prices with their decimal accuracy, and an accuracy that is not enough."""


def left_by_a_crash(odoo: Installation, **changes) -> str:
    """The id of a draft whose posting never happened."""
    request = credit_note(**changes)
    odoo.server.fail("account.move", "action_post")
    with pytest.raises(UnknownOutcome):
        odoo.adapter().create(request)
    (move,) = odoo.server.documents_with(request.key)
    assert odoo.documents(request.key) == ["draft"]
    return str(move)


# -------------------------------------------------------------------- left for people to post


def test_a_draft_left_for_people_counts_as_written(each: Installation):
    request = credit_note()
    adapter = each.adapter({"post": False})
    remote = adapter.create(request)
    assert each.documents(request.key) == ["draft"]
    assert (remote.state, remote.number, remote.detail["state"]) == ("posted", "", "draft")
    assert (remote.net, remote.tax, remote.line_count) == (1505, 225, 2)
    assert adapter.look_up("credit_note", request.key) == (remote,)
    assert adapter.read_back("credit_note", remote.remote_id) == remote


def test_a_draft_left_for_people_is_not_written_over(each: Installation):
    request = credit_note()
    adapter = each.adapter({"post": False})
    before = each.move(adapter.create(request).remote_id)
    each.server.advance(60)
    with pytest.raises(AlreadyExists):
        adapter.create(request)
    assert each.move(str(before["id"])) == before
    assert each.documents(request.key) == ["draft"]


def test_what_people_have_posted_has_its_number(odoo: Installation):
    request = credit_note()
    adapter = odoo.adapter({"post": False})
    remote = adapter.create(request)
    odoo.server.post(int(remote.remote_id))
    (found,) = adapter.look_up("credit_note", request.key)
    assert (found.state, found.number, found.detail["state"]) == ("posted", "RINV/2026/00001", "posted")
    with pytest.raises(AlreadyExists):
        adapter.create(request)


def test_a_draft_people_have_deleted_may_be_written_again(odoo: Installation):
    request = credit_note()
    adapter = odoo.adapter({"post": False})
    odoo.server.delete(int(adapter.create(request).remote_id))
    assert adapter.create(request).state == "posted"
    assert odoo.documents(request.key) == ["draft"]


def test_posting_is_left_to_people(odoo: Installation):
    adapter = odoo.adapter({"post": False})
    remote = adapter.create(credit_note())
    assert adapter.post("credit_note", remote.remote_id) == remote
    assert odoo.server.count("account.move", "action_post") == 0


# -------------------------------------------------------------------- left by a crash


def test_a_draft_left_by_a_crash_is_found_and_posted(each: Installation):
    draft = left_by_a_crash(each)
    adapter = each.adapter()
    (found,) = adapter.look_up("credit_note", credit_note().key)
    assert (found.remote_id, found.state, found.net) == (draft, "draft", 1505)
    posted = adapter.post("credit_note", draft)
    assert (posted.remote_id, posted.state) == (draft, "posted")
    assert posted.number == each.move(draft)["name"] != "/"
    assert adapter.post("credit_note", draft) == posted, "posted twice is posted once"
    assert each.documents(credit_note().key) == ["posted"]


def test_writing_again_goes_on_with_the_draft(each: Installation):
    draft = left_by_a_crash(each)
    adapter = each.adapter()
    if each.server.version >= (18, 0):
        remote = adapter.create(credit_note())
    else:  # an import would not say what it found
        with pytest.raises(AlreadyExists):
            adapter.create(credit_note())
        remote = adapter.post("credit_note", draft)
    assert (remote.remote_id, remote.state, remote.line_count) == (draft, "posted", 2)
    assert each.documents(credit_note().key) == ["posted"]
    assert [one["price_subtotal"] for one in each.lines(draft)] == [10.0, 5.05]


def test_a_draft_of_other_content_is_corrected_or_goes(odoo: Installation):
    left_by_a_crash(odoo)
    remote = odoo.adapter().create(credit_note(1, line(2000), line(505, REDUCED)))
    assert (remote.net, remote.line_count) == (2505, 2), "corrected"
    odoo.server.draft_again(int(remote.remote_id))
    with pytest.raises(WriteRefused, match=r"the net amount 25\.05 EUR of 20\.00 EUR"):
        odoo.adapter().create(credit_note(1, line(2000)))
    assert odoo.documents(credit_note().key) == [], "the line too many cannot be taken off it: the draft goes"


def test_a_draft_that_is_gone_is_looked_for_again(ends: Installation):
    with pytest.raises(UnknownOutcome, match="vanished"):
        ends.adapter().post("credit_note", "99999")


def test_a_draft_is_discarded(each: Installation):
    draft = left_by_a_crash(each)
    adapter = each.adapter()
    adapter.discard("credit_note", draft)
    assert each.documents(credit_note().key) == []
    adapter.discard("credit_note", draft)
    assert adapter.create(credit_note()).state == "posted"


def test_what_is_posted_is_not_discarded(each: Installation):
    adapter = each.adapter()
    remote = adapter.create(credit_note())
    with pytest.raises(WriteRefused):
        adapter.discard("credit_note", remote.remote_id)
    assert each.documents(credit_note().key) == ["posted"]


@pytest.mark.parametrize("kind", ["account_note", "tier"])
def test_other_kinds_have_no_drafts(odoo: Installation, kind: str):
    for act in (odoo.adapter().post, odoo.adapter().discard):
        with pytest.raises(WriteRefused, match="no drafts"):
            act(kind, "1")


# -------------------------------------------------------------------- cancelled by somebody


def test_what_somebody_cancelled_stays_cancelled(each: Installation):
    adapter = each.adapter()
    remote = adapter.create(credit_note())
    each.server.draft_again(int(remote.remote_id))
    each.server.cancel(int(remote.remote_id))
    with pytest.raises(AlreadyExists):
        adapter.create(credit_note())
    assert each.documents(credit_note().key) == ["cancel"]
    assert adapter.look_up("credit_note", credit_note().key)[0].state == "cancelled"


def test_a_draft_somebody_cancelled_is_neither_posted_nor_removed(each: Installation):
    draft = left_by_a_crash(each)
    each.server.cancel(int(draft))
    assert each.adapter().post("credit_note", draft).state == "cancelled"
    assert each.documents(credit_note().key) == ["cancel"]


@pytest.mark.parametrize("meanwhile", ["post", "cancel"])
def test_a_draft_that_changes_while_it_is_posted(odoo: Installation, monkeypatch: pytest.MonkeyPatch, meanwhile: str):
    draft = left_by_a_crash(odoo)
    adapter = odoo.adapter()
    real = adapter.client.call

    def call(model: str, method: str, /, **named: Any) -> Any:
        if method == "action_post":
            getattr(odoo.server, meanwhile)(int(draft))
        return real(model, method, **named)

    monkeypatch.setattr(adapter.client, "call", call)
    assert adapter.post("credit_note", draft).state == {"post": "posted", "cancel": "cancelled"}[meanwhile]
    assert odoo.documents(credit_note().key) == [{"post": "posted", "cancel": "cancel"}[meanwhile]]


# -------------------------------------------------------------------- drafts that are not what was approved


@pytest.mark.parametrize(("spoken", "post"), [*((spoken, True) for spoken in COARSE), ("18", False)])
def test_a_draft_whose_net_amount_differs_is_removed(install, spoken: str, post: bool):
    odoo = install(spoken, price_digits=COARSE[spoken])
    request = credit_note(1, line(1000), line(507, REDUCED))
    with pytest.raises(WriteRefused, match=r"the net amount 15\.10 EUR of 15\.07 EUR.*decimal accuracy") as refused:
        odoo.adapter({"post": post}).create(request)
    assert refused.value.remote_id is None
    assert odoo.documents(request.key) == [] and odoo.named(request.key) == []
    assert odoo.server.count("account.move", "action_post") == 0


@pytest.mark.parametrize("error", ["user", "access", "program"])
def test_a_draft_that_cannot_be_removed_is_named(install, error: str):
    odoo = install("18", price_digits=1)
    odoo.server.fail("account.move", "unlink", error=error)
    request = credit_note(1, line(507))
    with pytest.raises((WriteRefused, UnknownOutcome)) as raised:
        odoo.adapter().create(request)
    (draft,) = odoo.server.documents_with(request.key)
    assert odoo.documents(request.key) == ["draft"]
    if error == "program":
        assert isinstance(raised.value, UnknownOutcome), "it may be gone: the next look-up tells"
    else:
        assert isinstance(raised.value, WriteRefused) and raised.value.remote_id == str(draft)
        assert "the net amount" in raised.value.message, "the reason is why it was refused, not why it stays"


def test_a_draft_refused_at_posting_that_cannot_be_removed_is_named(ends: Installation):
    ends.server.fail("account.move", "unlink", error="user")
    with pytest.raises(WriteRefused, match="negative total amount") as refused:
        ends.adapter().create(credit_note(1, line(-1000)))
    (draft,) = ends.server.documents_with(credit_note().key)
    assert refused.value.remote_id == str(draft)


def test_the_audit_trail_keeps_a_draft_that_was_posted_once(install):
    odoo = install(audit_trail=True)
    remote = odoo.adapter().create(credit_note())
    odoo.server.draft_again(int(remote.remote_id))
    with pytest.raises(WriteRefused, match="the net amount") as refused:
        odoo.adapter().create(credit_note(1, line(1000)))
    assert refused.value.remote_id == remote.remote_id
    assert odoo.documents(credit_note().key) == ["draft"]


def test_a_lost_reply_to_the_removal_is_an_unknown_outcome(install):
    odoo = install("18", price_digits=1)
    odoo.server.mishap("drop_after", "account.move", "unlink")
    with pytest.raises(UnknownOutcome):
        odoo.adapter().create(credit_note(1, line(507)))
    assert odoo.documents(credit_note().key) == []
