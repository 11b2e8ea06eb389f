"""What a server answered, and how long it asks us to wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

_LONGEST_WAIT = 3600


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: any status but a redirect, names of headers in any case, the body decoded and whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def date(self) -> datetime | None:
        """The server's clock when it answered, UTC; None where it does not say."""
        return _instant(self.headers.get("Date", ""))

    def retry_after(self, longest: int = _LONGEST_WAIT) -> int | None:
        """Seconds we are asked to wait, at most `longest`; None where we are not asked."""
        return retry_after(self.headers.get("Retry-After", ""), now=self.date, longest=longest)


def retry_after(value: str, *, now: datetime | None = None, longest: int = _LONGEST_WAIT) -> int | None:
    """The header Retry-After in seconds, from 0 to `longest`; None where it is absent or cannot be read.

    A date is counted from `now`, the clock of the server that named it, or from our own.
    """
    text = value.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        whole = text.partition(".")[0]
        return longest if len(whole) > 9 else min(ceil(float(text)), longest)
    until = _instant(text)
    if until is None:
        return None
    seconds = (until - (now or datetime.now(UTC))).total_seconds()
    return min(max(ceil(seconds), 0), longest)


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
        return instant.astimezone(UTC) if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
