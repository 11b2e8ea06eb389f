"""What the headers of a reply tell about the limits of the other system. Hostile values count as none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil

from connectors.declarative.settings.throttle import LimitHeaders
from connectors.http.reply import retry_after

LONGEST = 86_400
"""Seconds; what asks for more is taken for a day, and looked at again then."""

_NUMBER = re.compile(r"\d{1,16}(\.\d{1,9})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def asked_wait(told: LimitHeaders, headers: Mapping[str, str], now: datetime) -> int | None:
    """Seconds a refusal asks us to wait, at most a day; None where it does not say. `now` is the server's clock."""
    for name in told.after:
        seconds = retry_after(headers.get(name, ""), now=now, longest=LONGEST)
        if seconds is not None:
            return seconds
    for name in told.at:
        seconds = _until(headers.get(name, ""), told, now)
        if seconds is not None:
            return seconds
    return None


def used_up(told: LimitHeaders, headers: Mapping[str, str], now: datetime, default: int) -> int:
    """Seconds until there is more, where a reply says that no more than the reserve is left; else 0."""
    longest = 0
    for place, name in enumerate(told.remaining):
        text = headers.get(name, "").strip()
        if _NUMBER.fullmatch(text) is None or int(text.partition(".")[0]) > told.reserve:
            continue
        seconds = None
        if told.at:
            seconds = _until(headers.get(told.at[min(place, len(told.at) - 1)], ""), told, now)
        longest = max(longest, default if seconds is None else seconds)
    return longest


def _until(value: str, told: LimitHeaders, now: datetime) -> int | None:
    text = value.strip()
    if told.at_format == "http":
        return retry_after(text, now=now, longest=LONGEST)
    if _NUMBER.fullmatch(text) is None:
        return None
    number = float(text)
    if told.at_format == "seconds":
        return min(ceil(number), LONGEST)
    if told.at_format == "epoch_ms":
        number /= 1000
    left = number - (now - _EPOCH) / timedelta(seconds=1)
    return min(max(ceil(left), 0), LONGEST)
