"""Exactly one document a key, whoever races and wherever it crashes; registers that mend themselves."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.conformance import sample_key, sample_request
from connectors.files.adapter import FilesAdapter
from connectors.spi import AlreadyExists, JournalRow, UnknownOutcome, WriteRefused
from core.errors import FatalError, RetryableError


def adapter_at(base: Path) -> FilesAdapter:
    return FilesAdapter.build("files", FilesAdapter.Settings.model_validate({"out": "out"}), base=base)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_register_has_one_row_a_document(connection):
    adapter = connection.adapter()
    for number in (1, 2):
        adapter.create(sample_request("credit_note", number))
    first, second = rows(connection.out / "credit-notes" / "register.csv")
    assert (first["key"], second["key"]) == (sample_key(1), sample_key(2))
    assert first["file"] == f"{sample_key(1)}.xml" and first["buyer_name"] == "Buyer & Söhne"
    assert (first["net"], first["tax"], first["gross"], first["currency"]) == ("15.05", "2.51", "17.56", "EUR")


def test_cells_are_no_formulas_and_one_row_is_one_line(connection):
    request = sample_request("credit_note")
    buyer = request.buyer._replace(name='=HYPERLINK("x")')
    negative = replace(
        request,
        buyer=buyer,
        lines=tuple(line._replace(net=-line.net) for line in request.lines),
        taxes=tuple(part._replace(net=-part.net, tax=-part.tax) for part in request.taxes),
        net=-request.net,
        tax=-request.tax,
    )
    connection.adapter().create(negative)
    (row,) = rows(connection.out / "credit-notes" / "register.csv")
    assert row["buyer_name"] == '\'=HYPERLINK("x")' and row["net"] == "-15.05"
    texts = ["+1 more", "@cmd", "\tx", "two\r\nlines"]
    for number, text in enumerate(texts, 1):
        connection.adapter().create(replace(sample_request("account_note", number), text=text))
    told = [row["text"] for row in rows(connection.out / "account-notes.csv")]
    assert told == ["'+1 more", "'@cmd", "'\tx", "two lines"]
    assert (connection.out / "account-notes.csv").read_bytes().count(b"\n") == 5


@pytest.mark.parametrize("kind", ["account_note", "tier"])
@pytest.mark.parametrize("torn", [1, 10, 40])
def test_a_row_torn_by_a_crash_is_cut_off_and_written_anew(connection, kind, torn):
    path = connection.out / {"account_note": "account-notes.csv", "tier": "tiers.csv"}[kind]
    for number in (1, 2):
        connection.adapter().create(sample_request(kind, number))
    path.write_bytes(path.read_bytes()[:-torn])
    adapter = connection.adapter()
    assert adapter.look_up(kind, sample_key(2)) == ()
    assert len(adapter.look_up(kind, sample_key(1))) == 1
    adapter.create(sample_request(kind, 2))
    assert [row["key"] for row in rows(path)] == [sample_key(1), sample_key(2)]


def test_a_torn_header_is_written_anew(connection):
    (connection.out / "tiers.csv").write_bytes(b"key,acc")
    connection.adapter().create(sample_request("tier"))
    assert len(rows(connection.out / "tiers.csv")) == 1


def test_a_register_of_another_shape_is_not_touched(connection):
    path = connection.out / "tiers.csv"
    path.write_text("Schlüssel;Konto\n1;2\n")
    with pytest.raises(FatalError, match=r"tiers\.csv"):
        connection.adapter().create(sample_request("tier"))
    assert path.read_text() == "Schlüssel;Konto\n1;2\n"


def test_a_full_disk_leaves_no_torn_row(connection, monkeypatch):
    adapter = connection.adapter()
    adapter.create(sample_request("tier", 1))
    before = (connection.out / "tiers.csv").read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:10]))
    with pytest.raises(UnknownOutcome):
        adapter.create(sample_request("tier", 2))
    monkeypatch.undo()
    assert (connection.out / "tiers.csv").read_bytes() == before
    adapter.create(sample_request("tier", 2))
    assert len(rows(connection.out / "tiers.csv")) == 2


@pytest.mark.parametrize("kind", ["account_note", "tier"])
def test_rows_of_another_process_are_seen_at_once(connection, kind):
    one, other = connection.adapter(), connection.adapter()
    one.create(sample_request(kind, 1))
    other.create(sample_request(kind, 2))
    assert len(one.look_up(kind, sample_key(2))) == 1
    with pytest.raises(AlreadyExists):
        one.create(sample_request(kind, 2))


def create_and_report(base: Path, kind: str, start, results) -> None:
    adapter = adapter_at(base)
    won = 0
    start.wait(30)
    for number in range(20):
        try:
            adapter.create(sample_request(kind, number))
            won += 1
        except AlreadyExists:
            pass
    results.put(won)


@pytest.mark.parametrize("kind", ["credit_note", "account_note", "journal"])
def test_of_two_processes_exactly_one_writes_a_key(connection, kind):
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(2), spawn.Queue()
    racers = [spawn.Process(target=create_and_report, args=(connection.base, kind, start, results)) for _ in range(2)]
    for racer in racers:
        racer.start()
    won = [results.get(timeout=30) for _ in racers]
    for racer in racers:
        racer.join()
    assert sum(won) == 20
    adapter = connection.adapter()
    assert all(len(adapter.look_up(kind, sample_key(number))) == 1 for number in range(20))
    if kind == "credit_note":
        assert len(rows(connection.out / "credit-notes" / "register.csv")) == 20


def create_and_die(base: Path) -> None:
    from connectors.files.register import Register

    Register.add = lambda register, row: os.kill(os.getpid(), signal.SIGKILL)
    adapter_at(base).create(sample_request("credit_note"))


def test_killed_between_document_and_register_the_look_up_completes_it(connection):
    process = multiprocessing.get_context("spawn").Process(target=create_and_die, args=(connection.base,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    register = connection.out / "credit-notes" / "register.csv"
    assert not register.exists()
    adapter = connection.adapter()
    with pytest.raises(AlreadyExists):
        adapter.create(sample_request("credit_note"))
    for _ in range(2):
        (found,) = adapter.look_up("credit_note", sample_key(1))
        assert found.net == 1505
        (row,) = rows(register)
        assert row["gross"] == "17.56"


def test_a_failing_link_leaves_nothing_and_may_be_tried_again(connection, monkeypatch):
    def fails(source, target):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "link", fails)
    with pytest.raises(RetryableError, match="no space"):
        connection.adapter().create(sample_request("credit_note"))
    monkeypatch.undo()
    assert list((connection.out / "credit-notes").iterdir()) == []
    connection.adapter().create(sample_request("credit_note"))


@pytest.mark.parametrize("key", ["../../x", "RB-ABCDEFGH2345/../x", "RB-abc", "", "RB-ABCDEFGH2345\n"])
def test_only_keys_of_ours_become_names(connection, key):
    adapter = connection.adapter()
    for kind in ("credit_note", "journal", "tier"):
        with pytest.raises(WriteRefused):
            adapter.create(replace(sample_request(kind), key=key))
        assert adapter.look_up(kind, key) == () and adapter.read_back(kind, key) is None
    assert list(connection.out.iterdir()) == []


def test_a_journal_balances_and_is_one_a_key(connection):
    adapter = connection.adapter()
    request = sample_request("journal")
    adapter.create(replace(request, entity="DE / ../01"))
    (path,) = (connection.out / "journal").glob("*.csv")
    assert path.name == f"2026-01-DE-01-{request.key}.csv"
    assert [(row["debit"], row["credit"]) for row in rows(path)] == [("15.05", "0.00"), ("0.00", "15.05")]
    with pytest.raises(AlreadyExists):
        adapter.create(replace(request, month="2026-02"))
    yen = JournalRow("DE01", "6100", "p", "C", "2026-01", "JPY", 15, 0)
    for wrong in ((yen,), (yen._replace(credit=15),), (yen._replace(debit=-1),)):
        with pytest.raises(WriteRefused):
            adapter.create(replace(request, key=sample_key(2), rows=wrong))


def test_an_unmounted_out_folder_is_no_empty_one(connection):
    connection.out.rmdir()
    adapter = connection.adapter()
    for call in (
        lambda: adapter.create(sample_request("credit_note")),
        lambda: adapter.look_up("credit_note", sample_key(1)),
        lambda: adapter.read_back("credit_note", sample_key(1)),
    ):
        with pytest.raises(FatalError, match="out"):
            call()
    assert not connection.out.exists()


def test_a_posted_document_is_never_removed(connection):
    adapter = connection.adapter()
    adapter.create(sample_request("credit_note"))
    with pytest.raises(WriteRefused):
        adapter.discard("credit_note", sample_key(1))
    assert len(adapter.look_up("credit_note", sample_key(1))) == 1


def test_a_tier_without_money_is_told_in_its_unit(connection):
    cartons = {"unit": "cartons", "digits": 6, "measure": 1_200_500_000}
    request = replace(sample_request("tier"), to_next=None, next_tier=None, since=None, **cartons)
    connection.adapter().create(request)
    (row,) = rows(connection.out / "tiers.csv")
    assert (row["measure"], row["to_next"], row["next_tier"], row["since"]) == ("1200.5", "", "", "")
    assert (row["to_keep"], row["currency"]) == ("0.02", "cartons")
