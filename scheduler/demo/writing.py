"""The files of the demo's inbox, the same bytes for the same data."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from core.money import percent_text, text
from scheduler.demo.catalogue import Product
from scheduler.demo.customers import Account
from scheduler.demo.trade import Document

CURRENCY = "EUR"
HEADER = (
    "type number revision state customer date currency entity channel original net_total tax_total gross_total"
    " position sku text quantity unit net tax_percent tax"
).split()
ACCOUNT_COLUMNS = "id name segment country language group vat_number email street city postcode sales_person".split()
PRODUCT_COLUMNS = "sku name category brand unit units".split()
_LONG_AGO = (2025, 1, 1, 0, 0, 0)


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """A CSV file with one row for each line. Returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, lineterminator="\n")
        writer.writeheader()
        for document in documents:
            for row in _rows(document):
                writer.writerow(row)
                count += 1
    return count


def _rows(document: Document) -> Iterator[dict[str, str]]:
    head = {
        "type": document.kind.replace("_", " "),
        "number": document.number,
        "revision": str(document.revision),
        "state": "cancelled" if document.cancelled else "posted",
        "customer": document.account,
        "date": document.issued.isoformat(),
        "currency": CURRENCY,
        "entity": document.entity,
        "channel": document.channel,
        "original": document.original,
        "net_total": text(document.net, CURRENCY),
        "tax_total": text(document.tax, CURRENCY),
        "gross_total": text(document.net + document.tax, CURRENCY),
    }
    for position, line in enumerate(document.lines, 1):
        row = head | {
            "position": str(position),
            "sku": line.sku,
            "text": line.text,
            "quantity": _tenths(line.quantity),
            "unit": line.unit,
            "net": text(line.net, CURRENCY),
            "tax_percent": percent_text(line.tax_rate),
            "tax": text(line.tax, CURRENCY),
        }
        on_lines = {"net", "tax"}
        yield row | {name: value for name, value in document.spoiled.items() if position == 1 or name not in on_lines}


def _tenths(quantity: int) -> str:
    whole, tenth = divmod(abs(quantity), 10)
    return f"{'-' if quantity < 0 else ''}{whole}" + (f".{tenth}" if tenth else "")


def write_accounts(path: Path, accounts: Iterable[Account]) -> None:
    """A workbook with one sheet, `Accounts`."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Accounts")
    sheet.append(list(ACCOUNT_COLUMNS))
    for account in accounts:
        sheet.append([getattr(account, name) for name in ACCOUNT_COLUMNS])
    packed = io.BytesIO()
    book.save(packed)
    path.write_bytes(_without_time(packed.getvalue()))


def _without_time(packed: bytes) -> bytes:
    """The workbook without the moment it was made, which stands in its properties and beside each part."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2025-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def write_products(path: Path, products: Iterable[Product]) -> None:
    """A Parquet file, all columns text."""
    rows = list(products)
    columns = {name: pa.array([getattr(row, name) for row in rows], pa.string()) for name in PRODUCT_COLUMNS}
    pq.write_table(pa.table(columns), path)
