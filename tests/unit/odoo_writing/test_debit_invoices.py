from __future__ import annotations

import pytest

from connectors.spi import AlreadyExists, TaxPart, WriteRefused
from tests.unit.odoo_writing.installation import BUYER, DISCOUNTS, SALES, TAX_7, TAX_19, Installation
from tests.unit.odoo_writing.wanted import REDUCED, STANDARD, credit_note, debit_invoice, line


def test_a_debit_invoice_stands_in_odoo_as_it_was_approved(each: Installation):
    request = debit_invoice()
    adapter = each.adapter()
    remote = adapter.create(request)
    move = each.move(remote.remote_id)
    assert (move["move_type"], move["state"], move["partner_id"]) == ("out_invoice", "posted", BUYER)
    assert (move["journal_id"], move["invoice_date"]) == (SALES, "2026-02-03")
    first, second = each.lines(remote.remote_id)
    assert [first["tax_ids"], second["tax_ids"]] == [[TAX_19], [TAX_7]]
    assert {first["account_id"], second["account_id"]} == {DISCOUNTS}
    assert (first["balance"], second["balance"]) == (-10.0, -5.05), "it adds to revenue"
    assert (remote.net, remote.tax, remote.line_count) == (1505, 225, 2), "positive, against the account"
    assert remote.taxes == (TaxPart("S", REDUCED, 505, 35), TaxPart("S", STANDARD, 1000, 190))
    assert adapter.look_up("debit_invoice", request.key) == (remote,)
    assert adapter.read_back("debit_invoice", remote.remote_id) == remote
    assert adapter.look_up("credit_note", request.key) == ()
    assert adapter.read_back("credit_note", remote.remote_id) is None


def test_a_debit_invoice_is_written_once(each: Installation):
    adapter = each.adapter()
    adapter.create(debit_invoice())
    with pytest.raises(AlreadyExists):
        adapter.create(debit_invoice())
    assert each.documents(debit_invoice().key) == ["posted"]


def test_a_debit_invoice_below_zero_is_refused_and_leaves_nothing(ends: Installation):
    with pytest.raises(WriteRefused, match="negative total amount"):
        ends.adapter().create(debit_invoice(1, line(-1000)))
    assert ends.documents(debit_invoice().key) == []


def test_a_draft_of_one_is_posted_and_discarded_like_any_other(odoo: Installation):
    left = [odoo.adapter({"post": False}).create(debit_invoice(number)).remote_id for number in (1, 2)]
    adapter = odoo.adapter()
    assert adapter.post("debit_invoice", left[0]).state == "posted"
    adapter.discard("debit_invoice", left[1])
    assert odoo.documents(debit_invoice(1).key) == ["posted"] and odoo.documents(debit_invoice(2).key) == []


def test_both_kinds_beside_each_other(odoo: Installation):
    adapter = odoo.adapter()
    given, taken = adapter.create(credit_note(1)), adapter.create(debit_invoice(2))
    assert (given.number, taken.number) == ("RINV/2026/00001", "INV/2026/00001")
