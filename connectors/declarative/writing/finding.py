"""Finding what was just written, where the other system takes its time to show it."""

from __future__ import annotations

from connectors.declarative.clock import Clock
from connectors.declarative.writing.remote import Remotes
from connectors.spi import Remote, WriteRequest, account_of

_LONGEST = 30.0
"""Seconds that are waited here; what takes longer is left to a later run."""

_FIRST_PAUSE = 0.25


class Finding:
    """Looks documents of one kind up by their key. Safe to use from threads."""

    def __init__(self, remotes: Remotes, clock: Clock, lookup_lag: int) -> None:
        self.remotes, self._clock, self._lag = remotes, clock, lookup_lag

    def of(self, request: WriteRequest, *, wait: bool = False, remote_id: str = "") -> tuple[Remote, ...]:
        """Every document with the key of the request. `wait`: until there is one, the one with `remote_id` where it is
        given, for as long as the other system may take to show it."""
        until = self._clock.monotonic() + min(self._lag, _LONGEST)
        pause = _FIRST_PAUSE
        while True:
            found = self.remotes.look_up(request.key, account_of(request))
            if not wait or any(not remote_id or remote.remote_id == remote_id for remote in found):
                return found
            left = until - self._clock.monotonic()
            if left <= 0:
                return found
            self._clock.sleep(min(pause, left))
            pause *= 2
