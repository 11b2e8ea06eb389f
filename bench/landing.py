"""Landing: the real invoice lines through the book, beside a bare batched insert of the very same rows.

The floor inserts the rows that landing wrote (identities, versions, lines, effects, heads, batches) into an empty
book of the same schema, page by page through the same SQLAlchemy path. The real data beside it: accruing a yearly
rebate over all lines, next to a bare DuckDB script of the same sums.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import sqlalchemy as sa

from bench.rows import Row
from connectors.files.adapter import FilesAdapter
from connectors.files.settings import Settings
from connectors.spi import Page, Window
from core.engine.duck import DuckEngine
from core.ledger import registry, tables
from core.ledger.accruals import accrue
from core.ledger.book import Book
from core.ledger.columns import utc_now
from core.ledger.landing import land
from core.programs import parse_program
from core.source import SourceRules

ROOT = Path(__file__).resolve().parent.parent
RULES = SourceRules.model_validate(
    {
        "totals": "none",
        "without_account": "park",
        "constants": {"currency": "GBP", "entity": "main", "tax_percent": 20},
        "line_kinds": {"freight": ["POST", "DOT", "C2"], "manual": ["M"], "bad_debt": ["B"]},
    }
)
PROGRAM = """
[program]
id = "bonus"
name = "Yearly bonus"
currency = "GBP"
valid_from = 2009-01-01
period = "year"
[scale]
method = "retrospective"
bands = [{ from = 1000, percent = 1 }, { from = 5000, percent = 2 }, { from = 20000, percent = 3 }]
"""
BARE = """
SELECT *, CASE WHEN turnover >= 20000 THEN 3 WHEN turnover >= 5000 THEN 2 WHEN turnover >= 1000 THEN 1 ELSE 0 END
FROM (
  SELECT customer_id, year(invoice_at), sum(round(quantity * unit_price, 2)) AS turnover FROM '{file}'
  WHERE customer_id IS NOT NULL AND stock_code NOT IN ('POST', 'DOT', 'C2', 'B') GROUP BY ALL
)
"""


def source_file() -> Path:
    return Path(os.environ.get("REBATED_SHARED", ROOT.parent / "shared")) / "data" / "online_retail_2009_2010.parquet"


def read_pages(file: Path) -> list[Page]:
    """The real invoices as the files adapter reads them."""
    pattern = {
        "name": "invoices",
        "files": file.name,
        "kind": "invoice",
        "kind_rules": [{"column": "invoice_no", "starts_with": "C", "kind": "credit_note"}],
        "varying": ["issued"],
        "columns": {"id": "invoice_no", "account": "customer_id", "issued": "invoice_at"},
        "lines": {
            "product": "stock_code",
            "description": "description",
            "quantity": "quantity",
            "price": "unit_price",
        },
    }
    settings = Settings.model_validate({"folder": str(file.parent), "patterns": [pattern]})
    adapter = FilesAdapter.build("bench", settings, base=Path("/"))
    return list(adapter.pull("invoices", Window(utc_now()), {}))


def _land(book: Book, pages: list[Page]) -> tuple[float, int]:
    began, lines = time.perf_counter(), 0
    for page in pages:
        with book.batch("landing", actor="bench", claim=None) as batch:
            lines += land(batch, "bench", RULES, page.records, page.bad).lines
    return time.perf_counter() - began, lines


_WRITTEN = (
    tables.batch,
    tables.account,
    tables.account_identity,
    tables.record,
    tables.record_version,
    tables.line,
    tables.effect,
    tables.record_head,
)


def _floor(landed: Book, empty: Book) -> float:
    """Insert the rows that landing wrote, one transaction a batch, through the same path."""
    by_batch: dict[int, dict[str, list[dict[str, Any]]]] = {}
    with landed.read() as connection:
        batch_of = dict(
            connection.execute(sa.select(tables.record_version.c.id, tables.record_version.c.batch)).tuples().all()
        )
        for table in _WRITTEN:
            for row in connection.execute(sa.select(table)).mappings():
                number = row["seq"] if table is tables.batch else row.get("batch") or batch_of[row["version_id"]]
                by_batch.setdefault(number, {}).setdefault(table.name, []).append(dict(row))
    began = time.perf_counter()
    for number in sorted(by_batch):
        with empty.write() as connection:
            for table in _WRITTEN:
                mine = by_batch[number].get(table.name, [])
                for start in range(0, len(mine), 5_000):
                    connection.execute(table.insert(), mine[start : start + 5_000])
    return time.perf_counter() - began


def run() -> list[Row]:
    """Measure landing, and accruing the real data."""
    file = source_file()
    if not file.exists():
        print(f"skipped: {file} is not there", file=sys.stderr)
        return []
    began = time.perf_counter()
    pages = read_pages(file)
    print(f"reading the file took {time.perf_counter() - began:.1f} s", file=sys.stderr)
    rows = []
    with TemporaryDirectory(prefix="rebated-bench-") as folder:
        landed, empty = (Book.open(f"sqlite:///{folder}/{name}.db") for name in ("landed", "empty"))
        ours, lines = _land(landed, pages)
        floor = _floor(landed, empty)
        name = f"land {lines:,} lines ({lines / ours:,.0f} lines/s), SQLite"
        goal = "at most 3 x a bare insert of the same rows"
        rows.append(Row(name, ours, floor, round(ours / floor, 2), goal, _peak()))
        rows.append(_real(landed, file, Path(folder)))
        landed.close()
        empty.close()
    return rows


def _real(book: Book, file: Path, folder: Path) -> Row:
    with book.batch("program", actor="bench", claim=None) as batch:
        registry.register(batch, parse_program(PROGRAM), "bench")
    with DuckEngine(folder / "cache.duckdb", memory_limit="512MB", threads=2) as engine:
        began = time.perf_counter()
        found = accrue(book, engine, as_of=date(2011, 1, 31), actor="bench", claim=None)
        ours = time.perf_counter() - began
    began = time.perf_counter()
    duckdb.connect().execute(BARE.format(file=file)).fetchall()
    floor = time.perf_counter() - began
    name = f"real data: fill the cache, count, entitle, post {found.changed:,} entitlements"
    return Row(name, ours, floor, round(ours / floor, 1), "no goal: the floor only sums", _peak())


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
