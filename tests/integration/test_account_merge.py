"""Customers merged in the ERP: what one was paid counts for the other, and nothing is paid twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from core.documents import RawRecord
from core.engine.duck import DuckEngine
from core.errors import RefusedError
from core.ledger import acts, postings, review
from core.ledger.accounts import find_account
from core.ledger.accruals import accrue
from core.ledger.postings import Balance, Transaction
from core.ledger.proposing import propose
from core.posting import Key, entry
from tests.helpers.books import Doc, SmallBook, program, small_book
from tests.helpers.databases import BOTH, empty_database
from tests.helpers.mergers import asked, kept, merged, moved, open_amounts, paid, planned, settle, settled

FLAT = program('id = "flat"\nname = "Flat"\nperiod = "quarter"', "[scale]\npercent = 10")
YEAR = program('id = "year"\nname = "Year"\nperiod = "year"', "[scale]\npercent = 5", '[settlement]\nevery = "quarter"')
SPRING, SUMMER, AUTUMN = date(2025, 4, 5), date(2025, 7, 5), date(2025, 10, 5)
ONE = Doc("1001", (("A1", 60_000, 19),), date(2025, 2, 3), "B")
TWO = Doc("1002", (("A1", 40_000, 7),), date(2025, 3, 3), "B")
OWN = Doc("1003", (("A1", 30_000, 19),), date(2025, 3, 4), "A")
LATER = Doc("1004", (("A1", 20_000, 19),), date(2025, 5, 5), "A")
Q1, Q2 = "2025-01-01", "2025-04-01"


@pytest.fixture
def book() -> Iterator[SmallBook]:
    """B was paid 100.00, A 30.00."""
    with small_book(FLAT) as found:
        found.land(ONE, TWO, OWN)
        assert settle(found, SPRING) == 13_000
        yield found


@pytest.mark.parametrize("kind", BOTH)
def test_the_whole_story(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url, small_book(FLAT, YEAR, url=url) as book:
        book.land(ONE, TWO, OWN)
        assert settle(book, SPRING) == 19_500
        assert book.land(moved(ONE), moved(TWO), LATER).moved == 2
        (message,) = asked(book)
        assert message.startswith("2 documents of account B, which has been paid, moved to account A.")
        assert "`rebated account merge B A --reason …`" in message and "`rebated account keep B A" in message
        assert settle(book, SUMMER) == 19_500, "nothing is sent while nobody has said what that was"
        held = book.in_states("held")
        assert {item.program: item.net for item in held} == {"flat": 12_000, "year": 6_000}, "what A would be paid"
        assert all("documents of account B have moved to A" in item.state_reason for item in held)
        assert book.faults() == []

        found = merged(book, SUMMER)
        assert (found.moved, found.documents, len(found.handovers)) == (2, 0, 2)
        assert asked(book) == [] and settled(book) == {"A": 19_500}
        assert book.faults() == [] and book.in_states("proposed") == []
        book.propose(SUMMER)
        assert open_amounts(book) == {("flat", "A"): 2_000, ("year", "A"): 1_000}, "only what is new"
        assert settle(book, SUMMER) == 22_500
        assert book.balances() == {
            ("flat", "A", "E1", Q1): Balance(13_000, 0, 13_000, 0),
            ("flat", "A", "E1", Q2): Balance(2_000, 0, 2_000, 0),
            ("year", "A", "E1", Q1): Balance(7_500, 0, 7_500, 0),
        }
        assert settle(book, AUTUMN) == 22_500 and book.faults() == []


def test_the_act_tells_who_and_why(book: SmallBook) -> None:
    book.land(moved(ONE))
    merged(book, SPRING)
    with book.book.read() as reading:
        ((about, value),) = acts.latest(reading, "account_merged").items()
    assert (value["old"], value["new"], value["source"], value["from"]) == ("B", "A", "erp", None)
    names = book.names()
    assert [names[int(part)] for part in about.split(">")] == ["B", "A"]


def test_the_tax_of_what_was_paid_goes_over_with_it(book: SmallBook) -> None:
    book.land(moved(ONE), moved(TWO), LATER)
    merged(book, SPRING)
    book.propose(SUMMER)
    (item,) = book.in_states("proposed")
    assert [(line["rate"], line["net"]) for line in item.content["lines"]] == [(190_000, 2_000)]


def test_what_was_invoiced_to_the_wrong_customer_is_an_ordinary_delta(book: SmallBook) -> None:
    assert book.land(moved(TWO)).moved == 1
    assert len(asked(book)) == 1
    kept(book)
    assert asked(book) == []
    with book.book.read() as reading:
        (value,) = acts.latest(reading, "account_kept").values()
    assert (value["old"], value["new"]) == ("B", "A")
    book.propose(SUMMER)
    assert open_amounts(book) == {("flat", "A"): 4_000}
    assert settle(book, SUMMER) == 17_000
    assert book.balances()["flat", "B", "E1", Q1] == Balance(6_000, 0, 10_000, 0), "owed back"
    book.land(Doc("1005", (("A1", 50_000, 19),), date(2025, 8, 5), "B"))
    book.propose(AUTUMN)
    assert open_amounts(book) == {("flat", "B"): 1_000}, "and netted with the next"
    assert book.faults() == []


def test_after_keeping_only_what_moves_later_is_asked_about(book: SmallBook) -> None:
    book.land(moved(TWO))
    kept(book)
    book.land(moved(moved(TWO)._replace(lines=(("A1", 41_000, 7),))))
    assert asked(book) == []
    book.land(moved(ONE))
    (message,) = asked(book)
    assert message.startswith("1 document of account B")
    with pytest.raises(RefusedError, match="no alarm asks"):
        kept(book, "A", "B")


def test_who_was_paid_nothing_may_lose_documents(book: SmallBook) -> None:
    doc = Doc("1006", (("A1", 10_000, 19),), date(2025, 5, 5), "C")
    book.land(doc)
    assert book.land(moved(doc)).moved == 1
    assert asked(book) == []
    book.propose(SUMMER)
    assert open_amounts(book, "proposed") == {("flat", "A"): 1_000}


@pytest.mark.parametrize("act", ["approve", "waive"])
def test_what_is_promised_or_given_up_is_asked_about_as_well(act: str) -> None:
    with small_book(FLAT) as book:
        book.land(ONE)
        book.propose(SPRING)
        (item,) = book.in_states("proposed")
        if act == "approve":
            book.act(item, review.approve, item.content_hash, book.config.review, SPRING)
        else:
            book.act(item, review.waive, "given up", SPRING)
        book.land(moved(ONE))
        assert len(asked(book)) == 1
        if act == "waive":
            merged(book, SPRING)
            assert book.propose(SUMMER).new == 0, "what was given up stays given up"
            assert book.balances() == {("flat", "A", "E1", Q1): Balance(6_000, 0, 0, 6_000)}


def test_documents_that_name_nobody_or_only_change_move_nowhere(book: SmallBook) -> None:
    book.land(ONE._replace(order=2, account=None), TWO._replace(order=2, lines=(("A1", 1_000, 7),)))
    assert asked(book) == []
    assert book.land(ONE._replace(order=3, account="A")).moved == 0


def test_one_alarm_counts_what_moves_page_by_page_and_closes_when_all_went_back(book: SmallBook) -> None:
    book.land(moved(ONE))
    book.land(moved(TWO))
    (message,) = asked(book)
    assert message.startswith("2 documents")
    book.land(moved(moved(ONE), "B"))
    (message,) = asked(book)
    assert message.startswith("1 document ")
    book.land(moved(moved(TWO), "B"), authoritative=True)
    assert asked(book) == []
    book.propose(SUMMER)
    assert open_amounts(book) == {} and settled(book) == {"A": 3_000, "B": 10_000}


def test_a_merger_the_documents_do_not_show(book: SmallBook) -> None:
    """They go on naming the old account, and later ones do so too."""
    found = merged(book, SPRING)
    assert (found.moved, found.documents) == (0, 2)
    book.propose(SPRING)
    assert settled(book) == {"A": 13_000} and open_amounts(book) == {}
    book.land(LATER._replace(account="B"), TWO._replace(order=2, lines=(("A1", 50_000, 7),)))
    book.propose(SUMMER)
    assert open_amounts(book) == {("flat", "A"): 3_000}
    assert book.land(moved(ONE)).moved == 0 and asked(book) == [], "the two are one"
    assert book.propose(SUMMER).unchanged == 1 and book.faults() == []


def test_counting_from_nothing_gives_what_was_counted_step_by_step(book: SmallBook) -> None:
    book.land(moved(ONE))
    book.accrue(SPRING)
    merged(book, SPRING)
    book.land(LATER._replace(account="B"), TWO._replace(order=2, cancelled=True))
    book.accrue(SUMMER)
    before = book.entitlements()
    assert {key: values[0] for key, values in before.items() if values[0]} == {
        ("flat", "A", "2025-Q1"): 9_000,
        ("flat", "A", "2025-Q2"): 2_000,
    }
    with DuckEngine() as engine:
        again = accrue(book.book, engine, as_of=SUMMER, actor="rebated", claim=book.claim.fence)
    assert (again.changed, again.transactions) == (0, 0) and book.entitlements() == before


def test_until_the_documents_are_counted_again_nothing_is_proposed(book: SmallBook) -> None:
    book.land(LATER._replace(account="B"), LATER._replace(id="1007"))
    book.propose(SUMMER)
    assert open_amounts(book) == {("flat", "A"): 2_000, ("flat", "B"): 2_000}
    merged(book, SUMMER)
    propose(book.book, as_of=SUMMER, actor="rebated", claim=book.claim.fence)
    assert open_amounts(book, "proposed") == {}, "what was counted before is no ground any more"
    book.propose(SUMMER)
    assert open_amounts(book, "proposed") == {("flat", "A"): 4_000}


def test_merging_twice_says_so_and_does_nothing(book: SmallBook) -> None:
    book.land(moved(ONE))
    assert not planned(book).is_done
    merged(book, SPRING)
    again = planned(book)
    assert again.is_done and again.handovers == ()
    assert planned(book, start=date(2025, 1, 1)).is_done, "a part of what is done is done"


def test_a_chain_of_mergers() -> None:
    with small_book(FLAT) as book:
        book.land(ONE._replace(account="C"), TWO, OWN)
        assert settle(book, SPRING) == 13_000
        merged(book, SPRING, "C", "B")
        assert settled(book) == {"A": 3_000, "B": 10_000}
        merged(book, SPRING, "B", "A")
        assert settled(book) == {"A": 13_000}
        book.land(LATER._replace(account="C"))
        assert settle(book, SUMMER) == 15_000
        assert {key[1] for key in book.balances()} == {"A"} and book.faults() == []
        for old, new, told in (
            ("B", "C", "C was itself merged into A"),
            ("B", "D", "no account is called 'D'"),
            ("A", "B", "B was merged into A: that cannot"),
            ("A", "A", "into itself"),
        ):
            with pytest.raises(RefusedError, match=told):
                planned(book, old, new)
        book.land(LATER._replace(id="1008", account="D"))
        for old, new, told in (("D", "C", "C was itself merged into A"), ("B", "D", "B was merged into A")):
            with pytest.raises(RefusedError, match=told):
                planned(book, old, new)


# ---------------------------------------------------------------- from a day on


def test_from_a_day_on() -> None:
    """A takes B over on 1 April: what was invoiced before stays B's, with what it was paid for it."""
    with small_book(FLAT, YEAR) as book:
        book.land(ONE, TWO, OWN)
        assert settle(book, SPRING) == 19_500
        book.land(LATER._replace(account="B"))
        book.propose(SUMMER)
        assert open_amounts(book) == {("flat", "B"): 2_000, ("year", "B"): 1_000}
        found = merged(book, SUMMER, start=date(2025, 4, 1))
        assert found.documents == 1 and {item.program for item in found.withdrawn} == {"flat", "year"}
        propose(book.book, as_of=SUMMER, actor="rebated", claim=book.claim.fence)
        assert open_amounts(book, "proposed") == {}, "nothing before the documents are counted again"
        book.propose(SUMMER)
        assert open_amounts(book) == {("flat", "A"): 2_000, ("year", "A"): 1_000}
        assert settle(book, SUMMER) == 22_500
        assert settled(book) == {"A": 4_500 + 3_000, "B": 15_000}
        book.land(TWO._replace(order=2, lines=(("A1", 42_000, 7),)))
        book.propose(AUTUMN)
        assert open_amounts(book) == {("flat", "B"): 200, ("year", "B"): 100}, "what is B's goes on being B's"
        assert book.faults() == []

        merged(book, AUTUMN)
        assert settled(book) == {"A": 22_500}
        book.propose(AUTUMN)
        assert open_amounts(book) == {("flat", "A"): 200, ("year", "A"): 100}
        assert book.faults() == []


def test_a_day_that_cuts_through_what_was_settled_is_refused() -> None:
    with small_book(YEAR) as book:
        book.land(ONE, TWO, OWN)
        settle(book, SPRING)
        with pytest.raises(RefusedError, match="2025-02-15 cuts through 2025 of year") as refused:
            planned(book, start=date(2025, 2, 15))
        assert "--from 2025-01-01 or --from 2025-04-01, or merge without --from" in str(refused.value.hint)
        planned(book, start=date(2025, 4, 1))
        planned(book, start=date(2025, 1, 1))


def test_documents_of_before_the_day_must_not_have_moved(book: SmallBook) -> None:
    book.land(moved(ONE))
    with pytest.raises(RefusedError, match="1 of the documents that have moved are dated before 2025-04-01") as refused:
        planned(book, start=date(2025, 4, 1))
    assert "without --from" in str(refused.value.hint)


def test_an_older_day_can_be_said_later_and_a_newer_one_is_nothing_new(book: SmallBook) -> None:
    merged(book, SPRING, start=date(2025, 4, 1))
    assert planned(book, start=date(2025, 7, 1)).is_done
    assert not planned(book, start=date(2025, 1, 1)).is_done
    merged(book, SPRING, start=date(2025, 1, 1))
    assert settled(book) == {"A": 13_000}
    book.accrue(SPRING)
    assert book.balances() == {("flat", "A", "E1", Q1): Balance(13_000, 0, 13_000, 0)} and book.faults() == []


# ---------------------------------------------------------------- what is promised


def test_what_is_promised_has_to_be_sent_or_ended_first(book: SmallBook) -> None:
    book.land(LATER._replace(account="B"))
    book.propose(SUMMER)
    (item,) = book.in_states("proposed")
    book.act(item, review.adjust, 100, "goodwill")
    (item,) = book.in_states("proposed")
    book.act(item, review.approve, item.content_hash, book.config.review, SUMMER)
    book.land(moved(LATER._replace(account="B")))
    assert len(asked(book)) == 1
    assert book.write_back(SUMMER).waiting == 1 and paid(book) == 13_000, "nothing is sent for either"
    with pytest.raises(RefusedError, match="has been promised what is not settled yet") as refused:
        planned(book)
    assert item.key in refused.value.message and "review reject" in str(refused.value.hint)
    (item,) = book.in_states("approved")
    book.act(item, review.reject, "merged in the ERP", SUMMER)
    assert book.balances()["flat", "B", "E1", Q1] == Balance(10_000, 0, 10_000, 0)
    assert book.balances()["flat", "B", "E1", Q2] == Balance(2_000, 0, 0, 0), "its adjustment is taken back"
    merged(book, SUMMER)
    assert settle(book, SUMMER) == 15_000 and settled(book) == {"A": 15_000}
    assert book.faults() == []


def test_a_rejection_after_approval_leaves_room_for_another_proposal(book: SmallBook) -> None:
    book.land(LATER)
    book.propose(SUMMER)
    (item,) = book.in_states("proposed")
    book.act(item, review.approve, item.content_hash, book.config.review, SUMMER)
    book.act(*book.in_states("approved"), review.hold, "wait")
    book.act(*book.in_states("suspended"), review.reject, "not agreed")
    assert book.propose(SUMMER).new == 0, "the same is not proposed again"
    book.land(LATER._replace(order=2, lines=(("A1", 21_000, 19),)))
    assert settle(book, SUMMER) == 15_100


def test_what_was_rejected_in_the_outbox_makes_room_there(book: SmallBook) -> None:
    book.land(LATER)
    book.propose(SUMMER)
    (item,) = book.in_states("proposed")
    book.act(item, review.approve, item.content_hash, book.config.review, SUMMER)
    book.land(moved(ONE))
    assert book.write_back(SUMMER).waiting == 1
    book.act(*book.in_states("approved"), review.reject, "has to be looked at")
    kept(book)
    assert settle(book, SUMMER) == 13_000 + 2_000 + 6_000
    assert [one.key for one in book.in_states("settled") if one.period_label == "2025-Q2"] == [item.key]


def test_the_open_proposals_of_the_old_account_end(book: SmallBook) -> None:
    book.land(LATER._replace(account="B"))
    book.propose(SUMMER)
    (item,) = book.in_states("proposed")
    book.act(item, review.adjust, 123, "goodwill")
    (item,) = book.in_states("proposed")
    book.act(item, review.hold, "ask sales")
    found = merged(book, SUMMER)
    assert [(one.key, one.net, one.adjusted) for one in found.withdrawn] == [(item.key, 2_123, 123)]
    last = book.in_states("superseded")[-1]
    assert (last.id, last.state_actor) == (item.id, "anna") and "merged into A" in last.state_reason
    book.propose(SUMMER)
    assert open_amounts(book, "proposed") == {("flat", "A"): 2_000}


# ---------------------------------------------------------------- what else names an account


def test_a_record_in_quarantine_that_names_the_old_account_holds_the_new_one(book: SmallBook) -> None:
    book.land(LATER)
    bad = Doc("1009", (("A1", 100, 19),), date(2025, 5, 6), "B", currency="?")
    book.land(bad)
    book.propose(SUMMER)
    assert open_amounts(book, "proposed") == {("flat", "A"): 2_000}
    merged(book, SUMMER)
    book.propose(SUMMER)
    assert open_amounts(book, "held") == {("flat", "A"): 2_000}


def test_a_balance_posted_to_a_merged_account_is_a_fault(book: SmallBook) -> None:
    merged(book, SPRING)
    assert book.faults() == []
    with book.batch() as batch:
        old = find_account(batch.connection, "B").account_id
        key = Key("flat", old, old, "E1", Q1, "EUR")
        postings.post(batch, "live", [Transaction("waive", SPRING, "flat", entry("waive", key, 5))])
    (fault,) = book.faults()
    assert "was merged into" in fault.what


def test_a_program_that_names_the_old_account_counts_for_the_new_one_from_that_day() -> None:
    only = program(
        'id = "only"\nname = "Only"\nperiod = "quarter"', "[scale]\npercent = 10", '[audience]\naccounts = ["B"]'
    )
    with small_book(only) as book:
        book.land(ONE, OWN, LATER)
        assert settle(book, SUMMER) == 6_000
        assert planned(book).left_out == (), "A would take part in it as B"
        merged(book, SUMMER, start=date(2025, 4, 1))
        book.propose(SUMMER)
        assert open_amounts(book) == {("only", "A"): 2_000}


def test_who_takes_no_part_would_owe_it_back() -> None:
    dealers = program(
        'id = "dealers"\nname = "Dealers"\nperiod = "quarter"',
        "[scale]\npercent = 10",
        '[audience]\nsegments = ["dealer"]',
    )
    with small_book(dealers, FLAT) as book:
        for name, segment in (("A", "private"), ("B", "dealer")):
            book.land_raw([RawRecord("account", name, {"id": name, "segment": segment}, order=1)])
        book.land(ONE, OWN)
        settle(book, SPRING)
        found = merged(book, SPRING)
        assert found.left_out == ("dealers 2025-Q1",)
        book.accrue(SPRING)
        assert book.balances() == {
            ("dealers", "A", "E1", Q1): Balance(0, 0, 6_000, 0),
            ("flat", "A", "E1", Q1): Balance(9_000, 0, 9_000, 0),
        }, "nothing stays accrued that nobody has earned"
        assert book.faults() == []
