"""What people decide holds: rejections, adjustments, waivers and re-issues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from core.errors import RefusedError
from core.ledger import postings, review
from core.ledger.opening import import_opening
from core.ledger.proposals import Stored
from scheduler.context import Context
from scheduler.steps import reconcile
from tests.helpers.books import Doc, SmallBook, program, small_book

TODAY = date(2025, 7, 5)
DOC = Doc("1001", (("A1", 10_050, 19), ("A1", 5_050, 7)), date(2025, 2, 3))


def _flat(rest: str = "") -> str:
    return program(f'id = "flat"\nname = "Flat"\nperiod = "quarter"\n{rest}', "[scale]\npercent = 10")


@pytest.fixture
def book() -> Iterator[SmallBook]:
    with small_book(_flat()) as found:
        found.land(DOC)
        found.propose(TODAY)
        yield found


def _only(book: SmallBook, *states: str) -> Stored:
    (item,) = book.in_states(*states)
    return item


def _approve(book: SmallBook) -> str:
    item = _only(book, "proposed")
    book.act(item, review.approve, item.content_hash, book.config.review, TODAY)
    return item.key


def test_what_was_rejected_comes_back_only_when_something_changes(book: SmallBook) -> None:
    book.act(_only(book, "proposed"), review.reject, "not agreed")
    assert book.propose(TODAY).new == 0
    book.land(DOC._replace(order=2, lines=(("A1", 10_060, 19),)))
    assert book.propose(TODAY).new == 1 and _only(book, "proposed").net == 1_006


def test_an_adjusted_proposal_that_was_rejected_does_not_come_back_without_the_adjustment(book: SmallBook) -> None:
    book.act(_only(book, "proposed"), review.adjust, 123, "agreed by telephone")
    book.act(_only(book, "proposed"), review.reject, "not agreed after all")
    assert book.propose(TODAY).new == 0 and book.in_states("proposed") == []


@pytest.mark.parametrize("rounding", ["half_away_from_zero", "half_even"])
def test_an_adjustment_stands_as_it_was_made(rounding: str) -> None:
    """Proposing again makes nothing else of it, whichever way the program rounds."""
    with small_book(_flat(f'rounding = "{rounding}"')) as book:
        book.land(DOC._replace(lines=(("A1", 10_000, 50),)))
        book.propose(TODAY)
        book.act(_only(book, "proposed"), review.adjust, 1, "one cent")
        item = _only(book, "proposed")
        assert (item.net, item.tax) == (1_001, 501 if rounding == "half_away_from_zero" else 500)
        assert book.propose(TODAY).changed == 0 and _only(book, "proposed").id == item.id


def test_what_was_waived_is_never_proposed_again(book: SmallBook) -> None:
    book.act(_only(book, "proposed"), review.waive, "given up", TODAY)
    assert book.propose(TODAY).new == 0
    book.land(DOC._replace(id="1002", day=date(2025, 3, 3)))
    assert book.propose(TODAY).new == 1 and _only(book, "proposed").net == 1_510


def test_an_approval_signs_what_was_read(book: SmallBook) -> None:
    read = _only(book, "proposed")
    book.land(DOC._replace(order=2, lines=(("A1", 10_060, 19),)))
    book.propose(TODAY)
    with pytest.raises(RefusedError, match="changed since you read it"):
        book.act(_only(book, "proposed"), review.approve, read.content_hash, book.config.review, TODAY)
    with pytest.raises(RefusedError, match="superseded"):
        book.act(next(iter(book.in_states("superseded"))), review.approve, read.content_hash, book.config.review, TODAY)


def test_what_falls_after_approval_is_not_sent(book: SmallBook) -> None:
    key = _approve(book)
    book.land(DOC._replace(order=2, lines=(("A1", 10_000, 19),)))
    book.propose(TODAY)
    written = book.write_back(TODAY)
    assert (written.sent, written.suspended) == (0, 1) and book.erp.documents == {}
    assert _only(book, "suspended").key == key and "fallen" in _only(book, "suspended").state_reason
    book.land(DOC._replace(order=3))
    book.propose(TODAY)
    book.act(_only(book, "suspended"), review.release, "the invoice stands again")
    assert book.write_back(TODAY).sent == 1 and set(book.erp.documents) == {key}


def _reconciled(book: SmallBook) -> Context:
    context = Context(book.config, book.book, "finance", TODAY, claim=book.claim)
    context._adapters["erp"] = book.erp
    reconcile.reconcile(context)
    return context


def _decide(book: SmallBook, context: Context, key: str, choice: str) -> None:
    with book.batch("review") as batch:
        reconcile.decide(context, batch, key, choice, "as agreed", TODAY)


def _settled(book: SmallBook) -> int:
    with book.book.read() as reading:
        return sum(balance.settled for balance in postings.balances(reading, "live").values())


def test_a_settlement_that_vanished_is_issued_again_under_another_key_once(book: SmallBook) -> None:
    key = _approve(book)
    book.write_back(TODAY)
    del book.erp.documents[key]
    context = _reconciled(book)
    assert _only(book, "voided").key == key and book.propose(TODAY).new == 0, "nothing is proposed again by itself"
    _decide(book, context, key, "reissue")
    assert book.propose(TODAY).new == 1
    again = _approve(book)
    assert again != key and book.write_back(TODAY).sent == 1
    assert _settled(book) == 1_510
    for choice in ("accept", "write-off", "reissue"):
        with pytest.raises(RefusedError):
            _decide(book, context, key, choice)
    assert _settled(book) == 1_510 and set(book.erp.documents) == {again}
    assert book.propose(TODAY).new == 0 and book.faults() == []


def test_a_remote_document_that_differs_settles_nothing(book: SmallBook, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _approve(book)
    created = book.erp.create

    monkeypatch.setattr(book.erp, "create", lambda request: replace(created(request), net=1))
    assert book.write_back(TODAY).sent == 0
    assert _only(book, "differs").key == key and _settled(book) == 0
    assert book.propose(TODAY).new == 0, "what differs stays reserved"


def test_a_balance_of_another_system_under_an_entity_without_lines_is_netted(book: SmallBook) -> None:
    """What was settled elsewhere has no tax code of ours; it must not stop the program."""
    rows = [
        {
            "program": "flat",
            "account": "A",
            "entity": entity,
            "period": "2025-Q1",
            "component": "settled",
            "amount": "5",
        }
        for entity in ("E1", "E2")
    ]
    with book.batch("opening") as batch:
        import_opening(batch, rows, "opening.csv", TODAY, ("E1", "E2"))
    book.land(Doc("1002", (("A1", 50_000, 19),), date(2025, 4, 4), entity="E2"))
    book.propose(TODAY)
    assert {(item.entity, item.period_label): item.net for item in book.in_states("proposed")} == {
        ("E1", "2025-Q1"): 1_010,
        ("E2", "2025-Q2"): 4_500,
    }


def _by_quarter() -> str:
    head = 'id = "bonus"\nname = "Bonus"\nperiod = "year"'
    return program(head, "[scale]\npercent = 10", '[settlement]\nevery = "quarter"')


def test_a_return_after_the_quarter_does_not_keep_its_settlement_from_being_sent() -> None:
    with small_book(_by_quarter()) as book:
        book.land(DOC)
        book.propose(date(2025, 4, 1))
        _approve(book)
        book.land(Doc("2001", (("A1", -10_000, 19),), date(2025, 4, 2), kind="credit_note"))
        book.propose(date(2025, 4, 10))
        assert book.write_back(date(2025, 4, 10)).suspended == 0
        assert [item.state for item in book.in_states("settled", "suspended")] == ["settled"]


def test_a_return_inside_the_quarter_keeps_its_settlement_from_being_sent() -> None:
    with small_book(_by_quarter()) as book:
        book.land(DOC)
        book.propose(date(2025, 4, 1))
        _approve(book)
        book.land(Doc("2001", (("A1", -10_000, 19),), date(2025, 3, 30), kind="credit_note"))
        book.propose(date(2025, 4, 10))
        assert book.write_back(date(2025, 4, 10)).suspended == 1
        assert [item.state for item in book.in_states("settled", "suspended")] == ["suspended"]
