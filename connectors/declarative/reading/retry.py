"""Records that could not be read are tried again: what was in the way may be gone, and their stamps still the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.declarative.reading.place import LONGEST_KEY, Place
from connectors.declarative.reading.records import Told
from connectors.declarative.reading.stream import Source, page_of
from connectors.declarative.stamps import SECOND
from connectors.spi import Page
from core.documents import BadRecord
from core.errors import DataError

MOST = 200
"""Records that are remembered as bad. The rest are read again when they change, as any record is."""
_EVERY = 3600 * SECOND


def note(place: Place, told: Sequence[Told]) -> None:
    """Remember which records are bad, and which are so no more."""
    for item in told:
        if not isinstance(item, BadRecord):
            place.bad.pop(item.external_id, None)
        elif item.external_id and len(item.external_id) <= LONGEST_KEY and len(place.bad) < MOST:
            place.bad[item.external_id] = None


def retry(source: Source, place: Place, until: int) -> Iterator[Page]:
    """Read the bad ones again by themselves, once an hour, and tell of those that can be read now.

    Only where a single record can be read. `until` is the instant of the pull, in microseconds.
    """
    if not place.bad or source.stream.one is None:
        return
    if place.retried is not None and until - place.retried < _EVERY:
        return
    place.retried = until
    told: list[Told] = []
    for external_id in list(place.bad):
        try:
            record = source.one(external_id)
        except DataError:
            continue
        found = None if record is None else source.again(record)
        if isinstance(found, BadRecord):
            continue
        del place.bad[external_id]
        if found is not None:
            told.append(found)
    yield page_of(told, place.cursor())
