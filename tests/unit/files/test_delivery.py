"""Which files are read when, what a snapshot covers, and what the cursor remembers."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.spi import Window
from core.documents import Coverage
from core.errors import FatalError

INVOICES = {
    "name": "sales",
    "files": "*.csv",
    "kind": "invoice",
    "columns": {"id": "Invoice", "account": "Customer"},
    "lines": {"product": "Item", "net": "Net"},
}
ACCOUNTS = {"name": "customers", "files": "*.csv", "kind": "account", "columns": {"id": "Id", "name": "Name"}}
FULL = {**ACCOUNTS, "mode": "full", "covers": "everything"}
HEAD = "Invoice,Customer,Item,Net\n"


def ids(pages):
    return [record.external_id for page in pages for record in page.records]


def test_files_are_read_in_the_order_of_their_numbers(connection):
    pattern = {**INVOICES, "sequence": r"-(?P<number>[\d-]+)\.csv"}
    for number in ("10", "9", "2026-01"):
        connection.put(f"s-{number}.csv", HEAD + f"{number},C,X,1\n")
    pages = connection.pull(pattern)
    assert ids(pages) == ["9", "10", "2026-01"]
    assert [record.order for page in pages for record in page.records] == [9, 10, 202601]


def test_a_name_without_number_is_told_and_not_read(connection):
    connection.put("s.csv", HEAD + "1,C,X,1\n")
    (page,) = connection.pull({**INVOICES, "sequence": r"-(?P<number>\d+)"})
    assert page.records == () and page.bad[0].reason == "bad_name" and "s.csv" in page.bad[0].message


def test_the_same_bytes_are_not_read_again_and_gone_files_are_forgotten(connection):
    connection.put("a.csv", HEAD + "1,C,X,1\n")
    connection.put("b.csv", HEAD + "2,C,X,1\n")
    assert ids(connection.pull(INVOICES)) == ["1", "2"]
    os.utime(connection.folder / "a.csv", (1, 1))
    assert connection.pull(INVOICES) == []
    (connection.folder / "b.csv").unlink()
    connection.put("a.csv", HEAD + "1,C,X,2\n")
    assert ids(connection.pull(INVOICES)) == ["1"]
    assert list(connection.cursor["files"]) == ["a.csv"]


def test_the_cursor_moves_for_a_file_on_the_page_that_ends_it(connection):
    connection.put("a.csv", HEAD + "".join(f"{n},C,X,1\n" for n in range(4_500)))
    connection.put("b.csv", HEAD + "B,C,X,1\n")
    pages = connection.pull(INVOICES)
    assert [len(page.records) for page in pages] == [2000, 2000, 500, 1]
    ended = [page.cursor and sorted(page.cursor["files"]) for page in pages]
    assert ended == [None, None, ["a.csv"], ["a.csv", "b.csv"]]


def test_files_wait_for_the_end_of_the_window_and_until_they_settle(connection):
    path = connection.put("a.csv", HEAD + "1,C,X,1\n")
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    os.utime(path, (noon.timestamp(), noon.timestamp()))
    settling = {**INVOICES, "settle_seconds": 60}
    assert connection.pull(INVOICES, noon) == []
    assert connection.pull(settling, noon + timedelta(seconds=60)) == []
    assert ids(connection.pull(settling, noon + timedelta(seconds=61))) == ["1"]


def test_a_marker_announces_its_file_and_is_no_file_itself(connection):
    pattern = {**INVOICES, "files": "*", "marker": "{name}.ok"}
    connection.put("a.csv", HEAD + "1,C,X,1\n")
    assert connection.pull(pattern) == []
    connection.put("a.csv.ok", "")
    (page,) = connection.pull(pattern)
    assert ids([page]) == ["1"] and page.bad == ()


SPANS = {**INVOICES, "spans_files": {"group": r"^(?P<group>\d+)-", "completed_by": "{group}.done"}}


def test_documents_span_the_files_of_a_complete_delivery(connection):
    connection.put("7-a.csv", HEAD + "1,C,X,1\n")
    connection.put("7-b.csv", HEAD + "1,C,Y,2\n2,C,X,3\n")
    connection.put("8-a.csv", HEAD + "3,C,Y,2\n")
    assert connection.pull(SPANS) == []
    connection.put("7.done", "")
    (page,) = connection.pull(SPANS)
    assert [(record.external_id, len(record.lines)) for record in page.records] == [("1", 2), ("2", 1)]
    assert sorted(connection.cursor["files"]) == ["7-a.csv", "7-b.csv"]
    connection.put("7-b.csv", HEAD + "1,C,Y,5\n")
    assert [line["net"] for line in connection.pull(SPANS)[0].records[0].lines] == ["1", "5"]


def test_nothing_of_a_delivery_lands_when_one_of_its_files_is_unreadable(connection):
    connection.put("7-a.csv", HEAD + "1,C,X,1\n")
    connection.put("7-b.csv", "no header of ours\n")
    connection.put("7.done", "")
    (page,) = connection.pull(SPANS)
    assert page.records == ()
    assert [(bad.reason, bad.external_id) for bad in page.bad] == [
        ("missing_columns", None),
        ("incomplete_delivery", "1"),
    ]


def test_links_out_of_the_folder_are_not_read(connection, tmp_path):
    (tmp_path / "secret.csv").write_text(HEAD + "1,C,X,1\n")
    (connection.folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (connection.folder / "loop.csv").symlink_to(connection.folder / "loop.csv")
    (connection.folder / "up").symlink_to(tmp_path)
    os.mkfifo(connection.folder / "pipe.csv")
    connection.put("own.csv", HEAD + "2,C,X,1\n")
    (connection.folder / "inside.csv").symlink_to(connection.folder / "own.csv")
    assert ids(connection.pull({**INVOICES, "files": "**/*.csv"})) == ["2", "2"]
    warnings = [finding for finding in connection.adapter(INVOICES).check() if finding.level == "warning"]
    assert any("link.csv" in finding.message for finding in warnings)


def test_a_full_file_is_a_snapshot_of_everything(connection):
    connection.put("a.csv", "Id,Name\n1,A\n2,B\n")
    (page,) = connection.pull({**FULL, "company": "DE"})
    assert page.coverage == Coverage("snapshot", "account", "DE", None, None, True)
    assert page.seen == {"1", "2"}


@pytest.mark.parametrize("content", ["Id,Name\n", "", "Id,Name\n1,A\n2\n", "Id,Name\n1,A\n1,B\n"])
def test_a_snapshot_with_faults_or_without_rows_deletes_nothing(connection, content):
    connection.put("a.csv", content)
    (page,) = connection.pull(FULL)
    assert page.coverage is not None and page.coverage.complete is False


def test_ids_of_bad_rows_are_seen(connection):
    connection.put("a.csv", "Id,Name\n1,A\n2,\0\n")
    (page,) = connection.pull(FULL)
    assert page.seen == {"1", "2"}


def test_a_month_is_covered_by_name_and_other_kinds_have_their_own_page(connection):
    pattern = {
        **INVOICES,
        "mode": "full",
        "covers": r"(?P<year>\d{4})-(?P<month>\d{2})",
        "kind_rules": [{"column": "Invoice", "starts_with": "C", "kind": "credit_note"}],
    }
    connection.put("sales-2025-12.csv", HEAD + "1,C,X,1\nC2,C,X,1\n")
    first, second = connection.pull(pattern)
    december = (date(2025, 12, 1), date(2026, 1, 1), True)
    assert first.coverage == Coverage("snapshot", "invoice", "", *december)
    assert second.coverage == Coverage("snapshot", "credit_note", "", *december)
    assert (first.seen, second.seen) == ({"1"}, {"C2"})
    assert (first.cursor, second.records) == (None, ()) and second.cursor


def test_an_older_snapshot_that_comes_late_deletes_nothing(connection):
    pattern = {**FULL, "sequence": r"(?P<number>\d+)"}
    connection.put("2.csv", "Id,Name\n1,A\n2,B\n")
    connection.pull(pattern)
    connection.put("1.csv", "Id,Name\n1,A\n")
    (page,) = connection.pull(pattern)
    assert page.coverage is not None and page.coverage.complete is False and "later file" in page.note


def test_a_missing_folder_is_a_persons_matter(connection):
    connection.folder.rmdir()
    with pytest.raises(FatalError, match="in"):
        connection.pull(INVOICES)
    levels = {finding.what: finding.level for finding in connection.adapter(INVOICES).check()}
    assert levels == {"folder": "error", "out": "ok"}


def test_a_file_that_changes_while_it_is_read_waits(connection, monkeypatch):
    path = connection.put("a.csv", HEAD + "1,C,X,1\n")
    window = Window(datetime.now(UTC) + timedelta(minutes=1))
    pull = connection.adapter(INVOICES)
    from connectors.files import adapter

    found = adapter.found_files

    def found_then_changed(*arguments):
        result = found(*arguments)
        path.write_text(HEAD + "1,C,X,1\n2,C,X,1\n")
        return result

    monkeypatch.setattr(adapter, "found_files", found_then_changed)
    assert list(pull.pull("sales", window, {})) == []


def test_check_names_missing_columns_and_those_there_are(connection):
    connection.put("a.csv", "Invoice,Customer\n")
    (error,) = [finding for finding in connection.adapter(INVOICES).check() if finding.level == "error"]
    assert error.what == "patterns.sales"
    assert "'Item', 'Net'" in error.message and "'Customer'" in error.hint
    connection.put("a.csv", HEAD)
    assert [finding.level for finding in connection.adapter(INVOICES).check()] == ["ok", "ok", "ok"]
    assert list(connection.out.iterdir()) == []
