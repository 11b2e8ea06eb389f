"""Tokens and sessions: what is got, holds for a while, and is got anew by one thread for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.declarative.clock import Clock
from connectors.declarative.expression import expression
from connectors.secrets import Secret
from core.errors import DataError, FatalError

_LEEWAY = 60


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token or session until it ends (UTC), with what else its reply told."""

    value: Secret
    ends: datetime
    exports: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def holds(self, now: datetime) -> bool:
        """Whether it can still be used at an instant."""
        return now < self.ends


def lasting(now: datetime, seconds: int) -> datetime:
    """When something given now is taken for ended: a minute before it is, or a tenth of its time where that is less."""
    return now + timedelta(seconds=seconds - min(_LEEWAY, seconds // 10))


def exported(paths: Mapping[str, str], body: Any) -> dict[str, Any]:
    """What templates name as ${session.name}, of a reply; null where it does not say."""
    found: dict[str, Any] = {}
    for name, path in paths.items():
        try:
            found[name] = expression(path).of(body)
        except DataError:
            found[name] = None
    return found


class CurrentTicket:
    """The ticket in use. One thread gets it; the others wait and use the same."""

    def __init__(self, obtain: Callable[[Ticket | None], Ticket], clock: Clock) -> None:
        """`obtain` is given the ticket that was refused, or None."""
        self._obtain = obtain
        self._clock = clock
        self._turn = threading.RLock()
        self._under_way = False
        self._current: Ticket | None = None

    @property
    def known(self) -> Ticket | None:
        """The ticket in use, ended or not; None before the first."""
        return self._current

    def get(self) -> Ticket:
        """One that holds. Raises what `obtain` raises."""
        current = self._current
        if current is not None and current.holds(self._clock.now()):
            return current
        with self._turn:
            current = self._current
            if current is None or not current.holds(self._clock.now()):
                self._current = current = self._obtained(None)
            return current

    def renew(self, refused: object) -> None:
        """Get another than the one refused, unless somebody did meanwhile. Raises what `obtain` raises."""
        with self._turn:
            current = self._current
            if current is None or current is refused:
                self._current = self._obtained(current)

    def _obtained(self, refused: Ticket | None) -> Ticket:
        if self._under_way:
            raise FatalError("[auth] is filled in with what can only be read with it", hint="look for lookups in it")
        self._under_way = True
        try:
            return self._obtain(refused)
        finally:
            self._under_way = False

    def forget(self) -> None:
        """Begin anew at the next request."""
        self._current = None
