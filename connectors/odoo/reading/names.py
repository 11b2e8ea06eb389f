"""What ids in rows stand for: small tables read whole when first needed, large ones as ids are met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from connectors.odoo.reading.rows import Row, Rows, Specification

Value = TypeVar("Value")


class Names(Generic[Value]):
    """The values of a model's rows by id, kept for one pull. An id that is still unknown then is asked for once."""

    def __init__(
        self, rows: Rows, model: str, specification: Specification, value: Callable[[Row], Value], unknown: Value
    ) -> None:
        self._rows, self._model, self._specification = rows, model, specification
        self._value, self._unknown = value, unknown
        self.found: dict[int, Value] = {}
        self._filled = False

    def fill(self) -> None:
        """Read the whole table."""
        self._filled = True
        self._keep(self._rows.search(self._model, [], self._specification))

    def need(self, ids: Iterable[int]) -> dict[int, Value]:
        """The values by id, with these ids among them."""
        missing = sorted(set(ids).difference(self.found))
        if missing:
            self._keep(self._rows.by_ids(self._model, missing, self._specification))
            for missed in missing:
                self.found.setdefault(missed, self._unknown)
        return self.found

    def of(self, id_: int | bool) -> Value:
        """The value of an id in a small table; of none, and of one that cannot be read, the unknown one."""
        if not id_:
            return self._unknown
        if id_ not in self.found:
            if not self._filled:
                self.fill()
            self.need([id_])
        return self.found[id_]

    def _keep(self, rows: list[Row]) -> None:
        self.found.update((row["id"], self._value(row)) for row in rows)
