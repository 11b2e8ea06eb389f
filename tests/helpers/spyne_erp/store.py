"""Where Faktura keeps its books: one SQLite file, written by its processes and, behind their back, by tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAME = "faktura.sqlite"

TABLES = """
create table if not exists customer (
    id integer primary key, code text not null unique, name text not null, country text not null, vat text,
    language text not null, tier text, tier_since text, tier_progress integer, changed integer not null);
create table if not exists document (
    id integer primary key autoincrement, kind text not null, state text not null, number text unique,
    customer text not null, currency text not null, issued text, reference text, text text, changed integer not null);
create index if not exists document_changed on document (changed);
create table if not exists line (
    document integer not null, position integer not null, product text, text text not null, quantity text,
    net integer not null, code text not null, tax integer not null, primary key (document, position));
create table if not exists note (id integer primary key autoincrement, customer text not null, text text not null);
create table if not exists sequence (kind text primary key, last integer not null);
create table if not exists session (token text primary key, user text not null);
create table if not exists closing (reason text not null);
create table if not exists clock (changed integer not null);
insert into clock select 0 where not exists (select 1 from clock);
"""


class Busy(Exception):
    """Another writes, and did not come to its end in time: nothing was done."""


@dataclass(frozen=True, slots=True)
class Store:
    """`patience`: seconds a writer waits for another."""

    file: Path
    patience: float = 30

    def prepare(self) -> None:
        """Make the tables where there are none."""
        with closing(self._connect()) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(TABLES)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the books."""
        with closing(self._connect()) as connection:
            connection.execute("begin")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. Raises Busy."""
        with closing(self._connect()) as connection:
            try:
                connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                raise Busy(str(error)) from None
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, timeout=self.patience, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("pragma synchronous = off")  # nobody needs it after a power cut
        return connection


def stamp(connection: sqlite3.Connection) -> int:
    """An instant in microseconds, later than every one given before."""
    ((last,),) = connection.execute("select changed from clock")
    moment: int = max(microseconds(datetime.now(UTC)), last + 1)
    connection.execute("update clock set changed = ?", (moment,))
    return moment


def microseconds(moment: datetime) -> int:
    """Since 1970, UTC."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def instant(changed: int) -> datetime:
    """The instant of a stamp."""
    return EPOCH + timedelta(microseconds=changed)
