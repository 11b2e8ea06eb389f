"""Facts by payments, days of delivery and corrected invoices, from the book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.documents import Coverage
from core.engine.duck import DuckEngine
from core.ledger import merger, merging
from core.ledger.accounts import find_account
from core.ledger.facts import account_facts, documents_left_out, sync_facts
from core.ledger.landing import land
from core.ledger.sweeps import Guard, sweep_snapshot
from core.ledger.tables import record
from core.programs import DEFAULT_VIEW, View
from tests.helpers.books import RULES, SmallBook, small_book
from tests.helpers.databases import BOTH, empty_database
from tests.helpers.facts import credit_note, facts, invoice, last_batch, payment, synced

IN_FULL, SHARE, TERMS = View("payment", "in_full"), View("payment", "share"), View("issue", "within_terms")
DELIVERY, ORIGINAL = View("delivery"), View(returns="original")


@pytest.fixture
def book() -> Iterator[SmallBook]:
    with small_book() as found:
        yield found


def told(book: SmallBook, view: View) -> dict[tuple[str, int, str], int]:
    """The net by document, line and day, once synced, which has to be the same from scratch."""
    found = synced(book, view)
    with DuckEngine() as scratch:
        assert synced(book, view, scratch) == found
    return {(line.document, line.number, line.day.isoformat()): sums.net for line, sums in found.items()}


def test_a_document_counts_in_full_on_the_day_of_the_payment_that_completes_it(book):
    book.land_raw([invoice("1", ("X", 5_000), ("Y", 3_000))])
    assert told(book, IN_FULL) == {}
    book.land_raw([payment("P1", "1", 7_999, "2025-03-01")])
    assert told(book, IN_FULL) == {}
    book.land_raw([payment("P2", "1", 1, "2025-04-01")])
    assert told(book, IN_FULL) == {("1", 1, "2025-04-01"): 5_000, ("1", 2, "2025-04-01"): 3_000}
    book.land_raw([payment("P2", "1", 1, "2025-04-01", order=2, state="cancelled")])
    assert told(book, IN_FULL) == {}


def test_a_share_counts_by_payment_and_a_change_of_the_invoice_shares_anew(book):
    book.land_raw([payment("P1", "1", 3_000, "2025-03-01"), invoice("1", ("X", 5_000), ("Y", 1_000))])
    assert told(book, SHARE) == {("1", 1, "2025-03-01"): 2_500, ("1", 2, "2025-03-01"): 500}
    book.land_raw([payment("P2", "1", 9_999, "2025-04-01")])
    found = told(book, SHARE)
    assert found["1", 1, "2025-04-01"] == 2_500 and sum(found.values()) == 6_000
    book.land_raw([invoice("1", ("X", 15_000), order=2)])
    assert told(book, SHARE) == {("1", 1, "2025-03-01"): 3_000, ("1", 1, "2025-04-01"): 9_999}


def test_a_payment_that_names_another_invoice_now_counts_there(book):
    book.land_raw([invoice("1", ("X", 100)), invoice("2", ("X", 100)), payment("P", "1", 100, "2025-03-01")])
    assert told(book, IN_FULL) == {("1", 1, "2025-03-01"): 100}
    book.land_raw([payment("P", "2", 100, "2025-03-01", order=2)])
    assert told(book, IN_FULL) == {("2", 1, "2025-03-01"): 100}


def test_a_payment_in_another_currency_or_of_another_company_pays_nothing(book):
    other = payment("P2", "1", 100, "2025-03-01")
    book.land_raw([invoice("1", ("X", 100)), payment("P1", "1", 100, "2025-03-01", currency="USD")])
    with book.batch("landing") as batch:
        land(batch, "another", RULES, [other])
    assert told(book, IN_FULL) == {}


def test_within_terms_needs_a_due_day_and_a_payment_by_then(book):
    for number, due in enumerate(["2025-03-01", "2025-02-28", ""], 1):
        book.land_raw(
            [invoice(f"{number}", ("X", 100), due=due), payment(f"P{number}", f"{number}", 100, "2025-03-01")]
        )
    assert told(book, TERMS) == {("1", 1, "2025-02-03"): 100}


def test_the_day_of_delivery_counts_and_the_day_of_issue_where_there_is_none(book):
    book.land_raw([invoice("1", ("X", 100), delivered="2025-04-05"), invoice("2", ("X", 200))])
    assert told(book, DELIVERY) == {("1", 1, "2025-04-05"): 100, ("2", 1, "2025-02-03"): 200}


def test_a_return_counts_on_the_day_of_its_original_as_soon_as_that_is_known(book):
    book.land_raw([credit_note("N", ("X", -40), issued="2025-06-01", original="1")])
    assert told(book, ORIGINAL) == {("N", 1, "2025-06-01"): -40}
    book.land_raw([invoice("1", ("X", 100))])
    assert told(book, ORIGINAL) == {("N", 1, "2025-02-03"): -40, ("1", 1, "2025-02-03"): 100}
    book.land_raw([invoice("1", ("X", 100), issued="2025-01-31", order=2)])
    assert told(book, ORIGINAL) == {("N", 1, "2025-01-31"): -40, ("1", 1, "2025-01-31"): 100}


def test_a_return_of_what_is_not_paid_counts_no_more_than_that(book):
    note = credit_note("N", ("X", -40), issued="2025-06-01", original="1")
    book.land_raw([invoice("1", ("X", 100)), note, credit_note("F", ("X", -7), issued="2025-06-02")])
    assert told(book, IN_FULL) == {("F", 1, "2025-06-02"): -7}
    book.land_raw([payment("P", "1", 59, "2025-02-28")])
    assert told(book, IN_FULL) == {("F", 1, "2025-06-02"): -7}
    book.land_raw([payment("P2", "1", 1, "2025-03-01")])  # the credit note need not be paid
    assert told(book, IN_FULL) == {
        ("F", 1, "2025-06-02"): -7,
        ("N", 1, "2025-06-01"): -40,
        ("1", 1, "2025-03-01"): 100,
    }
    original = IN_FULL._replace(returns="original")
    assert told(book, original)["N", 1, "2025-03-01"] == -40


def test_a_credit_note_that_corrects_another_invoice_now_is_to_be_paid_here_again(book):
    paid = [payment("P1", "1", 60, "2025-03-01"), payment("P2", "2", 60, "2025-03-02")]
    book.land_raw([invoice("1", ("X", 100)), invoice("2", ("X", 100)), *paid])
    assert told(book, IN_FULL) == {}
    book.land_raw([credit_note("N", ("X", -40), issued="2025-06-01", original="1")])
    assert told(book, IN_FULL) == {("1", 1, "2025-03-01"): 100, ("N", 1, "2025-06-01"): -40}
    book.land_raw([credit_note("N", ("X", -40), issued="2025-06-01", original="2", order=2)])
    assert told(book, IN_FULL) == {("2", 1, "2025-03-02"): 100, ("N", 1, "2025-06-01"): -40}


def test_our_own_credit_note_counts_nowhere_but_need_not_be_paid(book):
    own = credit_note("N", ("X", -40), issued="2025-06-01", original="1", reference="RB-ABCDEFGHIJKL")
    book.land_raw([invoice("1", ("X", 100)), own, payment("P", "1", 60, "2025-03-01")])
    assert told(book, IN_FULL) == {("1", 1, "2025-03-01"): 100}


def test_a_payment_that_is_deleted_at_the_source_counts_no_more(book):
    book.land_raw([invoice("1", ("X", 100)), payment("P", "1", 100, "2025-03-01")])
    assert told(book, IN_FULL)
    with book.batch("sweep") as batch:
        coverage = Coverage("snapshot", "payment", complete=True)
        sweep_snapshot(batch, "erp", coverage, {}, last_batch(book), Guard(Decimal(100)), lambda _: False)
    assert told(book, IN_FULL) == {}


def test_the_lines_of_a_merged_account_go_over_in_every_view(book):
    first, second = invoice("1", ("X", 100)), invoice("2", ("X", 200), issued="2025-06-01", account="B")
    paid = [payment("P1", "1", 100, "2025-07-01"), payment("P2", "2", 200, "2025-07-02")]
    book.land_raw([first, second, *paid])
    before = last_batch(book)
    assert {line.account for line in synced(book, IN_FULL)} == {"A", "B"}
    with book.batch("merge") as batch:
        old, new = (find_account(batch.connection, name) for name in "AB")
        merging.merge(batch, merger.plan(batch.connection, old, new), "one firm", date(2025, 8, 1))
    for view in (IN_FULL, SHARE, DELIVERY, DEFAULT_VIEW):
        assert {line.account for line in synced(book, view)} == {"B"}
    assert {line.account for line in facts(book, book.engine, IN_FULL, before)} == {"A", "B"}


@pytest.mark.parametrize("kind", BOTH)
def test_what_was_known_at_a_batch_can_be_counted(kind, tmp_path):
    with empty_database(kind, tmp_path) as url, small_book(url=url) as book:
        known_at_each_batch(book)


def known_at_each_batch(book: SmallBook) -> None:
    known = {}
    pages = [
        [invoice("1", ("X", 333), ("Y", 667))],
        [payment("P1", "1", 500, "2025-03-01")],
        [credit_note("N", ("X", -40), issued="2025-06-01", original="1")],
        [payment("P1", "1", 499, "2025-03-02", order=2), payment("P2", "1", 501, "2025-03-09")],
        [invoice("1", ("X", 2_000), order=2)],
    ]
    views = (SHARE, IN_FULL, ORIGINAL, DEFAULT_VIEW)
    for page in pages:
        book.land_raw(page)
        with DuckEngine() as engine:
            known[last_batch(book)] = {view: synced(book, view, engine) for view in views}
    sync_facts(book.book, book.engine, book.claim.fence, views)
    for batch, expected in known.items():
        assert {view: facts(book, book.engine, view, batch) for view in views} == expected


def test_the_facts_of_some_accounts_are_those_of_all_that_are_theirs(book):
    book.land_raw([invoice("1", ("X", 100)), invoice("2", ("X", 200), account="B")])
    book.land_raw([payment("P1", "1", 100, "2025-07-01"), payment("P2", "2", 200, "2025-07-02", account="A")])
    everything = synced(book, IN_FULL)
    names = {name: account_id for account_id, name in book.names().items()}
    for name in "AB":
        with account_facts(book.book, {names[name]}, (IN_FULL,)) as engine:
            assert facts(book, engine, IN_FULL) == {
                line: sums for line, sums in everything.items() if line.account == name
            }
    with account_facts(book.book, None, (IN_FULL,)) as engine:
        assert facts(book, engine, IN_FULL) == everything


def test_people_are_told_which_documents_of_an_account_do_not_count(book):
    book.land_raw([invoice("1", ("X", 100)), invoice("2", ("X", 200), account="B"), invoice("3", ("X", 300))])
    before = last_batch(book)
    book.land_raw([payment("P1", "1", 100, "2025-07-01"), payment("P3", "3", 120, "2025-07-01")])
    ids = {name: account_id for account_id, name in book.names().items()}
    with book.book.read() as reading:
        documents = dict(reading.execute(sa.select(record.c.id, record.c.external_id)).all())

    def reasons(known: int | None = None) -> dict[str, str]:
        found = documents_left_out(book.book, {ids["A"]}, IN_FULL, known)
        return {documents[record_id]: reason for record_id, reason in found.items()}

    assert reasons() == {"3": "1.20 EUR of 3.00 EUR are paid"}
    assert reasons(before) == {"1": "no payment is known", "3": "no payment is known"}
