"""The same work as bench/bare.py, through the engine.

    python -m bench.ours DATA OUT SCRATCH

Facts from Parquet into the cache, plan, count, timelines of a rolling tier program, entitlements. Then a change set
of 1 % as signed deltas, of which only the groups it touches are counted and entitled again. Prints seconds and peak
memory as JSON and writes the results to OUT.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from array import array
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from bench.bare import STATUS
from core.engine.block import Block, entitle_block
from core.engine.duck import FACT, DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, Plan, make_plan
from core.entitlement import Rule, compile_rule
from core.period import day_number
from core.programs import Program, program_from
from core.programs.counters import counters
from core.tiers import ladder, timeline

TAXES = (0, 1, 2)
"""One tax key for each currency of the data; their amounts are taken as they stand."""
START, STOP = day_number(date(2022, 1, 1)), day_number(date(2025, 1, 1))


def stated(data: Path) -> list[dict[str, Any]]:
    """The twenty programs of the data, as their files would state them."""
    return [
        {
            "program": {
                "id": f"p{given['program_id']}",
                "name": "bench",
                "currency": "EUR",
                "period": "quarter",
                "valid_from": date.fromisoformat(given["start"]),
                "valid_to": date.fromordinal(date.fromisoformat(given["end"]).toordinal() - 1),
                "rounding": "half_even" if given["rounding"] == "half_even" else "half_away_from_zero",
            },
            "audience": {"segments": [str(segment) for segment in given["segments"]]},
            "scope": {"categories": [str(category) for category in given["categories"]]},
            "scale": {
                "method": given["method"],
                "bands": [
                    {"from": Decimal(tier["lower"]).scaleb(-2), "percent": Decimal(tier["rate"]).scaleb(-3)}
                    for tier in given["tiers"]
                ],
            },
        }
        for given in json.loads((data / "programs.json").read_text())
    ]


def status() -> Program:
    """A tier program over everything."""
    levels = [{"name": f"level{i}", "from": Decimal(bound).scaleb(-2)} for i, bound in enumerate(STATUS)]
    head = {"id": "status", "name": "bench", "kind": "tier", "currency": "EUR", "valid_from": date(2022, 1, 1)}
    return program_from({"program": head, "status": {"window": "rolling", "months": 12, "levels": levels}})


def definitions(data: Path) -> list[Program]:
    """The twenty programs of the data, and a tier program over everything."""
    return [*map(program_from, stated(data)), status()]


def facts(batches: Iterable[Any], sign: int, batch: int) -> Iterator[Any]:
    """Lines of the data as facts."""
    for lines in batches:
        size = lines.num_rows
        net = lines["net_minor"]
        columns = [
            lines["invoice_id"],
            lines["line_id"].cast(pyarrow.int32()),
            lines["customer_id"],
            lines["product_id"],
            lines["currency"].cast(pyarrow.int32()),
            lines["invoice_date"].cast(pyarrow.int32()),
            net if sign > 0 else pyarrow.compute.negate(net),
            pyarrow.repeat(pyarrow.scalar(0, pyarrow.int64()), size),
            pyarrow.nulls(size, pyarrow.int64()),
            pyarrow.repeat(pyarrow.scalar(sign, pyarrow.int8()), size),
            pyarrow.repeat(pyarrow.scalar(batch, pyarrow.int64()), size),
        ]
        yield pyarrow.RecordBatch.from_arrays(columns, schema=FACT)


def changes(data: Path) -> pyarrow.Table:
    """The change set as signed deltas: what was there before negated, and what is there now."""
    change = pyarrow.parquet.read_table(data / "change.parquet")
    wanted = change["line_id"]
    before = [
        found
        for lines in pyarrow.parquet.ParquetFile(data / "line.parquet").iter_batches(1 << 20)
        if (found := lines.filter(pyarrow.compute.is_in(lines["line_id"], wanted))).num_rows
    ]
    after = change.filter(pyarrow.compute.not_equal(change["kind"], "cancel"))
    rows = [*facts(before, -1, 2), *facts(after.drop_columns(["kind"]).to_batches(), 1, 2)]
    return pyarrow.Table.from_batches(rows, schema=FACT)


def master(data: Path) -> tuple[dict[int, list[AccountState]], dict[int, list[ItemState]]]:
    """Accounts and items as the book would hand them over."""
    customer = pyarrow.parquet.read_table(data / "customer.parquet")
    product = pyarrow.parquet.read_table(data / "product.parquet")
    accounts = {
        key: [AccountState(BEGINNING, END, (str(key),), str(segment))]
        for key, segment in zip(customer["customer_id"].to_pylist(), customer["segment"].to_pylist(), strict=True)
    }
    items = {
        key: [ItemState(BEGINNING, END, str(key), str(category))]
        for key, category in zip(product["product_id"].to_pylist(), product["category"].to_pylist(), strict=True)
    }
    return accounts, items


def earn(rules: list[Rule], blocks: Iterable[Block]) -> pyarrow.Table:
    """program, account, period, measure and amount of each group."""
    found = []
    for block in blocks:
        columns = [
            block.firsts("program"),
            block.firsts("beneficiary"),
            block.firsts("period"),
            numpy.add.reduceat(block.column("measure"), block.bounds[:-1]),
            numpy.array(entitle_block(rules, block).amounts, numpy.int64),
        ]
        found.append(pyarrow.table(columns, names=["program", "account", "period", "turnover", "rebate"]))
    return pyarrow.concat_tables(found)


def standings(engine: DuckEngine, plan: Plan, program: int) -> pyarrow.Table:
    """account, start, end and level of every standing."""
    columns = [array("q") for _ in range(4)]
    put_account, put_start, put_end, put_level = (column.append for column in columns)
    rung = ladder(plan.programs[program])
    for account, sums in engine.day_sums(plan, program, TAXES):
        for start, end, level, _, _ in timeline(rung, sums, START, STOP):
            put_account(account)
            put_start(start)
            put_end(end)
            put_level(level)
    return pyarrow.table([numpy.asarray(column) for column in columns], names=["account", "start", "end", "level"])


def main(data: Path, out: Path, scratch: Path) -> dict[str, Any]:
    programs = definitions(data)
    accounts, items = master(data)
    steps = {}
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        steps[name], clock = round(now - clock, 3), now

    engine = DuckEngine(scratch / "ours.duckdb", memory_limit="512MB", threads=2)
    lines = pyarrow.parquet.ParquetFile(data / "line.parquet").iter_batches(1 << 18)
    engine.append(pyarrow.RecordBatchReader.from_batches(FACT, facts(lines, 1, 1)), batch=1)
    lap("load")
    plan = make_plan([counter for program in programs for counter in counters(program)], accounts, items, START, STOP)
    rules = [compile_rule(program) for program in programs if not program.is_tier]
    lap("plan")
    tiers = standings(engine, plan, plan.index["status"])
    lap("tiers")
    earned = earn(rules, engine.blocks(plan, range(len(rules))))
    lap("count_entitle")
    seconds = round(sum(steps.values()), 3)
    pyarrow.parquet.write_table(tiers, out / "status.parquet")
    pyarrow.parquet.write_table(earned, out / "rebate.parquet")
    groups = earned.num_rows
    del tiers, earned
    cpu = round(time.process_time(), 3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    delta = changes(data)
    clock = time.perf_counter()
    engine.append(delta)
    lap("change_append")
    again = earn(rules, engine.blocks(plan, range(len(rules)), since=1))
    lap("change_count_entitle")
    pyarrow.parquet.write_table(again, out / "changed.parquet")
    engine.close()
    return {
        "seconds": seconds,
        "cpu": cpu,
        "change_seconds": round(steps["change_append"] + steps["change_count_entitle"], 3),
        "steps": steps,
        "groups": groups,
        "changed_groups": again.num_rows,
        "peak_mb": peak,
        "peak_mb_with_change": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:]))))
