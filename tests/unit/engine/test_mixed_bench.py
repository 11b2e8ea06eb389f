"""The bench of mixed programs computes what the oracle does, on a few made-up lines."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from bench import __main__ as benches
from bench import mixed
from bench.ours import START, TAXES, facts
from core.engine.reference import Fact, World, entitlements
from core.period import day_date
from core.programs import View

CUSTOMERS, PRODUCTS, CATEGORIES, SEGMENTS = 20, 24, 6, 3


def given(folder: Path) -> None:
    """Files as the yardstick's generator writes them, but small."""
    chance = random.Random(7)
    write(folder / "customer.parquet", customer_id=list(range(CUSTOMERS)), segment=[i % 3 for i in range(CUSTOMERS)])
    write(folder / "product.parquet", product_id=list(range(PRODUCTS)), category=[i % 6 for i in range(PRODUCTS)])
    size = 400
    invoices = [(i // 4, chance.randrange(CUSTOMERS), chance.randrange(1_096)) for i in range(size)]
    places = [invoices[invoice * 4] for invoice, _, _ in invoices]
    nets = [chance.randrange(1, 900_000) * (-1 if chance.random() < 0.1 else 1) for _ in range(size)]
    write(
        folder / "line.parquet",
        line_id=list(range(size)),
        invoice_id=[invoice for invoice, _, _ in places],
        customer_id=[customer for _, customer, _ in places],
        product_id=[chance.randrange(PRODUCTS) for _ in range(size)],
        currency=[0] * size,
        invoice_date=[START + day for _, _, day in places],
        net_minor=nets,
    )
    programs = [
        {
            "program_id": number,
            "categories": sorted(chance.sample(range(CATEGORIES), 4)),
            "segments": sorted(chance.sample(range(SEGMENTS), 2)),
            "start": (date(2022, 1, 1) + timedelta(days=chance.randrange(200))).isoformat(),
            "end": (date(2024, 6, 1) + timedelta(days=chance.randrange(200))).isoformat(),
            "method": "marginal",
            "rounding": "half_up" if number % 3 else "half_even",
            "tiers": [{"lower": lower, "rate": rate} for lower, rate in ((0, 250), (300_000, 700), (900_000, 1_250))],
        }
        for number in range(20)
    ]
    (folder / "programs.json").write_text(json.dumps(programs))


def write(path: Path, **columns: list[Any]) -> None:
    small = ("customer_id", "product_id", "invoice_date")
    table = {name: pyarrow.array(values, "int32" if name in small else "int64") for name, values in columns.items()}
    pyarrow.parquet.write_table(pyarrow.table(table), path)


def expected(folder: Path) -> dict[tuple[int, int, date], int]:
    """What the oracle makes of the same files."""
    accounts, items = mixed.grouped(folder)
    batches = pyarrow.parquet.ParquetFile(folder / "line.parquet").iter_batches()
    rows = [Fact(*row.values()) for batch in mixed.quantities(facts(batches, 1, 1)) for row in batch.to_pylist()]
    world = World(mixed.definitions(folder), accounts, items, {View(): rows}, dict.fromkeys(TAXES, "EUR"), mixed.AS_OF)
    found = entitlements(world)
    return {(int(key.program[1:]), key.beneficiary, key.start): one.amount for key, one in found.items() if one.amount}


def test_mixed_programs_are_computed_as_the_oracle_does(tmp_path: Path) -> None:
    given(tmp_path)
    mixed.main(tmp_path, tmp_path, tmp_path)
    rows = pyarrow.parquet.read_table(tmp_path / "mixed.parquet").to_pylist()
    found = {(row["program"], row["account"], day_date(row["period"])): row["rebate"] for row in rows if row["rebate"]}
    assert found == expected(tmp_path)
    assert {program for program, _, _ in found} == set(range(20))


def test_the_benches_list_them() -> None:
    assert "mixed" in benches.BENCHES
