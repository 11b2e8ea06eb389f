from __future__ import annotations

from datetime import date

import pytest

from connectors.odoo import company as companies
from connectors.spi import NeedsPerson, WriteRefused
from core.errors import FatalError
from tests.unit.odoo_writing.installation import BUYER, SALES, Installation
from tests.unit.odoo_writing.wanted import credit_note, journal, line, note, tier

LOCKS = [
    ("19", "sale_lock_date"),
    ("19-xmlrpc", "tax_lock_date"),
    ("19", "fiscalyear_lock_date"),
    ("19", "hard_lock_date"),
    ("18", "sale_lock_date"),
    ("18", "hard_lock_date"),
    ("16", "period_lock_date"),
    ("16", "fiscalyear_lock_date"),
    ("16", "tax_lock_date"),
    ("14", "period_lock_date"),
    ("14", "fiscalyear_lock_date"),
    ("14", "tax_lock_date"),
]

# -------------------------------------------------------------------- lock dates


@pytest.mark.parametrize(("spoken", "field"), LOCKS)
def test_a_document_of_a_locked_day_is_booked_on_the_first_open_one(install, spoken: str, field: str):
    odoo = install(spoken)
    odoo.server.set_lock_date("2026-02-15", field)
    adapter = odoo.adapter()
    inside, after = adapter.create(credit_note(1)), adapter.create(credit_note(2, issued=date(2026, 2, 16)))
    locked, free = odoo.move(inside.remote_id), odoo.move(after.remote_id)
    assert (locked["invoice_date"], locked["date"], locked["state"]) == ("2026-02-03", "2026-02-16", "posted")
    assert (free["invoice_date"], free["date"], free["state"]) == ("2026-02-16", "2026-02-16", "posted")


def test_the_last_of_several_lock_dates_counts(odoo: Installation):
    for field, day in (
        ("hard_lock_date", "2025-12-31"),
        ("sale_lock_date", "2026-02-28"),
        ("tax_lock_date", "2026-01-31"),
    ):
        odoo.server.set_lock_date(day, field)
    adapter = odoo.adapter()
    assert adapter.companies.current().first_open == date(2026, 3, 1)
    assert adapter.companies.current().entries_open == date(2026, 1, 1)
    assert odoo.move(adapter.create(credit_note()).remote_id)["date"] == "2026-03-01"


def test_purchases_may_be_locked_as_they_like(odoo: Installation):
    odoo.server.set_lock_date("2026-02-15", "purchase_lock_date")
    assert odoo.adapter().companies.current().first_open is None
    assert odoo.move(odoo.adapter().create(credit_note()).remote_id)["date"] == "2026-02-03"


def test_a_new_lock_date_is_soon_seen(odoo: Installation, monkeypatch: pytest.MonkeyPatch):
    adapter = odoo.adapter()
    adapter.create(credit_note())
    odoo.server.set_lock_date("2026-02-15")
    later = companies.time.monotonic() + 3600
    monkeypatch.setattr("connectors.odoo.company.time.monotonic", lambda: later)
    assert odoo.move(adapter.create(credit_note(2)).remote_id)["date"] == "2026-02-16"


# -------------------------------------------------------------------- which company


@pytest.fixture
def two(spoken: Installation) -> tuple[Installation, int]:
    """A second company with journals and a tax of its own, and the same code for another account."""
    other = spoken.server.add_company("Zweite GmbH")
    spoken.server.add_tax("19% second", 19.0, company_id=other)
    return spoken, other


def test_several_companies_and_none_named(two):
    odoo, other = two
    with pytest.raises(FatalError, match="the user sees several companies") as stopped:
        odoo.adapter().create(credit_note())
    assert f"Seller GmbH (id 1), Zweite GmbH (id {other})" in str(stopped.value.hint)
    assert odoo.writes() == []


def test_a_company_that_is_not_there(two):
    odoo, _ = two
    with pytest.raises(FatalError, match="no company is called 'Dritte GmbH'") as stopped:
        odoo.adapter(company="Dritte GmbH").create(credit_note())
    assert "Seller GmbH (id 1)" in str(stopped.value.hint)


def test_two_companies_of_one_name(spoken: Installation):
    twin = spoken.server.add_company("Seller GmbH")
    with pytest.raises(FatalError, match="2 companies are called 'Seller GmbH'"):
        spoken.adapter(company="Seller GmbH").companies.current()
    assert spoken.adapter(company=str(twin)).companies.current().id == twin


def test_a_company_the_user_may_not_see(spoken: Installation):
    spoken.server.add_company("Hidden GmbH", visible=False)
    assert spoken.adapter().companies.current().id == 1, "there is no other for this user"
    with pytest.raises(FatalError, match="no company is called 'Hidden GmbH'"):
        spoken.adapter(company="Hidden GmbH").companies.current()


@pytest.mark.parametrize("by_name", [True, False])
def test_the_company_named_is_the_one_written_to(two, by_name: bool):
    odoo, other = two
    request = credit_note(1, line(1000))
    remote = odoo.adapter({"lines": {}}, company="Zweite GmbH" if by_name else str(other)).create(request)
    move = odoo.move(remote.remote_id)
    own = odoo.server.search("account.journal", [("company_id", "=", other), ("type", "=", "sale")])
    assert (move["company_id"], [move["journal_id"]]) == (other, own)
    taxes = odoo.server.search("account.tax", [("company_id", "=", other)])
    assert [found["tax_ids"] for found in odoo.lines(remote.remote_id)] == [taxes]
    first = odoo.adapter(company="1").create(credit_note(2))
    assert (odoo.move(first.remote_id)["company_id"], odoo.move(first.remote_id)["journal_id"]) == (1, SALES)
    entry = odoo.adapter(company=str(other)).create(journal(3))
    assert odoo.move(entry.remote_id)["company_id"] == other
    assert odoo.move(entry.remote_id)["journal_id"] not in (*own, 9)


def test_the_currency_of_the_books_is_the_company_s(two):
    odoo, other = two
    odoo.server.write("res.company", other, currency_id=1)
    with pytest.raises(WriteRefused, match="the company keeps its books in USD"):
        odoo.adapter(company=str(other)).create(journal())


def test_the_documents_of_another_company_are_out_of_sight(two):
    odoo, other = two
    remote = odoo.adapter(company="1").create(credit_note())
    beside = odoo.adapter({"lines": {}}, company=str(other))
    assert beside.look_up("credit_note", credit_note().key) == ()
    assert beside.read_back("credit_note", remote.remote_id) is None
    with pytest.raises(NeedsPerson):  # external ids are one for all companies
        beside.create(credit_note(1, line(1505)))
    assert odoo.documents(credit_note().key) == ["posted"]


def test_a_draft_of_another_company_is_left_alone(two):
    odoo, other = two
    draft = odoo.adapter({"post": False}, company="1").create(credit_note())
    beside = odoo.adapter(company=str(other))
    for act in (beside.post, beside.discard):
        with pytest.raises(FatalError):
            act("credit_note", draft.remote_id)
    assert odoo.documents(credit_note().key) == ["draft"]


def test_a_partner_of_another_company_is_not_written_to(two):
    odoo, other = two
    stranger = odoo.server.add_partner("Only there", company_id=other)
    adapter = odoo.adapter(company="1")
    for request in (credit_note(1, account=stranger), note(2, account=stranger), tier(3, account=stranger)):
        with pytest.raises(WriteRefused):
            adapter.create(request)
    assert odoo.documents(credit_note(1).key) == []
    assert odoo.server.notes_with(note(2).key) == []
    assert odoo.tags(stranger) == []
    there = odoo.adapter({"lines": {}}, company=str(other))
    assert there.create(credit_note(1, line(1000), account=stranger)).account == str(stranger)


def test_a_partner_of_all_companies_is_an_account_in_each(two):
    odoo, other = two
    odoo.adapter(company="1").create(credit_note(1))
    odoo.adapter({"lines": {}}, company=str(other)).create(credit_note(2, line(1000)))
    moves = odoo.server.search("account.move", [("move_type", "=", "out_refund"), ("partner_id", "=", BUYER)])
    assert sorted(odoo.move(str(move))["company_id"] for move in moves) == [1, other]


def test_the_entity_is_the_one_named_or_the_company_s_id(odoo: Installation):
    assert odoo.adapter().companies.entity == "1"
    assert odoo.adapter(entity="DE01").companies.entity == "DE01"
