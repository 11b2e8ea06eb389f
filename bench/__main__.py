"""`python -m bench [counting] [mixed] [landing] [odoo] [rest] [soap] [--record]`: measure, print, keep it in docs."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import counting, landing, odoo, rest, soap
from bench.rows import Row

# counting first: a child begins with the peak memory of its parent
BENCHES: dict[str, Callable[[], list[Row]]] = {
    "counting": counting.run,
    "mixed": counting.mixed,
    "landing": landing.run,
    "odoo": odoo.run,
    "rest": rest.run,
    "soap": soap.run,
}
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def markdown(rows: list[Row]) -> str:
    """The measurements as a table."""
    lines = [
        "| what | ours, s | floor, s | ratio | goal | peak memory, MB |",
        "|---|---:|---:|---:|---|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row.name} | {row.ours_s:.2f} | {row.yardstick_s:.2f} | {row.ratio} | {row.goal} | {row.peak_mb} |"
        )
    return "\n".join(lines)


def page(rows: list[Row]) -> str:
    """The page that keeps the last recorded run."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"""# Benchmarks

Recorded on {datetime.now(UTC):%Y-%m-%d} with `make bench` on {machine}.
`python -m bench landing`, `counting`, `mixed`, `odoo`, `rest` and `soap` measure one part; `--record` writes this page.
Each row has its floor measured in the same run on the same machine, so the ratio says more than the seconds.
REBATED_BENCH_LINES sets the number of generated lines.

{markdown(rows)}

- **land**: the real invoice lines, validated, hashed and versioned, next to a bare batched insert of the rows it
  writes, through the same database layer.
- **real data**: from the book into the counting cache, then counted, entitled and posted; the floor is one bare query
  that only sums.
- **count and entitle**: the generated lines from Parquet into the cache, counted for every program, tiers and rebates
  computed; the floor is a bare hand-written script of the same semantics. Both results are compared to the cent.
- **a change of 1 %**: new, amended, cancelled and re-dated lines appended as signed rows; only what they touch is
  counted and entitled again. The floor is the whole bare script.
- **programs of all types**: the same lines, audiences and scopes, for twenty programs of as many types: every scale,
  per document, growth against last year, a qualifier, a market basket, net of another, best of two, exclusive ones,
  caps and budgets, tiers with multipliers, buying groups, changes, accrual rates. The floor is the bare script for the
  plain ones.
- **pull** and **write**: an adapter against a stand-in of the tests, each a process of its own; the floor makes the
  very same calls from a bare loop, writes their bodies and parses the replies. Logging in, look-ups, comparison and
  reading back are in both, so the ratio is what our own work costs. Both take turns and the best of each counts. While
  one page is mapped the server makes the next, for which there has to be a core to spare.
- **read over SOAP**: one reply from its bytes to values, in seconds of work; zeep parses the same bytes and makes plain
  data of them, once as it does by itself, where an unknown element or another order stops it, and once with the
  settings under which neither loses anything.
- A running Odoo takes its time: from it over JSON-2 came 3,000 documents a second and over XML-RPC 1,000, and it wrote
  two a second; beside it the adapter took 0.96 to 1.05 of the time of the bare loop.
- Limits of vendors are lifted for **Dolibarr** and **HubSpot**: both sides would wait for the same.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*BENCHES, []], help="which benches; all where absent")
    parser.add_argument("--record", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    rows = [row for name in arguments.which or BENCHES for row in BENCHES[name]()]
    print(markdown(rows))
    if arguments.record:
        PAGE.write_text(page(rows), encoding="utf-8")
        print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
