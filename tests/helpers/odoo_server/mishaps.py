"""What can be made to go wrong, and for which calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "late",  # the transaction begins now and commits when released, or after `seconds`
    "fault_after",  # the work is committed, the answer is a fault
    "hang",  # the work is committed, the answer comes `seconds` later
    "delay",  # nothing is done for `seconds`, then everything as usual
    "drop_before",  # the connection is closed and nothing is done
    "drop_after",  # the work is committed and the connection is closed without an answer
    "truncate",  # the work is committed, the body ends too early
    "drip",  # the answer comes in small pieces, `seconds` in all
    "html",  # a proxy answers with a page and `status`; nothing is done
    "html_after",  # the same, but the work is committed
    "status",  # a bare error `status`, with Retry-After where `retry_after` is given; nothing is done
    "fail",  # the server fails before it does anything: `error` is user, access, missing or program
]
BEFORE = ("delay", "drop_before", "html", "status", "fail")


@dataclass(slots=True, eq=False)
class Mishap:
    """One thing to go wrong: for calls of `model` and `method` (any where empty), writes only by choice, letting
    `skip` of them pass first, `times` times (None: from now on)."""

    kind: Kind
    model: str = ""
    method: str = ""
    writes: bool = False
    skip: int = 0
    times: int | None = 1
    seconds: float | None = None
    status: int = 500
    retry_after: str | None = None
    error: str = "program"
    message: str = "something went wrong"
    id: int = 0
    met: int = 0
    started: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let a late transaction commit."""
        self.released.set()

    def wait(self) -> None:
        """Tell that it has come so far, and wait until released, or for `seconds`."""
        self.started.set()
        self.released.wait(timeout=600 if self.seconds is None else self.seconds)

    def wait_started(self, seconds: float = 30) -> None:
        """Until a call has met it; the work of a late one is done and not committed then, that of a hanging one is
        committed. Raises TimeoutError."""
        if not self.started.wait(timeout=seconds):
            raise TimeoutError(f"no call has met {self.kind} after {seconds} seconds")

    def matches(self, model: str, method: str, *, writes: bool) -> bool:
        return (
            self.times != 0
            and self.model in ("", model)
            and self.method in ("", method)
            and (writes or not (self.writes or self.kind == "late"))
        )

    def told(self) -> dict[str, Any]:
        """It as JSON, for another process."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in ("started", "released")}
        return {**plain, "started": self.started.is_set(), "released": self.released.is_set()}


class Mishaps:
    """All that were asked for. Used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Mishap] = []
        self._next = 1
        self._closing = False

    def add(self, kind: Kind, **how: Any) -> Mishap:
        with self._lock:
            mishap = Mishap(kind, **how, id=self._next)
            self._next += 1
            self._all.append(mishap)
        return mishap

    def clear(self) -> None:
        """None from now on; late transactions are released."""
        with self._lock:
            gone, self._all = self._all, []
        for one in gone:
            one.release()

    def release(self, only: int | None = None) -> None:
        """Let late transactions commit: all, or the one with this id."""
        for one in self:
            if only in (None, one.id):
                one.release()

    def remove(self, only: int) -> None:
        with self._lock:
            self._all = [one for one in self._all if one.id != only]

    def take(self, model: str, method: str, *, writes: bool) -> list[Mishap]:
        """The mishaps this call meets."""
        met = []
        with self._lock:
            for one in self._all:
                if one.matches(model, method, writes=writes):
                    if one.skip:
                        one.skip -= 1
                    else:
                        met.append(one)
                        one.met += 1
                        if one.times is not None:
                            one.times -= 1
        for one in met:
            if one.kind not in ("late", "hang"):
                one.started.set()
        return met

    def __iter__(self) -> Iterator[Mishap]:
        with self._lock:
            return iter(list(self._all))
