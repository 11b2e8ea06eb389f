"""Facts of every view follow from the documents and payments as they stand, never from how and when they arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import RawRecord
from core.engine.duck import DuckEngine
from core.ledger.facts import sync_facts
from core.programs import View
from core.programs.basis import DateRule, PaidRule, ReturnsIn
from tests.helpers.books import SmallBook, small_book
from tests.helpers.examples import stories
from tests.helpers.facts import Line, Sums, credit_note, facts, invoice, last_batch, payment, synced

VIEWS = [
    View(day, paid, returns)
    for day in get_args(DateRule)
    for paid in get_args(PaidRule)
    for returns in get_args(ReturnsIn)
    if (day, paid) != ("payment", "invoiced")
]
FIRST = date(2025, 1, 1)
days = st.integers(0, 60).map(lambda number: (FIRST + timedelta(days=number)).isoformat())
maybe_days = days | st.just("")
cents = st.integers(-300, 3_000) | st.sampled_from([1, 100, 119])


@st.composite
def records(draw: st.DrawFn) -> list[RawRecord]:
    """Versions of a few invoices, of payments that name them, and of credit notes that correct them."""
    found: list[RawRecord] = []
    invoices = [f"I{number}" for number in range(draw(st.integers(1, 3)))]
    lines = st.lists(st.tuples(st.sampled_from(["X", "Y"]), cents), min_size=1, max_size=3)
    for name in invoices:
        for order in range(1, draw(st.integers(1, 3)) + 1):
            fields: dict[str, Any] = {
                "issued": draw(days),
                "delivered": draw(maybe_days),
                "due": draw(maybe_days),
                "payment_state": draw(st.sampled_from(["", "", "paid"])),
                "account": draw(st.sampled_from(["A", "A", "B", None])),
                "state": draw(st.sampled_from(["posted"] * 4 + ["cancelled"])),
                "percent": draw(st.sampled_from([0, 19])),
                "quantity": draw(st.integers(1, 7)),
            }
            found.append(invoice(name, *draw(lines), order=order, **fields))
    for number in range(draw(st.integers(0, 2))):
        for order in range(1, draw(st.integers(1, 2)) + 1):
            original = draw(st.sampled_from([*invoices, "I9", ""]))
            parts = [(product, -abs(net) - 1) for product, net in draw(lines)]
            found.append(credit_note(f"N{number}", *parts, order=order, issued=draw(days), original=original))
    whole = [sum(_cents(row["net"]) for row in record.lines) for record in found if record.kind == "invoice"]
    for number in range(draw(st.integers(0, 4))):
        for order in range(1, draw(st.integers(1, 2)) + 1):
            amount = draw(cents | st.sampled_from(whole))
            state = draw(st.sampled_from(["posted", "posted", "posted", "cancelled"]))
            name = draw(st.sampled_from(invoices))
            found.append(payment(f"P{number}", name, amount, draw(days), order=order, state=state))
    return found


def _cents(text: str) -> int:
    return int(text.replace(".", ""))


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[RawRecord], list[list[RawRecord]]]:
    """Records as they stand in the end, and all their versions in any order and any batches."""
    versions = draw(records())
    newest = {(item.kind, item.external_id): item for item in sorted(versions, key=lambda item: item.order)}
    mixed = draw(st.permutations(versions))
    cuts = sorted(draw(st.sets(st.integers(1, len(mixed)), max_size=4)) | {0, len(mixed)})
    return list(newest.values()), [list(mixed[start:end]) for start, end in pairwise(cuts)]


def from_scratch(book: SmallBook, view: View) -> dict[Line, Sums]:
    with DuckEngine() as engine:
        return synced(book, view, engine)


@stories(25)
@given(arrivals(), st.sampled_from(VIEWS))
def test_neither_order_nor_batches_matter_and_what_was_known_can_be_counted(world, view):
    final, pages = world
    with small_book() as book, DuckEngine() as engine:
        known = {}
        for page in pages:
            book.land_raw(page)
            known[last_batch(book)] = synced(book, view, engine)
        found = from_scratch(book, view)
        assert found == known[last_batch(book)]
        for batch, expected in known.items():
            assert facts(book, engine, view, batch) == expected
    with small_book() as book:
        book.land_raw(final)
        assert from_scratch(book, view) == found


@stories(40)
@given(arrivals(), st.sampled_from([view for view in VIEWS if view.paid != "share"]))
def test_whole_documents_count_when_they_should(world, view):
    final, pages = world
    with small_book() as book, DuckEngine() as engine:
        for page in pages:
            book.land_raw(page)
        sync_facts(book.book, engine, book.claim.fence, [view])
        found = {(line.document, line.day): sums.rows for line, sums in facts(book, engine, view).items()}
    standing = {item.external_id: item for item in final if item.fields.get("state") != "cancelled"}
    expected = {}
    for item in standing.values():
        if item.kind != "payment" and item.fields["account"]:
            day = counts_on(view, item, standing)
            if day:
                expected[item.external_id, date.fromisoformat(day)] = 1
    assert found == expected


def counts_on(view: View, item: RawRecord, standing: dict[str, RawRecord]) -> str:
    """The day a whole document counts on, by the words of the definitions; empty where it does not."""
    fields = item.fields
    own = str((view.date == "delivery" and fields.get("delivered")) or fields["issued"])
    if item.kind == "credit_note":
        invoice = standing.get(fields["original"])
        if invoice is None:
            return own
        there = counts_on(view, invoice, standing)
        return there if not there or view.returns == "original" else own
    tax = [_tax(_cents(row["net"]), row["tax_percent"]) for row in item.lines]
    gross = sum(_cents(row["net"]) for row in item.lines) + sum(tax)
    if view.paid == "invoiced" or gross <= 0:
        return own
    gross -= credited(item.external_id, standing)
    if gross <= 0:
        return own
    mine = [other for other in standing.values() if other.kind == "payment"]
    mine = sorted((p for p in mine if p.fields["invoice"] == item.external_id), key=lambda p: str(p.fields["paid_on"]))
    called_paid = fields["payment_state"] == "paid"
    if not mine:
        return own if called_paid and view.date != "payment" and view.paid == "in_full" else ""
    full_since, total = "", 0
    for day in sorted({str(p.fields["paid_on"]) for p in mine}):
        total += sum(_cents(p.fields["amount"]) for p in mine if p.fields["paid_on"] == day)
        is_full = total >= gross or (called_paid and day == mine[-1].fields["paid_on"])
        full_since = (full_since or day) if is_full else ""
    if not full_since or (view.paid == "within_terms" and not full_since <= str(fields["due"])):
        return ""
    return full_since if view.date == "payment" else own


def credited(name: str, standing: dict[str, RawRecord]) -> int:
    """What credit notes take off what is to be paid of an invoice; they bear no tax here."""
    notes = [item for item in standing.values() if item.kind == "credit_note" and item.fields["original"] == name]
    return -sum(_cents(row["net"]) for item in notes for row in item.lines)


def _tax(net: int, percent: int) -> int:
    """Half away from zero."""
    exact = Fraction(abs(net) * percent, 100)
    rounded = int(exact + Fraction(1, 2))
    return rounded if net >= 0 else -rounded


@stories(25)
@given(arrivals())
def test_the_shares_of_a_document_are_what_was_paid_of_it_and_paid_in_full_they_are_its_lines(world):
    final, pages = world
    share, full, plain = View("payment", "share"), View("payment", "in_full"), View()
    with small_book() as book, DuckEngine() as engine:
        for page in pages:
            book.land_raw(page)
        sync_facts(book.book, engine, book.claim.fence, [share, full, plain])
        shares, wholes, lines = (by_line(facts(book, engine, view)) for view in (share, full, plain))
    for key, (net, tax, quantity) in lines.items():
        assert wholes.get(key, (net, tax, quantity)) == (net, tax, quantity)
        if key in wholes:
            assert shares[key] == (net, tax, quantity)
    standing = {item.external_id: item for item in final if item.fields.get("state") != "cancelled"}
    for name, item in standing.items():
        if item.kind != "invoice" or not item.fields["account"] or item.fields["payment_state"] == "paid":
            continue
        gross = sum(net + tax for (document, _), (net, tax, _) in lines.items() if document == name)
        paid = sum(
            _cents(p.fields["amount"]) for p in standing.values() if p.kind == "payment" and p.fields["invoice"] == name
        )
        payable = gross - credited(name, standing)
        if gross > 0 and payable > 0:
            counted = sum(net + tax for (document, _), (net, tax, _) in shares.items() if document == name)
            exact = Fraction(gross * min(max(paid, 0), payable), payable)
            assert abs(counted - exact) <= Fraction(1, 2)


def by_line(found: dict[Line, Sums]) -> dict[tuple[str, int], tuple[int, int, int]]:
    sums: dict[tuple[str, int], tuple[int, int, int]] = {}
    for line, worth in found.items():
        net, tax, quantity = sums.get((line.document, line.number), (0, 0, 0))
        key = (line.document, line.number)
        sums[key] = (net + worth.net, tax + worth.tax, quantity + (worth.quantity or 0))
    return sums


@pytest.mark.parametrize("view", VIEWS)
def test_a_change_that_changes_nothing_adds_no_rows(view):
    with small_book() as book, DuckEngine() as engine:
        first = invoice("1", ("X", 100), payment_state="open", due="2025-03-01")
        book.land_raw([first, payment("P", "1", 100, "2025-02-20")])
        assert sync_facts(book.book, engine, book.claim.fence, [view]) == 1
        book.land_raw([payment("Q", "1", 5, "2025-02-21")])
        assert sync_facts(book.book, engine, book.claim.fence, [view]) == 0
        book.land_raw([replace(first, order=2)])
        assert sync_facts(book.book, engine, book.claim.fence, [view]) == 0
