"""Merging accounts of a small book, as a person does it on the command line."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.ledger import accounts, merger, merging, postings, review
from core.ledger.alarms import open_alarms
from core.ledger.merger import Merger
from core.ledger.moves import ALARM
from tests.helpers.books import Doc, SmallBook


def planned(book: SmallBook, old: str = "B", new: str = "A", start: date | None = None) -> Merger:
    with book.book.read() as reading:
        found = accounts.find_account(reading, old), accounts.find_account(reading, new)
        return merger.plan(reading, *found, start)


def merged(book: SmallBook, today: date, old: str = "B", new: str = "A", start: date | None = None) -> Merger:
    """Merge, as anna. Returns what was planned."""
    found = planned(book, old, new, start)
    with book.batch("account", "anna") as batch:
        merging.merge(batch, found, "a duplicate of the ERP", today)
    return found


def kept(book: SmallBook, old: str = "B", new: str = "A") -> None:
    """Keep apart, as anna."""
    with book.batch("account", "anna") as batch:
        pair = accounts.find_account(batch.connection, old), accounts.find_account(batch.connection, new)
        merging.keep(batch, *pair, "wrong customer")


def asked(book: SmallBook) -> list[str]:
    """What the open alarms about moved documents say."""
    with book.book.read() as reading:
        return [row.message for row in open_alarms(reading) if row.kind == ALARM]


def settle(book: SmallBook, today: date) -> int:
    """Propose, approve what is proposed, and send. Returns the net that was paid by now."""
    book.propose(today)
    for item in book.in_states("proposed"):
        book.act(item, review.approve, item.content_hash, book.config.review, today)
    book.write_back(today)
    return paid(book)


def paid(book: SmallBook) -> int:
    """The net of all credit notes of the remote."""
    return sum(request.net for request in book.erp.documents.values())


def moved(doc: Doc, account: str = "A") -> Doc:
    """The next version of a document: it names another account."""
    return doc._replace(account=account, order=doc.order + 1)


def settled(book: SmallBook) -> dict[str, int]:
    """What stands as settled for each account; nothings are left out."""
    names = book.names()
    found: dict[str, int] = {}
    with book.book.read() as reading:
        for key, balance in postings.balances(reading, "live").items():
            found[names[key.payee]] = found.get(names[key.payee], 0) + balance.settled
    return {name: amount for name, amount in found.items() if amount}


def open_amounts(book: SmallBook, *states: str) -> dict[tuple[str, str], int]:
    """Net of proposals by program and account."""
    found: dict[tuple[str, str], int] = {}
    items: list[Any] = book.in_states(*(states or ("proposed", "held")))
    for item in items:
        place = item.program, item.content["payee"]
        found[place] = found.get(place, 0) + item.net
    return found
