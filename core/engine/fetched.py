"""Fetched columns: what DuckDB hands over, as blocks of cells and as sums in the program's own unit."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy

from core.engine.block import Block, Column
from core.engine.counted import merged, rounded
from core.engine.counting import Counting
from core.engine.plan import Plan
from core.engine.reach import Reach

_AS_FETCHED = ("level", "tax", "document", "line", "measure", "net", "unknown", "lines")


def columns_of(batch: Any) -> dict[str, Column]:
    """The columns of a record batch by name."""
    return {name: column.to_numpy() for name, column in zip(batch.schema.names, batch.columns, strict=True)}


def resolved(reach: Reach, fetched: Mapping[str, Column]) -> dict[str, Column]:
    """The rows that count, with the place in the plan's shares instead of the number of a case."""
    found = dict(fetched)
    cases = found["shared"]
    levels = found.pop("others_level", numpy.zeros(len(cases), numpy.int64))
    kept = reach.counts[cases, levels]
    found["shared"] = reach.shares[cases, levels]
    return {name: column[kept] for name, column in found.items()}


def block_of(plan: Plan, how: Counting, spans: Column, fetched: Mapping[str, Column], bounds: Column) -> Block:
    """Fetched columns as columns of cells; group g has the rows from bounds[g] up to bounds[g + 1]."""
    program, period, settle, slices = (column[fetched["span"]] for column in spans)
    account = fetched["beneficiary"]
    plain = tuple(fetched[name] for name in _AS_FETCHED)
    columns = (program, account, fetched.get("payee", account), period, settle, slices, *plain)
    if how.items is not None or how.taxes is not None or how.takers:
        nothing = numpy.zeros(len(account), numpy.int64)
        columns += (*ratios_in(plan, how, fetched), nothing, fetched.get("shared", nothing - 1))
    block = Block(columns, bounds)
    if how.rounding is not None:
        return Block.of([rounded(cells, how.rounding, how.merged) for *_, cells in block.groups()])
    if how.others:
        return Block.of([merged(cells) for *_, cells in block.groups()])
    return block


def ratios_in(plan: Plan, how: Counting, fetched: Mapping[str, Column]) -> tuple[Column, Column]:
    """What the measures are to be multiplied with and divided by: whole numbers of any size."""
    size = len(fetched["measure"])
    wanted = []
    if how.items is not None:
        wanted.append((plan.item_ratios[how.items], fetched["item_ratio"]))
    if how.taxes is not None:
        wanted.append((plan.tax_ratios[how.taxes], fetched["tax_ratio"]))
    times, over = numpy.ones(size, object), numpy.ones(size, object)
    for ratios, numbers in wanted:
        values = numpy.array([*ratios.values, ratios.default], object)  # the default is the last, at -1
        times, over = times * values[numbers, 0], over * values[numbers, 1]
    return times, over


def converted(plan: Plan, how: Counting, fetched: Mapping[str, Column]) -> list[Any]:
    """The measures in the program's unit or currency; None where nobody knows."""
    measures: list[int] = fetched["measure"].tolist()
    if how.items is None and how.taxes is None:
        return measures
    times, over = (column.tolist() for column in ratios_in(plan, how, fetched))
    return [
        measure if up == down else Fraction(measure * up, down) if down else None
        for measure, up, down in zip(measures, times, over, strict=True)
    ]


def by_day(rows: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """One row a day, where there are several with different ratios."""
    if all(before[0] != after[0] and after[1] is not None for before, after in pairwise(rows)):
        return [row for row in rows if row[1] is not None]
    found: dict[int, Any] = {}
    for day, measure in rows:
        if measure is not None:
            found[day] = found.get(day, 0) + measure
    return list(found.items())


def bounds_of(*columns: Column) -> Column:
    """The positions where a run of equal values begins, and the end of the columns."""
    changes = numpy.ones(len(columns[0]) + 1, bool)
    changes[1:-1] = False
    for column in columns:
        changes[1:-1] |= column[1:] != column[:-1]
    return numpy.flatnonzero(changes)
