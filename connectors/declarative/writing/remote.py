"""Our documents in the other system: found by key, or read by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.declarative.client import Client
from connectors.declarative.expression import expression
from connectors.declarative.listing import Gone, Listing, doubtful
from connectors.declarative.lookups import names_root
from connectors.declarative.reading.records import missing_in
from connectors.declarative.settings.reading import One
from connectors.declarative.settings.writing import Find, Write
from connectors.declarative.single import can_be_id
from connectors.declarative.template import Tables
from connectors.declarative.writing.shape import Found, Shape
from connectors.spi import Remote, WriteKind
from core.errors import DataError, FatalError, RetryableError

_SEE = "see `rebated connector try`; if the service was changed, get its WSDL anew and mend the paths"


class Remotes:
    """Reads the documents of one kind. Safe to use from threads."""

    def __init__(self, kind: WriteKind, write: Write, client: Client, listing: Listing, tables: Tables) -> None:
        self._kind, self._find, self._one = kind, write.find, write.one
        self._shape = None if write.remote is None else Shape(kind, write.remote, client, tables)
        self._client, self._listing, self._tables = client, listing, tables

    @property
    def can_read(self) -> bool:
        """Whether a document can be read by id."""
        return bool(self._one) and self._shape is not None

    def tells(self, name: str) -> bool:
        """Whether the other system tells this of a document."""
        return self._shape is not None and self._shape.tells(name)

    def look_up(self, key: str, account: str) -> tuple[Remote, ...]:
        """Every document whose text holds the key, in any state, the oldest first. `account`: whose it is, empty where
        that is not known."""
        if not self._find or self._shape is None:
            return ()
        data = {"key": key, "account": account or None}
        every = {
            found.remote.remote_id: replace(found.remote, key=key)
            for find in self._find
            for found in self._candidates(find, self._shape, data)
            if key in found.keys or not self._shape.tells("key")
        }
        return tuple(sorted(every.values(), key=in_order))

    def read_back(self, remote_id: str) -> Remote | None:
        """The document as it stands; None where there is none, or where no document can have such an id."""
        if self._shape is None:
            return None
        record = self._record(remote_id, None)
        return None if record is None else self._of(self._shape, record).remote

    def _candidates(self, find: Find, shape: Shape, data: Mapping[str, Any]) -> Iterator[Found]:
        only = expression(find.only) if find.only else None
        try:
            for chunk in self._listing.pages(find.request, find.records, find.pages, data, count=find.count):
                for listed in chunk.records:
                    if not listed:
                        continue
                    if only is not None and not only.holds(listed):
                        self._whole(listed, f"write.{self._kind}.find")
                        continue
                    whole = listed
                    if not find.whole:
                        whole = self._record(shape.id_of(listed), listed)
                    if whole is not None:
                        yield self._of(shape, whole, find)
                    elif self._client.wire.tells_missing:
                        raise RetryableError(f"write.{self._kind}: what `find` lists is not there for `one`")
        except Gone:
            return
        except DataError as error:
            raise FatalError(f"write.{self._kind}.find: {error.message}") from None

    def _of(self, shape: Shape, record: Any, find: Find | None = None) -> Found:
        """What a record is, where it holds what must be told of it. Raises FatalError where it does not: what has no
        key or state any more would be taken for another document, or for a posted one."""
        place = f"write.{self._kind}.{'one' if find is None else 'find'}"
        self._whole(record, place)
        found = shape.of(record)
        if not self._client.wire.tells_missing:
            return found
        if find is not None and shape.tells("key") and not found.has_key_text and names_root(find.request, "key"):
            raise FatalError(f"{place}: a record that was found by its key has nothing at remote.fields.key", hint=_SEE)
        return found

    def _whole(self, record: Any, place: str) -> None:
        """Raises FatalError where a record lacks what its schema requires."""
        missing = list(dict.fromkeys(missing_in(record))) if self._client.wire.tells_missing else []
        if missing:
            raise FatalError(f"{place}: a record lacks {', '.join(missing[:5])}, which its schema requires", hint=_SEE)

    def _record(self, remote_id: str, listed: Any) -> Any:
        """What the first request that has it gives; None where none has it, or no document can have such an id."""
        able = (one for one in self._one if can_be_id(one, remote_id, self._tables))
        return next(filter(None, (self._asked(one, remote_id, listed) for one in able)), None)

    def _asked(self, one: One, remote_id: str, listed: Any) -> Any:
        answer = self._client.call(one.request, {"id": remote_id, "record": listed})
        if answer.meaning in ("missing", "empty", "skip") or answer.body is None:
            return None
        try:
            found = expression(one.record).of(answer.body) or None
        except DataError as error:
            raise FatalError(f"write.{self._kind}.one.record: {error.message}") from None
        doubts = self._client.wire.doubts(one.request, answer.body, [found] if found else ())
        if doubts:
            raise doubtful(f"write.{self._kind}.one", doubts)
        return found


def in_order(remote: Remote) -> tuple[int, str]:
    """What sorts documents by their ids, the oldest first where ids are numbers."""
    return len(remote.remote_id), remote.remote_id
