"""The reading half of the adapter for Odoo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from connectors.odoo.client import OdooClient
from connectors.odoo.reading.moves import Moves
from connectors.odoo.reading.partners import Partners
from connectors.odoo.reading.payments import Payments
from connectors.odoo.reading.place import Place, stamp_of
from connectors.odoo.reading.products import Products
from connectors.odoo.reading.rates import ExchangeRates
from connectors.odoo.reading.rows import Rows
from connectors.odoo.reading.stream import Stream
from connectors.odoo.reading.sweep import sweep
from connectors.odoo.reading.window import Windows
from connectors.odoo.settings import OdooSettings
from connectors.spi import Page, Window
from core.documents import BadRecord, RawRecord, RecordKind
from core.errors import FatalError

_FORM = 1
"""Raise it where rows become other records than before: then everything is read again."""


class OdooReading:
    """Reads the documents of one company and what they refer to. Keeps nothing between calls; safe from threads."""

    def __init__(
        self,
        client: OdooClient,
        settings: OdooSettings,
        company_id: Callable[[], int],
        entity: Callable[[], str],
    ) -> None:
        """Makes no request. `company_id` and `entity` tell the company and its legal entity; they may."""
        self.client, self.settings = client, settings
        self.company_id, self.entity = company_id, entity
        rates = (ExchangeRates,) if settings.read.exchange_rates else ()
        streams: tuple[type[Stream], ...] = (Partners, Products, Moves, Payments, *rates)
        self._streams = {stream.name: stream for stream in streams}
        self.kinds: frozenset[RecordKind] = frozenset(kind for stream in streams for kind in stream.kinds)

    def streams(self) -> tuple[str, ...]:
        """What can be read, masters before the documents that name them."""
        return tuple(self._streams)

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """What has changed since the cursor, and a sweep where one is due. Raises what the client raises.

        Every record comes as it is in the database now, so pages say `present`. Raises FatalError for an unknown
        stream and where the server does not answer as Odoo does.
        """
        if stream not in self._streams:
            raise FatalError(f"there is no stream {stream!r} in Odoo; there are: {', '.join(self._streams)}")
        with _understood(f"reading {stream}"):
            yield from self._pull(self._stream(self._streams[stream]), window, cursor)

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        """One record as it is now; None where it is not there, or not among what is read. Raises as `pull` does."""
        found = next((stream for stream in self._streams.values() if kind in stream.kinds), None)
        if found is None:
            return None
        with _understood(f"reading {kind} {external_id}"):
            return _fetched(self._stream(found), kind, external_id)

    def _stream(self, chosen: type[Stream]) -> Stream:
        return chosen(Rows(self.client, self.company_id()), self.settings, self.entity)

    def _pull(self, stream: Stream, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        read = self.settings.read
        reach = timedelta(seconds=read.overlap_seconds)
        stream.prepare()
        until = stamp_of(_earlier_clock(window.until, stream.rows.server_time()))
        place = Place.of(cursor, _reading(stream), until, reach)
        due = bool(read.sweep_hours) and _is_due(place.swept, until, timedelta(hours=read.sweep_hours))
        windows = Windows(stream, place, reach, keep_marks=due)
        yield from windows.pages(until)
        if due:
            yield from sweep(stream, place, until, windows.read)


def _earlier_clock(ours: datetime, servers: datetime | None) -> datetime:
    """The clock of the two that is behind: what is stamped by it later than the window ends is not missed."""
    return ours if servers is None else min(ours, servers)


def _reading(stream: Stream) -> str:
    said = repr((_FORM, stream.name, stream.rows.company_id, *stream.reading()))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def _is_due(swept: str, until: str, every: timedelta) -> bool:
    return not swept or datetime.fromisoformat(until) - datetime.fromisoformat(swept) >= every


def _fetched(stream: Stream, kind: RecordKind, external_id: str) -> RawRecord | None:
    domain = stream.find(kind, external_id)
    if domain is None or not stream.rows.search(stream.model, domain, {"write_date": {}}, 1):
        return None
    stream.prepare()
    rows = stream.rows.search(stream.model, domain, stream.specification)
    found = next((item for item in stream.mapped(rows) if item is not None), None)
    if isinstance(found, BadRecord):
        # It is there, only not as it should be: what is wrong is said again where it is read.
        return RawRecord(kind, external_id, found.raw["about"], found.raw["lines"], found.order, origin=found.origin)
    return found


@contextmanager
def _understood(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise FatalError(
            f"{what}: Odoo answered in a form that is not understood ({type(error).__name__}: {error})",
            hint="check that the version of Odoo is one that is supported, and what its custom modules change",
        ) from error
