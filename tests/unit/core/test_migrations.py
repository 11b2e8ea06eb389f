"""Books of earlier versions: brought to the present schema with their hash chain untouched."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from core.ledger import tables
from core.ledger.book import Book, row_text
from core.ledger.schema import alembic_config
from core.ledger.verify import verify
from tests.helpers.books import Doc, program, small_book
from tests.helpers.databases import BOTH, empty_database

PART = {
    "proposal_id": 4,
    "number": 1,
    "kind": "entitlement",
    "beneficiary": 7,
    "period": date(2025, 1, 1),
    "amount": 100,
    "taxes": [[1, 100]],
    "entitlement_id": None,
    "reason": "",
    "batch": 9,
}
FIRST_TEXT = (
    '{"amount":100,"batch":9,"beneficiary":7,"entitlement_id":null,"kind":"entitlement","number":1,'
    '"period":"2025-01-01","proposal_id":4,"reason":"","taxes":[[1,100]]}\n'
)


def test_a_column_that_came_later_is_no_part_of_a_row_without_it() -> None:
    assert row_text(tables.proposal_part, PART) == FIRST_TEXT
    assert row_text(tables.proposal_part, {**PART, "program": None}) == FIRST_TEXT
    assert row_text(tables.proposal_part, {**PART, "program": "other"}) != FIRST_TEXT


def test_only_what_came_later_may_be_left_out() -> None:
    assert '"entitlement_id":null' in FIRST_TEXT
    added = {f"{table.name}.{column.name}" for table in tables.CHAINED for column in table.columns if column.info}
    assert added == {"entitlement.side", "entitlement.steps", "proposal_part.program"}


@pytest.mark.parametrize("database", BOTH)
def test_an_older_book_is_brought_up_to_date_and_stays_whole(database: str, tmp_path: Path) -> None:
    flat = program('id = "flat"\nname = "Flat"\nperiod = "month"', "[scale]\npercent = 10")
    with empty_database(database, tmp_path) as url:
        with small_book(flat, url=url) as shop:
            shop.land(Doc("1", (("x", 100_00, 19),)))
            shop.propose(date(2025, 3, 1))
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")
            names = {column["name"] for column in sa.inspect(connection).get_columns("proposal_part")}
            assert "program" not in names
        engine.dispose()
        book = Book.open(url)
        try:
            with book.read() as reading:
                assert list(verify(reading, deep=True)) == []
                assert reading.execute(sa.select(tables.proposal_part.c.program)).scalars().all() == [None]
        finally:
            book.close()
