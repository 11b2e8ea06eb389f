"""Where a stream stands: what of it has been read, kept between pulls as the cursor."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_RECENT = 3000
"""How many records are remembered as read. The rest come again, which is no harm."""
LONGEST_KEY = 200
_LATEST = 253_402_300_800_000_000
"""The end of the year 9999, in microseconds."""


class Inside(NamedTuple):
    """A window that is open: it has been read up to the key `after`. Stamps in microseconds; `high` is the highest
    met in it."""

    since: int
    until: int
    after: str | int
    high: int | None


class Known(NamedTuple):
    """A record that was told: its stamp, and a digest of what it said."""

    stamp: int
    digest: str


def digest_of(record: Any) -> str:
    """A short digest of a raw record."""
    return hashlib.blake2b(repr(record).encode("utf-8", "replace"), digest_size=8).hexdigest()


@dataclass(slots=True)
class Place:
    """`reading`: a digest of the settings it was read under. `high`: the highest stamp that was met before
    the end of the window it was met in. `recent`: what was told of the time the next window reaches back over.
    `swept`: the last sweep, in microseconds. `token`: the address of what has changed since.
    `bad`: the ids of records that could not be read, which were last tried again at `retried`.
    """

    reading: str
    high: int | None = None
    recent: dict[str, Known] = field(default_factory=dict)
    inside: Inside | None = None
    swept: int | None = None
    token: str = ""
    bad: dict[str, None] = field(default_factory=dict)
    retried: int | None = None
    is_new: bool = False

    @classmethod
    def of(cls, cursor: Mapping[str, Any], reading: str, latest: int) -> Place:
        """The place a cursor tells. One that is not ours, or was read under other settings, starts anew.

        `latest`: a stamp beyond it cannot be trusted to tell what was read: everything is read again.
        """
        if not cursor:
            return cls(reading, is_new=True)
        high, swept = _stamp(cursor.get("high")), _stamp(cursor.get("swept"))
        token = cursor.get("token", "")
        if cursor.get("reading") != reading or (high or 0) > latest or not isinstance(token, str):
            return cls(reading)
        inside = _inside(cursor.get("inside"))
        if inside is not None and inside.until > latest:
            inside = None
        if swept is not None and swept > latest:
            swept = None
        place = cls(reading, high, _recent(cursor.get("recent")), inside, swept, token)
        bad, retried = cursor.get("bad"), _stamp(cursor.get("retried"))
        if isinstance(bad, list) and retried is not None and retried <= latest:
            place.bad, place.retried = {key: None for key in bad if isinstance(key, str)}, retried
        return place

    def cursor(self) -> dict[str, Any]:
        """What the next pull goes on from."""
        found: dict[str, Any] = {"reading": self.reading}
        if self.high is not None:
            found["high"] = self.high
        if self.recent:
            found["recent"] = {key: [known.stamp, known.digest] for key, known in self.recent.items()}
        if self.inside is not None:
            found["inside"] = list(self.inside)
        if self.swept is not None:
            found["swept"] = self.swept
        if self.token:
            found["token"] = self.token
        if self.bad:
            found |= {"bad": list(self.bad), "retried": self.retried}
        return found

    def remember(self, told: Mapping[str, tuple[int, Any]], again: Collection[str], since: int, lowest: int) -> None:
        """Keep in mind what the next window will meet again.

        `told`: records by id, with their stamps, and `again` the ids of those known before, all met in the window from
        `since`. The next one begins at `lowest`. What is stamped before `since` came for something else that changed,
        and may come again for it.
        """
        kept = {
            key: known
            for key, known in self.recent.items()
            if key not in told and (known.stamp >= lowest or (known.stamp < since and key in again))
        }
        late = [(stamp, key, record) for key, (stamp, record) in told.items() if stamp >= lowest or stamp < since]
        late.sort(key=lambda item: item[0], reverse=True)
        for stamp, key, record in late[:MOST_RECENT]:
            if len(key) <= LONGEST_KEY:
                kept[key] = Known(stamp, digest_of(record))
        if len(kept) > MOST_RECENT:
            latest = sorted(kept.items(), key=lambda item: item[1].stamp, reverse=True)[:MOST_RECENT]
            kept = dict(latest)
        self.recent = kept


def _stamp(value: object) -> int | None:
    return value if type(value) is int and -_LATEST < value < _LATEST else None


def _inside(value: object) -> Inside | None:
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        return None
    since, until, after, high = value
    if _stamp(since) is None or _stamp(until) is None or not isinstance(after, (str, int)):
        return None
    return Inside(since, until, after, _stamp(high))


def _recent(value: object) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for key, known in value.items() if isinstance(value, Mapping) else ():
        if isinstance(known, (list, tuple)) and len(known) == 2 and _stamp(known[0]) is not None:
            found[str(key)] = Known(known[0], str(known[1]))
    return found
