"""The clock of a stand-in: no two instants of it are equal."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

TICK = timedelta(microseconds=1)


class Clock:
    """Runs with the machine's clock, ahead of it by what `advance` added, and gives each microsecond once."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """An instant, UTC, later than every one before."""
        with self._lock:
            self._last = max(datetime.now(UTC) + self._ahead, self._last + TICK)
            return self._last

    def advance(self, by: timedelta) -> None:
        """Put it forward."""
        with self._lock:
            self._ahead += by

    def boundary(self, precision: timedelta) -> datetime:
        """An instant after all given so far, even when those are cut to `precision`, and before all given from now
        on: every later one is at least `precision` later."""
        moment = cut(self.now(), precision) + precision
        self.advance(moment + precision - self.now())
        return moment


def cut(moment: datetime, precision: timedelta) -> datetime:
    """The instant without what is finer than `precision`."""
    since = moment - datetime.min.replace(tzinfo=UTC)
    return moment - since % precision
