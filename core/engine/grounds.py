"""Grounds: what a computation rests on, beside the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from core.engine.plan import AccountState, Plan
from core.programs import Program
from core.programs.counters import Counter

Taxes = Mapping[tuple[int, str], int]
"""(tax key, currency) -> the tax key that is the same in that currency."""


class Grounds(NamedTuple):
    """What a computation rests on, beside the lines.

    `currencies` tells the currency of each tax key, `local_taxes` what stands for a key in another currency.
    `enrolled` is the first day of each account's enrolment, by program; `merged` tells for an account those that were
    merged into it from a day on.
    """

    plan: Plan
    counters: Sequence[Counter]
    programs: Sequence[Program]
    accounts: Mapping[int, Sequence[AccountState]]
    currencies: Mapping[int, str]
    as_of: date
    local_taxes: Taxes = {}  # noqa: RUF012 - never changed
    enrolled: Mapping[str, Mapping[int, int]] = {}
    merged: Mapping[int, Sequence[int]] = {}
    known_batch: int | None = None
