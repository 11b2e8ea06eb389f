from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

from connectors.spi import NoteRequest
from core.ledger import outbox
from core.ledger.accounts import resolve_accounts
from core.ledger.book import Book
from core.ledger.masters import Profile
from scheduler.steps import requests
from scheduler.steps.notebook import Notebook, months_after

TODAY = date(2025, 6, 1)
ERP, SHOP = (Profile(number, "C-1", name, "", {}, {}) for number, name in ((1, "erp"), (2, "shop")))


class Notes:
    """A book in which notes can be told."""

    def __init__(self, book: Book) -> None:
        self.book = book
        with book.batch("landing", actor="test", claim=None) as batch:
            for profile in (ERP, SHOP):
                resolve_accounts(batch, profile.source, "", ["C-1"])

    @contextmanager
    def read(self) -> Iterator[Notebook]:
        with self.book.read() as reading:
            yield Notebook(reading)

    def tell(self, profile: Profile, event_id: str, day: date = TODAY, months: int = 0) -> str | None:
        with self.read() as notebook:
            key = notebook.key_to_tell("crm", profile, "near_tier", event_id, day, months)
        if key is not None:
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            request = requests.stored(NoteRequest(key, "71", "near_tier", "so near", at))
            with self.book.batch("outbox", actor="test", claim=None) as batch:
                outbox.enqueue(
                    batch, key=key, target="crm", kind="account_note", request=request, account_id=profile.account_id
                )
        return key


def notes(folder: Path) -> Notes:
    return Notes(Book.open(f"sqlite:///{folder}/book.db"))


def test_an_event_is_told_once_to_each_account(tmp_path: Path):
    told = notes(tmp_path)
    first, second = told.tell(ERP, "x"), told.tell(SHOP, "x")
    assert first and second and first != second
    assert (told.tell(ERP, "x"), told.tell(SHOP, "x")) == (None, None)
    with told.book.read() as reading:
        assert reading.execute(sa.select(sa.func.count()).select_from(outbox.outbox)).scalar() == 2


def test_whoever_asks_first_nobody_is_told_twice(tmp_path: Path):
    told = notes(tmp_path)
    with told.read() as notebook:
        asked = notebook.key_to_tell("crm", ERP, "near_tier", "x", TODAY)
        assert asked == notebook.key_to_tell("crm", ERP, "near_tier", "x", TODAY), "asking is not telling"
        key = notebook.key_to_tell("crm", SHOP, "near_tier", "x", TODAY)
    assert key and key != asked
    at = datetime(2025, 6, 1, tzinfo=UTC)
    with told.book.batch("outbox", actor="test", claim=None) as batch:
        request = requests.stored(NoteRequest(key, "71", "near_tier", "so near", at))
        outbox.enqueue(batch, key=key, target="crm", kind="account_note", request=request, account_id=2)
    assert told.tell(SHOP, "x") is None, "it was told under the longer name, and nobody else has asked this time"


def test_what_may_be_told_again_waits_for_its_time(tmp_path: Path):
    told = notes(tmp_path)
    assert told.tell(ERP, "x", date(2025, 1, 31), 3)
    assert told.tell(ERP, "x", date(2025, 4, 30), 3) is None
    assert told.tell(ERP, "x", date(2025, 5, 1), 3)
    assert told.tell(ERP, "x", date(2025, 7, 31), 3) is None
    assert told.tell(ERP, "x", date(2025, 8, 1), 3)


def test_months_later_is_the_same_day_or_the_first_after_a_shorter_month():
    assert months_after(date(2025, 1, 15), 12) == date(2026, 1, 15)
    assert months_after(date(2024, 2, 29), 12) == date(2025, 3, 1)
    assert months_after(date(2025, 1, 31), 1) == date(2025, 3, 1)
