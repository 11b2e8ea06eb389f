from __future__ import annotations

import pytest

from connectors.spi import AlreadyExists, WriteRefused
from tests.unit.odoo_writing.installation import BUYER, Installation
from tests.unit.odoo_writing.wanted import credit_note, note

MAILING = ("mail.mail", "mail.notification", "mail.followers")


def message(odoo: Installation, remote_id: str) -> dict:
    found = odoo.server.record("mail.message", int(remote_id))
    assert found is not None
    return found


def test_a_note_stands_in_the_partner_s_chatter(each: Installation):
    request = note()
    adapter = each.adapter()
    remote = adapter.create(request)
    found = message(each, remote.remote_id)
    assert (found["model"], found["res_id"], found["body"]) == ("res.partner", BUYER, "<p>You are Gold now</p>")
    assert found["message_id"] == f"<{request.key}@rebated>"
    with each.server.batch() as session:
        subtype = session.one("mail.message.subtype", found["subtype_id"])
    assert (found["message_type"], subtype["name"], subtype["internal"]) == ("comment", "Note", True)
    assert (remote.key, remote.account, remote.state) == (request.key, str(BUYER), "posted")
    assert adapter.look_up("account_note", request.key) == (remote,)
    assert adapter.read_back("account_note", remote.remote_id) == remote
    assert each.named(request.key) == [("mail.message", int(remote.remote_id))]


def test_text_is_escaped_and_keeps_its_lines(each: Installation):
    remote = each.adapter().create(note(text='<script>alert("1")</script> & <b>Käufer</b>\nsecond\n\nfourth'))
    body = message(each, remote.remote_id)["body"]
    assert body == (
        '<p>&lt;script&gt;alert("1")&lt;/script&gt; &amp; &lt;b&gt;Käufer&lt;/b&gt;<br>second<br><br>fourth</p>'
    )


def test_nobody_is_mailed_and_nobody_follows(each: Installation):
    each.adapter().create(note())
    assert each.writes() == ["mail.message.load"], "an import sends nothing, posting a message does"
    partner = each.server.record("res.partner", BUYER)
    assert partner is not None and partner["write_uid"] != 5, "the partner itself is left alone"
    (kept,) = each.server.notes_with(note().key)
    assert not message(each, str(kept)).get("partner_ids")


def test_a_note_is_told_once(each: Installation):
    adapter = each.adapter()
    remote = adapter.create(note())
    before = message(each, remote.remote_id)
    each.server.advance(60)
    with pytest.raises(AlreadyExists):
        adapter.create(note(text="once more"))
    assert each.server.notes_with(note().key) == [int(remote.remote_id)]
    assert message(each, remote.remote_id) == before


def test_two_notes_beside_each_other(odoo: Installation):
    adapter = odoo.adapter()
    first, second = adapter.create(note(1)), adapter.create(note(2))
    assert first.remote_id != second.remote_id
    assert adapter.look_up("account_note", note(1).key) == (first,)


@pytest.mark.parametrize("account", [98765, "C-1001", ""])
def test_an_unknown_partner_is_refused(ends: Installation, account: int | str):
    with pytest.raises(WriteRefused):
        ends.adapter().create(note(account=account))
    assert ends.server.notes_with(note().key) == []
    assert ends.named(note().key) == []


def test_an_archived_partner_is_told_too(ends: Installation):
    partner = ends.server.add_partner("Gone", active=False)
    remote = ends.adapter().create(note(account=partner))
    assert message(ends, remote.remote_id)["res_id"] == partner
    assert ends.adapter().look_up("account_note", note().key) == (remote,)


def test_a_note_somebody_deleted_is_gone(odoo: Installation):
    adapter = odoo.adapter()
    remote = adapter.create(note())
    odoo.server.unlink("mail.message", int(remote.remote_id))
    assert adapter.read_back("account_note", remote.remote_id) is None
    assert adapter.look_up("account_note", note().key) == ()
    assert adapter.create(note()).remote_id != remote.remote_id


def test_notes_of_people_are_none_of_ours(odoo: Installation):
    theirs = odoo.server.add_note("res.partner", BUYER, f"<p>about {note().key}</p>")
    adapter = odoo.adapter()
    assert adapter.look_up("account_note", note().key) == ()
    assert adapter.read_back("account_note", str(theirs)) is None
    assert adapter.read_back("account_note", "C-1") is None


def test_a_document_with_the_key_of_a_note_is_another_thing(odoo: Installation):
    """Keys are never shared, but external ids are one namespace: the import is refused, nothing is changed."""
    adapter = odoo.adapter()
    adapter.create(credit_note(1))
    with pytest.raises(WriteRefused, match="found record of different model"):
        adapter.create(note(1))
    assert odoo.server.notes_with(note(1).key) == []
