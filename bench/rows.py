"""One measurement, as the benches give it."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One measurement; seconds, and the peak memory of ours in MB."""

    name: str
    ours_s: float
    yardstick_s: float
    ratio: float
    goal: str
    peak_mb: int
