"""A long row of faults, drawn by seed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping

from connectors.conformance.faults import PASS, Fault
from connectors.conformance.messages import Request


class Campaign:
    """Gives each request that `when` names a fault, each with the probability of its share; the others pass.

    The n-th such request meets the same fault in every run with the same seed and shares. Which request is the n-th
    depends on who came first, where several clients race.

        Campaign(7, {FAULTS["reply_lost"]: 0.1, FAULTS["503_after"]: 0.05}, when=harness.is_write)
    """

    def __init__(
        self, seed: int, shares: Mapping[Fault, float], *, when: Callable[[Request], bool] = lambda request: True
    ) -> None:
        if any(share < 0 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
            raise ValueError(f"the shares of faults are between 0 and 1 together, not {sum(shares.values())}")
        self.seed, self.shares, self.when = seed, dict(shares), when
        self.drawn: Counter[str] = Counter()
        self._lock = threading.Lock()

    def draw(self, number: int) -> Fault:
        """The fault of the request of that number, the first of which is 1."""
        left = random.Random(f"{self.seed}/{number}").random()  # noqa: S311 - has to repeat itself
        for fault, share in self.shares.items():
            if left < share:
                return fault
            left -= share
        return PASS

    def choose(self, request: Request) -> Fault:
        """The fault of a request that has come."""
        if not self.when(request):
            return PASS
        with self._lock:
            fault = self.draw(self.drawn.total() + 1)
            self.drawn[fault.name] += 1
        return fault
