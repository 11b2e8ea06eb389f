"""Records of all models: in memory for reading, in one SQLite file for surviving.

One transaction runs at a time, under `lock`. It changes the tables in place and keeps an undo list; committing writes
the changed rows to the file. A record is a dict that is never changed once it is in a table.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Key = tuple[str, int]

ALSO_INDEXED = (("ir.model.data", ("complete_name", "target")), ("account.move", ("sequence_prefix",)))
SCHEMA = """
create table if not exists record (model text, id integer, body text, primary key (model, id)) without rowid;
create table if not exists sequence (model text primary key, last integer);
create table if not exists setting (name text primary key, value text);
"""


class Held(Exception):
    """A transaction that has not committed yet holds the row; wait for `free`."""

    def __init__(self, free: threading.Event) -> None:
        super().__init__()
        self.free = free


class Store:
    """`inverses` names the many2one fields to index, by model; external ids and numbers are indexed too."""

    def __init__(self, file: Path, inverses: Mapping[str, Iterable[str]]) -> None:
        self.lock = threading.RLock()
        self.tables: dict[str, dict[int, Record]] = {}
        self.commits = 0
        self.committed: dict[Key, int] = {}
        self.named_at: dict[str, int] = {}
        self.held: dict[Key | str, threading.Event] = {}
        self._indices: dict[tuple[str, str], dict[Any, set[int]]] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        for model, fields in (*inverses.items(), *ALSO_INDEXED):
            self._fields[model] = tuple({*self._fields.get(model, ()), *fields})
            for name in self._fields[model]:
                self._indices[model, name] = {}
        self.highest: dict[tuple[int, str], tuple[int, int]] = {}
        self._last: dict[str, int] = {}
        self._reserved: dict[str, list[int]] = {}
        self._undo: list[tuple[str, int, Record | None]] = []
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.executescript("pragma journal_mode = wal; pragma synchronous = off;" + SCHEMA)
        for model, identifier, body in self._connection.execute(
            "select model, id, body from record order by model, id"
        ):
            self._set(model, identifier, json.loads(body))
        self._last.update(self._connection.execute("select model, last from sequence"))

    def close(self) -> None:
        with self.lock:
            self._connection.close()

    # ---------------------------------------------------------------- reading

    def table(self, model: str) -> dict[int, Record]:
        return self.tables.setdefault(model, {})

    def get(self, model: str, identifier: int) -> Record | None:
        return self.table(model).get(identifier)

    def where(self, model: str, field: str, value: Any) -> list[int]:
        """Ids of the records whose indexed `field` is `value`, in order."""
        return sorted(self._indices[model, field].get(value, ()))

    def indexed(self, model: str, field: str) -> bool:
        return (model, field) in self._indices

    # ---------------------------------------------------------------- changing

    def next_id(self, model: str) -> int:
        """Ids are never given back, not even by a rollback."""
        if reserved := self._reserved.get(model):
            return reserved.pop(0)
        self._last[model] = self._last.get(model, 0) + 1
        return self._last[model]

    def reserve(self, ids: Mapping[str, list[int]]) -> None:
        """Ids the next records get, by model: those a transaction was given before it had to wait."""
        self._reserved = {model: list(some) for model, some in ids.items()}

    def put(self, model: str, identifier: int, record: Record) -> None:
        self._check((model, identifier))
        self._undo.append((model, identifier, self.table(model).get(identifier)))
        self._set(model, identifier, record)

    def drop(self, model: str, identifier: int) -> None:
        self._check((model, identifier))
        self._undo.append((model, identifier, self.table(model)[identifier]))
        self._set(model, identifier, None)

    def savepoint(self) -> int:
        return len(self._undo)

    def rollback(self, savepoint: int = 0) -> None:
        while len(self._undo) > savepoint:
            model, identifier, record = self._undo.pop()
            self._set(model, identifier, record)

    def abandon(self) -> None:
        """End the transaction without a trace."""
        self.rollback()
        self._reserved = {}

    def touched(self) -> set[Key | str]:
        """Rows and external ids the running transaction has changed."""
        keys: set[Key | str] = {(model, identifier) for model, identifier, _ in self._undo}
        for model, identifier, _ in self._undo:
            if model == "ir.model.data" and (record := self.get(model, identifier)):
                keys.add(record["complete_name"])
        return keys

    def created(self) -> dict[str, list[int]]:
        """Ids of the records the running transaction has made, by model."""
        made: dict[str, list[int]] = {}
        for model, identifier, old in self._undo:
            if old is None:
                made.setdefault(model, []).append(identifier)
        return made

    def commit(self) -> bool:
        """Keep what the transaction did; False where it did nothing."""
        if not self._undo:
            self._reserved = {}
            return False
        self.commits += 1
        changed = {(model, identifier) for model, identifier, _ in self._undo}
        for key in self.touched():
            if isinstance(key, str):
                self.named_at[key] = self.commits
        rows, gone = [], []
        for model, identifier in changed:
            self.committed[model, identifier] = self.commits
            record = self.get(model, identifier)
            if record is None:
                gone.append((model, identifier))
            else:
                rows.append((model, identifier, json.dumps(record)))
        execute = self._connection
        execute.execute("begin immediate")
        execute.executemany("insert or replace into record values (?, ?, ?)", rows)
        execute.executemany("delete from record where model = ? and id = ?", gone)
        models = {model for model, _ in changed}
        execute.executemany(
            "insert or replace into sequence values (?, ?)", [(model, self._last.get(model, 0)) for model in models]
        )
        execute.execute("commit")
        self._undo, self._reserved = [], {}
        return True

    # ---------------------------------------------------------------- settings of the server itself

    def setting(self, name: str) -> Any:
        row = self._connection.execute("select value from setting where name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def keep_setting(self, name: str, value: Any) -> None:
        self._connection.execute("insert or replace into setting values (?, ?)", (name, json.dumps(value)))

    # ---------------------------------------------------------------- inside

    def at_least(self, model: str, last: int) -> None:
        """Go on counting ids of `model` above `last`."""
        self._last[model] = max(last, self._last.get(model, 0))

    def check_name(self, name: str) -> None:
        """Raises Held where a transaction in flight holds this external id."""
        self._check(name)

    def _check(self, key: Key | str) -> None:
        if self.held and (free := self.held.get(key)):
            raise Held(free)

    def _set(self, model: str, identifier: int, record: Record | None) -> None:
        table = self.table(model)
        old = table.get(identifier)
        for name in self._fields.get(model, ()):
            index = self._indices[model, name]
            before, after = (old or {}).get(name), (record or {}).get(name)
            if old is not None and (before != after or record is None):
                index[before].discard(identifier)
            if record is not None and (before != after or old is None):
                index.setdefault(after, set()).add(identifier)
        if record is None:
            table.pop(identifier, None)
        else:
            table[identifier] = record
