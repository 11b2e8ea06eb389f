"""Tables of the other system, and of ours: what a key stands for."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock
from typing import Any

from connectors.declarative.client import Client
from connectors.declarative.expression import as_text, expression
from connectors.declarative.listing import Listing
from connectors.declarative.references import references
from connectors.declarative.settings.reading import Lookup
from connectors.declarative.settings.request import AnyRequest
from core.errors import DataError

_MISSING = object()
_AMBIGUOUS = object()
_KEPT = 600.0
"""Seconds a table is used before it is read again. A pull begins with fresh ones."""
_AGAIN = 30.0
"""Seconds after which a whole table is read again for a key it does not have."""


class Lookups:
    """The tables of a connection, read when they are first needed. Safe to use from threads."""

    def __init__(self, client: Client, listing: Listing) -> None:
        """Makes no request."""
        self._client, self._listing = client, listing
        settings = client.settings
        self._maps = settings.maps
        self._tables = {name: _Table(name, lookup, client, listing) for name, lookup in settings.lookups.items()}

    def map(self, name: str, key: str) -> Any:
        """What stands for a key in [maps.name], else for `*`. Raises DataError where neither is there."""
        table = self._maps.get(name)
        if table is None:
            raise DataError("unknown_table", f"there is no [maps.{name}]")
        if key not in table and "*" not in table:
            raise DataError("unknown_value", f"[maps.{name}] has nothing for {key[:60]!r}, and no `*`")
        return table.get(key, table.get("*"))

    def lookup(self, name: str, key: str) -> Any:
        """What the other system has under a key. Raises DataError where that is nothing, or more than one thing, and
        what reading it raises."""
        return self._table(name).of(key)

    def prepare(self, name: str, keys: Iterable[str]) -> None:
        """Read what stands under these keys, together, where a table is read by keys."""
        self._table(name).need(keys)

    def refresh(self) -> None:
        """Forget what was read: a pull begins."""
        for table in self._tables.values():
            table.forget()

    def _table(self, name: str) -> _Table:
        if name not in self._tables:
            raise DataError("unknown_table", f"there is no [lookups.{name}]")
        return self._tables[name]


class _Table:
    def __init__(self, name: str, lookup: Lookup, client: Client, listing: Listing) -> None:
        self._name, self._lookup, self._listing = name, lookup, listing
        self._monotonic = client.clock.monotonic
        self._by_keys = names_root(lookup.request, "keys")
        self._key, self._value = expression(lookup.key), expression(lookup.value)
        self._lock = RLock()
        self._found: dict[str, Any] = {}
        self._read_at: float | None = None

    def forget(self) -> None:
        with self._lock:
            self._found, self._read_at = {}, None

    def of(self, key: str) -> Any:
        found = self._found.get(key, _MISSING)
        if found is _MISSING or self._monotonic() - (self._read_at or 0) > _KEPT:
            with self._lock:
                self.need([key])
                found = self._found.get(key, _MISSING)
        if found is _MISSING:
            raise DataError("unknown_key", f"[lookups.{self._name}] has nothing under {key[:60]!r}")
        if found is _AMBIGUOUS:
            raise DataError("ambiguous_key", f"[lookups.{self._name}] has {key[:60]!r} more than once")
        return found

    def need(self, keys: Iterable[str]) -> None:
        with self._lock:
            now = self._monotonic()
            age = None if self._read_at is None else now - self._read_at
            if age is not None and age > _KEPT:
                self.forget()
                age = None
            missing = [key for key in dict.fromkeys(keys) if key and key not in self._found]
            if not missing:
                return
            if self._by_keys:
                for start in range(0, len(missing), self._lookup.most):
                    part = missing[start : start + self._lookup.most]
                    self._read({"keys": part})
                    for key in part:
                        self._found.setdefault(key, _MISSING)
                self._read_at = now if self._read_at is None else self._read_at
            elif age is None or age > _AGAIN:
                self._found = {}
                self._read({})
                self._read_at = now

    def _read(self, data: dict[str, Any]) -> None:
        lookup = self._lookup
        for chunk in self._listing.pages(lookup.request, lookup.records, lookup.pages, data, count=lookup.count):
            for record in chunk.records:
                key = as_text(self._key.of(record))
                if not key:
                    continue
                value = self._value.of(record)
                if value is None:
                    continue
                known = self._found.get(key, _MISSING)
                self._found[key] = value if known is _MISSING or known == value else _AMBIGUOUS


def names_root(request: AnyRequest, root: str) -> bool:
    """Whether a template of a request names `${root}` or something below it."""
    return any(
        found.path.partition(".")[0] == root for _, template in request.templates() for found in references(template)
    )
