"""What is told is found the same way on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from core.ledger import outbox
from scheduler.config import parse_config
from scheduler.context import Context
from scheduler.steps import notices
from scheduler.steps.starts import keep_starts
from scheduler.steps.written import Written
from tests.helpers.book_by_hand import CLUB
from tests.helpers.books import CONFIG, Doc, SmallBook, small_book
from tests.helpers.databases import BOTH, empty_database

SPRING, SUMMER = date(2025, 4, 5), date(2025, 6, 5)
TOLD = parse_config(
    CONFIG.replace('credit_notes = "erp"', 'credit_notes = "erp"\naccount_notes = "erp"\ntiers = "erp"'),
    Path("rebated.toml"),
)


@pytest.fixture(params=BOTH)
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallBook]:
    with empty_database(request.param, tmp_path) as url, small_book(CLUB, url=url) as found:
        yield found


def told(book: SmallBook, today: date) -> list[tuple[str, str]]:
    """Kind, and event or tier, of everything in the outbox after a run."""
    book.accrue(today)
    context = Context(TOLD, book.book, "finance", today, claim=book.claim)
    context._adapters["erp"] = book.erp
    for _ in range(2):
        keep_starts(context)
        notices.prepare(context, Written())
    with book.book.read() as reading:
        rows = outbox.in_state(reading, ("queued", "voided"))
    return sorted((row.kind, row.request.get("event") or row.request["tier"]) for row in rows)


def test_what_is_told_is_told_once_on_either_database(book: SmallBook) -> None:
    book.land(Doc("1001", (("A1", 10_000, 19),), date(2025, 1, 20)))
    before = told(book, SPRING)
    assert [kind for kind, _ in before] == ["tier"]
    book.land(Doc("1002", (("A1", 5_000_000, 19),), date(2025, 5, 20)))
    after = told(book, SUMMER)
    assert [event for kind, event in after if kind == "account_note"] == ["tier_at_risk", "tier_reached"]
    assert told(book, SUMMER) == after
    assert book.faults() == []
