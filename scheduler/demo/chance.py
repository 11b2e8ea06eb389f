"""Repeatable chance: the same seed and name give the same choices on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Choices by integer weights. Each part of the demo has its own, so that a change in one leaves the others."""

    def __init__(self, seed: int, name: str) -> None:
        self._random = Random(f"{seed}:{name}")  # noqa: S311 - made-up data, nothing is kept secret by it

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def happens(self, per_mille: int) -> bool:
        return self._random.randrange(1000) < per_mille

    def pick(self, items: Sequence[T]) -> T:
        return items[self._random.randrange(len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[int]) -> T:
        at = self._random.randrange(sum(weights))
        for item, weight in zip(items, weights, strict=True):
            at -= weight
            if at < 0:
                return item
        raise AssertionError("the weights sum to more than they hold")

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """`count` different items in random order."""
        return self._random.sample(items, count)

    def skewed(self, low: int, high: int) -> int:
        """An integer from `low` to `high`; small ones are far more frequent."""
        share = self._random.randrange(1001)
        return low + (high - low) * share**3 // 10**9
