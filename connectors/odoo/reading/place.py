"""Where a stream stands: what of it has been read, kept between pulls as the cursor."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.documents import BadRecord, RawRecord

MOST_RECENT = 3000
"""How many records are remembered as read. The rest come again, which is no harm."""
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_FORM = "%Y-%m-%d %H:%M:%S"


def stamp_of(instant: datetime) -> str:
    """An instant as Odoo writes it: whole seconds, UTC."""
    return instant.astimezone(UTC).strftime(_FORM)


def earlier(stamp: str, by: timedelta) -> str:
    """A stamp so much before another one."""
    return stamp_of(datetime.fromisoformat(stamp).replace(tzinfo=UTC) - by)


def content_of(item: RawRecord | BadRecord) -> str:
    """A short digest of what a record says."""
    said = (item.raw,) if isinstance(item, BadRecord) else (item.fields, item.lines)
    return hashlib.blake2b(repr((item.kind, item.order, *said)).encode("utf-8", "replace"), digest_size=8).hexdigest()


@dataclass(slots=True)
class Place:
    """`reading`: a digest of the settings it was read under. `since`: the end of the last window read to its end;
    empty before the first. `until`: the end of the window that is open, which has been read up to the id `after`.
    `recent`: stamp and content, by id, of what was read of the seconds the next window reaches back over. `swept`: the
    last sweep. `buckets`: what each bucket of ids held when it was last read.
    """

    reading: str
    since: str = ""
    until: str = ""
    after: int = 0
    recent: dict[int, tuple[str, str]] = field(default_factory=dict)
    swept: str = ""
    buckets: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Mapping[str, Any], reading: str, until: str, reach: timedelta) -> Place:
        """The place a cursor tells. One that is not ours, or was read under other settings, starts anew.

        A stamp from the future cannot be trusted to tell what was read: everything is read again. One that is later
        by no more than windows reach back is that of a clock put right.
        """
        if not cursor:
            return cls(reading, swept=until)  # what has been read once needs no sweep yet
        if cursor.get("reading") != reading:
            return cls(reading)
        since, open_until, swept = (_stamp(cursor.get(name)) for name in ("since", "until", "swept"))
        after = cursor.get("after")
        latest = stamp_of(datetime.fromisoformat(until).replace(tzinfo=UTC) + reach)
        if since is None or open_until is None or type(after) is not int or max(since, open_until) > latest:
            return cls(reading)
        return cls(
            reading,
            min(since, until),
            open_until,
            after if open_until else 0,
            _recent(cursor.get("recent")),
            swept if swept is not None and swept <= latest else "",
            _buckets(cursor.get("buckets")),
        )

    def cursor(self) -> dict[str, Any]:
        """What the next pull goes on from."""
        return {
            "reading": self.reading,
            "since": self.since,
            "until": self.until,
            "after": self.after,
            "recent": {str(id_): f"{stamp} {content}" for id_, (stamp, content) in self.recent.items()},
            "swept": self.swept,
            "buckets": {str(bucket): digest for bucket, digest in self.buckets.items()},
        }

    @property
    def is_full(self) -> bool:
        """Whether no more can be remembered."""
        return len(self.recent) >= MOST_RECENT

    def remember(self, id_: int, stamp: str, content: str) -> None:
        """Note that this was read."""
        if id_ in self.recent or not self.is_full:
            self.recent[id_] = stamp, content

    def finish(self, reach: timedelta) -> None:
        """The open window has been read to its end."""
        self.since, self.until, self.after = self.until, "", 0
        lower = earlier(self.since, reach)
        self.recent = {id_: known for id_, known in self.recent.items() if known[0] >= lower}


def _stamp(value: object) -> str | None:
    """A stamp, or none yet; None for anything else."""
    if value == "":
        return ""
    if not isinstance(value, str) or not STAMP.fullmatch(value):
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return None
    return value


def _recent(value: object) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for id_, known in value.items() if isinstance(value, dict) else ():
        stamp, _, content = str(known).rpartition(" ")
        if str(id_).isdecimal() and STAMP.fullmatch(stamp):
            found[int(id_)] = stamp, content
    return found


def _buckets(value: object) -> dict[int, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {int(bucket): str(digest) for bucket, digest in items if str(bucket).isdecimal()}
