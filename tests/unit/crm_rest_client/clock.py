"""A clock that stands still but for what is slept."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class TestClock:
    __test__ = False

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self._turn = threading.Lock()
        self._start = start
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1000 + self._passed

    def sleep(self, seconds: float) -> None:
        with self._turn:
            if seconds:
                self.slept.append(seconds)
            self._passed += seconds

    def advance(self, seconds: float) -> None:
        self._passed += seconds
