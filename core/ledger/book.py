"""The book of record: opening it, reading it, and committing batches to its hash chain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table

from core.errors import FatalError, IntegrityError, LostClaim, RetryableError
from core.keys import canonical, content_hash
from core.ledger import tables
from core.ledger.columns import utc_now

GENESIS = "0" * 64
PARTITION = "main"
_INSERT_ROWS = 5_000


class Batch:
    """One transaction on the book. Rows of chained tables are added here and hashed in the order they came."""

    def __init__(self, connection: Connection, kind: str, actor: str, run: str | None, note: str) -> None:
        self.connection = connection
        self.kind, self.actor, self.run, self.note = kind, actor, run, note
        self.at = utc_now()
        self._counters: dict[str, int] = dict(
            connection.execute(sa.select(tables.counter.c.name, tables.counter.c.value)).all()
        )
        self._changed: set[str] = set()
        self.seq = self._counters.get("batch", 0) + 1
        self._digests: dict[str, Any] = {}
        self._count = 0

    def next_id(self, name: str, how_many: int = 1) -> int:
        """The first of `how_many` fresh ids of a table."""
        first = self._counters.get(name, 0) + 1
        self._counters[name] = first + how_many - 1
        self._changed.add(name)
        return first

    def add(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows to a chained table; `batch` is filled in."""
        if not rows:
            return
        digest = self._digests.setdefault(table.name, hashlib.sha256())
        filled = [{**row, "batch": self.seq} for row in rows]
        for row in filled:
            digest.update(row_text(table, row).encode())
        self._count += len(filled)
        self.insert(table, filled)

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of a table that is not chained."""
        for start in range(0, len(rows), _INSERT_ROWS):
            self.connection.execute(table.insert(), list(rows[start : start + _INSERT_ROWS]))

    @property
    def is_empty(self) -> bool:
        return not self._count

    def close(self) -> None:
        """Write the batch row that ends the chain so far, and the counters."""
        if not self.is_empty:
            previous = self.connection.execute(
                sa.select(tables.batch.c.hash).order_by(tables.batch.c.seq.desc()).limit(1)
            ).scalar()
            row = {
                "seq": self.seq,
                "partition": PARTITION,
                "kind": self.kind,
                "at": self.at,
                "actor": self.actor,
                "run": self.run,
                "note": self.note,
                "content_hash": content_hash({name: digest.hexdigest() for name, digest in self._digests.items()}),
                "previous_hash": previous or GENESIS,
            }
            self.connection.execute(tables.batch.insert(), [{**row, "hash": batch_hash(row)}])
            self._counters["batch"] = self.seq
            self._changed.add("batch")
        for name in self._changed:
            value = self._counters[name]
            changed = self.connection.execute(
                tables.counter.update().where(tables.counter.c.name == name).values(value=value)
            )
            if not changed.rowcount:
                self.connection.execute(tables.counter.insert().values(name=name, value=value))


def row_text(table: Table, row: Mapping[str, Any]) -> str:
    """The canonical text of a chained row: every column by name; instants and dates in ISO form, UTC.

    A column that was added after the first book is left out where it is null.
    """
    values = {column.name: row.get(column.name) for column in table.columns}
    for name in _added(table):
        if values[name] is None:
            del values[name]
    return canonical(values) + "\n"


@cache
def _added(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column.info)


def batch_hash(row: Mapping[str, Any]) -> str:
    """The hash of a batch row over everything but itself."""
    return content_hash({name: row[name] for name in row if name != "hash"})


class Book:
    """A book of record on SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._rehearsal: Connection | None = None

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Book:
        """Open the book at a SQLAlchemy URL, bringing its schema up to date where `create`.

        Raises FatalError where the database cannot be reached or is newer than this program.
        """
        from core.ledger.schema import prepare  # the schema raises this module's errors

        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            if not create and not Path(parsed.database).exists():
                raise no_book(parsed)
            try:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise FatalError(
                    f"the folder of the book {parsed.database} cannot be made: {error.strerror}", hint="check book.url"
                ) from None
        try:
            engine = sa.create_engine(parsed)
        except (ModuleNotFoundError, sa.exc.ArgumentError) as error:
            raise FatalError(
                f"the book at {parsed.render_as_string()} cannot be opened: {error}",
                hint="for PostgreSQL install rebated[postgres] and write postgresql+psycopg://…",
            ) from None
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        try:
            prepare(engine, create=create)
        except sa.exc.DBAPIError as error:
            engine.dispose()
            raise FatalError(
                f"the book at {parsed.render_as_string()} cannot be used: {_first_line(error)}",
                hint="check book.url, that the server runs, and that the folder may be written",
            ) from None
        return cls(engine)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent read of the book."""
        with self._connected() as connection:
            if self._rehearsal is not None:
                yield connection
                return
            if self.engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction on working tables alone (claims, runs): no batch."""
        with self._connected() as connection:
            if self._rehearsal is not None:
                with connection.begin_nested():
                    yield connection
                return
            writing = connection.execution_options(rebated_write=True)
            with writing.begin():
                yield writing

    @contextmanager
    def batch(
        self, kind: str, *, actor: str, claim: tuple[str, int] | None, run: str | None = None, note: str = ""
    ) -> Iterator[Batch]:
        """One batch: everything in it commits together, or nothing.

        `claim` is (name, fencing token) of the holder; it is checked inside the transaction. Raises LostClaim.
        None is for tests and set-up of an empty book only.
        """
        with self.write() as connection:
            if claim is not None:
                check_token(connection, *claim)
            open_batch = Batch(connection, kind, actor, run, note)
            yield open_batch
            open_batch.close()

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Everything done to the book in this block is seen inside it and undone at its end: a dry run."""
        with self._connected() as connection:
            writing = connection.execution_options(rebated_write=True)
            transaction = writing.begin()
            self._rehearsal = writing
            try:
                yield
            finally:
                self._rehearsal = None
                transaction.rollback()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            if self._rehearsal is not None:
                yield self._rehearsal
                return
            with self.engine.connect() as connection:
                yield connection
        except sa.exc.IntegrityError as error:
            raise IntegrityError(f"the book refuses a row: {_first_line(error)}") from error
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            raise RetryableError(f"the book cannot be reached: {_first_line(error)}") from error


class NoBook(FatalError):
    """There is no book yet."""


def no_book(url: sa.URL) -> NoBook:
    """The error for a database that holds no book."""
    return NoBook(f"there is no book at {url.render_as_string()}", hint="`rebated pull` or `rebated run` creates it")


def check_token(connection: Connection, name: str, token: int) -> None:
    """Raise LostClaim unless `token` is the present fencing token of the claim, which stays locked until commit."""
    query = sa.select(tables.claim.c.token).where(tables.claim.c.name == name).with_for_update()
    if connection.execute(query).scalar() != token:
        raise LostClaim(f"the claim on {name} has passed to another holder; nothing was written")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _prepare_sqlite(engine: Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("rebated_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
