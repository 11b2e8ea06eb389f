"""What was left out of an entitlement is told line by line, with the setting that leaves it out."""

from __future__ import annotations

from datetime import date

from core.documents import RawRecord
from core.ledger import entitlements
from core.ledger.explaining import explain_entitlement
from core.ledger.facts import account_facts
from core.ledger.overrides import decide
from core.ledger.setting import setting, views
from tests.helpers.books import Doc, program, small_book

DAY = date(2025, 4, 20)
NARROW = program(
    'id = "bonus"\nname = "Bonus"\nperiod = "quarter"',
    "[scale]\npercent = 10",
    '[scope]\ncategories = ["tools"]\n[scope.exclude]\nskus = ["T-9"]\n',
)


PAID = program(
    'id = "bonus"\nname = "Bonus"\nperiod = "quarter"', "[scale]\npercent = 10", '[basis]\npaid = "in_full"\n'
)


def test_what_is_not_paid_says_how_much_is() -> None:
    with small_book(PAID) as book:
        book.land(Doc("I1", (("T-1", 10_000, 19),)), Doc("I2", (("T-1", 20_000, 19),)))
        fields = {"account": "A", "paid_on": date(2025, 3, 1), "currency": "EUR"}
        paid = [("P1", "I1", "50.00"), ("P2", "I2", "238.00")]
        book.land_raw(
            [RawRecord("payment", name, {**fields, "invoice": of, "amount": text}, order=1) for name, of, text in paid]
        )
        book.accrue(DAY)
        with book.book.read() as reading:
            (stored,) = entitlements.latest(reading, "live", "bonus")
            with account_facts(book.book, {stored.beneficiary}, views(reading)) as engine:
                ground = setting(book.book, DAY, horizon=engine.horizon())
                found = explain_entitlement(reading, engine, ground, stored)
        assert (found["agrees"], found["amount"]) == (True, 2000)
        assert [(row["document"], row["reason"]) for row in found["left_out"]] == [
            ("I1", "50.00 EUR of 119.00 EUR are paid")
        ]


def test_every_line_that_does_not_count_says_why() -> None:
    with small_book(NARROW) as book:
        products = [("T-1", "tools"), ("T-9", "tools"), ("F-1", "food")]
        book.land_raw([RawRecord("product", sku, {"id": sku, "category": name}, order=1) for sku, name in products])
        book.land(Doc("I1", (("T-1", 10_000, 19), ("T-9", 2_000, 19), ("F-1", 300, 7))))
        book.accrue(DAY)
        with book.book.read() as reading:
            (stored,) = entitlements.latest(reading, "live", "bonus")
            with account_facts(book.book, {stored.beneficiary}, views(reading)) as engine:
                ground = setting(book.book, DAY, horizon=engine.horizon())
                found = explain_entitlement(reading, engine, ground, stored)
        assert found["agrees"] and found["amount"] == 1000
        assert {row["product"]: row["setting"] for row in found["left_out"]} == {
            "T-9": "scope.exclude.skus",
            "F-1": "scope.categories",
        }
        assert "Lines left out, for food is none of the categories the program asks for: 1." in found["sentences"]


def test_a_tier_that_somebody_decided_is_told() -> None:
    club = (
        '[program]\nid = "club"\nname = "Club"\nkind = "tier"\ncurrency = "EUR"\nvalid_from = 2024-01-01\n'
        '[status]\nwindow = "calendar"\nlevels = [{ name = "basic", from = 0 }, { name = "gold", from = 1000 }]\n'
    )
    by_tier = program(
        'id = "bonus"\nname = "Bonus"\nperiod = "quarter"',
        '[scale]\npercent = 10\n[tier]\nprogram = "club"\nlevels = { gold = { percent = 20 } }',
    )
    with small_book(club, by_tier) as book:
        book.land(Doc("I1", (("T-1", 10_000, 19),)))
        (account,) = book.names()
        with book.batch(actor="sales lead") as batch:
            decide(batch, "club", account, "gold", date(2025, 1, 1), date(2025, 12, 31), "status match")
        book.accrue(DAY)
        with book.book.read() as reading:
            (stored,) = entitlements.latest(reading, "live", "bonus")
            with account_facts(book.book, {stored.beneficiary}, views(reading)) as engine:
                ground = setting(book.book, DAY, horizon=engine.horizon())
                found = explain_entitlement(reading, engine, ground, stored)
        assert (found["tier"], found["amount"]) == ("gold", 2000)
        assert found["sentences"][0] == (
            "The tier gold was decided by sales lead, from 2025-01-01 to 2025-12-31: status match."
        )
