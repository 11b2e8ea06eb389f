from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from connectors.odoo.adapter import OdooAdapter
from connectors.odoo.identity import NotLoaded, exists, external_id, load
from connectors.spi import AlreadyExists, NeedsPerson, Remote, WriteRefused, WriteRequest
from core.errors import RetryableError
from tests.unit.odoo_writing.installation import Installation
from tests.unit.odoo_writing.wanted import credit_note, journal, note

CONFLICT = "could not serialize access due to concurrent update\n"


def test_a_key_is_written_once(each: Installation):
    adapter = each.adapter()
    remote = adapter.create(credit_note())
    before = [each.move(remote.remote_id), *each.lines(remote.remote_id)]
    each.server.advance(60)
    with pytest.raises(AlreadyExists):
        adapter.create(credit_note())
    after = [each.move(remote.remote_id), *each.lines(remote.remote_id)]
    assert each.documents(credit_note().key) == ["posted"]
    for name in ("name", "state", "amount_untaxed", "amount_tax", "amount_residual", "date"):
        assert after[0][name] == before[0][name]
    assert [one["price_subtotal"] for one in after[1:]] == [one["price_subtotal"] for one in before[1:]] == [10.0, 5.05]


def test_another_key_is_another_document(ends: Installation):
    adapter = ends.adapter()
    first, second = adapter.create(credit_note(1)), adapter.create(credit_note(2))
    assert first.remote_id != second.remote_id
    assert ends.documents(credit_note(1).key) == ends.documents(credit_note(2).key) == ["posted"]


def test_a_key_taken_out_of_the_reference_is_for_a_person(each: Installation):
    adapter = each.adapter()
    remote = adapter.create(credit_note())
    each.server.write("account.move", int(remote.remote_id), ref="tidied up")
    assert adapter.look_up("credit_note", credit_note().key) == ()
    if each.server.version == (16, 0):
        with pytest.raises(AlreadyExists):  # it lets the import put the key back
            adapter.create(credit_note())
    else:
        with pytest.raises(NeedsPerson, match=external_id(credit_note().key)) as left:
            adapter.create(credit_note())
        assert "put the key back into its reference" in str(left.value.hint)
        each.server.write("account.move", int(remote.remote_id), ref=f"see {credit_note().key}")
    assert adapter.look_up("credit_note", credit_note().key) == (adapter.read_back("credit_note", remote.remote_id),)
    assert len(each.server.search("account.move", [("move_type", "=", "out_refund")])) == 1


def test_a_key_inside_a_longer_word_is_not_found(odoo: Installation):
    key = credit_note().key
    odoo.server.add_refund(8, ref=f"X{key}Y")
    assert odoo.adapter().look_up("credit_note", key) == ()


def test_somebody_else_s_document_with_our_key_is_found(odoo: Installation):
    key = credit_note().key
    copies = [odoo.server.add_refund(8, ref=f"copy of {key}", day="2026-02-03") for _ in range(2)]
    found = odoo.adapter().look_up("credit_note", key)
    assert [remote.remote_id for remote in found] == [str(move) for move in copies]


@pytest.mark.parametrize("spoken", ["19", "19-xmlrpc", "16"])
def test_four_at_once_make_one_document(install, spoken: str):
    odoo = install(spoken)
    together = threading.Barrier(4, timeout=60)
    adapters = [odoo.adapter() for _ in range(4)]
    for adapter in adapters:
        adapter.masters.journal("sale")

    def write(adapter: OdooAdapter) -> Remote | Exception:
        together.wait()
        try:
            return adapter.create(credit_note())
        except (AlreadyExists, RetryableError) as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(write, adapters))
    (document,) = odoo.server.documents_with(credit_note().key)
    assert odoo.documents(credit_note().key) == ["posted"]
    assert [one["price_subtotal"] for one in odoo.lines(str(document))] == [10.0, 5.05]
    written = [outcome for outcome in outcomes if isinstance(outcome, Remote)]
    assert len(written) == 1, "one has written it, the others know that it is there, or will look"
    assert written[0].number == odoo.move(str(document))["name"]


def test_an_import_that_met_another_is_tried_again(spoken: Installation):
    late = spoken.server.late_commit("account.move", "load")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(spoken.adapter().create, credit_note())
        late.wait_started()
        second = pool.submit(spoken.adapter().create, credit_note())
        while not spoken.server.waiting and not second.done():
            threading.Event().wait(0.005)
        late.release()
        outcomes = [one.exception() or one.result() for one in (first, second)]
    assert sum(isinstance(outcome, Remote) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 1
    assert spoken.documents(credit_note().key) == ["posted"]
    assert spoken.server.count("account.move", "load") >= 3, "the second has imported again"


@pytest.mark.parametrize("request_", [credit_note(), journal()], ids=["credit_note", "journal"])
@pytest.mark.parametrize("meanwhile", ["post", "cancel"])
def test_what_another_was_faster_with_is_there_already(
    odoo: Installation, monkeypatch: pytest.MonkeyPatch, request_: WriteRequest, meanwhile: str
):
    adapter = odoo.adapter()
    real = adapter.client.call

    def call(model: str, method: str, /, **named: Any) -> Any:
        if method == "action_post":
            getattr(odoo.server, meanwhile)(named["ids"][0])
        return real(model, method, **named)

    monkeypatch.setattr(adapter.client, "call", call)
    with pytest.raises(AlreadyExists):
        adapter.create(request_)
    assert odoo.documents(request_.key) == ["posted" if meanwhile == "post" else "cancel"]


class Answering:
    """A server that answers imports with these messages, one after another; after them it takes the row."""

    def __init__(self, *messages: str) -> None:
        self.messages, self.calls = list(messages), 0

    def call(self, model: str, method: str, **named: Any) -> dict[str, Any]:
        self.calls += 1
        if self.messages:
            return {"ids": False, "messages": [{"type": "error", "message": self.messages.pop(0)}]}
        return {"ids": [7], "messages": []}


def test_a_conflict_passes():
    server = Answering(CONFLICT, CONFLICT)
    assert load(server, {}, "account.move", ["id"], [["rebated.X"]]) == [7]  # type: ignore[arg-type]
    assert server.calls == 3


def test_a_conflict_that_stays_is_tried_later():
    with pytest.raises(RetryableError, match="another transaction"):
        load(Answering(*[CONFLICT] * 9), {}, "account.move", ["id"], [["rebated.X"]])  # type: ignore[arg-type]


def test_a_refusal_is_told_in_plain_words():
    with pytest.raises(NotLoaded) as refused:
        load(Answering("<p>No way &amp; no</p>\n"), {}, "account.move", ["id"], [["rebated.X"]])  # type: ignore[arg-type]
    assert refused.value.messages == "No way & no"


def test_asking_for_a_key_changes_nothing(each: Installation):
    adapter = each.adapter()
    adapter.create(credit_note())
    adapter.create(note(2))
    context = adapter.companies.context()
    held = [
        adapter.read_back("credit_note", "1"),
        each.server.search("account.move"),
        each.server.search("mail.message"),
    ]
    for model, number in (("account.move", 1), ("mail.message", 2)):
        assert exists(adapter.client, context, model, credit_note(number).key)
        assert not exists(adapter.client, context, model, credit_note(3).key)
    assert held[1:] == [each.server.search("account.move"), each.server.search("mail.message")]


def test_an_unknown_partner_is_refused(ends: Installation):
    with pytest.raises(WriteRefused, match="98765"):
        ends.adapter().create(credit_note(account=98765))
    assert ends.documents(credit_note().key) == []


def test_an_archived_partner_is_paid_what_it_is_owed(ends: Installation):
    partner = ends.server.add_partner("Gone", active=False)
    remote = ends.adapter().create(credit_note(account=partner))
    assert (remote.state, remote.account) == ("posted", str(partner))


def test_amounts_are_sent_as_text(odoo: Installation, monkeypatch: pytest.MonkeyPatch):
    adapter, sent = odoo.adapter(), []
    real = adapter.client.call

    def call(model: str, method: str, /, **named: Any) -> Any:
        sent.extend(cell for row in named.get("data", []) for cell in row)
        return real(model, method, **named)

    monkeypatch.setattr(adapter.client, "call", call)
    adapter.create(credit_note())
    assert "5.05" in sent and not [cell for cell in sent if isinstance(cell, float | Decimal)]
