"""Counting and entitling: the engine beside a bare DuckDB script, on the same Parquet files.

The data comes from the yardstick's generator ($REBATED_SHARED/bench, by default ../shared/bench) with
$REBATED_BENCH_LINES lines, by default ten million. Every measurement is a process of its own, the two scripts take
turns, and the best of three counts. The results must be equal to the cent, also after the change set. `mixed` is the
same work with twenty programs of as many types (bench/mixed.py), which the bare script knows nothing of: its floor is
that of plain ones.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bench.rows import Row

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3


def run() -> list[Row]:
    """Generate, measure, compare. Raises AssertionError where the results differ."""
    with _data() as (lines, place, data):
        bare, ours = [], []
        for number in range(ROUNDS):
            bare.append(_measure("bench.bare", data, place / f"bare{number}"))
            ours.append(_measure("bench.ours", data, place / f"ours{number}"))
        _measure("bench.bare", data, place / "changed", "changed")
        for number in range(ROUNDS):
            _compare(place / "bare0", place / "changed", place / f"ours{number}")
        floor = min(found["seconds"] for found in bare)
        whole = min(found["seconds"] for found in ours)
        change = min(found["change_seconds"] for found in ours)
        programs = len(json.loads((data / "programs.json").read_text()))
        what = f"{lines:,} lines x {programs} programs"
        peaks = [max(found[name] for found in ours) for name in ("peak_mb", "peak_mb_with_change")]
        return [
            Row(
                f"count and entitle {what}",
                whole,
                floor,
                round(whole / floor, 2),
                "at most 2 x the bare script, under 1000 MB",
                peaks[0],
            ),
            Row(
                f"a change of 1 % of {what}",
                change,
                floor,
                round(change / floor, 2),
                "within 2 s at 10 million lines",
                peaks[1],
            ),
        ]


def mixed() -> list[Row]:
    """Generate, and measure programs of all types."""
    with _data() as (lines, place, data):
        bare, ours = [], []
        for number in range(ROUNDS):
            bare.append(_measure("bench.bare", data, place / f"bare{number}"))
            ours.append(_measure("bench.mixed", data, place / f"mixed{number}"))
        floor = min(found["seconds"] for found in bare)
        whole = min(found["seconds"] for found in ours)
        return [
            Row(
                f"count and entitle {lines:,} lines x 20 programs of all types",
                whole,
                floor,
                round(whole / floor, 2),
                "at most 2 x the bare script, under 1000 MB",
                max(found["peak_mb"] for found in ours),
            )
        ]


@contextmanager
def _data() -> Iterator[tuple[int, Path, Path]]:
    """The number of generated lines, a place to write to, and where they are."""
    lines = int(os.environ.get("REBATED_BENCH_LINES", "10000000"))
    shared = Path(os.environ.get("REBATED_SHARED", ROOT.parent / "shared"))
    with TemporaryDirectory(prefix="rebated-bench-") as folder:
        place = Path(folder)
        # The scripts write beside themselves: never in the shared folder.
        shutil.copytree(shared / "bench", place / "yardstick", copy_function=shutil.copyfile)
        (place / "yardstick").chmod(0o755)
        data = place / "data"
        _process([str(place / "yardstick" / "generate.py"), str(lines), str(data)], place)
        yield lines, place, data


def _measure(module: str, data: Path, out: Path, *options: str) -> dict[str, Any]:
    """One run of a script in a process of its own; its results stay in `out`."""
    out.mkdir()
    scratch = out / "scratch"
    scratch.mkdir()
    found: dict[str, Any] = json.loads(_process(["-m", module, str(data), str(out), str(scratch), *options], ROOT))
    shutil.rmtree(scratch)
    print(f"{module:12} {found['seconds']:7.2f} s, {found['cpu']:7.2f} s of work  {found['steps']}", file=sys.stderr)
    return found


def _process(arguments: list[str], folder: Path) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _compare(bare: Path, changed: Path, ours: Path) -> None:
    """Every amount and every level of both scripts, before and after the change set."""
    db = duckdb.connect()
    db.execute(
        f"""CREATE VIEW ours AS SELECT program, account, turnover, rebate,
        year(DATE '1970-01-01' + period::INT) * 4 + quarter(DATE '1970-01-01' + period::INT) - 1 AS quarter
        FROM '{ours}/rebate.parquet'"""
    )
    db.execute(
        f"""CREATE VIEW again AS SELECT program, account, turnover, rebate,
        year(DATE '1970-01-01' + period::INT) * 4 + quarter(DATE '1970-01-01' + period::INT) - 1 AS quarter
        FROM '{ours}/changed.parquet'"""
    )
    columns = "program, account, quarter, turnover, rebate"
    _same(db, f"SELECT {columns} FROM ours", f"SELECT {columns} FROM '{bare}/rebate.parquet'")
    # Groups whose lines all went are told with nothing; the bare script does not know them.
    _same(
        db,
        f"""SELECT {columns} FROM (SELECT * FROM again UNION ALL SELECT * FROM ours
        ANTI JOIN again USING (program, account, quarter)) WHERE turnover <> 0 OR rebate <> 0""",
        f"SELECT {columns} FROM '{changed}/rebate.parquet' WHERE turnover <> 0 OR rebate <> 0",
    )
    _same(
        db,
        f"""SELECT s.account, m.month, s.level FROM '{ours}/status.parquet' s JOIN (SELECT m AS month,
        make_date((m // 12)::INT, (m % 12)::INT + 1, 1) - DATE '1970-01-01' AS day
        FROM range(2022 * 12, 2025 * 12) t(m)) m ON m.day >= s.start AND m.day < s.end""",
        f"SELECT account, month, level FROM '{bare}/status.parquet'",
    )
    db.close()


def _same(db: duckdb.DuckDBPyConnection, one: str, other: str) -> None:
    for left, right in ((one, other), (other, one)):
        rows = db.execute(f"({left}) EXCEPT ALL ({right}) LIMIT 3").fetchall()
        assert not rows, f"the results differ: {rows}"
    ((count,),) = db.execute(f"SELECT count(*) FROM ({one})").fetchall()
    assert count, "there is nothing to compare"


if __name__ == "__main__":
    for row in [*run(), *mixed()]:
        print(row)
