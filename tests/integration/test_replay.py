"""Replay: what was known at a batch gives what was computed then, and a difference is told with its reason."""

from __future__ import annotations

from datetime import date

from core.documents import RawRecord
from core.ledger import review
from core.ledger.columns import utc_now
from core.ledger.facts import account_facts, sync_facts
from core.ledger.replay import Difference, Replay, batch_at, compare, replay
from core.ledger.setting import views
from tests.helpers.books import Doc, SmallBook, program, small_book

DAY = date(2025, 4, 20)
BONUS = program('id = "bonus"\nname = "Bonus"\nperiod = "quarter"', "[scale]\npercent = 10")
CLUB = (
    '[program]\nid = "club"\nname = "Club"\nkind = "tier"\ncurrency = "EUR"\nvalid_from = 2024-01-01\n'
    '[status]\nwindow = "calendar"\nlevels = [{ name = "basic", from = 0 }, { name = "gold", from = 1000 }]\n'
)
BY_TIER = program(
    'id = "bonus"\nname = "Bonus"\nperiod = "quarter"',
    '[scale]\npercent = 10\n[tier]\nprogram = "club"\nlevels = { gold = { percent = 20 } }',
)


def doc(number: str, net: int, account: str = "A", **more: object) -> Doc:
    return Doc(number, (("P", net, 19),), account=account, **more)  # type: ignore[arg-type]


def last_batch(book: SmallBook) -> int:
    with book.book.read() as reading:
        return batch_at(reading, utc_now())


def both(book: SmallBook, first: int, second: int) -> tuple[Replay, Replay, list[Difference]]:
    with book.book.read() as reading:
        wanted = views(reading, first, second)
    sync_facts(book.book, book.engine, book.claim.fence, wanted)
    with account_facts(book.book, None, wanted, first) as old, account_facts(book.book, None, wanted, second) as new:
        before, after = replay(book.book, old, DAY, first), replay(book.book, new, DAY, second)
        with book.book.read() as reading:
            return before, after, list(compare(reading, before, after))


def amounts(found: Replay) -> list[int]:
    return [item.result.amount for _, item in sorted(found.found.items())]


def test_a_replay_gives_what_was_computed_then() -> None:
    with small_book(BONUS) as book:
        book.land(doc("I1", 10_000), doc("I2", 5_000, "B"))
        book.accrue(DAY)
        then, stood = last_batch(book), book.entitlements()
        book.land(doc("I1", 30_000, order=2), doc("I3", 700))
        book.accrue(DAY)
        before, after, _ = both(book, then, last_batch(book))
        assert sorted(amounts(before)) == sorted(amount for amount, _, _ in stood.values()) == [500, 1000]
        assert sorted(amounts(after)) == sorted(amount for amount, _, _ in book.entitlements().values()) == [500, 3070]


def test_a_difference_names_every_line_with_its_reason() -> None:
    with small_book(BONUS) as book:
        book.land(doc("I1", 10_000), doc("I2", 5_000), doc("I4", 900))
        then = last_batch(book)
        book.land(doc("I1", 30_000, order=2), doc("I2", 5_000, order=2, cancelled=True), doc("I3", 700))
        _, _, (found,) = both(book, then, last_batch(book))
        told = {line.document: (line.before, line.after, line.reason.partition(" in ")[0]) for line in found.lines}
        assert told == {
            "I1": (10_000, 30_000, "changed"),
            "I2": (5_000, None, "was cancelled"),
            "I3": (None, 700, "landed"),
        }
        assert found.reasons == []


def test_nothing_differs_where_amounts_agree() -> None:
    with small_book(BONUS) as book:
        book.land(doc("I1", 10_000))
        then = last_batch(book)
        book.land(doc("I1", 10_000, order=2))
        assert both(book, then, last_batch(book))[2] == []


def test_another_definition_is_named_setting_by_setting() -> None:
    with small_book(BONUS) as book:
        book.land(doc("I1", 10_000))
        then = last_batch(book)
        changed = BONUS.replace("percent = 10", "percent = 12").replace('id = "bonus"', 'id = "bonus"\nversion = "2"')
        book.define(changed)
        before, after, (found,) = both(book, then, last_batch(book))
        assert (amounts(before), amounts(after)) == ([1000], [1200])
        assert "definition: scale.percent was 10, is 12" in found.reasons
        assert found.lines == []


def test_another_tier_is_named() -> None:
    with small_book(CLUB, BY_TIER) as book:
        book.land(doc("I1", 50_000))
        then = last_batch(book)
        book.land(doc("I2", 60_000))
        _, _, (found,) = both(book, then, last_batch(book))
        assert "tier: was basic, is gold" in found.reasons
        assert [line.document for line in found.lines] == ["I2"]


def test_master_data_that_moves_a_line_out_is_told() -> None:
    segment = BONUS + '\n[audience]\nsegments = ["retail"]\n'
    with small_book(segment) as book:
        book.land_raw([RawRecord("account", "A", {"id": "A", "segment": "retail"}, order=1)])
        book.land(doc("I1", 10_000))
        then = last_batch(book)
        book.land_raw([RawRecord("account", "A", {"id": "A", "segment": "trade"}, order=2)])
        before, after, (found,) = both(book, then, last_batch(book))
        assert (amounts(before), found.after is None or found.after.result.amount == 0) == ([1000], True)
        assert [line.reason for line in found.lines] == [
            "does not count any more: trade is none of the segments the program asks for"
        ]
        assert sum(amounts(after)) == 0


def test_an_unsettled_only_change_leaves_settled_periods_to_the_definition_they_were_settled_by() -> None:
    with small_book(BONUS) as book:
        book.land(doc("I1", 10_000), doc("I2", 20_000, day=date(2025, 4, 10)))
        book.propose(DAY)
        for item in book.in_states("proposed"):
            book.act(item, review.approve, item.content_hash, book.config.review, DAY)
        book.write_back(DAY)
        assert [item.net for item in book.in_states("settled")] == [1000]
        changed = BONUS.replace("percent = 10", "percent = 12").replace(
            'id = "bonus"', 'id = "bonus"\nversion = "2"\nchange_mode = "unsettled_only"'
        )
        book.define(changed)
        book.land(doc("I3", 1_000))  # late, into the settled quarter
        book.propose(date(2025, 7, 20))
        assert {label: found[0] for (_, _, label), found in book.entitlements().items()} == {
            "2025-Q1": 1100,
            "2025-Q2": 2400,
        }
        assert [(item.period_label, item.net) for item in book.in_states("proposed")] == [("2025-Q2", 2500)]
        assert book.faults() == []


PAID = BONUS + '\n[basis]\npaid = "in_full"\n'


def test_a_settled_period_goes_on_being_counted_as_the_definition_it_was_settled_by_looks_at_it() -> None:
    with small_book(PAID) as book:
        book.land(doc("I1", 10_000), doc("I2", 5_000))
        paid = {"account": "A", "invoice": "I1", "paid_on": date(2025, 3, 1), "currency": "EUR", "amount": "119.00"}
        book.land_raw([RawRecord("payment", "P1", paid, order=1)])
        book.propose(DAY)
        for item in book.in_states("proposed"):
            book.act(item, review.approve, item.content_hash, book.config.review, DAY)
        book.write_back(DAY)
        changed = BONUS.replace('id = "bonus"', 'id = "bonus"\nversion = "2"\nchange_mode = "unsettled_only"')
        book.define(changed)
        book.land(doc("I3", 20_000, day=date(2025, 4, 10)), doc("I4", 7_000))
        book.land_raw([RawRecord("payment", "P2", paid | {"invoice": "I2", "amount": "59.50"}, order=1)])
        book.propose(date(2025, 7, 20))
        assert {label: found[0] for (_, _, label), found in book.entitlements().items()} == {
            "2025-Q1": 1500,  # I2 is paid now, I4 is not
            "2025-Q2": 2000,
        }
        assert [(item.period_label, item.net) for item in book.in_states("proposed")] == [("2025-Q2", 2500)]


def test_a_replay_looks_at_lines_as_the_definition_known_then_did() -> None:
    with small_book(PAID) as book:
        book.land(doc("I1", 10_000), doc("I2", 5_000))
        paid = {"account": "A", "invoice": "I1", "paid_on": date(2025, 3, 1), "currency": "EUR", "amount": "119.00"}
        book.land_raw([RawRecord("payment", "P1", paid, order=1)])
        book.accrue(DAY)
        then = last_batch(book)
        book.define(BONUS.replace('id = "bonus"', 'id = "bonus"\nversion = "2"'))
        before, after, (found,) = both(book, then, last_batch(book))
        assert (amounts(before), amounts(after)) == ([1000], [1500])
        assert [(line.document, line.reason) for line in found.lines] == [
            ("I2", "counts now; before: no payment is known")
        ]
