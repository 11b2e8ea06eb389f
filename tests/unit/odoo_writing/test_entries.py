from __future__ import annotations

import re
from datetime import date

import pytest

from connectors.spi import AlreadyExists, NeedsPerson, UnknownOutcome, WriteRefused
from core.errors import FatalError
from tests.unit.odoo_writing.installation import BUYER, DISCOUNTS, ENTRIES, REVENUE, Installation
from tests.unit.odoo_writing.wanted import journal, row

LIABILITIES = 1001


def booked(odoo: Installation, remote_id: str) -> list[tuple[int, float, float]]:
    return [(one["account_id"], one["debit"], one["credit"]) for one in odoo.lines(remote_id)]


def test_the_journal_of_a_month_is_one_entry(each: Installation):
    request = journal()
    adapter = each.adapter()
    remote = adapter.create(request)
    move = each.move(remote.remote_id)
    assert (move["move_type"], move["state"], move["journal_id"]) == ("entry", "posted", ENTRIES)
    assert (move["date"], move["ref"]) == ("2026-01-31", f"DE01 2026-01 {request.key}")
    assert booked(each, remote.remote_id) == [(DISCOUNTS, 15.05, 0.0), (LIABILITIES, 0.0, 15.05)]
    for one in each.lines(remote.remote_id):
        assert (one["partner_id"], one["name"]) == (BUYER, "conformance 2026-01")
    assert (remote.key, remote.state, remote.number) == (request.key, "posted", move["name"])
    assert remote.line_count == 2
    assert adapter.look_up("journal", request.key) == (remote,)
    assert adapter.read_back("journal", remote.remote_id) == remote
    assert [model for model, _ in each.named(request.key)] == ["account.move", *["account.move.line"] * 2]


def test_a_line_for_each_row(odoo: Installation):
    rows = (row("8730", 1000), row("8730", 0, 200, payee="C-7"), row("1700", 0, 500, payee=""), row("1700", 0, 300))
    remote = odoo.adapter().create(journal(rows=rows))
    assert booked(odoo, remote.remote_id) == [
        (DISCOUNTS, 10.0, 0.0),
        (DISCOUNTS, 0.0, 2.0),
        (LIABILITIES, 0.0, 5.0),
        (LIABILITIES, 0.0, 3.0),
    ]
    partners = [one["partner_id"] for one in odoo.lines(remote.remote_id)]
    assert partners == [BUYER, None, None, BUYER], "a payee that is no partner of Odoo is left out"
    assert {one["name"] for one in odoo.lines(remote.remote_id)} == {"bonus 2026-01"}


def test_an_entry_bears_no_tax(each: Installation):
    remote = each.adapter().create(journal(accounts=("8400", "1700")))
    assert booked(each, remote.remote_id) == [(REVENUE, 15.05, 0.0), (LIABILITIES, 0.0, 15.05)]
    assert [one["tax_ids"] for one in each.lines(remote.remote_id)] == [[], []], "the account has a default tax"


def test_an_entry_is_written_once(each: Installation):
    adapter = each.adapter()
    remote = adapter.create(journal())
    each.server.advance(60)
    with pytest.raises(AlreadyExists):
        adapter.create(journal())
    assert each.documents(journal().key) == ["posted"]
    assert booked(each, remote.remote_id) == [(DISCOUNTS, 15.05, 0.0), (LIABILITIES, 0.0, 15.05)]


def test_an_entry_left_by_a_crash_is_posted(each: Installation):
    each.server.fail("account.move", "action_post")
    with pytest.raises(UnknownOutcome):
        each.adapter().create(journal())
    adapter = each.adapter({"post": False})
    (draft,) = adapter.look_up("journal", journal().key)
    assert draft.state == "draft", "an entry is not left for people"
    posted = adapter.post("journal", draft.remote_id)
    assert (posted.state, posted.remote_id) == ("posted", draft.remote_id)
    assert adapter.post("journal", draft.remote_id) == posted
    assert each.documents(journal().key) == ["posted"]


def test_an_entry_is_posted_where_documents_are_left_to_people(odoo: Installation):
    remote = odoo.adapter({"post": False}).create(journal())
    assert (remote.state, odoo.documents(journal().key)) == ("posted", ["posted"])


def test_an_entry_whose_reference_somebody_edited_is_for_a_person(odoo: Installation):
    remote = odoo.adapter().create(journal())
    odoo.server.write("account.move", int(remote.remote_id), ref="accruals")
    with pytest.raises(NeedsPerson):
        odoo.adapter().create(journal())


def test_the_journal_is_the_one_with_the_code(odoo: Installation):
    accruals = odoo.server.create(
        "account.journal", name="Accruals", code="ACC", type="general", company_id=1, sequence=99
    )
    remote = odoo.adapter({"entries_journal": "ACC"}).create(journal())
    assert odoo.move(remote.remote_id)["journal_id"] == accruals
    with pytest.raises(FatalError, match="the general journal INV is not there") as stopped:
        odoo.adapter({"entries_journal": "INV"}).create(journal(2))
    assert "write.entries_journal" in str(stopped.value.hint)


def test_an_account_that_is_not_there_stops_the_connection(ends: Installation):
    with pytest.raises(FatalError, match="the account 4711 is not there"):
        ends.adapter().create(journal(accounts=("4711", "1700")))
    assert ends.writes() == []


# -------------------------------------------------------------------- what is refused


def test_another_currency_than_the_company_s_is_refused(ends: Installation):
    rows = (
        row("8730", 500),
        row("1700", 0, 500),
        row("8730", 300, currency="USD"),
        row("1700", 0, 300, currency="USD"),
    )
    with pytest.raises(WriteRefused, match=re.escape("holds USD, the company keeps its books in EUR")) as refused:
        ends.adapter().create(journal(rows=rows))
    assert "another connection" in str(refused.value.hint)
    assert ends.writes() == []


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (row("8730", 500),),
        (row("8730", 500), row("1700", 0, 499)),
        (row("8730", 500), row("1700", 0, 501)),
        (row("8730", 500), row("1700", 500)),
    ],
)
def test_an_entry_that_does_not_balance_is_refused(odoo: Installation, rows: tuple):
    with pytest.raises(WriteRefused, match="the journal of 2026-01 does not balance"):
        odoo.adapter().create(journal(rows=rows))
    assert odoo.writes() == []


def test_an_unknown_partner_is_refused(ends: Installation):
    with pytest.raises(WriteRefused, match="98765"):
        ends.adapter().create(journal(payee=98765))
    assert ends.documents(journal().key) == []


# -------------------------------------------------------------------- lock dates


@pytest.mark.parametrize(
    ("spoken", "field"),
    [
        ("19", "fiscalyear_lock_date"),
        ("19-xmlrpc", "hard_lock_date"),
        ("18", "hard_lock_date"),
        ("16", "period_lock_date"),
        ("14", "period_lock_date"),
        ("14", "fiscalyear_lock_date"),
    ],
)
def test_an_entry_of_a_locked_month_goes_to_the_first_open_day(install, spoken: str, field: str):
    odoo = install(spoken)
    odoo.server.set_lock_date("2026-02-15", field)
    remote = odoo.adapter().create(journal())
    assert (odoo.move(remote.remote_id)["date"], remote.state) == ("2026-02-16", "posted")
    after = odoo.adapter().create(journal(2, posted_on=date(2026, 2, 28)))
    assert odoo.move(after.remote_id)["date"] == "2026-02-28"


@pytest.mark.parametrize(
    ("spoken", "field"),
    [("19", "sale_lock_date"), ("19", "tax_lock_date"), ("18", "sale_lock_date"), ("16", "tax_lock_date")],
)
def test_an_entry_stays_in_its_month_where_only_sales_or_taxes_are_locked(install, spoken: str, field: str):
    odoo = install(spoken)
    odoo.server.set_lock_date("2026-02-15", field)
    remote = odoo.adapter().create(journal())
    assert (odoo.move(remote.remote_id)["date"], remote.state) == ("2026-01-31", "posted")
