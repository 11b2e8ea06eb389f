"""A small book with programs, documents made by hand, and a remote in memory: the whole way of the data, in small."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from core.documents import BadRecord, RawRecord
from core.engine.duck import DuckEngine
from core.ledger import acts, entitlements, postings, proposals, registry
from core.ledger.accruals import Accrued, accrue
from core.ledger.book import Book
from core.ledger.claims import take
from core.ledger.facts import tax_codes
from core.ledger.landing import Landed, land
from core.ledger.masters import profiles
from core.ledger.proposals import Stored
from core.ledger.proposing import Proposed, propose
from core.ledger.verify import verify
from core.programs import parse_program
from core.source import Constants, SourceRules
from scheduler.config import Config, parse_config
from scheduler.context import Context
from scheduler.examples.till import Till
from scheduler.steps.write_back import Written, write_back

RULES = SourceRules(totals="none", without_account="park", constants=Constants(currency="EUR"))
CONFIG = """
[entities.E1]
name = "The first company"
country = "DE"
[entities.E2]
name = "The second company"
country = "AT"
[connections.erp]
adapter = "files"
write = true
[connections.erp.settings]
out = "out"
[write_back]
credit_notes = "erp"
[review]
second_person_above = { EUR = 100000000 }
two_approvers_above = { EUR = 100000000 }
"""


class Doc(NamedTuple):
    """One version of a document as a source tells it. Lines are (product, net in cents, tax in percent)."""

    id: str
    lines: tuple[tuple[str, int, int], ...]
    day: date = date(2025, 2, 3)
    account: str | None = "A"
    order: int = 1
    entity: str = "E1"
    kind: str = "invoice"
    cancelled: bool = False
    currency: str = "EUR"

    @property
    def net(self) -> int:
        return sum(net for _, net, _ in self.lines)

    def raw(self) -> RawRecord:
        fields = {
            "account": self.account,
            "issued": self.day,
            "entity": self.entity,
            "currency": self.currency,
            "state": "cancelled" if self.cancelled else "posted",
        }
        lines = [
            {"product": product, "net": f"{net / 100:.2f}", "tax_percent": str(percent)}
            for product, net, percent in self.lines
        ]
        return RawRecord(self.kind, self.id, fields, lines, self.order, origin=f"{self.id} of order {self.order}")


@cache
def _template() -> Path:
    path = Path(mkdtemp(prefix="rebated-book-")) / "empty.db"
    Book.open(f"sqlite:///{path}").close()
    return path


@cache
def _shared_engine() -> DuckEngine:
    """One cache for all books in turn: it empties itself where it meets another book."""
    return DuckEngine()


@contextmanager
def small_book(*programs: str, url: str | None = None, live: bool = True) -> Iterator[SmallBook]:
    """A book with these programs, live from 2024 on; in a file of its own unless `url` names an empty database."""
    folder = Path(mkdtemp(prefix="rebated-test-"))
    if url is None:
        shutil.copyfile(_template(), folder / "book.db")
        url = f"sqlite:///{folder / 'book.db'}"
    config = parse_config(CONFIG, folder / "rebated.toml")
    book = Book.open(url)
    try:
        found = SmallBook(book, config)
        found.define(*programs)
        if live:
            found.go_live()
        yield found
    finally:
        book.close()
        shutil.rmtree(folder)


class SmallBook:
    """A book and what is done with it, step by step."""

    def __init__(self, book: Book, config: Config) -> None:
        self.book, self.config = book, config
        self.erp = Till()
        self.claim = take(book)
        self.engine = _shared_engine()

    def batch(self, kind: str = "test", actor: str = "finance") -> Any:
        return self.book.batch(kind, actor=actor, claim=self.claim.fence)

    def define(self, *programs: str) -> None:
        with self.batch("program", "controller") as batch:
            for found in sorted(map(parse_program, programs), key=lambda found: found.id):
                registry.register(batch, found, "test")

    def go_live(self, settle_from: date = date(2024, 1, 1)) -> None:
        with self.batch("program", "controller") as batch:
            for program in registry.current(batch.connection):
                acts.record_act(
                    batch, "program_mode", program, {"mode": "live", "settle_from": settle_from.isoformat()}
                )

    def land(self, *docs: Doc, bad: Sequence[BadRecord] = (), authoritative: bool = False) -> Landed:
        with self.batch("landing") as batch:
            return land(batch, "erp", RULES, [doc.raw() for doc in docs], bad, authoritative=authoritative)

    def land_raw(self, records: Iterable[RawRecord], rules: SourceRules = RULES) -> Landed:
        with self.batch("landing") as batch:
            return land(batch, "erp", rules, list(records))

    def accrue(self, as_of: date) -> Accrued:
        return accrue(self.book, self.engine, as_of=as_of, actor="rebated", claim=self.claim.fence)

    def propose(self, as_of: date) -> Proposed:
        self.accrue(as_of)
        return propose(self.book, as_of=as_of, actor="rebated", claim=self.claim.fence)

    def write_back(self, as_of: date) -> Written:
        context = Context(self.config, self.book, "finance", as_of, claim=self.claim)
        context._adapters["erp"] = self.erp
        return write_back(context)

    def in_states(self, *states: str) -> list[Stored]:
        with self.book.read() as reading:
            return proposals.in_states(reading, states)

    def parts(self, item: Stored) -> list[proposals.PartRow]:
        with self.book.read() as reading:
            return proposals.parts(reading, [item.id])[item.id]

    def act(self, item: Stored, decision: Any, *args: Any, **options: Any) -> Any:
        """A person's decision about a proposal, in a batch of its own."""
        with self.batch("review", options.pop("actor", "finance")) as batch:
            return decision(batch, item, *args, **options)

    def faults(self) -> list[Any]:
        with self.book.read() as reading:
            return list(verify(reading, deep=True))

    def names(self) -> dict[int, str]:
        with self.book.read() as reading:
            return {account_id: item.external_id for account_id, item in profiles(reading).items()}

    def entitlements(self) -> dict[tuple[str, str, str], tuple[Any, ...]]:
        """By (program, account, label of the period): amount, level, what waits, and the split by entity and tax."""
        names = self.names()
        found = {}
        with self.book.read() as reading:
            codes = tax_codes(reading)
            for item in registry.current(reading).values():
                if item.program.is_tier:
                    continue
                for stored in entitlements.latest(reading, "live", item.program.id):
                    split: dict[tuple[str, int], int] = {}
                    for cell, part in zip(stored.cells, stored.parts, strict=True):
                        code = codes[cell.tax]
                        split[code.entity, code.rate] = split.get((code.entity, code.rate), 0) + part
                    if not stored.cells and not stored.waiting:
                        continue
                    label = item.program.calendar.of(stored.period).label
                    found[item.program.id, names[stored.beneficiary], label] = (
                        stored.amount,
                        tuple(stored.waiting),
                        tuple(sorted(pair for pair in split.items() if pair[1])),
                    )
        return found

    def balances(self) -> dict[tuple[str, ...], postings.Balance]:
        """What is not nothing, by (program, account, entity, first day of the period)."""
        names = self.names()
        with self.book.read() as reading:
            found = postings.balances(reading, "live")
        return {
            (key.program, names[key.payee], key.entity, key.period): balance
            for key, balance in found.items()
            if any(balance)
        }


def program(head: str, scale: str, rest: str = "") -> str:
    """The TOML of a program in EUR from 2024 on. `head` are the lines of its first table but the usual ones."""
    return f'[program]\ncurrency = "EUR"\nvalid_from = 2024-01-01\n{head}\n{scale}\n{rest}'
