"""How much is asked of one host at once, in a second and in a day; shared by all connections of this process to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from math import ceil

from connectors.declarative.clock import Clock
from connectors.declarative.limit_headers import asked_wait, used_up
from connectors.declarative.settings.throttle import Rate, Throttle
from core.errors import RetryableError

_ALL = ""


class Deferred(RetryableError):
    """The limit of the other system is used up for longer than is waited: the rest is for a later run."""


class Traffic:
    """What goes to one host under one identity. Of each limit only its state stands here, not its size: connections
    that share a host may each know another."""

    def __init__(self) -> None:
        self.turn = threading.Condition()
        self.under_way = 0
        self.next_at: dict[str, float] = {}
        """By route: when the next request were due, had all been spaced evenly (monotonic)."""
        self.closed_until: dict[str, float] = {}
        self.day: date | None = None
        self.spent = 0


_traffic: dict[tuple[object, ...], Traffic] = {}
_traffic_turn = threading.Lock()


def traffic(host: str, identity: str, clock: Clock) -> Traffic:
    """The traffic of a host under an identity, the same for all of this process that go by the same clock."""
    with _traffic_turn:
        return _traffic.setdefault((host, identity, clock), Traffic())


class Gate:
    """Where requests of one connection wait their turn. Safe to use from threads."""

    def __init__(self, settings: Throttle, shared: Traffic, clock: Clock, host: str) -> None:
        self._settings = settings
        self._shared = shared
        self._clock = clock
        self._host = host

    @contextmanager
    def passing(self, route: str, cost: int) -> Iterator[None]:
        """Wait until a request may be sent, and count it as under way until the end.

        Raises Deferred, with the seconds to wait, where that is longer than `longest_wait`.
        """
        self._wait(route, cost)
        shared = self._shared
        with shared.turn:
            free = shared.turn.wait_for(
                lambda: shared.under_way < self._settings.concurrency, timeout=self._settings.longest_wait
            )
            if not free:
                raise Deferred(
                    f"{self._host}: {self._settings.concurrency} requests are under way, and none has ended in time",
                    hint="raise throttle.concurrency if the other system allows it",
                    after=self._settings.default_wait,
                )
            shared.under_way += 1
        try:
            yield
        finally:
            with shared.turn:
                shared.under_way -= 1
                shared.turn.notify_all()

    def learn(
        self, status_throttled: bool, headers: Mapping[str, str], server_date: datetime | None, route: str
    ) -> int:
        """Take note of what a reply tells about the limits. Returns the seconds to wait if it was a refusal, else 0."""
        told = self._settings.headers
        now = server_date or self._clock.now()
        if status_throttled:
            seconds = asked_wait(told, headers, now)
            wait = self._settings.default_wait if seconds is None else seconds
        else:
            wait = used_up(told, headers, now, self._settings.default_wait) if told.remaining else 0
        if wait:
            until = self._clock.monotonic() + wait
            name = route if route in self._settings.routes else _ALL
            with self._shared.turn:
                self._shared.closed_until[name] = max(until, self._shared.closed_until.get(name, until))
        return wait

    def _wait(self, route: str, cost: int) -> None:
        left = float(self._settings.longest_wait)
        counted = False
        while True:
            with self._shared.turn:
                now = self._clock.monotonic()
                rates = [] if counted else self._rates(route)
                names = {_ALL, route}
                wait = max(
                    [self._shared.closed_until.get(name, now) - now for name in names]
                    + [self._due(name, rate) - now for name, rate in rates]
                )
                if wait > left:
                    raise Deferred(
                        f"{self._host}: its limit is used up for {ceil(wait)} s, which is longer than "
                        "throttle.longest_wait",
                        after=ceil(wait),
                    )
                if not counted:
                    self._spend(cost)
                    for name, rate in rates:
                        begins = max(now + wait, self._shared.next_at.get(name, now))
                        self._shared.next_at[name] = begins + 1 / float(rate.per_second)
                    counted = True
            if wait <= 0:
                return
            self._clock.sleep(wait)
            left -= wait

    def _rates(self, route: str) -> list[tuple[str, Rate]]:
        rates = [] if self._settings.rate is None else [(_ALL, self._settings.rate)]
        special = self._settings.routes.get(route) if route else None
        return rates if special is None else [*rates, (route, special)]

    def _due(self, name: str, rate: Rate) -> float:
        """When a request conforms: so many may come before they are due as make a burst."""
        return self._shared.next_at.get(name, 0.0) - (rate.burst - 1) / float(rate.per_second)

    def _spend(self, cost: int) -> None:
        """Raises Deferred where the budget of the day (UTC) does not hold the cost."""
        now = self._clock.now().astimezone(UTC)
        if self._shared.day != now.date():
            self._shared.day, self._shared.spent = now.date(), 0
        most = self._settings.per_day
        if most is not None and self._shared.spent + cost > most:
            midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
            raise Deferred(
                f"{self._host}: the budget of the day is spent: {self._shared.spent} of throttle.per_day = {most}",
                hint="it begins anew at midnight UTC",
                after=ceil((midnight - now).total_seconds()),
            )
        self._shared.spent += cost
