"""Facts of views: what counts of documents by payments, days of delivery and corrected invoices, as signed rows.

What counts of a document can change without it: by a payment, or by the invoice it corrects. For each batch in which
anything it depends on changed, what counted before is compared with what counts after, and the difference is written
with that batch. So what was known at a batch can be counted here as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.ledger.accounts import CHUNK, Alias, aliases, origins, owner
from core.ledger.book import Book
from core.ledger.dimensions import Dimensions
from core.ledger.flows import Amounts, Document, Part, Payments, left_out, parts, split
from core.ledger.histories import (
    History,
    Name,
    Version,
    corrected_by,
    documents_between,
    documents_of,
    histories,
    invoices_named,
    names_of,
)
from core.ledger.links import Links, Paid, invoices_paid_between, payments_at
from core.ledger.tables import effect, line, record_version
from core.ledger.units import Units
from core.period import day_date
from core.programs import View
from core.tax import TaxCode

_WINDOW = 100_000
"""About so many lines are looked at together."""

Fact = tuple[Any, ...]
"""A row of the cache: document, line, account, item, tax, day, net, tax amount, quantity, sign, batch."""


class _Counted(NamedTuple):
    """What counts of a document: for whom, and the parts of a version."""

    version: Version
    account: int
    parts: tuple[Part, ...]


class _Sources(NamedTuple):
    """What counting documents rests on: their histories, those of the invoices they correct, the payments of both, and
    the credit notes that correct either."""

    documents: dict[int, History]
    originals: dict[Name, History]
    payments: Mapping[Name, Sequence[Paid]]
    notes: Mapping[Name, Sequence[History]]

    def behind(
        self, name: Name, version: Version, batch: int
    ) -> tuple[Document, Payments, tuple[Document, Payments] | None]:
        """A document with its payments, and the invoice it corrects with those of that."""
        corrected = None
        if version.original is not None and version.original in self.originals:
            original = self.originals[version.original].at(batch)
            if original is not None and not original.is_own:
                corrected = self._paid(version.original, original.document, batch)
        return *self._paid(name, version.document, batch), corrected

    def _paid(self, name: Name, document: Document, batch: int) -> tuple[Document, Payments]:
        if document.is_return:
            return document, {}
        notes = [note.at(batch) for note in self.notes.get(name, ())]
        grosses = (
            note.document.gross
            for note in notes
            if note is not None and note.original == name and note.document.currency == document.currency
        )
        credited = max(-sum(grosses), 0)
        return document._replace(credited=credited), payments_at(self.payments.get(name, ()), batch, document.currency)

    def batches(self, item: History) -> set[int]:
        """The batches in which anything of that changed."""
        names = item.originals()
        found = set(item.batches)
        found.update(batch for name in names if name in self.originals for batch in self.originals[name].batches)
        for name in {item.name, *names}:
            found.update(paid.batch for paid in self.payments.get(name, ()))
            found.update(batch for note in self.notes.get(name, ()) for batch in note.batches)
        return found


class ViewFacts:
    """The facts of one view, read from the book."""

    def __init__(
        self, book: Book, view: View, dimensions: Dimensions, ratios: Units, disowned: set[str], links: Links
    ) -> None:
        self.book, self.view, self.dimensions, self.ratios, self.disowned = book, view, dimensions, ratios, disowned
        self.links = links
        self._pays = view.paid != "invoiced"
        self._corrects = self._pays or view.returns == "original"
        with book.read() as connection:
            self._merged = aliases(connection)

    def between(self, since: int, last: int, accounts: set[int] | None = None) -> Iterator[tuple[int, list[Fact]]]:
        """The facts of the batches after `since` up to `last`, some batches at a time: (last of them, rows).

        With `accounts`, those of documents that are or were theirs.
        """
        if accounts is not None:
            accounts = origins(self._merged, accounts)
        for until in self._windows(since, last):
            records = sorted(self._affected(since, until, accounts))
            rows = [
                row
                for start in range(0, len(records), CHUNK)
                for row in self._changes(records[start : start + CHUNK], since, until)
            ]
            yield until, rows
            since = until

    def _windows(self, since: int, last: int) -> list[int]:
        """Where to stop on the way to the last batch."""
        size = sa.func.sum(sa.case((record_version.c.line_count > 0, record_version.c.line_count), else_=1))
        query = (
            sa.select(effect.c.batch, size)
            .join(record_version, record_version.c.id == effect.c.version_id)
            .where(effect.c.batch > since, effect.c.batch <= last)
            .group_by(effect.c.batch)
            .order_by(effect.c.batch)
        )
        stops, lines = [], 0
        with self.book.read() as connection:
            for batch, count in connection.execute(query):
                lines += count
                if lines >= _WINDOW:
                    stops.append(batch)
                    lines = 0
        return [*(stop for stop in stops if stop < last), last] if since < last else []

    def _affected(self, since: int, until: int, accounts: set[int] | None) -> set[int]:
        """The documents of which something else may count in these batches."""
        with self.book.read() as connection:
            found = documents_between(connection, since, until, accounts)
            gone = {alias.old for alias in self._merged if since < alias.batch <= until}
            if gone:
                found |= documents_of(connection, origins(self._merged, gone))
            names: set[Name] = set()
            if self._corrects:
                names = names_of(connection, found)
            if self._pays:
                changed = invoices_paid_between(connection, since, until) | corrected_by(connection, found)
                found |= set(invoices_named(connection, changed).values())
                names |= changed
        if names:
            found |= self.links.corrections(names)
        if accounts is not None:
            with self.book.read() as connection:
                found &= documents_of(connection, accounts)
        return found

    def reasons(self, accounts: set[int], batch: int) -> dict[int, str]:
        """Why documents of these accounts count in part or not at all, as known at a batch, by their records."""
        found: dict[int, str] = {}
        with self.book.read() as connection:
            records = sorted(documents_of(connection, origins(self._merged, accounts)))
        for start in range(0, len(records), CHUNK):
            sources = self._sources(records[start : start + CHUNK])
            for item in sources.documents.values():
                version = item.at(batch)
                if version is not None and not version.is_own and _owner_at(self._merged, version, batch) in accounts:
                    reason = left_out(self.view, *sources.behind(item.name, version, batch))
                    if reason:
                        found[item.record] = reason
        return found

    def _changes(self, records: Sequence[int], since: int, until: int) -> Iterator[Fact]:
        sources = self._sources(records)
        changes: list[tuple[int, History, _Counted | None, _Counted | None]] = []
        mergers = {alias.batch for alias in self._merged}
        for item in sources.documents.values():
            counted = self._counted(item, sources, since)
            for batch in sorted(batch for batch in sources.batches(item) | mergers if since < batch <= until):
                before, counted = counted, self._counted(item, sources, batch)
                if before != counted:
                    changes.append((batch, item, before, counted))
        lines = self._lines({one.version.id for change in changes for one in change[2:] if one is not None})
        for batch, item, before, counted in changes:
            gone, new = self._rows(item, before, lines), self._rows(item, counted, lines)
            stays = gone.keys() & new.keys()
            yield from (_signed(row, -1, batch) for row in gone if row not in stays)
            yield from (_signed(row, 1, batch) for row in new if row not in stays)

    def _sources(self, records: Sequence[int]) -> _Sources:
        with self.book.read() as connection:
            mine = histories(connection, records, self.disowned)
            originals: dict[Name, History] = {}
            if self._corrects:
                invoices = invoices_named(connection, {name for item in mine.values() for name in item.originals()})
                known = histories(connection, set(invoices.values()), self.disowned)
                originals = {name: known[record_id] for name, record_id in invoices.items() if record_id in known}
        if not self._pays:
            return _Sources(mine, originals, {}, {})
        names = {*(item.name for item in mine.values()), *originals}
        notes: dict[Name, list[History]] = {}
        correcting = self.links.corrections(names)
        with self.book.read() as connection:
            for note in histories(connection, correcting, self.disowned).values():
                for name in note.originals():
                    notes.setdefault(name, []).append(note)
        return _Sources(mine, originals, self.links.payments(names), notes)

    def _counted(self, item: History, sources: _Sources, batch: int) -> _Counted | None:
        """What counts of a document at the end of a batch."""
        version = item.at(batch)
        account = None if version is None else _owner_at(self._merged, version, batch)
        if version is None or account is None or version.is_own:
            return None
        found = parts(self.view, *sources.behind(item.name, version, batch))
        return _Counted(version, account, tuple(found)) if found else None

    def _lines(self, versions: set[int]) -> dict[int, list[sa.Row[Any]]]:
        found: dict[int, list[sa.Row[Any]]] = {}
        wanted = sorted(versions)
        with self.book.read() as connection:
            for start in range(0, len(wanted), CHUNK):
                query = sa.select(line).where(line.c.version_id.in_(wanted[start : start + CHUNK]))
                for row in connection.execute(query.order_by(line.c.version_id, line.c.number)):
                    found.setdefault(row.version_id, []).append(row)
        return found

    def _rows(
        self, item: History, counted: _Counted | None, lines: Mapping[int, Sequence[sa.Row[Any]]]
    ) -> dict[Fact, None]:
        """The rows of what counts, in order, without sign and batch; no two are alike."""
        if counted is None:
            return {}
        source, company, _ = item.name
        version = counted.version
        issuer, currency = (version.entity, version.registration), version.document.currency
        mine = lines.get(version.id, ())
        found: dict[Fact, None] = {}
        for part in counted.parts:
            worth = [
                Amounts(
                    row.net, row.tax, self.ratios.base((source, company, row.product), row.unit, part.day, row.quantity)
                )
                for row in mine
            ]
            for row, amounts in zip(mine, split(part, worth), strict=True):
                kind = self.dimensions.item((source, company, row.product, row.kind, version.document.is_return))
                tax = self.dimensions.tax(TaxCode(*issuer, row.tax_category, row.tax_rate, currency))
                found[(item.record, row.number, counted.account, kind, tax, part.day, *amounts)] = None
        return found


def _owner_at(merged: Sequence[Alias], version: Version, batch: int) -> int | None:
    """Whose a document was at the end of a batch; None where it is parked."""
    if not merged or version.account is None:
        return version.account
    known = [alias for alias in merged if alias.batch <= batch]
    return owner(known, version.account, day_date(version.document.issued))


def _signed(row: Fact, sign: int, batch: int) -> Fact:
    *head, net, tax, quantity = row
    return (*head, net * sign, tax * sign, None if quantity is None else quantity * sign, sign, batch)
