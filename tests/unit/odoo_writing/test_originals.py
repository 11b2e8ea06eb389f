from __future__ import annotations

import pytest

from tests.unit.odoo_writing.installation import BUYER, Installation
from tests.unit.odoo_writing.wanted import credit_note, debit_invoice

MATCHED = {"apply": "original"}


def invoice(odoo: Installation, amount: float = 100, partner: int = BUYER, **values) -> int:
    """119.00 with tax, of 100.00."""
    return odoo.server.add_invoice(
        partner, [{"name": "Goods", "price_unit": amount, "tax_ids": [18]}], "2026-01-15", **values
    )


def open_amount(odoo: Installation, move: int | str) -> float:
    return float(odoo.move(str(move))["amount_residual"])


def test_a_credit_note_names_its_invoice_and_stays_open(each: Installation):
    original = invoice(each)
    remote = each.adapter().create(credit_note(original=str(original)))
    assert each.move(remote.remote_id)["reversed_entry_id"] == original
    assert open_amount(each, remote.remote_id) == 17.3, (
        "from 17 on Odoo would match what names an invoice as it posts it"
    )
    assert open_amount(each, original) == 119.0


def test_a_credit_note_is_matched_with_its_invoice(each: Installation):
    original, other = invoice(each), invoice(each)
    remote = each.adapter(MATCHED).create(credit_note(original=str(original)))
    assert each.move(remote.remote_id)["reversed_entry_id"] == original
    assert (open_amount(each, remote.remote_id), open_amount(each, original)) == (0.0, 101.7)
    assert each.move(remote.remote_id)["payment_state"] == "paid"
    assert open_amount(each, other) == 119.0
    by_us = each.server.count("account.move", "js_assign_outstanding_line")
    assert by_us == (0 if each.server.version >= (17, 0) else 1)


def test_what_the_invoice_does_not_take_stays_open(each: Installation):
    original = invoice(each, 10)
    remote = each.adapter(MATCHED).create(credit_note(original=str(original)))
    assert (open_amount(each, remote.remote_id), open_amount(each, original)) == (5.4, 0.0)


def test_a_settled_invoice_takes_nothing(each: Installation):
    original = invoice(each)
    each.server.pay(original)
    remote = each.adapter(MATCHED).create(credit_note(original=str(original)))
    assert (remote.state, open_amount(each, remote.remote_id)) == ("posted", 17.3)
    assert each.move(remote.remote_id)["reversed_entry_id"] == original


@pytest.mark.parametrize("why", ["gone", "draft", "another company's"])
@pytest.mark.parametrize("write", [MATCHED, {"apply": "open"}])
def test_an_invoice_that_cannot_be_matched_is_no_error(spoken: Installation, why: str, write: dict):
    if why == "gone":
        original = 98765
    elif why == "draft":
        original = invoice(spoken, post=False)
    else:
        other = spoken.server.add_company("Other GmbH", visible=False)
        journal = spoken.server.search("account.journal", [("company_id", "=", other), ("type", "=", "sale")])[0]
        original = spoken.server.add_invoice(BUYER, [50], "2026-01-15", company_id=other, journal_id=journal)
    remote = spoken.adapter(write).create(credit_note(original=str(original)))
    assert (remote.state, remote.net) == ("posted", 1505)
    assert open_amount(spoken, remote.remote_id) == 17.3
    if write == MATCHED:
        assert not spoken.move(remote.remote_id)["reversed_entry_id"]


@pytest.mark.parametrize("error", ["user", "access", "program"])
def test_a_match_that_fails_is_no_error(install, error: str):
    odoo = install("16")
    original = invoice(odoo)
    odoo.server.fail("account.move", "js_assign_outstanding_line", error=error)
    remote = odoo.adapter(MATCHED).create(credit_note(original=str(original)))
    assert (remote.state, open_amount(odoo, remote.remote_id)) == ("posted", 17.3)
    assert odoo.server.count("account.move", "js_assign_outstanding_line") == 1


def test_a_match_whose_reply_is_lost_is_no_error(install):
    odoo = install("14")
    original = invoice(odoo)
    odoo.server.mishap("drop_after", "account.move", "js_assign_outstanding_line")
    remote = odoo.adapter(MATCHED).create(credit_note(original=str(original)))
    assert (remote.state, open_amount(odoo, original)) == ("posted", 101.7)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_name_that_could_not_be_written_is_no_error(spoken: Installation, kind: str):
    original = invoice(spoken)
    spoken.server.mishap(kind, "account.move", "write")  # type: ignore[arg-type]
    remote = spoken.adapter().create(credit_note(original=str(original)))
    assert remote.state == "posted"
    assert bool(spoken.move(remote.remote_id)["reversed_entry_id"]) == (kind == "drop_after")


def test_a_draft_for_people_names_what_it_is_to_be_matched_with(spoken: Installation):
    original = invoice(spoken)
    named = spoken.adapter({**MATCHED, "post": False}).create(credit_note(1, original=str(original)))
    left = spoken.adapter({"post": False}).create(credit_note(2, original=str(original)))
    spoken.server.post(int(named.remote_id))
    spoken.server.post(int(left.remote_id))
    assert open_amount(spoken, named.remote_id) == 0.0
    assert open_amount(spoken, left.remote_id) == 17.3
    assert spoken.server.count("account.move", "js_assign_outstanding_line") == 0


@pytest.mark.parametrize("write", [MATCHED, {"apply": "open"}])
def test_an_invoice_corrects_no_invoice(odoo: Installation, write: dict):
    original = invoice(odoo)
    remote = odoo.adapter(write).create(debit_invoice(original=str(original)))
    assert not odoo.move(remote.remote_id)["reversed_entry_id"]
    assert open_amount(odoo, original) == 119.0


def test_nothing_is_asked_where_no_invoice_is_named(odoo: Installation):
    odoo.adapter(MATCHED).create(credit_note())
    odoo.adapter(MATCHED).create(credit_note(2, original="INV/2026/7"))
    assert odoo.writes() == ["account.move.load", "account.move.action_post"] * 2
