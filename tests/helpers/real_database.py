"""The database of a real CRM, for the tests: stamps are set and documents counted in it. Needs PyMySQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.helpers.stand_ins.table import Row


class Database:
    """A MySQL or MariaDB, named as mysql://login:password@host:port/database. Instants are told in UTC."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._named: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": parts.path.strip("/"),
        }
        self._lock = threading.RLock()
        self._connection = self._connected()

    def close(self) -> None:
        """Tell the database good-bye."""
        self._connection.close()

    def _connected(self) -> Any:
        library: Any = pytest.importorskip("pymysql")
        connection = library.connect(
            **self._named, charset="utf8mb4", autocommit=True, cursorclass=library.cursors.DictCursor
        )
        connection.cursor().execute("set time_zone = '+00:00'")
        return connection

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """The rows a statement gives."""
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def insert(self, table: str, values: Mapping[str, Any]) -> None:
        """Put a row into a table."""
        self.sql(*_insertion(table, values))

    @contextmanager
    def inserted_late(self, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
        """Rows by their tables, of a transaction that is committed on leaving."""
        late = self._connected()
        late.begin()
        with late.cursor() as cursor:
            for table, values in rows.items():
                statement, *given = _insertion(table, values)
                cursor.execute(statement, given)
        try:
            yield
        finally:
            late.commit()
            late.close()

    def now(self) -> datetime:
        """The instant its clock shows."""
        (row,) = self.sql("select utc_timestamp(6) as now")
        moment: datetime = row["now"]
        return moment.replace(tzinfo=UTC)

    def boundary(self) -> datetime:
        """An instant after all stamps so far and before all from now on: stamps are whole seconds."""
        moment = self.now().replace(microsecond=0) + timedelta(seconds=1)
        while (now := self.now()) <= moment:
            time.sleep((moment - now).total_seconds() + 0.001)
        return moment


class Records:
    """What the tests ask of a table of accounts or notes, asked of the database: columns by the names of the API."""

    created: str
    changed: str

    def __init__(self, database: Database, name: str) -> None:
        self.database, self.name = database, name

    # ------------------------------------------------------------ for subclasses

    def field(self, column: str) -> str:
        """What the API calls a column."""
        return column

    def read(self, condition: str, *values: Any) -> list[dict[str, Any]]:
        """The rows that are not deleted and meet a condition."""
        return self.database.sql(f"select * from {self.name} where deleted = 0 and {condition}", *values)

    # ------------------------------------------------------------ as a table of a stand-in

    def __iter__(self) -> Iterator[Row]:
        return iter([self._row(row) for row in self.read("1 = 1")])

    def row(self, id: str) -> Row:
        """A row by its id, its values as they are now."""
        found = self.get(id)
        assert found is not None, f"{self.name} has no {id}"
        return found

    def get(self, id: str) -> Row | None:
        return next((self._row(row) for row in self.read("id = %s", id)), None)

    def touch(self, row: Row, at: datetime) -> None:
        moment = at.astimezone(UTC).replace(tzinfo=None)
        self.database.sql(
            f"update {self.name} set {self.created} = %s, {self.changed} = %s where id = %s", moment, moment, row.id
        )

    def clear(self) -> None:
        self.database.sql(f"delete from {self.name}")

    def _row(self, row: Mapping[str, Any]) -> Row:
        values = {self.field(name): value for name, value in row.items()}
        return Row(str(row["id"]), values, *(row[name].replace(tzinfo=UTC) for name in (self.created, self.changed)))


def _insertion(table: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    places = ", ".join(["%s"] * len(values))
    return (f"insert into {table} ({', '.join(values)}) values ({places})", *values.values())
