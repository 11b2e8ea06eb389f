"""What was cancelled is as if it had never been: neither the best of a group nor the beginning of a guarantee."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.engine.bounding import bounded
from core.engine.chunks import Chunk
from core.engine.combining import best
from core.engine.result import Result
from core.entitlement import Cell, Side, compile_rule
from core.period import day_number, period_of
from core.programs import Program, program_from

JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)


def program(name: str, **more: Any) -> Program:
    head = {"id": name, "name": name, "currency": "EUR", "valid_from": JANUARY, "period": "month"}
    return program_from({"program": head, "scale": {"percent": Decimal(1)}, **more})


def result(start: date, amount: int, *, cancelled: bool = False, waiting: bool = False) -> Result:
    period = period_of(start, "month")
    day = day_number(start)
    cells = [] if cancelled or waiting else [Cell(0, 1, 1, day, day, 0, -1, 1, 0, 0, amount * 100, amount * 100, 0, 1)]
    told = ["1 lines in USD wait"] if waiting else []
    return Result(1, period, "EUR", amount, cells, [amount] if cells else [], Side(), told)


def test_the_best_is_one_of_those_that_something_stands_for() -> None:
    members = [(program("a"), [result(JANUARY, 0, cancelled=True)]), (program("b"), [result(JANUARY, -8)])]
    none, paid = (list(chunk) for _, chunk in best([(one, Chunk.of(results)) for one, results in members]))
    assert [item.amount for item in paid] == [-8]
    assert [(item.amount, item.side.excluded) for item in none] == [(0, "")]


def test_the_best_of_two_that_stand_pays_alone() -> None:
    members = [(program("a"), [result(JANUARY, 5)]), (program("b"), [result(JANUARY, 9)])]
    left, paid = (list(chunk) for _, chunk in best([(one, Chunk.of(results)) for one, results in members]))
    assert (left[0].amount, left[0].parts, paid[0].amount, paid[0].parts) == (0, [0], 9, [9])
    assert left[0].side.excluded.startswith("b gives more")


@pytest.mark.parametrize("kind", ["cancelled", "waiting"])
def test_a_guarantee_begins_with_what_stands(kind: str) -> None:
    guaranteed = program("a", limits={"guarantee": Decimal(1)})
    rows = [result(JANUARY, 0, **{kind: True}), result(FEBRUARY, 30)]  # type: ignore[arg-type]
    found = bounded(guaranteed, compile_rule(guaranteed), rows, date(2024, 3, 1))
    assert [(item.period.start, item.amount) for item in found if item.cells] == [(FEBRUARY, 100)]
    assert [item.waiting for item in found if not item.cells] == (
        [["1 lines in USD wait"]] if kind == "waiting" else []
    )


def test_a_month_in_which_everything_was_cancelled_still_has_its_guarantee() -> None:
    guaranteed = program("a", limits={"guarantee": Decimal(1), "guarantee_cumulative": False})
    rows = [result(JANUARY, 30), result(FEBRUARY, 0, cancelled=True)]
    found = bounded(guaranteed, compile_rule(guaranteed), rows, date(2024, 3, 1))
    assert [(item.amount, sum(item.parts)) for item in found] == [(100, 100), (100, 100)]
