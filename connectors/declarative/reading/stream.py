"""One stream for the length of one pull: its list, and what the records of a page become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.declarative.client import Client
from connectors.declarative.expression import Expression, as_text, expression
from connectors.declarative.hook import Hook
from connectors.declarative.listing import Chunk, Listing, doubtful
from connectors.declarative.lookups import Lookups
from connectors.declarative.reading.records import Records, Told, missing_in
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.pages import OnePage
from connectors.declarative.settings.reading import Join, StampWindow, Stream
from connectors.declarative.single import can_be_id
from connectors.declarative.stamps import Stamps
from connectors.http.ahead import ahead
from connectors.spi import Page
from core.documents import BadRecord, RawRecord, RecordKind
from core.errors import DataError, FatalError

NO_WINDOW: Mapping[str, Any] = {"since": None, "until": None}


class Listed:
    """A record as the list has it, with its place in the order of its versions."""

    __slots__ = ("order", "record")

    def __init__(self, record: Any, order: int = 0) -> None:
        self.record, self.order = record, order


class Source:
    """A stream, compiled. Its requests go through `listing`; `tables` are fresh for this pull."""

    def __init__(
        self,
        name: str,
        stream: Stream,
        client: Client,
        listing: Listing,
        tables: Lookups,
        settings: DeclarativeSettings,
        hook: Hook,
    ) -> None:
        """May make the requests of lookups that name fields. Raises FatalError where settings cannot be filled in."""
        self.name, self.stream, self.client, self.listing, self._tables = name, stream, client, listing, tables
        self.kinds: tuple[RecordKind, ...] = tuple(dict.fromkeys((stream.kind, *(rule.kind for rule in stream.kinds))))
        self._hook, self.has_hook = hook, hook.has("record")
        self._one_record = expression(stream.one.record) if stream.one else None
        title = settings.about.title or client.name
        try:
            self.records = Records(name, stream, title, client.roots(), tables, told_missing=client.wire.tells_missing)
        except DataError as error:
            raise FatalError(error.message, hint="mend the setting, or the value it names") from None

    def pages(
        self, window: Mapping[str, Any] = NO_WINDOW, *, after: Any = None, address: str | None = None
    ) -> Iterator[Chunk]:
        """The list, page by page, as `Listing.pages` gives it; the next is asked for while one is used."""
        stream = self.stream
        identity = self.records.id_of if "id" in stream.fields else None
        chunks = self.listing.pages(
            stream.request,
            stream.records,
            stream.pages,
            {"window": window},
            count=stream.count,
            after=after,
            identity=identity,
            address=address,
        )
        return chunks if isinstance(stream.pages, OnePage) else ahead(chunks)

    def told(self, listed: Sequence[Listed], window: Mapping[str, Any] = NO_WINDOW) -> list[Told]:
        """What records of the list become, read in full; those that are not ours, or are gone, are left out."""
        told: list[Told] = []
        whole = list(self._whole(listed, window, told))
        self.records.prepare([item.record for item in whole])
        for item in whole:
            found = self.records.told(item.record, item.order)
            if found is not None:
                told.append(found)
        return told

    def again(self, record: Any) -> Told | None:
        """What a single record becomes that was read by `one`; None where it is not ours."""
        bad: list[Told] = []
        listed = [Listed(record, self._order(record))]
        whole = list(self._joined_all(listed, NO_WINDOW, bad))
        self.records.prepare([item.record for item in whole])
        if bad:
            return bad[0]
        return next((self.records.told(item.record, item.order) for item in whole), None)

    def one(self, external_id: str, record: Any = None) -> Any:
        """A single record as it is now; None where there is none.

        Raises DataError where it is there and cannot be read, and what the client raises.
        """
        one = self.stream.one
        if one is None or self._one_record is None:
            raise NotImplementedError
        if not can_be_id(one, external_id, self._tables):
            return None
        try:
            answer = self.client.call(one.request, {"id": external_id, "record": record, "window": NO_WINDOW})
        except DataError as error:
            raise FatalError(f"read.{self.name}.one: {error.message}") from None
        if answer.meaning == "skip":
            raise DataError("unreadable", answer.message or "the other system does not give it out")
        if answer.meaning in ("missing", "empty"):
            return None
        if answer.meaning != "fine":
            raise FatalError(f"read.{self.name}.one: {external_id[:60]} cannot be read: {answer.message}")
        found = self._one_record.of(answer.body)
        doubts = self.client.wire.doubts(one.request, answer.body, [found] if found else ())
        if doubts:
            raise doubtful(f"read.{self.name}.one", doubts)
        record = found[0] if isinstance(found, list) and len(found) == 1 else found or None
        if self.client.wire.tells_missing and isinstance(record, dict):
            missing = list(dict.fromkeys(missing_in(record)))
            if missing and not self.records.id_of(record):  # what it is cannot be told: not that it is gone
                raise DataError("missing", f"the reply lacks {', '.join(missing[:5])}, which its schema requires")
        return record

    def _whole(self, listed: Sequence[Listed], window: Mapping[str, Any], bad: list[Told]) -> Iterator[Listed]:
        """The records with all that belongs to them: read one by one where the list is short of it, and joined."""
        items = self._detailed(listed, bad) if self.stream.detail else listed
        yield from self._joined_all(list(items), window, bad)

    def _joined_all(self, items: Sequence[Listed], window: Mapping[str, Any], bad: list[Told]) -> Iterator[Listed]:
        for name, join in self.stream.joins.items():
            items = self._joined(name, join, items, window, bad)
        if not self.has_hook:
            yield from items
            return
        for item in items:
            record = self._hook.record(self.name, item.record)
            if record is not None:
                yield Listed(record, item.order)

    def _order(self, record: Any) -> int:
        """The order of a record that stands alone; 0 where it tells none."""
        setting = self.stream.window
        try:
            if isinstance(setting, StampWindow):
                stamps = Stamps(setting.format, setting.send, setting.time_zone)
                return max(stamps.read(expression(setting.field).of(record)) or 0, 0)
            if setting is not None and setting.order:
                return max(Stamps("iso").read(expression(setting.order).of(record)) or 0, 0)
        except DataError:
            pass
        return 0

    def _detailed(self, listed: Sequence[Listed], bad: list[Told]) -> Iterator[Listed]:
        """The records of a page, each read by itself. Raises FatalError where there is none of several."""
        missing = 0
        for item in listed:
            external_id = self.records.id_of(item.record)
            try:
                if not external_id:
                    raise DataError("missing", "the record has no id", path=f"read.{self.name}.fields.id")
                record = self.one(external_id, item.record)
            except DataError as error:
                bad.append(self.records.bad(item.record, error, item.order))
                continue
            if record is None:
                missing += 1
            else:
                yield Listed(record, item.order)
        if missing == len(listed) > 1:
            raise FatalError(
                f"read.{self.name}.one: none of the {missing} records of a page is there",
                hint="check the path of the request, and `record`: where the reply holds the record",
            )

    def _joined(
        self, name: str, join: Join, items: Sequence[Listed], window: Mapping[str, Any], bad: list[Told]
    ) -> list[Listed]:
        """The records of a page, each with those of the other list that belong to it, under `name`."""
        by, on = expression(join.by), expression(join.on)
        good: list[tuple[Listed, list[str]]] = []
        for item in items:
            try:
                if not isinstance(item.record, dict):
                    raise DataError("unexpected_shape", "the record is no table")
                good.append((item, _keys(by.of(item.record))))
            except DataError as error:
                bad.append(self.records.bad(item.record, error, item.order, f"read.{self.name}.joins.{name}.by"))
        keys = list(dict.fromkeys(key for _, own in good for key in own))
        rows: dict[str, list[Any]] = {}
        for start in range(0, len(keys), join.most):
            data = {"keys": keys[start : start + join.most], "window": window}
            for chunk in self.listing.pages(join.request, join.records, join.pages, data, count=join.count):
                for row in chunk.records:
                    for key in self._keys_on(on, row, name):
                        rows.setdefault(key, []).append(row)
        return [
            Listed({**item.record, name: [row for key in own for row in rows.get(key, ())]}, item.order)
            for item, own in good
        ]

    def _keys_on(self, on: Expression, row: Any, name: str) -> list[str]:
        try:
            return _keys(on.of(row))
        except DataError as error:
            raise FatalError(f"read.{self.name}.joins.{name}.on: {error.message}") from None


def _keys(value: Any) -> list[str]:
    """What a record refers to, as text, each once. Raises DataError where it is no key."""
    found = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(as_text(item) for item in found if item is not None and item != ""))


def page_of(told: Sequence[Told], cursor: Mapping[str, Any] | None) -> Page:
    """A page of what records became, read from the source as it is now."""
    return Page(
        records=tuple(item for item in told if isinstance(item, RawRecord)),
        bad=tuple(item for item in told if isinstance(item, BadRecord)),
        cursor=cursor,
        present=True,
    )
