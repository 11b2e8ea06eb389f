"""Small plans and facts for tests of counting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow

from core.cells import Cell, measure_of
from core.engine.duck import FACT
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan, make_plan
from core.period import day_number
from core.programs import COUNTED, Program, program_from
from core.programs.counters import counters

FIRST, LAST = day_number(date(2020, 1, 1)), day_number(date(2026, 1, 1))
YEAR = day_number(date(2024, 1, 1))
MARCH = day_number(date(2024, 3, 1))


def program(name: str = "p", **stated: Any) -> Program:
    head = {"id": name, "name": "P", "currency": "EUR", "valid_from": date(2024, 1, 1)} | stated.pop("head", {})
    measure = stated.get("basis", {}).get("measure", "net")
    scale = {"percent": Decimal(1)} if measure in ("net", "gross") else {"per_unit": Decimal(1)}
    return program_from({"program": head, "scale": scale} | stated)


def account(**known: Any) -> AccountState:
    return AccountState(BEGINNING, END, **known)


def item(**known: Any) -> ItemState:
    return ItemState(BEGINNING, END, **known)


def plan(*programs: Program, accounts: Any = None, items: Any = None, **more: Any) -> Plan:
    counted_ = [counter for one in programs for counter in counters(one)]
    if accounts is None:
        accounts = {key: [account()] for key in (1, 2)}
    return make_plan(counted_, accounts, items or {1: [item()]}, FIRST, LAST, **more)


def fact(document: int = 1, **other: Any) -> dict[str, Any]:
    base = {"line": 1, "account": 1, "item": 1, "tax": 1, "day": YEAR, "net": 1000, "tax_amount": 190}
    return base | {"document": document, "quantity": None, "sign": 1, "batch": 1} | other


def negated(row: dict[str, Any], batch: int) -> dict[str, Any]:
    amounts = {name: -row[name] for name in ("net", "tax_amount", "sign")}
    quantity = None if row["quantity"] is None else -row["quantity"]
    return row | amounts | {"quantity": quantity, "batch": batch}


def table(*rows: dict[str, Any]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(list(rows), schema=FACT)


class Rates:
    """Dollars by the day of the month, yen that are always known, nothing else."""

    def ratio(self, base: str, quote: str, day: date, rule: str, provider: str, period_end: date) -> Fraction | None:
        assert (quote, provider) == ("EUR", "")
        if base == "JPY":
            return Fraction(1, 160)
        if base != "USD":
            return None
        number = {"document": day.day, "month_average": 40 + day.month, "period_end": 60 + period_end.month}[rule]
        return Fraction(number, 100)


TAXES = {1: "EUR", 2: "USD", 3: "JPY", 4: "GBP"}


def exchanged(*programs: Program) -> Plan:
    return plan(*programs, taxes=TAXES, exchange=Rates())


def status(**stated: Any) -> Program:
    head = {"id": "s", "name": "S", "kind": "tier", "currency": "EUR", "valid_from": date(2020, 1, 1)}
    levels = [{"name": "bronze", "from": Decimal(0)}, {"name": "gold", "from": Decimal(10)}]
    return program_from({"program": head, "status": {"window": "calendar", "levels": levels}} | stated)


def between(cells: Sequence[Cell], measure: str, first: int, end: int) -> Fraction:
    """The measure of cells told apart by day (or month) on the days from `first` up to, not including, `end`."""
    inside = [cell for cell in cells if first <= cell.document < end]
    if measure not in COUNTED:
        return sum((Fraction(measure_of(cell)) for cell in inside), Fraction(0))
    kept: dict[int, int] = {}
    for cell in inside:
        kept[cell.line] = kept.get(cell.line, 0) + (cell.measure if measure == "products" else cell.lines)
    return Fraction(sum(value > 0 for value in kept.values()))
