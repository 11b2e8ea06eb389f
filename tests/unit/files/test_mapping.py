"""Rows become records: what belongs together, what contradicts itself, which order a version has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.files.grouping import order_of
from connectors.files.pattern import Pattern
from connectors.files.settings import Settings

INVOICES = {
    "name": "sales",
    "files": "*",
    "kind": "invoice",
    "columns": {"id": "Invoice", "account": "Customer"},
    "lines": {"product": "Item", "net": "Net"},
}
ACCOUNTS = {"name": "customers", "files": "*", "kind": "account", "columns": {"id": "Id", "name": "Name"}}
HEAD = "Invoice,Customer,Item,Net\n"


def test_rows_of_a_document_need_not_be_adjacent(connection):
    read = connection.read(HEAD + "1,C,X,1\n2,D,X,2\n1,C,Y,3\n1,C,X,1\n")
    assert read.ids == ["1", "2"]
    assert [line["net"] for line in read.records[0].lines] == ["1", "3", "1"]


def test_a_document_that_contradicts_itself_is_bad(connection):
    read = connection.read(HEAD + "1,C,X,1\n1,D,X,2\n2,C,X,2\n")
    assert read.ids == ["2"]
    (bad,) = read.bad
    assert (bad.reason, bad.external_id) == ("contradictory", "1")
    assert all(word in bad.message for word in ("a.csv row 3", "'Customer'", "'C'", "'D'"))
    assert [row["values"]["Net"] for row in bad.raw["rows"]] == ["1", "2"]


def test_a_field_that_may_vary_is_that_of_the_first_row(connection):
    read = connection.read(HEAD + "1,C,X,1\n1,D,X,2\n", {**INVOICES, "varying": ["account"]})
    (record,) = read.records
    assert record.fields["account"] == "C" and len(record.lines) == 2 and not read.bad


def test_only_mapped_fields_may_vary(connection):
    with pytest.raises(ValueError, match="'due' is no mapped field"):
        connection.adapter({**INVOICES, "varying": ["due"]})


def test_a_changed_pattern_reads_its_files_again(connection):
    assert connection.read(HEAD + "1,C,X,1\n").ids == ["1"]
    assert not connection.pull()
    (page,) = connection.pull({**INVOICES, "varying": ["account"]})
    assert [record.external_id for record in page.records] == ["1"]


def test_master_records_may_repeat_but_not_contradict(connection):
    read = connection.read("Id,Name\n1,A\n1,A\n2,B\n2,C\n", ACCOUNTS)
    assert read.ids == ["1"] and [(bad.external_id, bad.reason) for bad in read.bad] == [("2", "contradictory")]


def test_versions_of_a_master_record_are_told_apart_by_order(connection):
    read = connection.read("Id,Name,Rev\n1,A,1\n1,B,2\n2,C,x\n", {**ACCOUNTS, "order": "Rev"})
    assert [(record.external_id, record.order, record.fields["name"]) for record in read.records] == [
        ("1", 1, "A"),
        ("1", 2, "B"),
    ]
    assert read.reasons == ["bad_order"] and "'x'" in read.bad[0].message


def test_a_dated_state_is_a_record_of_its_own(connection):
    pattern = {**ACCOUNTS, "columns": {"id": "Id", "name": "Name", "valid_from": "From"}}
    read = connection.read("Id,Name,From\n1,A,\n1,B,2026-01-01\n", pattern)
    assert read.ids == ["1", "1@2026-01-01"]


def test_an_exchange_rate_is_known_by_its_currencies_and_day(connection):
    pattern = {
        "name": "rates",
        "files": "*",
        "kind": "exchange_rate",
        "columns": {"base": "From", "quote": "To", "on": "Day", "rate": "Rate"},
    }
    read = connection.read("From,To,Day,Rate\nGBP,EUR,2026-01-05,1.15\nGBP,EUR,,1.15\n", pattern)
    assert read.ids == ["GBP/EUR/2026-01-05"]
    assert read.reasons == ["missing_id"] and "base, quote and on" in read.bad[0].message


def test_kind_and_skip_rules_and_the_company_column(connection):
    pattern = {
        **INVOICES,
        "company": {"column": "Net"},
        "kind_rules": [{"column": "Invoice", "starts_with": "C", "kind": "credit_note"}],
        "skip_rules": [{"column": "Item", "in": ["Total", ""]}],
    }
    read = connection.read(HEAD + "1,C,X,DE\nC2,C,X,AT\n,,Total,9\n3,C,,DE\n", pattern)
    assert [(record.kind, record.external_id, record.company) for record in read.records] == [
        ("invoice", "1", "DE"),
        ("credit_note", "C2", "AT"),
    ]
    assert read.bad == [] and "2 rows left out" in read.pages[-1].note


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("17", 17),
        (" -3 ", -3),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T01:00:00.000001+01:00", 1),
        ("1970-01-02", 86_400_000_000),
        ("1970-01-01 00:00:02", 2_000_000),
        ("", None),
        ("soon", None),
        ("9" * 30, None),
        ("٣", None),
    ],
)
def test_the_order_is_an_integer_or_an_instant_in_microseconds(text, order):
    assert order_of(text) == order


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"columns": {"id": "A", "colour": "B"}}, "columns", ["colour", "account", "total_net"]),
        ({"columns": {"account": "B"}}, "columns", ["id"]),
        ({"lines": {"qty": "B"}}, "lines", ["qty", "quantity"]),
        ({"kind": "payment", "columns": {"id": "A"}}, "lines", ["payment"]),
        ({"sequence": "[0-9]+"}, "sequence", ["named group"]),
        ({"sequence": "("}, "sequence", ["regular expression"]),
        ({"mode": "full", "covers": r"(?P<year>\d{4})"}, "covers", ["month"]),
        ({"mode": "full"}, "covers", ["everything"]),
        ({"covers": "everything"}, "covers", ["delta"]),
        ({"files": "/etc/*"}, "files", ["inside"]),
        ({"encoding": "klingon"}, "encoding", ["klingon", "cp1252"]),
        ({"marker": "done"}, "marker", ["{name}"]),
        ({"marker": "{name.__class__}"}, "marker", ["{name}"]),
        ({"spans_files": {"group": "x", "completed_by": "{group}.done"}}, "spans_files.group", ["named group"]),
        ({"spans_files": {"group": "(?P<g>x)", "completed_by": "done"}}, "spans_files.completed_by", ["{group}"]),
        ({"skip_rules": [{"column": "A"}]}, "skip_rules.0", ["exactly one"]),
        ({"kind_rules": [{"column": "A", "equals": "x", "kind": "payment"}]}, "kind_rules", ["lines"]),
        ({"delimiter": "\n"}, "delimiter", ["line break"]),
    ],
)
def test_wrong_settings_are_refused_with_place_and_remedy(changes, path, words):
    with pytest.raises(ValidationError) as caught:
        Pattern.model_validate({**INVOICES, **changes})
    errors = {".".join(map(str, error["loc"])): error["msg"] for error in caught.value.errors()}
    assert path in errors, errors
    for word in words:
        assert word in errors[path]


def test_two_patterns_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="sales stands twice"):
        Settings.model_validate({"folder": "in", "patterns": [INVOICES, INVOICES]})


REAL = Path(__file__).parents[4] / "shared" / "data" / "online_retail_2009_2010.parquet"


@pytest.mark.skipif(not REAL.exists(), reason=f"the data set is not at {REAL}")
def test_no_line_of_real_data_is_lost(connection):
    pattern = {
        "name": "sales",
        "files": "*.parquet",
        "kind": "invoice",
        "columns": {"id": "invoice_no", "issued": "invoice_at", "account": "customer_id"},
        "lines": {"product": "stock_code", "quantity": "quantity", "price": "unit_price"},
        "kind_rules": [{"column": "invoice_no", "starts_with": "C", "kind": "credit_note"}],
    }
    shutil.copy(REAL, connection.folder / "real.parquet")
    pages = connection.pull(pattern)
    records = [record for page in pages for record in page.records]
    bad = [fault for page in pages for fault in page.bad]
    lines = sum(len(record.lines) for record in records)
    assert lines + sum(len(fault.raw["rows"]) for fault in bad) == 525_461
    assert {fault.reason for fault in bad} == {"contradictory"}
    assert max(sum(len(record.lines) for record in page.records) for page in pages) < 25_000
    assert [page.cursor is not None for page in pages] == [False] * (len(pages) - 1) + [True]
