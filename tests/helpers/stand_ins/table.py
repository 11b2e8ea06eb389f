"""Records a stand-in keeps: with ids, stamps, and transactions that are not committed yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, eq=False)
class Row:
    """A record. `hidden`: its transaction is stamped and not committed. Stamps are cut as the vendor cuts them."""

    id: str
    values: dict[str, Any]
    created: datetime
    changed: datetime
    deleted: bool = False
    hidden: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


class Table:
    """Rows by id, in the order they were made. `stamp` tells the instant of a change."""

    def __init__(self, stamp: Callable[[], datetime], *, first: int = 1, name_id: Callable[[int], str] = str) -> None:
        self._stamp, self._next, self._name_id = stamp, first, name_id
        self._rows: dict[str, Row] = {}

    def add(self, values: Mapping[str, Any], *, id: str | None = None) -> Row:
        """A new row."""
        if id is None:
            id = self._name_id(self._next)
            self._next += 1
        moment = self._stamp()
        self._rows[id] = row = Row(id, dict(values), moment, moment)
        return row

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        """Give it these values; the others stay. Its stamp moves even where nothing is another."""
        row.values.update(values)
        row.changed = self._stamp()

    def touch(self, row: Row, at: datetime) -> None:
        """Say that it was made and changed then."""
        row.created = row.changed = at

    def delete(self, row: Row) -> None:
        """Take it away; where the vendor keeps what is deleted, it stands in `every`."""
        row.deleted, row.changed = True, self._stamp()

    def get(self, id: str) -> Row | None:
        """The row, where it is there to be seen."""
        row = self._rows.get(id)
        return None if row is None or row.deleted or row.hidden else row

    def clear(self) -> None:
        """Forget all rows; ids go on."""
        self._rows.clear()

    @property
    def every(self) -> list[Row]:
        """All that are committed, also the deleted."""
        return [row for row in self._rows.values() if not row.hidden]

    def __iter__(self) -> Iterator[Row]:
        return iter([row for row in self._rows.values() if not row.deleted and not row.hidden])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def where(self, **values: Any) -> list[Row]:
        """The rows with these values."""
        return [row for row in self if all(row.values.get(name) == value for name, value in values.items())]
