from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from core.documents import RawRecord
from core.errors import DataError, RefusedError
from core.normalise import normalise
from core.programs import read_program, strata
from core.source import SourceRules
from scheduler.demo import DemoSummary, generate

Rows = list[dict[str, str]]
RULES = SourceRules(time_zone="Europe/Berlin", line_kinds={"freight": ("FREIGHT*",)})
HEAD = {
    "account": "customer",
    "issued": "date",
    "currency": "currency",
    "entity": "entity",
    "state": "state",
    "original": "original",
    "total_net": "net_total",
    "total_tax": "tax_total",
    "total_gross": "gross_total",
}
LINE = {
    "product": "sku",
    "description": "text",
    "quantity": "quantity",
    "unit": "unit",
    "net": "net",
    "tax_percent": "tax_percent",
    "tax": "tax",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return generate(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture(scope="module")
def versions(demo: DemoSummary) -> dict[tuple[str, int, str], Rows]:
    """The rows of each document version: (number, revision, file)."""
    found: dict[tuple[str, int, str], Rows] = defaultdict(list)
    for path in sorted((demo.folder / "inbox").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found[row["number"], int(row["revision"]), path.name].append(row)
    return dict(found)


def test_documents_add_up_exactly(demo: DemoSummary, versions: dict[tuple[str, int, str], Rows]) -> None:
    bad = {one.number for one in demo.bad}
    for (number, _, _), rows in versions.items():
        if number in bad:
            continue
        net = sum(Decimal(row["net"]) for row in rows)
        tax = sum(Decimal(row["tax"]) for row in rows)
        stated = {(row["net_total"], row["tax_total"], row["gross_total"]) for row in rows}
        assert stated == {(str(net), str(tax), str(net + tax))}, number
        for row in rows:
            exact = Decimal(row["net"]) * Decimal(row["tax_percent"]) / 100
            assert abs(exact - Decimal(row["tax"])) <= Decimal("0.01"), (number, row["position"])
            assert row["tax_percent"] in ("19", "7")


def test_the_files_hold_what_the_summary_says(demo: DemoSummary, versions: dict[tuple[str, int, str], Rows]) -> None:
    bad = {one.number for one in demo.bad}
    assert demo.rows == sum(map(len, versions.values()))
    good = {key: rows for key, rows in versions.items() if key[0] not in bad}
    assert demo.versions == len(good)
    revisions: dict[str, int] = {}
    for number, revision, _ in good:
        revisions[number] = max(revision, revisions.get(number, 0))
    current = {number: rows for (number, revision, _), rows in good.items() if revisions[number] == revision}
    assert demo.cancellations == sum(rows[0]["state"] == "cancelled" for rows in current.values())
    counted = {number: rows for number, rows in current.items() if rows[0]["state"] == "posted"}
    assert demo.documents == len(counted)
    assert demo.lines == sum(map(len, counted.values()))
    assert Decimal(demo.net) / 100 == sum(Decimal(row["net"]) for rows in counted.values() for row in rows)
    assert demo.invoices == sum(number.startswith("INV") for number in counted)
    assert demo.returns == sum(rows[0]["type"] == "credit note" for rows in counted.values())
    corrected = [rows for (_, revision, _), rows in good.items() if revision == 2 and rows[0]["state"] == "posted"]
    assert demo.corrections == len(corrected)
    late = [key for key, rows in good.items() if key[1] == 1 and rows[0]["date"][:7] not in key[2]]
    assert demo.late == len(late)
    assert any(name == "corrections-2026-01.csv" for _, _, name in late)


def test_no_file_holds_two_versions_of_one_document(versions: dict[tuple[str, int, str], Rows]) -> None:
    assert len({(number, name) for number, _, name in versions}) == len(versions)


def test_the_bad_are_refused_for_the_reason_given_and_the_rest_is_not(
    demo: DemoSummary, versions: dict[tuple[str, int, str], Rows]
) -> None:
    refused = {}
    for (number, revision, name), rows in versions.items():
        raw = RawRecord(
            kind="credit_note" if rows[0]["type"] == "credit note" else "invoice",
            external_id=number,
            fields={field: rows[0][column] for field, column in HEAD.items()},
            lines=[{field: row[column] for field, column in LINE.items()} for row in rows],
            order=revision,
        )
        try:
            record = normalise(raw, RULES)
        except DataError as error:
            refused[number] = (error.reason, name)
        else:
            assert record.cancelled or record.lines
    assert refused == {one.number: (one.reason, one.file) for one in demo.bad}
    assert len({one.reason for one in demo.bad}) == 4


def test_returns_name_an_invoice_of_the_account(versions: dict[tuple[str, int, str], Rows]) -> None:
    invoices = {number: rows[0] for (number, _, _), rows in versions.items() if number.startswith("INV")}
    for (_, _, _), rows in versions.items():
        if rows[0]["type"] == "credit note":
            original = invoices[rows[0]["original"]]
            assert original["customer"] == rows[0]["customer"]
            assert original["entity"] == rows[0]["entity"]
            assert original["date"] < rows[0]["date"]
            assert all(row["net"].startswith("-") for row in rows)


def test_master_data(demo: DemoSummary, versions: dict[tuple[str, int, str], Rows]) -> None:
    sheet = openpyxl.load_workbook(demo.folder / "inbox" / "accounts.xlsx").active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    accounts = [dict(zip(head, row, strict=True)) for row in rows]
    assert len(accounts) == demo.accounts == 200
    assert {one["segment"] for one in accounts} == {"dealer", "workshop", "industry"}
    assert {one["country"] for one in accounts} == {"DE", "AT", "NL"}
    assert {rows[0]["customer"] for rows in versions.values()} <= {one["id"] for one in accounts}
    products = pq.read_table(demo.folder / "inbox" / "products.parquet").to_pylist()
    assert len(products) == demo.products
    assert len({one["category"] for one in products}) == 12
    sold = {row["sku"] for rows in versions.values() for row in rows}
    assert sold <= {one["sku"] for one in products} | {"FREIGHT"}


def test_amounts_are_plausible(demo: DemoSummary, versions: dict[tuple[str, int, str], Rows]) -> None:
    assert 15_000 <= demo.lines <= 25_000
    sheet = openpyxl.load_workbook(demo.folder / "inbox" / "accounts.xlsx").active
    assert sheet is not None
    dealers = {row[0] for row in sheet.iter_rows(values_only=True) if row[2] == "dealer"}
    bought: dict[str, Decimal] = defaultdict(Decimal)
    for rows in versions.values():
        if rows[0]["revision"] == "1":
            for row in rows:
                try:
                    bought[row["customer"]] += Decimal(row["net"])
                except InvalidOperation:
                    continue
    inside = [one for one in dealers if 18_000 <= bought[str(one)] <= 250_000]
    assert len(inside) >= len(dealers) * 8 // 10


def test_programs_are_valid(demo: DemoSummary) -> None:
    programs = [read_program(path) for path in sorted((demo.folder / "programs").glob("*.toml"))]
    assert [program.id for program in programs] == [
        "annual-bonus",
        "club-cashback",
        "partner-club",
        "power-tools-quarterly",
    ]
    assert [len(stratum) for stratum in strata(programs)] == [3, 1]


def test_a_seed_gives_the_same_bytes_and_another_seed_others(demo: DemoSummary, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", seed=demo.seed)
    other = generate(tmp_path / "other", seed=demo.seed + 1)
    assert _hashes(again) == _hashes(demo)
    assert [path.relative_to(again.folder) for path in again.files] == [
        path.relative_to(demo.folder) for path in demo.files
    ]
    inbox = {name for name in _hashes(demo) if name.startswith("inbox")}
    assert all(_hashes(other)[name] != _hashes(demo)[name] for name in inbox)


def _hashes(demo: DemoSummary) -> dict[str, str]:
    return {
        path.relative_to(demo.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in demo.files
    }


def test_nothing_is_overwritten(demo: DemoSummary) -> None:
    with pytest.raises(RefusedError, match=r"rebated\.toml is there already"):
        generate(demo.folder)
