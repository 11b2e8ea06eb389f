"""The stage examples are played on: a book of its own for each, made from one empty book, and one counting cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from core.documents import RawRecord
from core.engine.duck import DuckEngine
from core.ledger import acts, proposals, quarantine, registry, review
from core.ledger.accruals import accrue
from core.ledger.book import Batch, Book
from core.ledger.claims import take
from core.ledger.landing import land
from core.ledger.owing import AlarmLimits
from core.ledger.proposals import Stored
from core.ledger.proposing import propose
from core.programs import Program
from core.source import Constants, SourceRules
from scheduler.config import Config, parse_config
from scheduler.context import Context
from scheduler.examples.rows import ENTITY, TAX_PERCENT, BadExample, Told
from scheduler.examples.till import Till
from scheduler.steps.write_back import write_back

SOURCE = "example"
_RULES = SourceRules(
    totals="none",
    credit_notes="positive",
    constants=Constants(entity=ENTITY, tax_percent=TAX_PERCENT),
)
_ACTOR = "example"
_SETTLE_FROM = date(1990, 1, 1)


class _NoLimits:
    """One person may approve anything."""

    def needs_second_person(self, net: int, currency: str) -> bool:
        return False

    def needs_two_approvers(self, net: int, currency: str) -> bool:
        return False


class Stage:
    """A folder with an empty book to copy, and a counting cache that all examples use in turn. A context manager."""

    def __init__(self) -> None:
        self._left = ExitStack()

    def __enter__(self) -> Stage:
        self._folder = Path(self._left.enter_context(TemporaryDirectory(prefix="rebated-examples-")))
        self._empty = self._folder / "empty.db"
        Book.open(f"sqlite:///{self._empty}").close()
        self.engine = self._left.enter_context(DuckEngine(threads=1))
        return self

    def __exit__(self, *_: object) -> None:
        self._left.close()

    @contextmanager
    def play(self, programs: Sequence[Program], entities: Iterable[str]) -> Iterator[Play]:
        """A book with these programs live, thrown away at the end."""
        path = self._folder / "book.db"
        shutil.copyfile(self._empty, path)
        book = Book.open(f"sqlite:///{path}")
        try:
            found = Play(book, self.engine, _config(self._folder, entities))
            found.define(programs)
            yield found
        finally:
            book.close()
            for left in self._folder.glob("book.db*"):
                left.unlink()


class Play:
    """One example's book, and what is done with it."""

    def __init__(self, book: Book, engine: DuckEngine, config: Config) -> None:
        self.book, self.engine = book, engine
        self._claim = take(book)
        self._context = Context(config, book, _ACTOR, _SETTLE_FROM, claim=self._claim, _adapters={SOURCE: Till()})  # type: ignore[dict-item]

    def define(self, programs: Sequence[Program]) -> None:
        """Register the programs, live from the beginning of time."""
        with self._batch("program") as batch:
            for program in programs:
                registry.register(batch, program, "example")
                if program.id not in acts.modes(batch.connection):
                    value = {"mode": "live", "settle_from": _SETTLE_FROM.isoformat()}
                    acts.record_act(batch, "program_mode", program.id, value)

    def land(self, told: Sequence[Told]) -> None:
        """Land records as a source tells them. Raises BadExample naming what is refused and why."""
        waiting = [item.record for item in told]
        while waiting:  # two versions of one record come one after the other
            page: dict[tuple[str, str], RawRecord] = {}
            later = []
            for item in waiting:
                if page.setdefault((item.kind, item.external_id), item) is not item:
                    later.append(item)
            with self._batch("landing") as batch:
                if land(batch, SOURCE, _RULES, list(page.values())).quarantined:
                    raise BadExample("; ".join(_refusals(batch.connection)))
            waiting = later

    def compute(self, as_of: date) -> None:
        """Count, entitle, accrue and propose as of a day."""
        accrue(self.book, self.engine, as_of=as_of, actor=_ACTOR, claim=self._claim.fence)
        limits = AlarmLimits(first_for_account=False)
        propose(self.book, as_of=as_of, actor=_ACTOR, claim=self._claim.fence, limits=limits)

    def settle(self, as_of: date) -> None:
        """Approve whatever is proposed, write it out and keep the receipts; the customer invoices a service at once."""
        with self._batch("review") as batch:
            for item in self.proposed(batch.connection):
                if item.state == "proposed":
                    review.approve(batch, item, item.content_hash, _NoLimits(), as_of)
            for item in proposals.in_states(batch.connection, ("approved",), "live"):
                if item.content.get("kind") == "service":
                    review.settle_service(batch, item, f"invoice for {item.key}", as_of)
        self._context.as_of = as_of
        write_back(self._context)

    def proposed(self, connection: sa.Connection) -> list[Stored]:
        """What waits for a decision."""
        return proposals.in_states(connection, proposals.OPEN, "live")

    @contextmanager
    def _batch(self, kind: str) -> Iterator[Batch]:
        with self.book.batch(kind, actor=_ACTOR, claim=self._claim.fence) as batch:
            yield batch


def _refusals(connection: sa.Connection) -> Iterator[str]:
    for row in quarantine.open_rows(connection):
        yield f"{row.origin or row.external_id} is refused: {row.message}"


def _config(folder: Path, entities: Iterable[str]) -> Config:
    """A configuration with the legal entities an example names, and one connection that takes every document."""
    parts = [
        f'[entities.{json.dumps(name)}]\nname = {json.dumps(name)}\ncountry = "DE"' for name in sorted(set(entities))
    ]
    parts.append(f'[connections.{SOURCE}]\nadapter = "files"\nwrite = true\nsettings = {{ out = "out" }}')
    parts.append(f'[write_back]\ncredit_notes = "{SOURCE}"')
    return parse_config("\n".join(parts), folder / "example.toml")
