from __future__ import annotations

from datetime import date

import pytest

from connectors.spi import TaxPart, WriteRefused
from core.errors import FatalError
from tests.unit.odoo_writing.installation import (
    ALLOWANCES,
    BUYER,
    DISCOUNTS,
    EUR,
    GOODS,
    REVENUE,
    SALES,
    TAX_7,
    TAX_19,
    USD,
    Installation,
)
from tests.unit.odoo_writing.wanted import REDUCED, STANDARD, credit_note, line


def test_a_credit_note_stands_in_odoo_as_it_was_approved(each: Installation):
    request = credit_note()
    remote = each.adapter().create(request)
    move = each.move(remote.remote_id)
    assert (move["move_type"], move["state"], move["partner_id"]) == ("out_refund", "posted", BUYER)
    assert (move["journal_id"], move["currency_id"], move["company_id"]) == (SALES, EUR, 1)
    assert (move["invoice_date"], move["date"]) == ("2026-02-03", "2026-02-03")
    assert move["ref"] == f"conformance 2026-01 {request.key}"
    first, second = each.lines(remote.remote_id)
    assert [first["name"], second["name"]] == ["Rebate 19 %", "Rebate 7 %"]
    assert [first["price_subtotal"], second["price_subtotal"]] == [10.0, 5.05]
    assert [first["tax_ids"], second["tax_ids"]] == [[TAX_19], [TAX_7]]
    assert {first["account_id"], second["account_id"]} == {DISCOUNTS}
    assert (first["balance"], second["balance"]) == (10.0, 5.05), "it takes revenue back"
    assert each.named(request.key) == [
        ("account.move", move["id"]),
        ("account.move.line", first["id"]),
        ("account.move.line", second["id"]),
    ]


def test_the_receipt_has_the_figures_of_odoo(each: Installation):
    request = credit_note()
    adapter = each.adapter()
    remote = adapter.create(request)
    move = each.move(remote.remote_id)
    assert (remote.key, remote.state, remote.number) == (request.key, "posted", move["name"])
    assert (remote.account, remote.currency, remote.own_tax) == (str(BUYER), "EUR", False)
    assert (remote.net, remote.tax, remote.line_count) == (1505, 225, 2)
    assert remote.taxes == (TaxPart("S", REDUCED, 505, 35), TaxPart("S", STANDARD, 1000, 190))
    assert remote.detail == {"state": "posted", "reference": move["ref"]}
    assert adapter.read_back("credit_note", remote.remote_id) == remote
    assert adapter.look_up("credit_note", request.key) == (remote,)
    assert adapter.look_up("debit_invoice", request.key) == ()
    assert each.adapter().look_up("credit_note", request.key) == (remote,), "nor does it rest on what it remembers"


def test_a_contact_stands_for_its_company_unless_contacts_are_the_accounts(odoo: Installation):
    contact = odoo.server.add_partner("Purchasing", parent_id=BUYER)
    request = credit_note(account=contact)
    remote = odoo.adapter().create(request)
    assert odoo.move(remote.remote_id)["partner_id"] == contact
    assert remote.account == str(BUYER)
    contacts = odoo.adapter(read={"account": "contact"})
    assert contacts.look_up("credit_note", request.key)[0].account == str(contact)


# -------------------------------------------------------------------- journal, date, currency


def test_the_journal_is_the_one_with_the_code(odoo: Installation):
    rebates = odoo.server.create("account.journal", name="Rebates", code="REB", type="sale", company_id=1, sequence=99,
                                 default_account_id=ALLOWANCES, refund_sequence=True)  # fmt: skip
    remote = odoo.adapter({"journal": "REB"}).create(credit_note())
    assert odoo.move(remote.remote_id)["journal_id"] == rebates
    assert remote.number == "RREB/2026/00001"
    assert odoo.move(odoo.adapter().create(credit_note(2)).remote_id)["journal_id"] == SALES, "the first in their order"


@pytest.mark.parametrize("code", ["NOPE", "MISC"])
def test_a_journal_that_is_not_there_stops_the_connection(odoo: Installation, code: str):
    with pytest.raises(FatalError, match=f"the sales journal {code} is not there") as stopped:
        odoo.adapter({"journal": code}).create(credit_note())
    assert "write.journal" in str(stopped.value.hint)
    assert odoo.writes() == []


def test_the_date_is_the_day_of_writing_or_the_end_of_the_period(odoo: Installation):
    request = credit_note(issued=date(2026, 3, 4), period_end=date(2026, 1, 31))
    today = odoo.adapter().create(request)
    assert odoo.move(today.remote_id)["invoice_date"] == "2026-03-04"
    again = credit_note(2, issued=date(2026, 3, 4), period_end=date(2026, 1, 31))
    at_end = odoo.adapter({"date": "period_end"}).create(again)
    assert odoo.move(at_end.remote_id)["invoice_date"] == odoo.move(at_end.remote_id)["date"] == "2026-01-31"


def test_another_currency_than_the_company_s(each: Installation):
    each.server.add_rate(USD, "2026-01-01", 1.25)
    remote = each.adapter().create(credit_note(currency="USD"))
    assert (remote.currency, remote.net, remote.tax) == ("USD", 1505, 225)
    move = each.move(remote.remote_id)
    assert (move["currency_id"], move["amount_total"]) == (USD, 17.3)
    assert [one["balance"] for one in each.lines(remote.remote_id)] == [8.0, 4.04], "the books are kept in euros"


def test_three_digits_after_the_point(odoo: Installation):
    odoo.server.write("res.currency", 96, active=True)
    remote = odoo.adapter().create(credit_note(1, line(12_345), currency="KWD"))
    assert (remote.net, remote.tax) == (12_345, 2346)
    assert odoo.lines(remote.remote_id)[0]["price_unit"] == 12.345


def test_no_digits_after_the_point(odoo: Installation):
    odoo.server.write("res.currency", 25, active=True)
    remote = odoo.adapter().create(credit_note(1, line(1505), currency="JPY"))
    assert (remote.net, remote.tax) == (1505, 286)
    assert odoo.lines(remote.remote_id)[0]["price_unit"] == 1505.0


def test_a_currency_that_is_not_active_is_refused(odoo: Installation):
    with pytest.raises(WriteRefused, match="the currency KWD is not active in Odoo") as refused:
        odoo.adapter().create(credit_note(currency="KWD"))
    assert refused.value.remote_id is None
    assert odoo.writes() == []


# -------------------------------------------------------------------- lines


def test_one_line_may_take_something_back(each: Installation):
    remote = each.adapter().create(credit_note(1, line(1000), line(-400), line(505, REDUCED)))
    assert (remote.net, remote.tax, remote.line_count) == (1105, 149, 3)
    assert remote.taxes == (TaxPart("S", REDUCED, 505, 35), TaxPart("S", STANDARD, 600, 114))
    assert [one["price_subtotal"] for one in each.lines(remote.remote_id)] == [10.0, -4.0, 5.05]


def test_a_total_below_zero_is_refused_and_leaves_nothing(each: Installation):
    request = credit_note(1, line(1000), line(-1400))
    adapter = each.adapter()
    with pytest.raises(WriteRefused, match="negative total amount") as refused:
        adapter.create(request)
    assert refused.value.remote_id is None
    assert each.documents(request.key) == [] and each.named(request.key) == []
    assert adapter.look_up("credit_note", request.key) == ()
    assert adapter.create(credit_note()).state == "posted", "the key is free again"


def test_text_of_lines_is_plain_and_text_of_notes_is_html(each: Installation):
    words = 'Bonus <b>3 %</b> & "more"'
    remote = each.adapter().create(credit_note(1, line(1000, text=words), note=f"{words}\nThank you"))
    (only,) = each.lines(remote.remote_id)
    assert only["name"] == words
    narration = each.move(remote.remote_id)["narration"]
    if each.server.version < (15, 0):
        assert narration == f"{words}\nThank you", "the field is plain text there"
    else:
        assert narration == '<p>Bonus &lt;b&gt;3 %&lt;/b&gt; &amp; "more"<br>Thank you</p>'


def test_the_product_of_a_program_brings_its_account(each: Installation):
    adapter = each.adapter({"lines": {"account": "8700"}, "programs": {"conformance": {"product": "SAW-3"}}})
    one, other = adapter.create(credit_note(1)), adapter.create(credit_note(2, program="other"))
    for found in each.lines(one.remote_id):
        assert (found["product_id"], found["account_id"], found["quantity"]) == (GOODS, REVENUE, 1.0)
    assert [found["name"] for found in each.lines(one.remote_id)] == ["Rebate 19 %", "Rebate 7 %"]
    assert [found["tax_ids"] for found in each.lines(one.remote_id)] == [[TAX_19], [TAX_7]], "not those of the product"
    assert (one.net, one.tax) == (1505, 225)
    for found in each.lines(other.remote_id):
        assert (found["product_id"], found["account_id"]) == (None, ALLOWANCES), "the default is for all other programs"


def test_account_and_product_together(odoo: Installation):
    odoo.server.add_product("REBATE", "Rebate", price=0.0)
    remote = odoo.adapter({"lines": {"account": "8730", "product": "REBATE"}}).create(credit_note())
    assert {found["account_id"] for found in odoo.lines(remote.remote_id)} == {DISCOUNTS}
    assert [found["price_unit"] for found in odoo.lines(remote.remote_id)] == [10.0, 5.05]


def test_lines_without_account_are_booked_on_that_of_the_journal(odoo: Installation):
    remote = odoo.adapter({"lines": {}}).create(credit_note())
    assert {found["account_id"] for found in odoo.lines(remote.remote_id)} == {REVENUE}


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ({"account": "9999"}, "the account 9999 is not there"),
        ({"product": "NOPE"}, "the product NOPE is not there"),
        ({"analytic": {"Nowhere": 100}}, "the analytic account Nowhere is not there"),
        ({"product": "TWICE"}, "the product TWICE is there 2 times"),
    ],
)
def test_what_the_settings_name_and_odoo_has_not_stops_the_connection(odoo: Installation, lines: dict, what: str):
    odoo.server.add_product("TWICE")
    odoo.server.add_product("TWICE")
    with pytest.raises(FatalError, match=what):
        odoo.adapter({"lines": lines}).create(credit_note())
    assert odoo.writes() == []


# -------------------------------------------------------------------- analytic accounts


def analytic(odoo: Installation, *names: str) -> list[int]:
    plan = {"plan_id": 1} if odoo.server.version >= (16, 0) else {}
    return [odoo.server.create("account.analytic.account", name=name, **plan) for name in names]


@pytest.mark.parametrize("spoken", ["19", "19-xmlrpc", "16"])
def test_lines_are_shared_out_to_analytic_accounts(install, spoken: str):
    odoo = install(spoken)
    north, south = analytic(odoo, "North", "South")
    shares = {"account": "8730", "analytic": {"North": "66.67", "South": "33.33"}}
    adapter = odoo.adapter({"lines": {"analytic": {"North": 100}}, "programs": {"conformance": shares}})
    remote = adapter.create(credit_note())
    for found in odoo.lines(remote.remote_id):
        assert found["analytic_distribution"] == {str(north): 66.67, str(south): 33.33}
    (other, _) = odoo.lines(adapter.create(credit_note(2, program="other")).remote_id)
    assert other["analytic_distribution"] == {str(north): 100.0}


def test_a_line_has_one_analytic_account_before_16(install):
    odoo = install("14")
    (north,) = analytic(odoo, "North")
    remote = odoo.adapter({"lines": {"analytic": {"North": 100}}}).create(credit_note())
    assert {found["analytic_account_id"] for found in odoo.lines(remote.remote_id)} == {north}


@pytest.mark.parametrize("shares", [{"North": 60, "South": 40}, {"North": 60}, {"North": 100, "South": 100}])
def test_shares_that_cannot_be_kept_are_refused_not_cut(install, shares: dict[str, int]):
    odoo = install("14")
    analytic(odoo, "North", "South")
    with pytest.raises(FatalError, match=r"before Odoo 16 a line has one analytic account.*North \(\d+ %\)") as stopped:
        odoo.adapter({"lines": {"analytic": shares}}).create(credit_note())
    assert "with 100" in str(stopped.value.hint)
    assert odoo.writes() == []
