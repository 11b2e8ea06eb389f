"""Programs, keys and dues made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from core.entitlement import Cell, compile_rule, entitle
from core.period import Period, period_of
from core.posting import Key
from core.programs import Program, program_from
from core.settlement import Due


def a_program(
    period: str = "quarter",
    every: str | None = None,
    grace: int = 0,
    scale: Mapping[str, Any] | None = None,
    quantity: bool = False,
    settlement: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    **head: Any,
) -> Program:
    stated = {"id": "bonus", "name": "Bonus", "currency": "EUR", "valid_from": date(2025, 1, 1), "period": period}
    return program_from(
        {
            "program": stated | head,
            "basis": {"measure": "quantity" if quantity else "net"},
            "scale": scale or {"percent": Decimal(1)},
            "limits": dict(limits or {}),
            "settlement": {"every": every, "grace_days": grace} | dict(settlement or {}),
        }
    )


def of(day: str, length: Any = "quarter", fiscal: int = 1) -> Period:
    return period_of(date.fromisoformat(day), length, fiscal)


def key(
    period: str = "2025-01-01", payee: int = 1, entity: str = "DE01", currency: str = "EUR", program: str = "bonus"
) -> Key:
    return Key(program, payee, payee, entity, period, currency)


def due(
    open_: int,
    settlement: Period,
    owner: Key | None = None,
    split: Mapping[int, int] | None = None,
    settled: Mapping[int, int] | None = None,
) -> Due:
    """What is open under a key; earned under tax code 1, and nothing settled, unless said."""
    owner = owner or key(settlement.start.isoformat())
    split = {1: open_} if split is None else split
    return Due(owner, settlement, True, sum(split.values()), split, open_, settled or {}, 7, 10_000)


def earned(program: Program, *measures: tuple[int, int]) -> tuple[int, dict[int, int]]:
    """What (measure, tax code) earn together in one period: the amount and its split."""
    cells = [
        Cell(0, 1, 1, 0, 0, slice=0, level=-1, tax=tax, document=0, line=0, measure=m, net=m, unknown=0, lines=1)
        for m, tax in measures
    ]
    found = entitle(compile_rule(program), cells)
    split: dict[int, int] = {}
    for cell, part in zip(cells, found.parts, strict=True):
        split[cell.tax] = split.get(cell.tax, 0) + part
    return found.amount, split
