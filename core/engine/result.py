"""What a computation gives for one beneficiary, calculation period and payout currency."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from core.cells import Cell
from core.limits import Limited
from core.period import Period
from core.rules import Side


class Step(NamedTuple):
    """What was earned by the end of a settlement period inside the calculation period: the part of each cell."""

    end: date
    parts: list[int]


class Result(NamedTuple):
    """One entitlement. Amounts are minor units of `currency`; `parts` are those of `cells` and add up to `amount`.

    `accrued` are the parts to be posted as accrued where they differ (None: as earned). `base` holds what an
    explanation tells of the baseline beyond its value. `counted` are the cells as they were counted, told apart by
    what other programs need.
    """

    beneficiary: int
    period: Period
    currency: str
    amount: int
    cells: list[Cell]
    parts: list[int]
    side: Side
    waiting: list[str]
    limits: tuple[Limited, ...] = ()
    steps: tuple[Step, ...] = ()
    accrued: list[int] | None = None
    base: dict[str, Any] = {}  # noqa: RUF012 - never changed
    counted: tuple[Cell, ...] = ()
