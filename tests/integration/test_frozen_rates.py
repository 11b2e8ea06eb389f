"""Exchange rates are frozen by the first approval that rests on them, and told with their day and source."""

from __future__ import annotations

from datetime import date

from core.documents import RawRecord
from core.ledger import entitlements, review
from core.ledger.explaining import explain_entitlement
from core.ledger.facts import account_facts
from core.ledger.setting import setting, views
from tests.helpers.books import Doc, SmallBook, program, small_book

Q1, Q2 = date(2025, 4, 20), date(2025, 7, 20)
BONUS = program('id = "bonus"\nname = "Bonus"\nperiod = "quarter"', "[scale]\npercent = 10")


def rate(book: SmallBook, day: date, text: str, order: int = 1) -> None:
    fields = {"base": "USD", "quote": "EUR", "on": day, "rate": text, "provider": "ECB"}
    book.land_raw([RawRecord("exchange_rate", f"USD/{day}", fields, order=order)])


def sale(number: str, day: date, account: str = "A") -> Doc:
    return Doc(number, (("P", 10_000, 19),), day=day, account=account, currency="USD")


def amounts(book: SmallBook) -> dict[str, int]:
    return {label: found[0] for (_, _, label), found in book.entitlements().items()}


def approved(book: SmallBook, as_of: date) -> None:
    book.propose(as_of)
    for item in book.in_states("proposed"):
        book.act(item, review.approve, item.content_hash, book.config.review, as_of)


def test_a_correction_before_approval_changes_the_amount() -> None:
    with small_book(BONUS) as book:
        rate(book, date(2025, 2, 3), "0.5")
        book.land(sale("I1", date(2025, 2, 3)))
        book.propose(Q1)
        assert amounts(book) == {"2025-Q1": 500}
        rate(book, date(2025, 2, 3), "0.6", order=2)
        book.propose(Q1)
        assert amounts(book) == {"2025-Q1": 600}
        assert [item.net for item in book.in_states("proposed")] == [600]


def test_a_correction_after_approval_changes_only_what_was_not_approved() -> None:
    with small_book(BONUS) as book:
        rate(book, date(2025, 2, 3), "0.5")
        rate(book, date(2025, 5, 5), "0.5")
        book.land(sale("I1", date(2025, 2, 3)), sale("I2", date(2025, 5, 5)))
        approved(book, Q1)
        book.write_back(Q1)
        rate(book, date(2025, 2, 3), "0.6", order=2)
        rate(book, date(2025, 5, 5), "0.7", order=2)
        book.propose(Q2)
        assert amounts(book) == {"2025-Q1": 500, "2025-Q2": 700}
        assert [(item.period_label, item.net) for item in book.in_states("proposed")] == [("2025-Q2", 700)]
        assert book.faults() == []


def test_late_documents_of_frozen_days_take_the_frozen_rate() -> None:
    with small_book(BONUS) as book:
        rate(book, date(2025, 2, 3), "0.5")
        book.land(sale("I1", date(2025, 2, 3)))
        approved(book, Q1)
        book.write_back(Q1)
        rate(book, date(2025, 2, 3), "0.6", order=2)
        book.land(sale("I2", date(2025, 2, 3)))
        book.propose(Q2)
        assert amounts(book) == {"2025-Q1": 1000}


def test_an_explanation_names_rate_day_and_source() -> None:
    with small_book(BONUS) as book:
        rate(book, date(2025, 2, 3), "0.5")
        book.land(sale("I1", date(2025, 2, 4)))
        book.accrue(Q1)
        with book.book.read() as reading:
            (stored,) = entitlements.latest(reading, "live", "bonus")
            with account_facts(book.book, {stored.beneficiary}, views(reading)) as engine:
                ground = setting(book.book, Q1, horizon=engine.horizon())
                found = explain_entitlement(reading, engine, ground, stored)
        assert found["agrees"]
        assert "1 USD = 0.50 EUR (rate of 2025-02-03 by ECB, direct)." in found["sentences"]
        assert [(item["measure"], item["net"]) for item in found["taxes"]] == [(5000, 5000)]
