"""Which rows belong to one record, and whether they agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from connectors.files.pattern import DATED_KINDS, Pattern
from connectors.files.rows import Rows
from core.documents import DOCUMENT_KINDS, RecordKind

_LARGEST_ORDER = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fault(NamedTuple):
    """Why a record cannot be used: reason code and message."""

    reason: str
    message: str


def order_of(text: str) -> int | None:
    """The source order in a cell: an integer, or an ISO timestamp as microseconds UTC. None where it is neither."""
    text = text.strip()
    try:
        order = int(text) if text.lstrip("+-").isdecimal() and text.isascii() else None
        if order is None:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            order = (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None
    return order if -_LARGEST_ORDER <= order < _LARGEST_ORDER else None


class Groups:
    """The rows of a delivery by record. A record is known here by the number of its first row."""

    def __init__(self, rows: Rows, pattern: Pattern, sequence: int) -> None:
        self.rows = rows
        self._pattern, self._sequence = pattern, sequence
        self._kinds = rows.kinds()
        self._companies = rows.companies()
        self._orders = rows.column(pattern.order) if pattern.order is not None else None
        self._known_orders: dict[str, int | None] = {}
        self.skipped = rows.skipped()
        self.ids = self._identities()
        self.all = self._grouped()
        """Row numbers by record, in the order the records begin."""
        self.first = {i: members[0] for members in self.all for i in members}
        """For each row that belongs to a record, the first row of that record."""

    def named(self, texts: Collection[str]) -> list[int]:
        """The records whose id is one of these texts."""
        return sorted(first for text in texts for first in self._by_id.get(text, ()))

    def above(self, i: int) -> int | None:
        """The record that ends nearest at or above row `i`."""
        return self._above[i] if 0 <= i < self.rows.count else None

    def below(self, i: int) -> int | None:
        """The record that begins nearest at or below row `i`."""
        return self._above_upside_down[-1 - i] if 0 <= i < self.rows.count else None

    @cached_property
    def _by_id(self) -> dict[str, list[int]]:
        result: dict[str, list[int]] = {}
        for members in self.all:
            result.setdefault(self.ids[members[0]], []).append(members[0])
        return result

    @cached_property
    def _above(self) -> list[int | None]:
        return _last_known([self.first.get(i) for i in range(self.rows.count)])

    @cached_property
    def _above_upside_down(self) -> list[int | None]:
        return _last_known([self.first.get(i) for i in reversed(range(self.rows.count))])

    def _identities(self) -> list[str]:
        columns, column = self._pattern.columns, self.rows.column
        if self._pattern.kind == "exchange_rate":
            parts = zip(column(columns["base"]), column(columns["quote"]), column(columns["on"]), strict=True)
            return ["/".join(map(str.strip, part)) if all(map(str.strip, part)) else "" for part in parts]
        ids = list(map(str.strip, column(columns["id"])))
        if "valid_from" in columns and self._pattern.kind in DATED_KINDS:
            since = map(str.strip, column(columns["valid_from"]))
            ids = [f"{name}@{day}" if name and day else name for name, day in zip(ids, since, strict=True)]
        return ids

    def _grouped(self) -> list[list[int]]:
        # A master record with another order is another version; a document has one order.
        parts: list[Sequence[Any]] = [self.ids]
        parts += [part for part in (self._kinds, self._companies) if part is not None]
        if self._orders is not None and self._pattern.kind not in DOCUMENT_KINDS:
            parts.append(self._orders)
        keys = self.ids if len(parts) == 1 else list(zip(*parts, strict=True))
        groups: dict[Any, list[int]] = {}
        skipped = self.skipped
        for i, key in enumerate(keys):
            if skipped is None or not skipped[i]:
                members = groups.get(key)
                if members is None:
                    groups[key] = [i]
                else:
                    members.append(i)
        return [members for members in groups.values() if self.ids[members[0]]]

    def contradictions(self) -> dict[int, Fault]:
        """Records whose rows differ in a field of the record that may not vary, or in the order."""
        found: dict[int, Fault] = {}
        if len(self.all) == len(self.first):
            return found
        pairs = [(i, first) for i, first in self.first.items() if i != first]
        free = {"id", *self._pattern.varying}
        names = {column: name for name, column in self._pattern.columns.items() if name not in free}
        if self._pattern.order is not None:
            names.setdefault(self._pattern.order, "order")
        for column, name in names.items():
            values = self.rows.column(column)
            for i, first in pairs:
                if values[i] is not values[first] and values[i] != values[first] and first not in found:
                    file, row = self.rows.place(i)
                    shown = f"{values[i][:60]!r}, but {values[first][:60]!r} in row {self.rows.place(first)[1]}"
                    found[first] = Fault(
                        "contradictory", f"{file} row {row}: column {column!r} ({name}) is {shown} of the same record"
                    )
        return found

    def known_id(self, values: Mapping[str, str]) -> str | None:
        columns = self._pattern.columns
        names = ("base", "quote", "on") if self._pattern.kind == "exchange_rate" else ("id",)
        cells = [values.get(columns[name], "").strip() for name in names]
        if not all(cells):
            return None
        since = columns.get("valid_from")
        if since is not None and self._pattern.kind in DATED_KINDS:
            if since not in values:
                return None
            cells += [values[since].strip()] if values[since].strip() else []
            return "@".join(cells)
        return "/".join(cells)

    def kind(self, i: int) -> RecordKind:
        return self._pattern.kind if self._kinds is None else self._kinds[i]

    def company(self, i: int) -> str:
        if self._companies is not None:
            return self._companies[i]
        return self._pattern.company if isinstance(self._pattern.company, str) else ""

    def order(self, i: int) -> int | None:
        if self._orders is None:
            return self._sequence
        text = self._orders[i]
        if text not in self._known_orders:
            self._known_orders[text] = order_of(text)
        return self._known_orders[text]

    def bad_order(self, i: int) -> str:
        file, row = self.rows.place(i)
        text = self._orders[i][:60] if self._orders is not None else ""
        return f"{file} row {row}: column {self._pattern.order!r} is {text!r}, neither an integer nor an ISO timestamp"


def _last_known(values: Sequence[int | None]) -> list[int | None]:
    result: list[int | None] = []
    last = None
    for value in values:
        last = last if value is None else value
        result.append(last)
    return result
