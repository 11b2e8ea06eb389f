"""A proxy between an adapter and its server that loses, repeats, delays and falsifies on command.

It listens on the loopback interface, reads each request whole, forwards it over a connection of its own and reads the
reply whole, so that what happens to a request does not depend on timing. It changes nothing in what it forwards.

    with Proxy("127.0.0.1", 8069) as proxy:
        adapter = build(url=proxy.url)
        proxy.inject(REPLY_LOST, when=lambda request: request.path.endswith("/create"))
        adapter.create(...)  # carried out, and the adapter cannot know
        proxy.passed  # what went through, and what became of it
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.conformance.campaign import Campaign
from connectors.conformance.faults import PASS, Fault
from connectors.conformance.listening import Connection, Listener
from connectors.conformance.messages import Broken, Reply, Request, read_reply, read_request

Predicate = Callable[[Request], bool]


def every(request: Request) -> bool:
    """Names every request."""
    return True


@dataclass(slots=True)
class Passed:
    """A request that came, and what became of it.

    statuses: what the server answered, one for each time it was forwarded; 0 where the server could not be reached
    or did not answer. answered: the status of the reply the client was sent whole; 0 where it was not.
    """

    request: Request
    fault: Fault
    statuses: list[int] = field(default_factory=list)
    answered: int = 0


@dataclass(slots=True, eq=False)
class Rule:
    """A fault for the requests `when` names: `after` of them pass, then it meets `count`, or all where that is None.

    `used` tells how many it has met.
    """

    fault: Fault
    when: Predicate
    count: int | None
    after: int
    seen: int = 0
    used: int = 0

    def meets(self, request: Request) -> bool:
        """Whether it meets this request; counts it."""
        if (self.count is not None and self.used >= self.count) or not self.when(request):
            return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.used += 1
        return True


class Proxy(Listener):
    """The proxy to the server at `host` and `port`. `remember` is how many requests `passed` keeps, the last ones."""

    def __init__(self, host: str, port: int, *, campaign: Campaign | None = None, remember: int = 10_000) -> None:
        super().__init__()
        self.host, self.server_port, self.campaign = host, port, campaign
        self._rules: list[Rule] = []
        self._passed: deque[Passed] = deque(maxlen=remember)
        self._released = threading.Event()
        self._idle = threading.Condition(self._lock)
        self._at_work = 0

    @property
    def passed(self) -> list[Passed]:
        """What has come so far, in order of arrival."""
        with self._lock:
            return list(self._passed)

    def inject(self, fault: Fault, *, when: Predicate = every, count: int | None = 1, after: int = 0) -> Rule:
        """Let the fault meet the requests `when` names: the next `count` (None: all) after `after` that pass.

        The rule injected first has the first say, any rule before the campaign.
        """
        rule = Rule(fault, when, count, after)
        self._released.clear()
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """No more faults by rule; whoever hangs is released."""
        with self._lock:
            self._rules.clear()
        self.release()

    def release(self) -> None:
        """Give those who hang the server's reply. Holds until the next fault is injected."""
        self._released.set()

    def settle(self, seconds: float = 60) -> None:
        """Wait until the server has answered everything that came. Raises TimeoutError where it does not."""
        with self._idle:
            if not self._idle.wait_for(lambda: self._at_work == 0, seconds):
                raise TimeoutError(f"{self._at_work} requests are still under way after {seconds} seconds")

    def _serve(self, client: Connection) -> None:
        while (request := read_request(client.stream)) is not None:
            with self._lock:
                passed = Passed(request, self._choose(request))
                self._passed.append(passed)
                self._at_work += 1
            try:
                if passed.fault.late:
                    self._hold(client)
                reply = self._carry_out(passed)
            finally:
                with self._idle:
                    self._at_work -= 1
                    self._idle.notify_all()
            if not self._hand_over(client, passed, reply):
                return

    def _choose(self, request: Request) -> Fault:
        for rule in self._rules:
            if rule.meets(request):
                return rule.fault
        return self.campaign.choose(request) if self.campaign is not None else PASS

    def _hold(self, client: Connection) -> None:
        """Wait until the client has gone, we are told to release it, or all ends."""
        while not (self._stopping.is_set() or self._released.is_set() or client.has_gone()):
            time.sleep(0.001)  # where a client has sent more already, looking does not wait

    def _carry_out(self, passed: Passed) -> Reply | None:
        """Forward it as often as the fault says. The reply that is for the client; None where there is none."""
        fault, replies = passed.fault, list[Reply | None]()

        def forward() -> None:
            reply = self._forward(passed.request)
            with self._lock:
                replies.append(reply)
                passed.statuses.append(reply.status if reply is not None else 0)

        if fault.together:
            for thread in [self._thread(forward) for _ in range(fault.forwards)]:
                thread.join()
        else:
            for _ in range(fault.forwards):
                forward()
        if fault.answer is not None:
            return fault.answer.reply(passed.request.method)
        return replies[0 if fault.first else -1] if replies else None

    def _forward(self, request: Request) -> Reply | None:
        try:
            end = socket.create_connection((self.host, self.server_port), timeout=10)
            end.settimeout(None)  # a reply takes as long as it takes
            with self._kept(end) as server:
                server.send(request.raw)
                return read_reply(server.stream, request.method)
        except (Broken, OSError, ValueError):
            return None

    def _hand_over(self, client: Connection, passed: Passed, reply: Reply | None) -> bool:
        """Give the client its reply as the fault says. Whether the connection stays."""
        fault = passed.fault
        if fault.ending == "silent":
            self._hold(client)
        if reply is None or fault.ending == "reset" or (fault.ending == "silent" and not self._released.is_set()):
            client.reset()
            return False
        if fault.ending == "midway":
            client.send(reply.raw[: len(reply.raw) // 2])
            self._stopping.wait(0.02)  # a reset overtakes what was not read yet
            client.reset()
            return False
        if fault.ending == "truncated":
            body = len(reply.raw) - reply.start
            client.send(reply.raw[: reply.start + body // 2 if body else reply.start // 2])
            return False
        sent = self._drip(client, reply.raw, fault) if fault.ending == "drip" else 0
        passed.answered = reply.status  # before it is sent: who has the reply finds it recorded
        try:
            client.send(reply.raw[sent:])
        except OSError:
            passed.answered = 0
            raise
        return reply.lasting and passed.request.header("Connection").lower() != "close"

    def _drip(self, client: Connection, raw: bytes, fault: Fault) -> int:
        drops = min(fault.drops, len(raw))
        for place in range(drops):
            client.send(raw[place : place + 1])
            self._stopping.wait(fault.pause)
        return drops
