"""After two accounts were merged: reconciling, reissuing, explaining, opening balances, keys nobody knows, tiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from core.ledger import entitlements, proposals, review
from core.ledger.alarms import open_alarm, open_alarms
from core.ledger.explaining import explain_entitlement, explain_proposal
from core.ledger.facts import account_facts
from core.ledger.opening import import_opening
from core.ledger.postings import Balance
from core.ledger.setting import setting
from scheduler.context import Context
from scheduler.steps import reconcile
from scheduler.steps.journal import journals, month_of
from tests.helpers.books import Doc, SmallBook, program, small_book
from tests.helpers.mergers import asked, kept, merged, moved, open_amounts, settle

FLAT = program('id = "flat"\nname = "Flat"\nperiod = "quarter"', "[scale]\npercent = 10")
CLUB = program(
    'id = "club"\nname = "Club"\nkind = "tier"',
    '[status]\nwindow = "calendar"\nlevels = [{ name = "bronze", from = 0 }, { name = "gold", from = 800 }]',
)
CASH = program(
    'id = "cash"\nname = "Cash"\nperiod = "quarter"',
    '[tier]\nprogram = "club"\nat = "period_end"\n[tier.levels]\nbronze = { percent = 1 }\ngold = { percent = 2 }',
)
SPRING, SUMMER = date(2025, 4, 5), date(2025, 7, 5)
ONE = Doc("1001", (("A1", 60_000, 19),), date(2025, 2, 3), "B")
OWN = Doc("1003", (("A1", 30_000, 19),), date(2025, 3, 4), "A")
LATER = Doc("1004", (("A1", 20_000, 19),), date(2025, 5, 5), "A")
Q1 = "2025-01-01"


@pytest.fixture
def book() -> Iterator[SmallBook]:
    """B was paid 60.00, A 30.00."""
    with small_book(FLAT) as found:
        found.land(ONE, OWN)
        assert settle(found, SPRING) == 9_000
        yield found


def _key_of(book: SmallBook, account: str) -> str:
    (key,) = {item.key for item in book.in_states("settled") if item.content["payee"] == account}
    return key


def _reconciled(book: SmallBook) -> reconcile.Reconciled:
    return reconcile.reconcile(_context(book))


def _context(book: SmallBook) -> Context:
    context = Context(book.config, book.book, "finance", SUMMER, claim=book.claim)
    context._adapters["erp"] = book.erp
    return context


def test_our_credit_notes_may_stand_under_the_new_account(book: SmallBook) -> None:
    key = _key_of(book, "B")
    book.erp.documents[key] = replace(book.erp.documents[key], account="A")
    assert (_reconciled(book).differing, _state(book, key)) == ([], "settled"), "nobody has said what that was"
    (message,) = asked(book)
    assert message.startswith(f"our credit note {key} to account B stands under account A now. Were the two merged")
    merged(book, SUMMER)
    assert _reconciled(book).messages == [] and asked(book) == []
    book.erp.documents[key] = replace(book.erp.documents[key], account="C")
    assert (_reconciled(book).differing, _state(book, key)) == ([key], "differs"), "an account nobody knows"


def test_a_credit_note_of_ours_that_was_given_to_another_customer_differs(book: SmallBook) -> None:
    key = _key_of(book, "B")
    book.erp.documents[key] = replace(book.erp.documents[key], account="A", net=1)
    assert _reconciled(book).differing == [key] and asked(book) == []
    book.erp.documents[key] = replace(book.erp.documents[key], net=6_000)
    _reconciled(book)
    assert len(asked(book)) == 1
    kept(book)
    assert _reconciled(book).differing == [key] and asked(book) == [], "it is known that the two are two"


def _state(book: SmallBook, key: str) -> str:
    with book.book.read() as reading:
        return proposals.by_key(reading, key).state


@pytest.mark.parametrize(
    ("choice", "then"),
    [("reissue", {("flat", "A"): 6_000}), ("write-off", {}), ("accept", {})],
)
def test_a_credit_note_of_the_old_account_that_vanished_is_the_new_ones(
    book: SmallBook, choice: str, then: dict[tuple[str, str], int]
) -> None:
    key = _key_of(book, "B")
    book.land(moved(ONE))
    merged(book, SPRING)
    del book.erp.documents[key]
    assert _reconciled(book).voided == [key]
    with book.batch("review") as batch:
        reconcile.decide(_context(book), batch, key, choice, "as agreed", SUMMER)
    book.propose(SUMMER)
    assert open_amounts(book, "proposed") == then
    assert {key[1] for key in book.balances()} == {"A"} and book.faults() == []


def test_opening_balances_of_the_old_account_are_the_new_ones(book: SmallBook) -> None:
    merged(book, SPRING)
    row = {"program": "flat", "account": "B", "entity": "E1", "period": "2025-Q2", "component": "settled"}
    with book.batch("opening") as batch:
        import_opening(batch, [{**row, "amount": "5"}], "opening.csv", SPRING, ("E1",))
    book.land(LATER)
    book.propose(SUMMER)
    assert open_amounts(book) == {("flat", "A"): 1_500} and book.faults() == []


def test_what_stops_the_old_account_stops_the_new_one(book: SmallBook) -> None:
    with book.batch() as batch:
        old = next(account for account, name in book.names().items() if name == "B")
        open_alarm(batch, "unknown_key", "RB-AAAABBBBCCCC", "whose is it", old)
    book.land(LATER)
    book.propose(SUMMER)
    assert open_amounts(book, "proposed") == {("flat", "A"): 2_000}
    merged(book, SUMMER)
    book.propose(SUMMER)
    assert open_amounts(book, "held") == {("flat", "A"): 2_000}
    with book.book.read() as reading:
        assert [book.names()[row.account_id] for row in open_alarms(reading)] == ["A"]


def test_explanations_tell_of_the_transfer_and_go_back_to_the_lines(book: SmallBook) -> None:
    book.land(moved(ONE), LATER)
    merged(book, SUMMER)
    book.propose(SUMMER)
    names = {name: account for account, name in book.names().items()}
    with book.book.read() as reading, account_facts(book.book, {names["A"]}) as engine:
        ground = setting(book.book, SUMMER, horizon=engine.horizon())
        (first,) = (
            stored for stored in entitlements.latest(reading, "live", "flat", names["A"]) if str(stored.period) == Q1
        )
        told = explain_entitlement(reading, engine, ground, first)
        assert (told["amount"], told["agrees"]) == (9_000, True)
        assert [(line["document"], line["net"]) for line in told["lines"]] == [("1001", 60_000), ("1003", 30_000)]
        (transfer,) = told["transfers"]
        assert transfer["amounts"] == {"accrued": 6_000, "settled": 6_000}
        assert (transfer["from"], transfer["to"], transfer["actor"]) == ("B", "A", "anna")
        assert transfer["reason"] == "a duplicate of the ERP"
        (gone,) = entitlements.latest(reading, "live", "flat", names["B"])
        assert [item["amounts"]["settled"] for item in explain_entitlement(reading, engine, ground, gone)["transfers"]]
        (old,) = proposals.history(reading, _key_of(book, "B"))
        (part,) = explain_proposal(reading, engine, ground, old)["parts"]
        assert [(line["document"], line["net"]) for line in part["entitlement"]["lines"]] == [("1001", 60_000)]
        assert part["entitlement"]["agrees"]


def test_what_was_accrued_goes_over_in_the_journal_and_what_was_paid_does_not(book: SmallBook) -> None:
    merged(book, SPRING)
    book.accrue(SPRING)
    with book.book.read() as reading:
        (journal,) = journals(reading, _context(book), month_of("2025-04"))
    rows = {(row.account, row.payee): (row.debit, row.credit) for row in journal.rows}
    liability = book.config.accounting.liability_account
    assert rows == {(liability, "B"): (6_000, 0), (liability, "A"): (0, 6_000)}


def test_tiers_count_both_histories() -> None:
    with small_book(CLUB, CASH) as book:
        book.land(ONE, OWN)
        assert settle(book, SPRING) == 900, "both are bronze"
        merged(book, SPRING)
        book.propose(SUMMER)
        assert open_amounts(book) == {("cash", "A"): 900}, "together they are gold: 2 % of 900.00 less what was paid"


def test_an_approval_of_the_new_account_that_rests_on_what_was_paid_already_is_not_sent(book: SmallBook) -> None:
    """Released and approved while the alarm was open, and nothing was computed again since."""
    book.land(moved(ONE))
    book.propose(SUMMER)
    (item,) = book.in_states("held")
    book.act(item, review.release, "surely right")
    (item,) = book.in_states("proposed")
    book.act(item, review.approve, item.content_hash, book.config.review, SUMMER)
    assert book.write_back(SUMMER).waiting == 1
    merged(book, SUMMER)
    written = book.write_back(SUMMER)
    assert (written.sent, written.suspended) == (0, 1)
    (item,) = book.in_states("suspended")
    book.act(item, review.reject, "paid before", SUMMER)
    book.propose(SUMMER)
    assert open_amounts(book) == {}
    assert book.balances() == {("flat", "A", "E1", Q1): Balance(9_000, 0, 9_000, 0)} and book.faults() == []
