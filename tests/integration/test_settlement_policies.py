"""Every policy of settlement through the whole chain: book, proposals, review, documents, receipts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import RefusedError
from core.ledger import acts, outbox, postings, proposals, review
from core.ledger.proposals import Stored
from core.ledger.tables import posting, posting_transaction
from core.period import period_of
from core.programs import parse_program
from scheduler.config import parse_config
from scheduler.context import Context
from scheduler.steps import journal, notices, reconcile
from scheduler.steps.written import Written
from tests.helpers.books import CONFIG, Doc, SmallBook, program, small_book

Q1, Q2, Q3, Q4 = date(2025, 4, 5), date(2025, 7, 5), date(2025, 10, 5), date(2026, 1, 5)
"""Days after the end of each quarter of 2025."""
IN_Q1, IN_Q2, IN_Q3 = date(2025, 2, 3), date(2025, 5, 5), date(2025, 8, 5)


def flat(name: str, rest: str = "", head: str = "", scope: str = "") -> str:
    return program(
        f'id = "{name}"\nname = "{name.title()}"\nperiod = "quarter"\n{head}',
        "[scale]\npercent = 10",
        f"{rest}\n{scope}",
    )


def sold(number: str, net: int, day: date = IN_Q1, product: str = "A1", percent: int = 19, **more: Any) -> Doc:
    return Doc(number, ((product, net, percent),), day, **more)


@contextmanager
def shop(*programs: str, **options: Any) -> Iterator[SmallBook]:
    with small_book(*programs, **options) as found:
        yield found
        assert found.faults() == []


def approve_all(book: SmallBook, today: date) -> None:
    for item in book.in_states("proposed"):
        book.act(item, review.approve, item.content_hash, book.config.review, today)


def issue(book: SmallBook, today: date) -> None:
    """Propose, approve and send everything that is due."""
    book.propose(today)
    approve_all(book, today)
    assert book.write_back(today).refused == 0


def only(book: SmallBook, *states: str) -> Stored:
    (item,) = book.in_states(*states)
    return item


def documents(book: SmallBook) -> list[tuple[str, str, str, int]]:
    return sorted((item.program, item.period, item.kind, item.net) for item in book.erp.documents.values())


def settled(book: SmallBook) -> dict[tuple[str, ...], int]:
    return {place: balance.settled for place, balance in book.balances().items()}


def test_a_debt_is_offset_against_another_program() -> None:
    offset = flat("a", '[settlement]\nclawback = "offset"', scope='[scope]\nskus = ["A*"]')
    other = flat("b", scope='[scope]\nskus = ["B*"]')
    with shop(offset, other) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2), sold("2", 150_00, IN_Q2, "B1"))
        book.propose(Q2)
        item = only(book, "proposed")
        assert (item.program, item.net) == ("b", 900)
        assert [(row.key.program, row.amount) for row in book.parts(item)] == [("b", 1500), ("a", -600)]
        assert item.content["parts"][1]["program"] == "a" and set(item.content["rests_on"]["others"]) == {"a"}
        approve_all(book, Q2)
        again = book.propose(Q2)
        assert (again.new, again.changed) == (0, 0), "what is promised is not taken again"
        assert book.write_back(Q2).sent == 1
        assert documents(book) == [("a", "2025-Q1", "credit_note", 1000), ("b", "2025-Q2", "credit_note", 900)]
        assert settled(book) == {("a", "A", "E1", "2025-01-01"): 400, ("b", "A", "E1", "2025-04-01"): 1500}
        assert book.propose(Q4).new == 0
        book.land(sold("1", 100_00, order=3))
        book.propose(Q4)
        assert (only(book, "proposed").program, only(book, "proposed").net) == ("a", 600), "it was taken back once"


def test_an_offset_that_was_voided_is_owed_again_under_each_program() -> None:
    offset = flat("a", '[settlement]\nclawback = "offset"', scope='[scope]\nskus = ["A*"]')
    with shop(offset, flat("b", scope='[scope]\nskus = ["B*"]')) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2), sold("2", 150_00, IN_Q2, "B1"))
        issue(book, Q2)
        key = next(item.key for item in book.in_states("settled") if item.program == "b")
        with book.batch() as batch:
            item = proposals.by_key(batch.connection, key)
            outbox.mark(batch, key, "voided", "gone")
            proposals.move(batch, item, "voided", "gone")
        context = Context(book.config, book.book, "finance", Q2, claim=book.claim)
        context._adapters["erp"] = book.erp
        with book.batch() as batch:
            assert reconcile.decide(context, batch, key, "reissue", "file was lost", Q2) == "voided"
        assert settled(book) == {("a", "A", "E1", "2025-01-01"): 1000, ("b", "A", "E1", "2025-04-01"): 0}
        book.propose(Q2)
        item = only(book, "proposed")
        assert (item.generation, item.net) == (2, 900)
        assert [(row.key.program, row.amount) for row in book.parts(item)] == [("b", 1500), ("a", -600)]


def test_the_debt_of_another_program_is_checked_again_before_sending() -> None:
    offset = flat("a", '[settlement]\nclawback = "offset"', scope='[scope]\nskus = ["A*"]')
    with shop(offset, flat("b", scope='[scope]\nskus = ["B*"]')) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2), sold("2", 150_00, IN_Q2, "B1"))
        book.propose(Q2)
        approve_all(book, Q2)
        book.land(sold("1", 30_00, order=3))
        book.propose(Q2)
        assert book.write_back(Q2).suspended == 1
        assert "has fallen 1.00 EUR below" in only(book, "suspended").state_reason


DEBIT = flat("bonus", '[settlement]\nclawback = "debit"\ndebit_from = 5')


def test_what_is_owed_back_for_long_becomes_a_debit_invoice() -> None:
    with shop(DEBIT) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2))
        issue(book, Q2)
        assert len(book.erp.documents) == 1, "it waits one settlement period"
        book.propose(Q3)
        item = only(book, "proposed")
        assert (item.content["kind"], item.net, item.tax) == ("debit_invoice", -600, -114)
        assert any("debit invoice" in alarm for alarm in item.content["alarms"])
        with pytest.raises(RefusedError, match="would leave"):
            book.act(item, review.adjust, 600, "too much")
        approve_all(book, Q3)
        written = book.write_back(Q3)
        assert (written.sent, written.net) == (1, {"EUR": -600})
        assert documents(book) == [
            ("bonus", "2025-Q1", "credit_note", 1000),
            ("bonus", "2025-Q2", "debit_invoice", 600),
        ]
        invoice = book.erp.documents[item.key]
        assert [(line.net, line.tax) for line in invoice.lines] == [(600, 114)]
        assert (invoice.tax, invoice.taxes[0].net, invoice.original) == (114, 600, "")
        assert settled(book) == {("bonus", "A", "E1", "2025-01-01"): 400}
        assert book.propose(Q4).new == 0
        assert {row.kind for row in _receipts(book)} == {"credit_note", "debit_invoice"}


def _receipts(book: SmallBook) -> list[Any]:
    with book.book.read() as reading:
        return outbox.receipts(reading)


def test_a_debit_invoice_is_not_sent_where_less_is_owed_back_by_then() -> None:
    with shop(DEBIT) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2))
        book.propose(Q3)
        approve_all(book, Q3)
        book.land(sold("1", 50_00, order=3))
        book.propose(Q3)
        assert book.write_back(Q3).suspended == 1
        assert only(book, "suspended").state_reason == "1.00 EUR less is owed back than was approved"


def test_a_debit_invoice_that_is_changed_remotely_differs_and_can_be_accepted() -> None:
    with shop(DEBIT) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2))
        issue(book, Q3)
        key = next(item.key for item in book.in_states("settled") if item.net < 0)
        book.erp.documents[key] = replace(book.erp.documents[key], net=599)
        context = Context(book.config, book.book, "finance", Q3, claim=book.claim)
        context._adapters["erp"] = book.erp
        assert reconcile.reconcile(context).differing == [key]
        with book.batch() as batch:
            assert reconcile.decide(context, batch, key, "accept", "agreed", Q3) == "settled"
        assert settled(book) == {("bonus", "A", "E1", "2025-01-01"): 400}


def test_small_debts_are_written_off_once_and_not_taken_back_later() -> None:
    with shop(flat("bonus", '[settlement]\nclawback = "waive"\nwaive_up_to = 7')) as book:
        book.land(Doc("1", (("A1", 80_00, 19), ("A1", 20_00, 7)), IN_Q1))
        issue(book, Q1)
        book.land(Doc("1", (("A1", 20_00, 19), ("A1", 20_00, 7)), IN_Q1, order=2))
        assert book.propose(Q2).written_off == 1
        assert book.propose(Q2).written_off == 0
        item = only(book, "waived")
        assert (item.content["kind"], item.net) == ("write_off", -600)
        assert [list(row.taxes.values()) for row in book.parts(item)] == [[-600]], "under the code it was earned on"
        balance = book.balances()["bonus", "A", "E1", "2025-01-01"]
        assert balance == postings.Balance(accrued=400, settled=1000, waived=-600)
        with book.book.read() as reading:
            kinds = reading.execute(
                sa.select(posting_transaction.c.reason).where(posting_transaction.c.kind == "write_off")
            ).scalars()
            assert list(kinds) == ["6.00 EUR is owed back: up to 7 EUR is written off"]
        book.land(sold("2", 100_00, IN_Q3))
        issue(book, Q3)
        assert documents(book)[1:] == [("bonus", "2025-Q3", "credit_note", 1000)]


def test_what_is_above_the_amount_or_incomplete_is_not_written_off() -> None:
    with shop(flat("bonus", '[settlement]\nclawback = "waive"\nwaive_up_to = 5')) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("1", 40_00, order=2))
        assert book.propose(Q2).written_off == 0
        book.land(sold("2", 20_00, IN_Q2))
        book.propose(Q2)
        balance = book.balances()["bonus", "A", "E1", "2025-01-01"]
        assert balance.waived == -400, "of 6.00 owed back and 2.00 earned only the difference is given up"
        assert book.balances()["bonus", "A", "E1", "2025-04-01"].waived == 0


SERVICE = flat("shelf", '[settlement]\ndocument = "service"\ntext = "shelf space"')
NOTES = parse_config(
    CONFIG.replace('credit_notes = "erp"', 'credit_notes = "erp"\naccount_notes = "erp"'), Path("rebated.toml")
)


def test_a_service_is_invoiced_by_the_customer_and_never_credited() -> None:
    with shop(SERVICE) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        item = only(book, "approved")
        assert (item.content["kind"], item.net, item.tax) == ("service", 1000, 0)
        assert book.erp.documents == {}
        context = Context(NOTES, book.book, "finance", Q1, claim=book.claim)
        for _ in range(2):
            notices.prepare(context, Written())
        with book.book.read() as reading:
            (row,) = outbox.in_state(reading, ("queued",))
        assert (row.kind, row.request["text"]) == (
            "account_note",
            f"Please send us an invoice over 10.00 EUR net for shelf space, 2025-Q1. Reference {item.key}.",
        )
        assert book.propose(Q1).new == 0, "what is promised is not proposed again"
        book.act(item, review.settle_service, "RE-118", Q1)
        assert (only(book, "settled").state_reason, settled(book)) == (
            "RE-118",
            {("shelf", "A", "E1", "2025-01-01"): 1000},
        )
        with book.book.read() as reading:
            against = reading.execute(
                sa.select(posting.c.ledger_account, posting.c.amount).where(posting.c.ledger_account == "payable")
            ).all()
        assert against == [("payable", -1000)]
        with pytest.raises(RefusedError, match="only approved"):
            book.act(only(book, "settled"), review.settle_service, "RE-119", Q1)


def test_only_a_service_is_settled_by_hand() -> None:
    with shop(flat("bonus")) as book:
        book.land(sold("1", 100_00))
        book.propose(Q1)
        approve_all(book, Q1)
        with pytest.raises(RefusedError, match="settled by its credit note"):
            book.act(only(book, "approved"), review.settle_service, "RE-118", Q1)


def test_a_late_invoice_reopens_its_period_at_once() -> None:
    with shop(flat("bonus", '[settlement]\nlate = "reopen"')) as book:
        book.land(sold("1", 100_00))
        issue(book, Q1)
        book.land(sold("2", 20_00, IN_Q1))
        issue(book, Q1)
        book.land(sold("3", 5_00, IN_Q1))
        issue(book, Q1)
        assert documents(book) == [("bonus", "2025-Q1", "credit_note", net) for net in (50, 200, 1000)]
        assert {item.sequence for item in book.in_states("settled")} == {1, 2, 3}


def test_less_than_the_least_is_carried_and_at_the_end_a_person_decides() -> None:
    with shop(flat("bonus", "[limits]\nminimum = 5", head="valid_to = 2025-09-30")) as book:
        book.land(sold("1", 30_00), sold("2", 30_00, IN_Q2), sold("3", 10_00, IN_Q3))
        issue(book, Q1)
        assert book.erp.documents == {}
        issue(book, Q2)
        assert documents(book) == [("bonus", "2025-Q2", "credit_note", 600)]
        issue(book, Q3)
        item = only(book, "held")
        assert (item.net, item.state_reason) == (100, "it is less than the least that is paid out (5.00 EUR)")
        assert book.propose(Q4).held == 1
        book.act(item, review.waive, "too little", Q4)
        assert book.propose(Q4).new == 0


def test_a_person_may_pay_less_than_the_least_all_the_same() -> None:
    with shop(flat("bonus", "[limits]\nminimum = 5", head="valid_to = 2025-03-31")) as book:
        book.land(sold("1", 30_00))
        book.propose(Q1)
        book.act(only(book, "held"), review.release, "pay it")
        issue(book, Q1)
        assert documents(book) == [("bonus", "2025-Q1", "credit_note", 300)]


def test_an_adjustment_that_leaves_nothing_waits_and_comes_back() -> None:
    with shop(flat("bonus")) as book:
        book.land(sold("1", 100_00))
        book.propose(Q1)
        book.act(only(book, "proposed"), review.adjust, -80, "agreed")
        book.land(sold("1", 8_00, order=2))
        assert book.propose(Q1).withdrawn == 1
        item = only(book, "waiting")
        assert (
            item.state_reason == "with what was adjusted nothing positive is left: the adjustment waits with the rest"
        )
        assert (book.propose(Q1).withdrawn, book.in_states("proposed")) == (0, [])
        book.land(sold("1", 8_10, order=3))
        book.propose(Q1)
        item = only(book, "proposed")
        assert (item.net, item.maker, book.in_states("waiting")) == (1, "finance", [])
        book.land(sold("1", 7_00, order=4), sold("2", 50_00, IN_Q2))
        book.propose(Q2)
        item = only(book, "proposed")
        assert (item.period_label, item.net, item.maker) == ("2025-Q2", 490, "finance")
        assert [(row.kind, row.amount) for row in book.parts(item)] == [
            ("entitlement", 70), ("entitlement", 500), ("adjustment", -80),
        ]  # fmt: skip
        assert book.in_states("waiting") == []
        assert book.propose(Q2).unchanged == 1
        approve_all(book, Q2)
        book.write_back(Q2)
        balances = book.balances()
        assert sum(balance.adjusted for balance in balances.values()) == -80
        assert book.propose(Q4).new == 0


def test_whoever_adjusted_is_the_maker_of_the_document_it_is_carried_to() -> None:
    with shop(flat("bonus")) as book:
        book.land(sold("1", 100_00), sold("2", 50_00, IN_Q2))
        book.propose(Q2)
        first = next(item for item in book.in_states("proposed") if item.net == 1000)
        book.act(first, review.adjust, -80, "agreed")
        book.land(sold("1", 7_00, order=2))
        book.propose(Q2)
        item = only(book, "proposed")
        assert (item.period_label, item.net, item.maker) == ("2025-Q2", 490, "finance")
        assert book.in_states("waiting") == []
        assert book.propose(Q2).unchanged == 1


def test_an_adjustment_that_waits_can_be_rejected() -> None:
    with shop(flat("bonus")) as book:
        book.land(sold("1", 100_00))
        book.propose(Q1)
        book.act(only(book, "proposed"), review.adjust, -80, "agreed")
        book.land(sold("1", 8_00, order=2))
        book.propose(Q1)
        book.act(only(book, "waiting"), review.reject, "not agreed after all")
        book.propose(Q1)
        assert only(book, "proposed").net == 80


def test_where_the_target_takes_no_lines_of_both_signs_the_negative_part_waits() -> None:
    with shop(flat("bonus")) as book:
        erp = book.erp
        erp.capabilities = erp.capabilities._replace(negative_lines=False)
        book.land(sold("1", 100_00, percent=7))
        issue(book, Q1)
        book.land(sold("1", 60_00, order=2, percent=7), sold("2", 100_00, IN_Q2))
        propose = _propose_for(book, Q2)
        propose()
        item = only(book, "proposed")
        assert (item.net, [(line["rate"], line["net"]) for line in item.content["lines"]]) == (1000, [(190_000, 1000)])
        approve_all(book, Q2)
        assert book.write_back(Q2).sent == 1, "what waits was known at approval"
        propose()
        assert book.in_states("proposed") == []
        book.land(sold("3", 70_00, IN_Q3, percent=7))
        _propose_for(book, Q3)()
        item = only(book, "proposed")
        assert [(line["rate"], line["net"]) for line in item.content["lines"]] == [(70_000, 300)]


def _propose_for(book: SmallBook, today: date) -> Any:
    def run() -> None:
        from scheduler.steps.chain import propose

        book.accrue(today)
        context = Context(book.config, book.book, "finance", today, claim=book.claim)
        context._adapters["erp"] = book.erp
        propose(context)

    return run


def test_all_of_it_may_go_under_the_lowest_rate() -> None:
    with shop(flat("bonus", '[settlement]\ntax = "lowest_rate"')) as book:
        book.land(Doc("1", (("A1", 100_00, 19), ("A1", 50_00, 7), ("A1", 20_00, 0)), IN_Q1))
        book.propose(Q1)
        item = only(book, "proposed")
        assert [(line["rate"], line["net"], line["tax"]) for line in item.content["lines"]] == [
            (70_000, 1500, 105), (0, 200, 0),
        ]  # fmt: skip
        issue(book, Q1)
        assert book.propose(Q4).new == 0


def test_a_rate_that_changes_inside_the_period_shows_both() -> None:
    with shop(flat("bonus")) as book:
        book.land(sold("1", 100_00, percent=19), sold("2", 50_00, date(2025, 3, 1), percent=16))
        book.propose(Q1)
        lines = [(line["rate"], line["net"], line["tax"]) for line in only(book, "proposed").content["lines"]]
        assert lines == [(160_000, 500, 80), (190_000, 1000, 190)]


def test_postings_into_a_closed_month_name_the_period_they_belong_to() -> None:
    rest = '[settlement]\nclawback = "waive"\nwaive_up_to = 1'
    with shop(flat("bonus", rest)) as book:
        book.land(sold("1", 100_00))
        book.propose(Q1)
        with book.batch() as batch:
            journal.close_books(batch, date(2025, 6, 30), "closed")
        book.act(only(book, "proposed"), review.adjust, 50, "agreed")
        book.land(sold("2", 20_00))
        issue(book, Q1)
        book.land(sold("2", 11_00, order=2))
        book.propose(Q1)
        book.propose(Q2)
        book.land(sold("3", 3_00))
        book.propose(Q2)
        book.act(only(book, "proposed"), review.waive, "given up", Q2)
        with book.batch() as batch:
            item = proposals.by_key(batch.connection, only(book, "settled").key)
            outbox.mark(batch, item.key, "voided", "gone")
            proposals.move(batch, item, "voided", "gone")
        context = Context(book.config, book.book, "finance", Q2, claim=book.claim)
        context._adapters["erp"] = book.erp
        with book.batch() as batch:
            reconcile.decide(context, batch, only(book, "voided").key, "reissue", "lost", Q1)
        with book.book.read() as reading:
            found = reading.execute(
                sa.select(posting_transaction.c.kind, posting.c.posted_on, posting.c.period)
                .join(posting, posting.c.transaction_id == posting_transaction.c.id)
                .where(posting_transaction.c.id > 1)
                .distinct()
            ).all()
            assert acts.closed_through(reading) == date(2025, 6, 30)
        assert {row.kind for row in found} == {"accrue", "release", "adjust", "settle", "reverse", "waive", "write_off"}
        assert {row.period for row in found} == {date(2025, 1, 1)}
        assert all(row.posted_on >= date(2025, 7, 1) for row in found)
        month = journal.journals
        with book.book.read() as reading:
            (request,) = month(reading, context, period_of(date(2025, 7, 1), "month"))
        assert {row.period for row in request.rows} == {"2025-Q1"}


def test_what_was_accrued_too_much_is_released_and_ends_at_what_is_entitled() -> None:
    with shop(flat("bonus", '[accrual]\nrate = "fixed"\npercent = 15')) as book:
        book.land(sold("1", 100_00))
        book.accrue(date(2025, 3, 1))
        assert book.balances()["bonus", "A", "E1", "2025-01-01"].accrued == 1500
        issue(book, Q1)
        assert book.balances()["bonus", "A", "E1", "2025-01-01"] == postings.Balance(accrued=1000, settled=1000)
        with book.book.read() as reading:
            kinds = reading.execute(sa.select(posting_transaction.c.kind).order_by(posting_transaction.c.id)).scalars()
            assert list(kinds) == ["accrue", "release", "settle"]


@pytest.mark.parametrize(("cumulative", "third"), [("true", 100), ("false", 500)])
def test_a_guarantee_is_paid_when_the_period_begins_and_the_rest_when_it_ends(cumulative: str, third: int) -> None:
    rest = f'[limits]\nguarantee = 5\nguarantee_paid = "start"\nguarantee_cumulative = {cumulative}'
    with shop(flat("bonus", rest)) as book:
        book.land(sold("1", 30_00))
        issue(book, date(2025, 2, 10))
        assert documents(book) == [("bonus", "2024-Q4", "credit_note", 500)]
        issue(book, Q1)
        assert documents(book)[1:] == [("bonus", "2025-Q1", "credit_note", 500)], "that of the next quarter"
        book.land(sold("2", 90_00, IN_Q2))
        issue(book, date(2025, 6, 1))
        assert len(documents(book)) == 2
        issue(book, Q2)
        paid = [(period, net) for _, period, _, net in documents(book)]
        assert paid[:2] == [("2024-Q4", 500), ("2025-Q1", 500)]
        assert sum(net for _, net in paid) == 500 + 900 + third


def test_the_journal_names_payees_only_to_systems_that_know_them() -> None:
    crm = CONFIG.replace(
        "[write_back]",
        '[connections.ledger]\nadapter = "odoo"\nwrite = true\n[connections.ledger.settings]\n'
        'url = "https://odoo.example"\ndatabase = "d"\nlogin = "u"\napi_key = { env = "X" }\n'
        'company = "1"\n[write_back]',
    )
    with shop(flat("bonus")) as book:
        book.land(sold("1", 100_00))
        book.accrue(Q1)
        months = period_of(date(2025, 3, 1), "month")
        found = {}
        for target in ("erp", "ledger"):
            text = crm.replace('credit_notes = "erp"', f'credit_notes = "erp"\njournal = "{target}"')
            context = Context(parse_config(text, Path("rebated.toml")), book.book, "finance", Q1, claim=book.claim)
            with book.book.read() as reading:
                (request,) = journal.journals(reading, context, months)
            found[target] = {row.payee for row in request.rows}
        assert found == {"erp": {"A"}, "ledger": {""}}


def test_huge_amounts_are_settled_to_the_cent() -> None:
    huge = 999_999_999_999_999
    with shop(parse_rate("bonus", "99.99")) as book:
        book.land(sold("1", huge), sold("2", -huge + 7, IN_Q1))
        book.land(sold("3", huge, IN_Q2))
        book.propose(Q2)
        for item in book.in_states("proposed"):
            for person in ("anna", "bert"):
                if person == "anna" or item.net > 10**10:
                    book.act(item, review.approve, item.content_hash, book.config.review, Q2, actor=person)
        book.write_back(Q2)
        assert sum(net for *_, net in documents(book)) == 7 + (huge * 9999 + 5000) // 10_000


def parse_rate(name: str, percent: str) -> str:
    text = program(f'id = "{name}"\nname = "{name}"\nperiod = "quarter"', f"[scale]\npercent = {percent}")
    assert parse_program(text).id == name
    return text
