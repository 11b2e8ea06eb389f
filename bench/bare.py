"""The floor: a bare DuckDB script for the work that bench/ours.py does with the engine.

    python -m bench.bare DATA OUT SCRATCH [changed]

Turnover for each program, customer and quarter in one currency; the level of each customer in each month by the
twelve whole months before; each rebate rounded once. A negative turnover is taken back at the lowest rate. Prints
the seconds of each step as JSON and writes the results to OUT. `changed` applies the change set first.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

STATUS = (0, 500_000, 2_000_000, 10_000_000)
"""Lower bounds of the four levels, in minor units."""


def main(data: str, out: str, scratch: str, *options: str) -> dict[str, Any]:
    programs = json.loads(Path(data, "programs.json").read_text())
    bands, cells = [], []
    for program in programs:
        tiers, base = program["tiers"], 0
        for i, tier in enumerate(tiers):
            lower = tier["lower"] if i else -(2**62)
            upper = tiers[i + 1]["lower"] if i + 1 < len(tiers) else 2**62
            marginal = program["method"] == "marginal"
            bands.append(
                (program["program_id"], lower, upper, tier["rate"], base if marginal else 0, tier["lower"] * marginal)
            )
            base += (upper - tier["lower"]) * tier["rate"]
        cells += [
            (program["program_id"], category, segment, program["start"], program["end"])
            for category in program["categories"]
            for segment in program["segments"]
        ]
    db = duckdb.connect(str(Path(scratch, "bare.duckdb")))
    run = db.execute
    run("SET threads=2; SET memory_limit='512MB'; SET preserve_insertion_order=false")
    run("CREATE TABLE cell(program INT, category SMALLINT, segment SMALLINT, valid_from DATE, valid_to DATE)")
    db.executemany("INSERT INTO cell VALUES (?, ?, ?, ?, ?)", cells)
    run("CREATE TABLE band(program INT, lower BIGINT, upper BIGINT, rate BIGINT, base HUGEINT, off BIGINT)")
    db.executemany("INSERT INTO band VALUES (?, ?, ?, ?, ?, ?)", bands)
    run("CREATE TABLE program(program INT, rounding VARCHAR)")
    db.executemany("INSERT INTO program VALUES (?, ?)", [(p["program_id"], p["rounding"]) for p in programs])
    run("""CREATE MACRO half_even(n, d) AS sign(n)::BIGINT * (abs(n) // d + CASE WHEN (abs(n) % d) * 2 > d
        OR ((abs(n) % d) * 2 = d AND (abs(n) // d) % 2 = 1) THEN 1 ELSE 0 END)""")
    run("CREATE MACRO half_up(n, d) AS sign(n)::BIGINT * ((abs(n) * 2 + d) // (d * 2))")
    columns = "line_id, customer_id, product_id, invoice_date, net_minor"
    lines = f"SELECT {columns} FROM '{data}/line.parquet'"
    if "changed" in options:
        lines += f""" ANTI JOIN '{data}/change.parquet' USING (line_id)
            UNION ALL SELECT {columns} FROM '{data}/change.parquet' WHERE kind <> 'cancel'"""
    steps = {}
    for name, statements in {
        "load": (
            f"""CREATE TABLE fact AS SELECT l.line_id, l.customer_id, p.category, c.segment, l.invoice_date,
            (year(invoice_date) * 12 + month(invoice_date) - 1)::INT AS month,
            (year(invoice_date) * 4 + quarter(invoice_date) - 1)::SMALLINT AS quarter, l.net_minor AS amount
            FROM ({lines}) l JOIN '{data}/product.parquet' p USING (product_id)
            JOIN '{data}/customer.parquet' c USING (customer_id)""",
        ),
        "count": (
            """CREATE TABLE turnover AS SELECT g.program, f.customer_id, f.quarter, sum(f.amount) AS turnover
            FROM fact f JOIN cell g ON g.category = f.category AND g.segment = f.segment
            AND f.invoice_date >= g.valid_from AND f.invoice_date < g.valid_to GROUP BY ALL""",
        ),
        "tiers": (
            "CREATE TABLE monthly AS SELECT customer_id, month, sum(amount) AS amount FROM fact GROUP BY ALL",
            f"""CREATE TABLE status AS WITH grid AS (SELECT customer_id, m::INT AS month
            FROM (SELECT DISTINCT customer_id FROM monthly) CROSS JOIN range(2022 * 12, 2025 * 12) t(m)),
            rolled AS (SELECT g.customer_id, g.month, coalesce(sum(coalesce(m.amount, 0)) OVER (PARTITION BY
            g.customer_id ORDER BY g.month ROWS BETWEEN 12 PRECEDING AND 1 PRECEDING), 0) AS rolling
            FROM grid g LEFT JOIN monthly m USING (customer_id, month))
            SELECT customer_id, month, rolling, CASE WHEN rolling >= {STATUS[3]} THEN 3
            WHEN rolling >= {STATUS[2]} THEN 2 WHEN rolling >= {STATUS[1]} THEN 1 ELSE 0 END AS level FROM rolled""",
        ),
        "entitle": (
            """CREATE TABLE rebate AS WITH n AS (SELECT t.program, customer_id, quarter, turnover, rounding,
            (b.base + (t.turnover - b.off) * b.rate)::HUGEINT AS num FROM turnover t JOIN program USING (program)
            JOIN band b ON b.program = t.program AND t.turnover >= b.lower AND t.turnover < b.upper)
            SELECT program, customer_id, quarter, turnover, CASE rounding WHEN 'half_even' THEN half_even(num, 100000)
            ELSE half_up(num, 100000) END AS rebate FROM n""",
        ),
    }.items():
        begin = time.perf_counter()
        for statement in statements:
            run(statement)
        steps[name] = round(time.perf_counter() - begin, 3)
    for table, what in {
        "rebate": "program::INT AS program, customer_id::INT AS account, quarter::INT AS quarter,"
        " turnover::BIGINT AS turnover, rebate::BIGINT AS rebate",
        "status": "customer_id::INT AS account, month::INT AS month, level::INT AS level",
    }.items():
        run(f"COPY (SELECT {what} FROM {table}) TO '{out}/{table}.parquet' (FORMAT parquet)")
    db.close()
    return {"seconds": round(sum(steps.values()), 3), "cpu": round(time.process_time(), 3), "steps": steps}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
