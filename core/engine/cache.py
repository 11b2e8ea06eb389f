"""The cache: signed lines in DuckDB, which can be thrown away and filled again from the book.

A line is a row of `fact`, with its amounts multiplied by `sign`: a superseded version is appended once more, negated.
Programs that look at lines in another way, by payments say, have a table of their own for each such view.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Self

import duckdb
import pyarrow

from core.engine import queries
from core.programs.basis import DEFAULT_VIEW, View

FACT = pyarrow.schema(
    [
        ("document", pyarrow.int64()),
        ("line", pyarrow.int32()),
        ("account", pyarrow.int32()),
        ("item", pyarrow.int32()),
        ("tax", pyarrow.int32()),
        ("day", pyarrow.int32()),
        ("net", pyarrow.int64()),
        ("tax_amount", pyarrow.int64()),
        ("quantity", pyarrow.int64()),
        ("sign", pyarrow.int8()),
        ("batch", pyarrow.int64()),
    ]
)
"""The columns of a fact. `net`, `tax_amount` and `quantity` are already multiplied by `sign`; `quantity` is null
where the line's unit is unknown."""

ROWS = 1 << 17
"""Cells handed over at a time."""


class FactCache:
    """A DuckDB database of facts, in a file or in memory."""

    def __init__(
        self, path: str | Path | None = None, *, memory_limit: str = "512MB", threads: int | None = None
    ) -> None:
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        if path is None:
            config["temp_directory"] = str(Path(gettempdir(), f"rebated-{os.getpid()}"))
        if threads is not None:
            config["threads"] = threads
        self._db = duckdb.connect(str(path) if path is not None else ":memory:", config=config)
        self._views: set[View] = set()
        self._create(DEFAULT_VIEW)
        there = {name for (name,) in self._db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for view in queries.VIEWS:
            if queries.table_of("fact", view) in there:
                self._create(view)

    def close(self) -> None:
        """Give the cache back. Nothing else may be called afterwards."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(
        self,
        rows: pyarrow.Table | pyarrow.RecordBatchReader,
        batch: int | None = None,
        view: View = DEFAULT_VIEW,
    ) -> None:
        """Add facts of a view, and raise its watermark to their highest batch (or to `batch`), in one transaction.

        A reader is read as it goes, so that what is appended need not fit into memory.
        """
        names = ", ".join(FACT.names)
        fact, watermark = self.fact(view), queries.table_of("watermark", view)
        with self._table("incoming", rows), self._transaction():
            self._db.execute(f"INSERT INTO {fact} ({names}) SELECT {names} FROM incoming")  # noqa: S608
            if batch is None:
                (batch,) = self._one(f"SELECT COALESCE(MAX(f.batch), 0) FROM {fact} AS f")  # noqa: S608
            self._db.execute(f"INSERT INTO {watermark} SELECT 0, '' WHERE NOT EXISTS (SELECT 1 FROM {watermark})")  # noqa: S608
            self._db.execute(f"UPDATE {watermark} SET batch = $batch WHERE batch < $batch", {"batch": batch})  # noqa: S608

    def fact(self, view: View = DEFAULT_VIEW) -> str:
        """The name of the table with the facts of a view, which is there from now on."""
        if view not in self._views:
            self._create(view)
        return queries.table_of("fact", view)

    def watermark(self, view: View = DEFAULT_VIEW) -> int:
        """The highest batch of a view appended; 0 where there is none."""
        self.fact(view)
        (batch,) = self._one(f"SELECT COALESCE(MAX(batch), 0) FROM {queries.table_of('watermark', view)}")  # noqa: S608
        return int(batch)

    def horizon(self) -> tuple[int, int]:
        """The days `[start, end)` that facts of any view lie on; `(0, 0)` where there are none."""
        found = [self._one(f"SELECT MIN(day), MAX(day) FROM {self.fact(view)}") for view in sorted(self._views)]  # noqa: S608
        days = [(int(first), int(last) + 1) for first, last in found if first is not None]
        return (min(first for first, _ in days), max(end for _, end in days)) if days else (0, 0)

    def stamp(self) -> str:
        """What the facts were filled from, as the one who filled them wrote it; empty where nobody has."""
        (text,) = self._one("SELECT COALESCE(MAX(stamp), '') FROM watermark")
        return str(text)

    def reset(self, stamp: str = "") -> None:
        """Forget every fact of every view, and write down what the next ones come from."""
        with self._transaction():
            for view in self._views:
                self._db.execute(f"DROP TABLE {queries.table_of('fact', view)}")
                self._db.execute(f"DROP TABLE {queries.table_of('watermark', view)}")
            self._views.clear()
            self._create(DEFAULT_VIEW)
            self._db.execute("INSERT INTO watermark VALUES (0, $stamp)", {"stamp": stamp})

    def put(self, name: str, rows: pyarrow.Table) -> None:
        """A table of this name with these rows, for this connection."""
        with self._table("incoming", rows):
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")  # noqa: S608

    def read(self, query: str, parameters: dict[str, int]) -> Iterator[Any]:
        """The record batches of a query."""
        relation: Any = self._db.sql(query, params=parameters or None)
        # DuckDB 2 renamed the method.
        open_reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        for batch in open_reader(ROWS):
            if batch.num_rows:
                yield batch

    def run(self, statement: str, parameters: dict[str, int] | None = None) -> None:
        """Run a statement that returns nothing."""
        self._db.execute(statement, parameters)

    def _one(self, query: str) -> tuple[Any, ...]:
        (row,) = self._db.execute(query).fetchall()
        return tuple(row)

    def _create(self, view: View) -> None:
        for name in ("fact", "watermark"):
            self._db.execute(queries.stored(name, view))
        self._views.add(view)

    @contextmanager
    def _table(self, name: str, rows: object) -> Iterator[None]:
        self._db.register(name, rows)
        try:
            yield
        finally:
            self._db.unregister(name)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def table(names: Sequence[str], rows: pyarrow.Table | Iterable[tuple[int, ...]]) -> pyarrow.Table:
    """Rows of small integers as a table."""
    if isinstance(rows, pyarrow.Table):
        return rows
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pyarrow.table([pyarrow.array(column, pyarrow.int32()) for column in columns], names=list(names))
