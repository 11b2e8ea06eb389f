"""Which version of a document counts: source order, equal orders, quarantine, complete snapshots and their guard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from core.documents import BadRecord, Coverage
from core.ledger import quarantine, sweeps
from core.ledger.alarms import open_alarms
from core.ledger.sweeps import Guard, Swept, sweep_snapshot
from core.ledger.tables import counter, record_version
from tests.helpers.books import RULES, Doc, SmallBook, program, small_book

TODAY = date(2025, 7, 5)
FLAT = program('id = "flat"\nname = "Flat"\nperiod = "quarter"', "[scale]\npercent = 10")
V1 = Doc("1001", (("A1", 10_000, 19),))
V2 = V1._replace(lines=(("A1", 20_000, 19),))
V3 = V1._replace(lines=(("A1", 30_000, 19),))


@pytest.fixture
def book() -> Iterator[SmallBook]:
    with small_book(FLAT) as found:
        yield found


def _earned(book: SmallBook) -> int:
    book.accrue(TODAY)
    return sum(values[0] for values in book.entitlements().values())


def _versions(book: SmallBook) -> int:
    with book.book.read() as reading:
        return reading.execute(sa.select(sa.func.count()).select_from(record_version)).scalar_one()


def test_the_highest_source_order_counts_whatever_lands_last(book: SmallBook) -> None:
    book.land(V3._replace(order=3))
    assert book.land(V2._replace(order=2)).older == 1
    assert _earned(book) == 3_000 and _versions(book) == 2
    assert book.land(V1._replace(order=4)).changed == 1
    assert _earned(book) == 1_000


def test_within_a_page_too(book: SmallBook) -> None:
    landed = book.land(V2._replace(order=2), V3._replace(order=3), V1._replace(order=1))
    assert (landed.new, landed.changed, landed.older) == (1, 1, 1)
    assert _earned(book) == 3_000 and book.faults() == []


def test_of_equal_orders_the_later_batch_wins(book: SmallBook) -> None:
    book.land(V1)
    assert book.land(V2).changed == 1
    assert _earned(book) == 2_000


def test_a_superseded_version_comes_back_only_through_an_authoritative_pull(book: SmallBook) -> None:
    book.land(V1)
    book.land(V2)
    assert book.land(V1).older == 1
    assert _earned(book) == 2_000
    assert book.land(V1, authoritative=True).changed == 1
    assert _earned(book) == 1_000 and _versions(book) == 2
    assert book.faults() == []


def test_a_superseded_version_comes_back_with_a_higher_order(book: SmallBook) -> None:
    book.land(V1)
    book.land(V2._replace(order=2))
    assert book.land(V1._replace(order=3)).changed == 1
    assert _earned(book) == 1_000 and _versions(book) == 2


def test_another_order_of_the_same_content_makes_no_version(book: SmallBook) -> None:
    book.land(V1)
    landed = book.land(V1._replace(order=5))
    assert (landed.unchanged, landed.changed) == (1, 0) and _versions(book) == 1
    assert book.accrue(TODAY).changed == 1 and book.accrue(TODAY).changed == 0
    assert book.land(V2._replace(order=4)).older == 1, "the order that was seen counts from now on"
    assert _earned(book) == 1_000


def _bad(book: SmallBook, doc: Doc, order: int) -> None:
    raw = doc._replace(order=order).raw()
    lines = [{**row, "net": "12,3,4"} for row in raw.lines]
    assert book.land_raw([type(raw)(raw.kind, raw.external_id, raw.fields, lines, order)]).quarantined == 1


def test_a_bad_version_leaves_the_older_one_counting_and_holds_the_account(book: SmallBook) -> None:
    book.land(V1, V1._replace(id="1002", account="B"), V1._replace(id="1003", day=date(2025, 4, 9)))
    _bad(book, V1, 2)
    assert _earned(book) == 3_000
    assert book.propose(TODAY).held == 1
    (held,) = book.in_states("held")
    assert (held.content["payee"], held.period_label) == (
        "A",
        "2025-Q1",
    ) and "1001 is in quarantine" in held.state_reason
    assert {(item.content["payee"], item.period_label) for item in book.in_states("proposed")} == {
        ("B", "2025-Q1"),
        ("A", "2025-Q2"),
    }
    book.land(V2._replace(order=3))
    assert book.propose(TODAY).held == 0 and book.in_states("held") == []
    assert sum(item.net for item in book.in_states("proposed")) == 4_000


def test_a_bad_version_older_than_what_counts_holds_nothing(book: SmallBook) -> None:
    book.land(V1._replace(order=5))
    with book.batch("landing") as batch:
        bad = [BadRecord("broken", "broken", {}, "invoice", "1001", order=4)]
        assert quarantine.keep(batch, "erp", RULES, bad) == 0


def test_a_bad_document_holds_an_account_that_became_known_later(book: SmallBook) -> None:
    _bad(book, V1, 1)
    book.land(V1._replace(id="1002"))
    assert book.propose(TODAY).held == 1


def test_what_an_adapter_could_not_read_holds_the_account_it_names(book: SmallBook) -> None:
    book.land(V1)
    about = {"account": "A", "issued": "2025-02-03"}
    book.land(bad=[BadRecord("contradictory", "two dates", {"rows": [], "about": about}, "invoice", "1002", order=1)])
    assert book.propose(TODAY).held == 1


def test_documents_of_other_days_wait_or_count_nowhere(book: SmallBook) -> None:
    """A document of tomorrow, and one older than every program, stop nothing."""
    late, old = date(2025, 7, 6), date(2019, 3, 1)
    book.land(V1, V2._replace(id="1002", day=late), V3._replace(id="1003", day=old))
    assert _earned(book) == 1_000
    book.accrue(late)
    assert sum(values[0] for values in book.entitlements().values()) == 3_000


def _swept(book: SmallBook, seen: set[str], *, complete: bool = True, exists: bool | None = False) -> Swept:
    with book.batch("landing") as batch:
        coverage = Coverage("snapshot", "invoice", complete=complete)
        return sweep_snapshot(batch, "erp", coverage, seen, batch.seq - 1, Guard(), lambda _: exists)


def _land_many(book: SmallBook, how_many: int) -> set[str]:
    docs = [V1._replace(id=f"{number:05}", lines=(("A1", 100, 19),)) for number in range(how_many)]
    book.land(*docs)
    return {doc.id for doc in docs}


@pytest.mark.parametrize(
    ("present", "missing", "deleted"),
    [(100, 1, 1), (100, 2, 0), (99, 1, 0), (2500, 20, 20), (2500, 21, 0)],
)
def test_more_than_one_percent_or_twenty_documents_wait_for_a_person(
    book: SmallBook, present: int, missing: int, deleted: int
) -> None:
    seen = set(sorted(_land_many(book, present))[missing:])
    swept = _swept(book, seen)
    assert (swept.deleted, swept.missing) == (deleted, missing)
    assert _earned(book) == (present - deleted) * 10
    with book.book.read() as reading:
        assert [row.kind for row in open_alarms(reading)] == ([] if deleted else ["mass_deletion"])
    if not deleted:
        with book.batch("sweep") as batch:
            assert sweeps.decide(batch, swept.waiting or 0, confirm=True) == missing
        assert _earned(book) == (present - missing) * 10
    assert book.faults() == []


def test_only_a_complete_snapshot_deletes_and_only_what_the_source_does_not_have(book: SmallBook) -> None:
    seen = _land_many(book, 200) - {"00000"}
    assert _swept(book, seen, complete=False).deleted == 0
    assert _swept(book, seen, exists=True).deleted == 0
    assert _swept(book, seen, exists=None).deleted == 1
    assert _earned(book) == 1_990


def test_what_landed_after_the_snapshot_began_is_not_missing(book: SmallBook) -> None:
    seen = _land_many(book, 200)
    with book.book.read() as reading:
        began = reading.execute(sa.select(counter.c.value).where(counter.c.name == "batch")).scalar_one()
    book.land(V1._replace(id="later"))
    with book.batch("landing") as batch:
        coverage = Coverage("snapshot", "invoice", complete=True)
        assert sweep_snapshot(batch, "erp", coverage, seen, began, Guard(), lambda _: False).deleted == 0


def test_a_new_snapshot_takes_the_place_of_a_sweep_that_waits(book: SmallBook) -> None:
    seen = _land_many(book, 100)
    waiting = _swept(book, set(sorted(seen)[30:])).waiting
    assert waiting is not None and _swept(book, seen).deleted == 0
    with book.book.read() as reading:
        assert sweeps.waiting(reading) == [] and open_alarms(reading) == []
