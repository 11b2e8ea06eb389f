"""The same book on SQLite and on a real PostgreSQL: the whole way of the data, schema, dry runs and reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.documents import Coverage
from core.errors import IntegrityError
from core.ledger import postings, review
from core.ledger.book import Book
from core.ledger.sweeps import Guard, sweep_snapshot
from core.ledger.tables import metadata, source_cursor
from tests.helpers.book_by_hand import CASH, CLUB, FAMILY, YEAR, earned
from tests.helpers.books import Doc, SmallBook, small_book
from tests.helpers.databases import BOTH, empty_database, everything

SPRING, SUMMER = date(2025, 4, 5), date(2025, 7, 5)
FIRST = (
    Doc("1001", (("A1", 40_000, 19), ("B1", 3_333, 7)), date(2025, 1, 20)),
    Doc("1002", (("A2", 15_005, 19),), date(2025, 2, 11)),
    Doc("1003", (("A2", -2_001, 19),), date(2025, 2, 28), kind="credit_note"),
    Doc("1004", (("A1", 9_999, 0), ("A1", 9_999, 0)), date(2025, 3, 31), "B", entity="E2"),
    Doc("1005", (("B1", 70_000, 19),), date(2025, 3, 3), None),
)
LATER = (
    FIRST[1]._replace(order=2, lines=(("A2", 25_005, 19), ("A1", 111, 7))),
    FIRST[0]._replace(order=2, day=date(2025, 4, 2)),
    Doc("1006", (("A1", 12_345, 19),), date(2025, 5, 5), "B", entity="E2"),
)


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def book(url: str) -> Iterator[SmallBook]:
    with small_book(YEAR, FAMILY, CLUB, CASH, url=url) as found:
        yield found


def _settle(book: SmallBook, today: date) -> int:
    book.propose(today)
    for item in book.in_states("proposed"):
        book.act(item, review.approve, item.content_hash, book.config.review, today)
    return book.write_back(today).sent


def test_the_whole_way_of_the_data(book: SmallBook) -> None:
    assert book.land(*FIRST).new == 5
    assert _settle(book, SPRING) > 0
    assert book.land(*LATER).changed == 2
    assert _settle(book, SUMMER) > 0
    final = {doc.id: doc for doc in (*FIRST, *LATER)}.values()
    assert {key: values[0] for key, values in book.entitlements().items() if values[0]} == earned(final)
    with book.book.read() as reading:
        settled = sum(balance.settled for balance in postings.balances(reading, "live").values())
    assert settled == sum(request.net for request in book.erp.documents.values())
    assert book.faults() == []
    before = everything(book.book)
    book.propose(SUMMER)
    assert book.write_back(SUMMER).sent == 0 and everything(book.book) == before


def test_a_deletion_and_its_return(book: SmallBook) -> None:
    book.land(*FIRST)
    coverage = Coverage("snapshot", "invoice", complete=True)
    with book.batch("landing") as batch:
        seen = {"1001", "1004", "1005"}
        swept = sweep_snapshot(batch, "erp", coverage, seen, batch.seq - 1, Guard(percent=100), lambda _: False)
    assert swept.deleted == 1
    book.accrue(SPRING)
    left = [doc for doc in FIRST if doc.id != "1002"]
    assert {key: values[0] for key, values in book.entitlements().items() if values[0]} == earned(left)
    book.land(FIRST[1], authoritative=True)
    book.accrue(SPRING)
    assert {key: values[0] for key, values in book.entitlements().items() if values[0]} == earned(FIRST)
    assert book.faults() == []


def test_migrations_give_exactly_the_tables(url: str) -> None:
    book = Book.open(url)
    with book.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
    book.close()
    Book.open(url, create=False).close()


def test_a_dry_run_leaves_no_trace(book: SmallBook) -> None:
    book.land(*FIRST)
    _settle(book, SPRING)
    before = everything(book.book, without=())
    with book.book.rehearsal():
        assert book.land(*LATER).changed == 2
        assert _settle_in_rehearsal(book) > 0
        assert everything(book.book, without=()) != before
        assert book.faults() == []
    assert everything(book.book, without=()) == before
    with pytest.raises(ZeroDivisionError), book.book.rehearsal():
        book.land(*LATER)
        raise ZeroDivisionError
    assert everything(book.book, without=()) == before


def _settle_in_rehearsal(book: SmallBook) -> int:
    book.propose(SUMMER)
    items = book.in_states("proposed")
    for item in items:
        book.act(item, review.approve, item.content_hash, book.config.review, SUMMER)
    return len(items)


def test_a_refused_row_in_a_dry_run_undoes_its_batch_alone(book: SmallBook) -> None:
    before = everything(book.book)
    with book.book.rehearsal():
        book.land(*FIRST)
        landed = everything(book.book)
        with pytest.raises(IntegrityError), book.batch() as batch:
            row = {"source": "erp", "stream": "x", "cursor": {}, "pulled_until": batch.at}
            batch.insert(source_cursor, [row, row])
        assert everything(book.book) == landed
    assert everything(book.book) == before


def test_a_batch_that_fails_leaves_nothing(book: SmallBook) -> None:
    before = everything(book.book)
    with pytest.raises(ZeroDivisionError), book.batch() as batch:
        batch.add(metadata.tables["account"], [{"id": batch.next_id("account")}])
        raise ZeroDivisionError
    assert everything(book.book) == before


def test_a_read_does_not_see_what_is_written_meanwhile(book: SmallBook) -> None:
    with book.book.read() as reading:
        before = reading.execute(sa.select(sa.func.count()).select_from(metadata.tables["batch"])).scalar_one()
        book.land(*FIRST)
        assert reading.execute(sa.select(sa.func.count()).select_from(metadata.tables["record"])).scalar_one() == 0
        after = reading.execute(sa.select(sa.func.count()).select_from(metadata.tables["batch"])).scalar_one()
    assert before == after
