"""Bad input becomes a bad record that names file, row and column; never an exception, never a lost row."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files.pattern import Pattern
from connectors.files.readers import read_table
from connectors.files.table import float_text

HEAD = "Invoice,Customer,Item,Net\n"
GOOD = "1,C,X,10\n2,C,X,20\n3,C,Y,30\n"
INVOICES = {
    "name": "sales",
    "files": "*",
    "kind": "invoice",
    "columns": {"id": "Invoice", "account": "Customer"},
    "lines": {"product": "Item", "net": "Net"},
}


def workbook(rows: list[list[Any]], sheet: str = "Data") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


PLAIN = [["Invoice", "Customer", "Item", "Net"], ["1", "C", "X", "10"], ["2", "C", "Y", "20"]]


# ---------------------------------------------------------------- csv


def test_the_same_rows_in_three_formats_are_the_same_records(connection):
    rows = [PLAIN[0], ["1", "C", "X", "10.5"], ["1", "C", None, "3"], ["2", None, "Y", "20"]]
    text = "".join(",".join(cell or "" for cell in row) + "\n" for row in rows)
    columns = {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}
    found = [
        connection.read(text),
        connection.read(workbook(rows), name="a.xlsx"),
        connection.read(parquet(pa.table(columns)), name="a.parquet"),
    ]
    for read in found:
        assert read.bad == []
        assert [(r.external_id, dict(r.fields), [dict(line) for line in r.lines]) for r in read.records] == [
            ("1", {"id": "1", "account": "C"}, [{"product": "X", "net": "10.5"}, {"net": "3"}]),
            ("2", {"id": "2"}, [{"product": "Y", "net": "20"}]),
        ]


@pytest.mark.parametrize(
    ("row", "reason", "words", "held_back"),
    [
        ("9,C,X\n", "row_too_short", ["row 5", "3 cells", "'Net'"], "9"),
        ("9,C,X,1,2\n", "row_too_long", ["row 5", "5 cells"], "9"),
        ("9,C,X\0,1\n", "nul_byte", ["row 5", "'Item'"], "9"),
        ("9\0,C,X,1\n", "nul_byte", ["row 5", "'Invoice'"], "3"),
        ('9,C,"X"Y,1\n', "bad_quoting", ["row 5", "line 5"], "9"),
        ('9,C,"X,1\n', "bad_quoting", ["row 5"], "9"),
        (",C,X,1\n", "missing_id", ["row 5"], "3"),
    ],
)
def test_a_bad_row_is_told_and_the_others_land(connection, row, reason, words, held_back):
    read = connection.read(HEAD + GOOD + row)
    assert (read.reasons, read.bad[0].external_id) == ([reason], held_back)
    for word in ["a.csv", *words]:
        assert word in read.bad[0].message
    # A row whose own document cannot be told may continue the one above, which is then held back.
    assert read.ids == [name for name in "123" if name != held_back]
    assert "'X" in str(read.bad[0].raw) or ",X" in str(read.bad[0].raw) or '"X' in str(read.bad[0].raw)


def test_bytes_in_another_encoding_spoil_their_rows_only(connection):
    data = (HEAD + GOOD).encode() + "4,Müller,X,1\n5,C,X,1\n".encode("cp1252")
    read = connection.read(data)
    assert read.ids == ["1", "2", "3", "5"]
    assert read.reasons == ["bad_encoding"]
    assert read.bad[0].external_id == "4" and "'Customer'" in read.bad[0].message and "row 5" in read.bad[0].message
    assert read.bad[0].raw["rows"][0]["values"]["Customer"] == "M\\xfcller"
    assert connection.read(data, {**INVOICES, "encoding": "cp1252"}).bad == []


@pytest.mark.parametrize(
    ("content", "reason", "word"),
    [
        (b"", "empty_file", "empty"),
        (b"\n\r\n", "empty_file", "line breaks"),
        (b"Invoice,Item\n1,X\n", "missing_columns", "'Customer', 'Net'"),
        (b"Invoice,Customer,Item,Net,Net\n1,C,X,1,2\n", "duplicate_columns", "'Net'"),
        ((HEAD + GOOD).encode("utf-16"), "bad_encoding", "encoding"),
        (b"PK\x03\x04rest", "wrong_content", "Excel"),
        (b"PAR1rest", "wrong_content", "Parquet"),
        (b'"Invoice\n', "bad_quoting", "header"),
    ],
)
def test_a_csv_file_that_cannot_be_used_is_one_bad_record(connection, content, reason, word):
    read = connection.read(content)
    assert (read.reasons, read.records) == ([reason], [])
    assert word in read.bad[0].message and "a.csv" in read.bad[0].message
    assert connection.pull() == [], "a file that was told of is not told of again"


def test_utf_16_with_its_encoding_and_other_signs_read(connection):
    text = (HEAD + GOOD).replace(",", ";").replace("X", "'X;1'")
    pattern = {**INVOICES, "encoding": "utf-16", "delimiter": ";", "quote": "'"}
    read = connection.read(text.encode("utf-16"), pattern)
    assert read.bad == [] and read.records[0].lines[0]["product"] == "X;1"


def test_header_only_is_no_error_and_blank_rows_are_no_rows(connection):
    assert connection.read(HEAD).bad == []
    read = connection.read("\n" + HEAD + "\n1,C,X,10\n,,,\n\n2,C,X,1\n")
    assert (read.ids, read.bad) == (["1", "2"], [])
    assert read.records[0].origin == "a.csv row 4"


def test_a_quote_left_open_swallows_nothing(connection):
    rows = "".join(f"{n},C,X,1\n" for n in range(20_000))
    read = connection.read(HEAD + "A,C,X,1\n" + 'B,C,"X,1\n' + rows)
    raw = json.dumps([bad.raw for bad in read.bad])
    for number in (0, 1, 10_000, 19_999):
        assert str(number) in read.ids or f"{number},C,X,1" in raw


# ---------------------------------------------------------------- a document is bad as a whole


def test_one_bad_row_makes_its_document_bad_with_all_rows(connection):
    read = connection.read(HEAD + "1,C,X,10\n2,C,X,1\n1,C,Y\n1,C,Z,30\n3,C,X,1\n")
    assert read.ids == ["2", "3"]
    (bad,) = read.bad
    assert (bad.reason, bad.external_id, bad.kind) == ("row_too_short", "1", "invoice")
    assert [row["row"] for row in bad.raw["rows"]] == [2, 5, 4]


def test_a_row_that_names_no_document_holds_back_its_neighbours(connection):
    read = connection.read(HEAD + '1,C,X,1\n2,C,X,1\n"?"?,C,X,1\n3,C,X,1\n4,C,X,1\n')
    assert read.ids == ["1", "4"]
    assert [(bad.external_id, bad.reason) for bad in read.bad] == [("2", "bad_quoting"), ("3", "bad_quoting")]


def test_a_row_without_id_may_continue_the_document_above(connection):
    read = connection.read(HEAD + "1,C,X,1\n,,Y,2\n,,Z,3\n2,C,X,1\n")
    assert read.ids == ["2"]
    assert [row["row"] for row in read.bad[0].raw["rows"]] == [2, 3, 4]


# ---------------------------------------------------------------- xlsx


def test_numbers_and_dates_of_a_workbook_are_what_excel_shows(connection):
    instant = datetime.fromisoformat("2026-01-05T10:30")
    values = [0.1 + 0.2, 1e15, 1001, 1.5, True, date(2026, 1, 5), instant, time(8), 1e-7, -0.0]
    rows = [["Invoice", "Customer", "Item", "Net"], *([n, "C", "X", value] for n, value in enumerate(values, 1))]
    read = connection.read(workbook(rows), name="a.xlsx")
    shown = ["0.3", "1000000000000000", "1001", "1.5", "true", "2026-01-05", "2026-01-05T10:30:00", "08:00:00"]
    assert [record.lines[0]["net"] for record in read.records] == [*shown, "0.0000001", "0"]


@given(st.integers(-(10**14), 10**14), st.integers(0, 6))
def test_amounts_of_up_to_15_digits_survive_a_float(figures, digits):
    amount = Decimal(figures).scaleb(-digits)
    assert Decimal(float_text(float(amount))) == amount


def test_an_error_value_of_excel_is_a_bad_row(connection):
    read = connection.read(workbook([*PLAIN, ["3", "#REF!", "X", 1]]), name="a.xlsx")
    assert read.ids == ["1", "2"]
    assert (read.reasons, read.bad[0].external_id) == (["cell_error"], "3")
    assert "row 4" in read.bad[0].message and "'Customer'" in read.bad[0].message


def test_short_rows_of_a_sheet_are_whole_and_long_ones_are_bad(connection):
    read = connection.read(workbook([*PLAIN, ["3", "C"], ["4", "C", "X", "Z", "more"]]), name="a.xlsx")
    assert read.ids == ["1", "2", "3"]
    assert read.reasons == ["row_too_long"]


def test_the_sheet_is_chosen_by_name(connection):
    content = workbook(PLAIN, "Sales")
    assert connection.read(content, {**INVOICES, "sheet": "Sales"}, "a.xlsx").ids == ["1", "2"]
    read = connection.read(content, {**INVOICES, "sheet": "Other"}, "a.xlsx")
    assert read.reasons == ["missing_sheet"] and "Sales" in read.bad[0].message


def test_a_workbook_made_to_exhaust_memory_is_refused(connection):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (3 << 20))
    read = connection.read(content.getvalue(), {**INVOICES, "largest_megabytes": 2}, "a.xlsx")
    assert read.reasons == ["too_large"]


def test_a_workbook_with_entities_is_refused(connection):
    evil = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(PLAIN))) as source, zipfile.ZipFile(content, "w") as archive:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                data = evil + data.replace(b"<t>C</t>", b"<t>&x;</t>", 1)
            archive.writestr(entry.filename, data)
    read = connection.read(content.getvalue(), name="a.xlsx")
    assert (read.reasons, read.records) == (["unreadable"], [])


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_a_truncated_file_is_one_bad_record(connection, suffix, keep):
    whole = workbook(PLAIN) if suffix == "xlsx" else parquet(pa.table({"Invoice": ["1"], "Customer": ["C"]}))
    read = connection.read(whole[: int(len(whole) * keep)], name=f"a.{suffix}")
    assert (read.reasons, read.records) == (["unreadable"], [])


def test_files_that_are_not_what_their_suffix_says(connection):
    assert connection.read(HEAD + GOOD, name="a.xlsx").reasons == ["wrong_content"]
    assert connection.read(HEAD + GOOD, name="a.parquet").reasons == ["wrong_content"]
    old = connection.read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", name="a.xlsx")
    assert old.reasons == ["wrong_content"] and ".xls" in old.bad[0].message
    assert connection.read(HEAD, name="a.pdf").reasons == ["unknown_format"]


# ---------------------------------------------------------------- parquet


def test_parquet_values_are_exact_text(connection):
    table = pa.table(
        {
            "Invoice": pa.array([1, 2, 3], pa.int64()),
            "Customer": pa.array(["C", None, "D"]).dictionary_encode(),
            "Item": pa.array(["2026-01-05T10", None, "2026-01-06"]).cast(pa.timestamp("ns")),
            "Net": pa.array([Decimal("1.50"), Decimal("-0.05"), None], pa.decimal128(9, 2)),
        }
    )
    read = connection.read(parquet(table), name="a.parquet")
    assert read.bad == []
    assert [dict(record.lines[0]) for record in read.records] == [
        {"product": "2026-01-05T10:00:00", "net": "1.50"},
        {"net": "-0.05"},
        {"product": "2026-01-06T00:00:00"},
    ]
    assert [record.fields.get("account") for record in read.records] == ["C", None, "D"]


def test_parquet_instants_are_utc_and_floats_have_15_digits(connection):
    at = pa.array([datetime(2026, 1, 5, 10, tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin"))
    table = pa.table({"Invoice": [1.0], "Customer": [True], "Item": at, "Net": [0.1 + 0.2]})
    (record,) = connection.read(parquet(table), name="a.parquet").records
    assert record.fields == {"id": "1", "account": "true"}
    assert record.lines == ({"product": "2026-01-05T10:00:00+00:00", "net": "0.3"},)


def test_parquet_text_that_is_no_text_spoils_its_row(connection):
    raw = pa.array([b"C", b"\xff", b"D\0"], pa.binary())
    table = pa.table({"Invoice": ["1", "2", "3"], "Customer": raw, "Item": ["X"] * 3, "Net": ["1"] * 3})
    read = connection.read(parquet(table), name="a.parquet")
    assert read.ids == ["1"]
    assert [(bad.external_id, bad.reason) for bad in read.bad] == [("2", "unreadable_cell"), ("3", "nul_byte")]


def test_parquet_lists_and_huge_files_are_refused(connection):
    table = pa.table({"Invoice": [["1"]], "Customer": ["C"], "Item": ["X"], "Net": ["1"]})
    assert connection.read(parquet(table), name="a.parquet").reasons == ["unsupported_type"]
    nulls = pa.nulls(200_000, pa.string())
    bomb = pa.table(dict.fromkeys(("Invoice", "Customer", "Item", "Net"), nulls))
    read = connection.read(parquet(bomb), {**INVOICES, "largest_megabytes": 1}, "a.parquet")
    assert read.reasons == ["too_large"]


# ---------------------------------------------------------------- anything at all

_FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PATTERN = Pattern.model_validate(INVOICES)


@_FUZZ
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.xlsx", "a.parquet", "a"]))
def test_arbitrary_bytes_never_raise(data, name):
    read_table(name, data, _PATTERN)


@_FUZZ
@given(st.text(alphabet=',"\n\r\0;XÄ \ud7ff1', max_size=200))
def test_arbitrary_csv_never_raises_and_loses_no_cell(text):
    table = read_table("a.csv", (HEAD + text).encode(), _PATTERN)
    kept = sum(text.count("X") for values in table.columns.values() for text in values)
    assert kept + str([fault.raw for fault in table.broken]).count("X") == text.count("X")


_WHOLE = {
    "a.xlsx": workbook(PLAIN),
    "a.parquet": parquet(pa.table({name: [row[i] for row in PLAIN[1:]] for i, name in enumerate(PLAIN[0])})),
}


@_FUZZ
@given(st.sampled_from(sorted(_WHOLE)), st.data())
def test_damaged_files_never_raise(name, data):
    content = bytearray(_WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_table(name, bytes(content), _PATTERN)
