"""Twenty programs as a large supplier has them, each of another type, through the whole computation.

    python -m bench.mixed DATA OUT SCRATCH

The lines, audiences, scopes, days and bands are those of bench/ours.py; what the programs make of them differs. Prints
seconds and peak memory as JSON and writes the entitlements to OUT.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from bench.ours import START, STOP, TAXES, facts, master, stated, status
from core.engine.computation import Computation, Grounds
from core.engine.duck import FACT, DuckEngine
from core.engine.plan import AccountState, ItemState, make_plan
from core.period import day_date, day_number
from core.programs import Program, program_from, strata
from core.programs.counters import counters
from core.tiers import Standing, ladder, timeline

GROUP = 1_000_000
"""Buying groups have ids from here on; ten accounts that follow each other are one."""
AS_OF = day_date(STOP - 1)
NAMES = ["program", "account", "period", "rebate"]
UNITS = {"measure": "quantity"}


def definitions(data: Path) -> list[Program]:
    """Twenty programs of all types, and the tier program that one of them uses."""
    programs = stated(data)
    for number, (program, change) in enumerate(zip(programs, _CHANGES, strict=True)):
        _change(program, number, change)
    return [status(), *map(program_from, programs)]


_CHANGES: tuple[dict[str, Any], ...] = (
    {"scale": {"method": "marginal"}},
    {"scale": {"method": "retrospective"}, "accrual": {"rate": "fixed", "percent": 2}},
    {"scale": {"method": "rolling"}, "limits": {"cap": 5_000}},
    {"scale": {"method": "total"}, "change": 200},
    {"scale": {"method": "lump_sum"}},
    {"scale": {"method": "flat", "per_unit": "0.05"}, "basis": UNITS},
    {"scale": {"method": "every", "every": 1_000, "pays": 15}},
    {"scale": {"method": "linear"}, "limits": {"account_budget": 20_000}},
    {"scale": {"method": "retrospective", "point": "band"}},
    {"scale": {"method": "marginal"}, "basis": {"accumulate": "document"}},
    {"scale": {"method": "retrospective"}, "baseline": {"against": "last_year"}},
    {"scale": {"method": "retrospective"}, "qualifier": {"measure": "orders"}},
    {"scale": {"method": "marginal"}, "condition": 3},
    {"scale": {"method": "marginal"}, "basis": {"net_of": ["p0"]}},
    {"scale": {"method": "marginal"}, "combination": {"group": "best", "rule": "best"}},
    {"scale": {"method": "retrospective"}, "combination": {"group": "best", "rule": "best"}},
    {"scale": {"method": "marginal"}, "combination": {"group": "first", "rule": "exclusive", "priority": 1}},
    {"scale": {"method": "retrospective"}, "combination": {"group": "first", "rule": "exclusive", "priority": 2}},
    {
        "scale": {"method": "marginal"},
        "tier": {"program": "status", "at": "period_start", "multipliers": {"level2": "1.5", "level3": 2}},
    },
    {
        "scale": {"method": "marginal"},
        "audience": {"beneficiary": "group"},
        "accrual": {"rate": "expected", "expected": 50_000},
        "change": 300,
    },
)
"""What makes each of the programs another type. `change`: days after which its scale changes; `condition`: how many of
its categories have to be bought."""


def _change(program: dict[str, Any], number: int, change: Mapping[str, Any]) -> None:
    for name, value in change.items():
        if name == "scale":
            program["scale"] = _scale(value, program["scale"]["bands"], program["scale"])
            if "bands" in program["scale"] and "qualifier" in change:
                _every_other(program["scale"], 2)
            if "bands" in program["scale"] and "baseline" in change:
                _every_other(program["scale"], 10)
        elif name == "condition":
            categories = program["scope"]["categories"][:value]
            program["condition"] = [
                {"name": category, "minimum": 50, "scope": {"categories": [category]}} for category in categories
            ]
        elif name == "change":
            day = program["program"]["valid_from"] + timedelta(days=value)
            program["change"] = [{"from": day, "scale": program["scale"] | {"method": "retrospective"}}]
        else:
            program[name] = program.get(name, {}) | value
    program["program"]["name"] = f"bench {number}"


def _scale(value: Mapping[str, Any], bands: list[dict[str, Any]], old: Mapping[str, Any]) -> dict[str, Any]:
    method = value["method"]
    if method in ("flat", "every"):
        return dict(value)
    if method == "lump_sum":
        bands = [{"from": band["from"], "amount": 10 * (i + 1)} for i, band in enumerate(bands)]
    return {**value, "bands": bands}


def _every_other(scale: dict[str, Any], step: int) -> None:
    """Bands about another figure: 0, `step`, twice `step`, and so on."""
    scale["bands"] = [band | {"from": i * step} for i, band in enumerate(scale["bands"])]


def quantities(batches: Iterable[Any]) -> Iterator[Any]:
    """Facts with a quantity: one to twenty pieces a line."""
    place = FACT.get_field_index("quantity")
    for batch in batches:
        signs = numpy.sign(batch["net"].to_numpy()) * batch["sign"].to_numpy()
        pieces = (batch["line"].to_numpy() % 20 + 1) * signs.astype(numpy.int64) * 1_000_000
        # A document has a number above 0.
        numbered = batch.set_column(0, FACT.field(0), pyarrow.compute.add(batch["document"], 1))
        yield numbered.set_column(place, FACT.field(place), pyarrow.array(pieces))


def grouped(data: Path) -> tuple[dict[int, list[AccountState]], dict[int, list[ItemState]]]:
    """Accounts, each in a buying group, and items."""
    accounts, items = master(data)
    return {
        key: [state._replace(group_id=GROUP + key // 10) for state in states] for key, states in accounts.items()
    }, items


def standings(engine: DuckEngine, computation: Computation, program: Program) -> dict[int, list[Standing]]:
    """The timelines of the tier program."""
    plan = computation.grounds.plan
    rung = ladder(program)
    return {
        account: timeline(rung, sums, START, STOP)
        for account, sums in engine.day_sums(plan, plan.index[program.id], TAXES)
    }


def earn(engine: DuckEngine, computation: Computation, programs: list[Program]) -> pyarrow.Table:
    """program, account, period and amount of each entitlement."""
    earned = []
    for stratum in strata(programs):
        for program in stratum:
            if program.is_tier:
                computation.tiers[program.id] = standings(engine, computation, program)
        for program, results in computation.computed(stratum):
            found = results.columns()
            size = len(found.amounts)
            if size:
                columns = [numpy.full(size, int(program.id[1:])), *found[:3]]
                earned.append(pyarrow.table([column.astype(numpy.int64) for column in columns], names=NAMES))
    return pyarrow.concat_tables(earned)


def main(data: Path, out: Path, scratch: Path) -> dict[str, Any]:
    programs = definitions(data)
    accounts, items = grouped(data)
    steps = {}
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        steps[name], clock = round(now - clock, 3), now

    engine = DuckEngine(scratch / "mixed.duckdb", memory_limit="512MB", threads=2)
    lines = pyarrow.parquet.ParquetFile(data / "line.parquet").iter_batches(1 << 18)
    engine.append(pyarrow.RecordBatchReader.from_batches(FACT, quantities(facts(lines, 1, 1))), batch=1)
    lap("load")
    found = [counter for program in programs for counter in counters(program)]
    plan = make_plan(
        found, accounts, items, min(START, *(day_number(counter.program.program.valid_from) for counter in found)), STOP
    )
    currencies = dict.fromkeys(TAXES, "EUR")
    computation = Computation(engine, Grounds(plan, found, programs, accounts, currencies, AS_OF))
    lap("plan")
    earned = earn(engine, computation, programs)
    lap("count_entitle")
    pyarrow.parquet.write_table(earned, out / "mixed.parquet")
    engine.close()
    return {
        "seconds": round(sum(steps.values()), 3),
        "cpu": round(time.process_time(), 3),
        "steps": steps,
        "groups": earned.num_rows,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:4]))))
