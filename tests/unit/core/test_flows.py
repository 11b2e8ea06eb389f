"""When a document counts, and how much of it. Days are small numbers, amounts cents."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger.flows import Amounts, Document, Part, left_out, parts, split
from core.programs import View
from core.programs.basis import DateRule, PaidRule
from tests.helpers.examples import stories

ISSUED, DELIVERED, DUE = 10, 14, 40
INVOICE = Document(False, ISSUED, 11_900, "EUR", DELIVERED, DUE)
NOTE = Document(True, 30, -1_190, "EUR", 31)
WHOLE = (0, 1, 1)


def counted(date: DateRule, paid: PaidRule, payments: dict[int, int], document: Document = INVOICE) -> list[Part]:
    return parts(View(date, paid), document, payments)


@pytest.mark.parametrize(("date", "day"), [("issue", ISSUED), ("delivery", DELIVERED)])
def test_what_is_invoiced_counts_whole_on_the_day_of_issue_or_delivery(date, day):
    assert counted(date, "invoiced", {}) == [Part(day, *WHOLE)]


def test_without_a_day_of_delivery_the_day_of_issue_counts():
    assert counted("delivery", "invoiced", {}, INVOICE._replace(delivered=None)) == [Part(ISSUED)]


@pytest.mark.parametrize(("date", "day"), [("issue", ISSUED), ("delivery", DELIVERED), ("payment", 25)])
def test_in_full_counts_the_whole_document_once_the_gross_total_is_reached(date, day):
    assert counted(date, "in_full", {20: 10_000, 25: 1_899}) == []
    assert counted(date, "in_full", {20: 10_000, 25: 1_900}) == [Part(day)]
    assert counted(date, "in_full", {20: 10_000, 25: 1_901, 30: 5}) == [Part(day)]


def test_money_paid_back_reduces_what_is_paid():
    assert counted("payment", "in_full", {20: 11_900, 30: -1}) == []
    assert counted("payment", "in_full", {20: 11_900, 30: -1, 35: 1}) == [Part(35)]
    assert counted("payment", "in_full", {20: 12_000, 30: -100}) == [Part(20)]  # too much was paid


def test_a_share_counts_on_the_day_of_each_payment_and_never_more_than_the_whole():
    found = counted("payment", "share", {20: 5_000, 25: 10_000, 30: -4_000, 35: 500})
    assert found == [Part(20, 0, 5_000, 11_900), Part(25, 5_000, 11_900, 11_900), Part(30, 11_900, 11_000, 11_900),
                     Part(35, 11_000, 11_500, 11_900)]  # fmt: skip
    assert counted("issue", "share", {20: 5_000, 25: 1_000}) == [Part(ISSUED, 0, 6_000, 11_900)]
    assert counted("delivery", "share", {20: 5_000, 25: -5_000}) == []
    assert counted("payment", "share", {20: -500, 25: 5_000}) == [Part(25, 0, 4_500, 11_900)]


def test_within_terms_wants_the_completing_payment_by_the_due_day():
    assert counted("issue", "within_terms", {DUE: 11_900}) == [Part(ISSUED)]
    assert counted("payment", "within_terms", {DUE: 11_900}) == [Part(DUE)]
    assert counted("issue", "within_terms", {DUE: 11_899, DUE + 1: 1}) == []
    assert counted("issue", "within_terms", {1: 11_900}, INVOICE._replace(due=None)) == []


@pytest.mark.parametrize("date", ["issue", "delivery", "payment"])
@pytest.mark.parametrize("paid", ["in_full", "share", "within_terms"])
def test_what_the_source_calls_paid_counts_where_the_day_of_payment_does_not_matter(date, paid):
    found = counted(date, paid, {}, INVOICE._replace(is_paid=True))
    if date == "payment" or paid == "within_terms":
        assert found == []
    else:
        assert found == [Part(ISSUED if date == "issue" else DELIVERED)]


def test_a_discount_taken_on_what_the_source_calls_paid_counts_with_the_last_payment():
    called_paid = INVOICE._replace(is_paid=True)
    assert counted("payment", "in_full", {20: 5_000, 25: 6_500}, called_paid) == [Part(25)]
    assert counted("payment", "share", {20: 5_000, 25: 6_500}, called_paid) == [
        Part(20, 0, 5_000, 11_900),
        Part(25, 5_000, 11_900, 11_900),
    ]


def test_what_credit_notes_correct_need_not_be_paid():
    corrected = INVOICE._replace(credited=1_900)
    assert counted("payment", "in_full", {20: 9_999}, corrected) == []
    assert counted("payment", "in_full", {20: 9_999, 25: 1}, corrected) == [Part(25)]
    assert counted("payment", "in_full", {20: 11_900, 30: -1_900}, corrected) == [Part(20)]
    # A third of 100.00 stands for a third of 119.00.
    assert counted("issue", "share", {20: 3_333}, corrected) == [Part(ISSUED, 0, 3_966, 11_900)]
    assert counted("payment", "share", {20: 10_000}, corrected) == [Part(20, 0, 11_900, 11_900)]
    assert counted("payment", "in_full", {}, INVOICE._replace(credited=11_900)) == [Part(ISSUED)]
    assert left_out(View("issue", "in_full"), corrected, {20: 5_000}) == "50.00 EUR of 100.00 EUR are paid"


@pytest.mark.parametrize("paid", ["in_full", "share", "within_terms"])
def test_with_nothing_to_pay_a_document_counts_on_its_own_day(paid):
    free = INVOICE._replace(gross=0, due=None)
    assert counted("payment", paid, {}, free) == [Part(ISSUED)]
    assert counted("delivery", paid, {}, free) == [Part(DELIVERED)]
    assert counted("issue", paid, {}, free._replace(gross=-100, credited=-500)) == [Part(ISSUED)]


def test_a_credit_note_counts_as_invoiced_unless_its_invoice_does_not_count():
    own, original = View("payment", "in_full"), View("payment", "in_full", "original")
    assert parts(own, NOTE, {}) == parts(original, NOTE, {}) == [Part(30)]
    assert parts(own, NOTE, {}, (INVOICE, {25: 11_900})) == [Part(30)]
    assert parts(original, NOTE, {}, (INVOICE, {25: 11_900})) == [Part(25)]
    assert parts(own, NOTE, {}, (INVOICE, {25: 11_899})) == []
    assert parts(View("delivery", "invoiced"), NOTE, {}, (INVOICE, {})) == [Part(31)]
    assert parts(View("delivery", "invoiced", "original"), NOTE, {}, (INVOICE, {})) == [Part(DELIVERED)]
    shares = (INVOICE, {20: 1, 25: 2})
    assert parts(View("payment", "share", "original"), NOTE, {}, shares) == [Part(20)]


def test_a_part_of_the_sum_paid_is_split_over_net_and_tax_of_the_lines_by_largest_remainder():
    lines = [Amounts(10_000, 1_900, 3_000_000), Amounts(333, 0, None)]
    # 5,000 of 12,233: 4087.30 + 776.59 + 136.11 + 0; the cent left goes to the tax of the first line.
    assert split(Part(1, 0, 5_000, 12_233), lines) == [Amounts(4_087, 777, 1_226_191), Amounts(136, 0, None)]
    assert split(Part(1), lines) == lines


amounts = st.integers(-(10**15), 10**15) | st.integers(-500, 500)
line_worths = st.builds(Amounts, amounts, amounts, amounts | st.none())


@stories(50)
@given(st.lists(line_worths, min_size=1, max_size=6), st.data())
def test_the_parts_of_a_document_paid_in_full_add_up_to_its_lines(lines, data):
    gross = sum(line.net + line.tax for line in lines)
    if gross <= 0:
        lines = [Amounts(-line.net, -line.tax, line.quantity) for line in lines] + [Amounts(1, 0, 1)]
        gross = 1 - gross
    sums = [0, *data.draw(st.lists(st.integers(0, gross), max_size=4)), gross]
    steps = [Part(day, before, after, gross) for day, (before, after) in enumerate(pairwise(sums))]
    found = [split(step, lines) for step in steps]
    for step, worths in zip(steps, found, strict=True):
        assert sum(worth.net + worth.tax for worth in worths) == step.after - step.before
    for number, line in enumerate(lines):
        mine = [worths[number] for worths in found]
        assert (sum(one.net for one in mine), sum(one.tax for one in mine)) == (line.net, line.tax)
        if line.quantity is not None:
            assert sum(one.quantity or 0 for one in mine) == line.quantity


def test_people_are_told_why_a_document_does_not_count():
    full, terms = View("issue", "in_full"), View("issue", "within_terms")
    assert left_out(full, INVOICE, {}) == "no payment is known"
    assert left_out(full, INVOICE, {20: 5_000}) == "50.00 EUR of 119.00 EUR are paid"
    assert left_out(View("payment", "share"), INVOICE, {20: 5_000}) == "50.00 EUR of 119.00 EUR are paid"
    assert left_out(full, INVOICE, {20: 11_900}) == ""
    assert left_out(View(), INVOICE, {}) == ""
    assert left_out(terms, INVOICE, {41: 11_900}) == "paid in full on 1970-02-11, but due on 1970-02-10"
    assert left_out(terms, INVOICE._replace(due=None), {41: 11_900}) == "it has no due date"
    called_paid = INVOICE._replace(is_paid=True)
    assert left_out(full, called_paid, {}) == ""
    assert left_out(terms, called_paid, {}) == "the source calls it paid, but the day of payment is not known"
    assert left_out(full, NOTE, {}, (INVOICE, {})) == "the invoice it corrects does not count: no payment is known"
    assert left_out(full, NOTE, {}) == ""
