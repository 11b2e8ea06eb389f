"""The files adapter passes the conformance suite: on a delta pattern with lines, and on a full one."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import AdapterConformance, Harness, Seed, cannot, sample_request, unbalanced
from connectors.files.adapter import FilesAdapter
from connectors.files.register import Register
from connectors.spi import UnknownOutcome, WriteKind, WriteRequest

_FOLDERS = {"credit_note": "credit-notes", "debit_invoice": "debit-invoices"}
STAMP = datetime(2026, 2, 3, 12, tzinfo=UTC)


def _stamp(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


class FilesHarness(Harness):
    """Delta: one file for each act. A document has two lines, so that a page of 20,000 lines is not needed."""

    page_size = 2_000

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "in").mkdir()
        (base / "out").mkdir()
        self._number = 0

    def pattern(self) -> dict[str, Any]:
        return {
            "name": "sales",
            "files": "sales-*.csv",
            "kind": "invoice",
            "columns": {"id": "Invoice", "account": "Customer"},
            "lines": {"product": "Item", "description": "Text"},
            "sequence": r"sales-(?P<number>\d+)",
        }

    def settings(self) -> dict[str, Any]:
        return {"folder": "in", "out": "out", "patterns": [self.pattern()]}

    def build(self) -> FilesAdapter:
        settings = FilesAdapter.Settings.model_validate(self.settings())
        return FilesAdapter.build("files", settings, base=self.base)

    def seed(self, records: Sequence[Seed]) -> None:
        for path in (self.base / "in").iterdir():
            path.unlink()
        if records:
            self.write(records)

    def write(self, records: Sequence[Seed]) -> Path:
        self._number += 1
        path = self.base / "in" / f"sales-{self._number:04d}.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("Invoice", "Customer", "Item", "Text"))
            rows.writerows((record.id, "C-1", item, record.text) for record in records for item in ("X", "Y"))
        return path

    def add(self, record: Seed) -> None:
        self.write([record])

    def change(self, record: Seed) -> None:
        self.write([record])

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed([])
        for part in (records[0::3], records[1::3], records[2::3]):
            _stamp(self.write(part), STAMP)
        return STAMP

    def add_earlier(self, record: Seed) -> None:
        _stamp(self.write([record]), STAMP - timedelta(hours=1))

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        """A file written and numbered before others, and moved into the folder after them."""
        path = self.write([record])
        path.rename(self.base / path.name)
        yield
        (self.base / path.name).rename(path)

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        """The two rows of the bad one name two customers."""
        self.seed([])
        path = self.write(records)
        head, *rows = path.read_text().splitlines()
        path.write_text("\n".join([head, "BAD,C-1,X,first", *rows, "BAD,C-2,Y,first", ""]))

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        def with_pattern(**changes: Any) -> dict[str, Any]:
            return {**self.settings(), "patterns": [{**self.pattern(), **changes}]}

        return {
            "patterns.0.columns": with_pattern(columns={"id": "Invoice", "colour": "Colour"}),
            "patterns.0.kind": with_pattern(kind="order"),
            "patterns.0.sequence": with_pattern(sequence="("),
            "patterns.0.covers": with_pattern(mode="full"),
            "patterns.0.files": with_pattern(files="../*.csv"),
            "patterns": {**self.settings(), "patterns": [self.pattern(), self.pattern()]},
        }

    def stored(self, kind: WriteKind, key: str) -> int:
        out = self.base / "out"
        if kind in _FOLDERS:
            return len(list((out / _FOLDERS[kind]).glob(f"{key}*.xml")))
        if kind == "journal":
            return len(list((out / "journal").glob(f"*{key}*")))
        register = out / {"account_note": "account-notes.csv", "tier": "tiers.csv"}[kind]
        return register.read_text().count(key) if register.exists() else 0

    @contextmanager
    def lost_reply(self) -> Iterator[None]:
        """The process dies right after what is asked for stands on disk."""
        add, link = Register.add, os.link

        def dies(register: Register, row: Sequence[str]) -> bool:
            if register.path.parent.name not in _FOLDERS.values():
                add(register, row)
            raise UnknownOutcome("died")

        def links(source: Any, target: Any) -> None:
            link(source, target)
            if "journal" in str(target):
                raise OSError(5, "input/output error")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Register, "add", dies)
            patch.setattr("os.link", links)
            yield

    @contextmanager
    def remote_down(self) -> Iterator[None]:
        for name in ("in", "out"):
            (self.base / name).rename(self.base / f"{name}-away")
        yield
        for name in ("in", "out"):
            (self.base / f"{name}-away").rename(self.base / name)

    def refused(self, kind: WriteKind) -> WriteRequest:
        return unbalanced(sample_request(kind))


class FullHarness(FilesHarness):
    """Full: one file that holds everything, rewritten at each act."""

    def pattern(self) -> dict[str, Any]:
        return {
            "name": "customers",
            "files": "customers.csv",
            "kind": "account",
            "mode": "full",
            "covers": "everything",
            "columns": {"id": "Customer", "name": "Name"},
        }

    def seed(self, records: Sequence[Seed]) -> None:
        self.records = {record.id: record for record in records}
        with (self.base / "in" / "customers.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("Customer", "Name"))
            rows.writerows((record.id, record.text) for record in records)

    def add(self, record: Seed) -> None:
        self.seed([*self.records.values(), record])

    def change(self, record: Seed) -> None:
        self.seed(list({**self.records, record.id: record}.values()))

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed(records)
        _stamp(self.base / "in" / "customers.csv", STAMP)
        return STAMP

    def add_earlier(self, record: Seed) -> None:
        cannot("one file holds everything: nothing in it is earlier than the rest")

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        cannot("one file holds everything: nothing in it is later than the rest")
        yield

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed([*records, Seed("")])

    def delete(self, record_id: str) -> None:
        self.seed([record for record in self.records.values() if record.id != record_id])

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        cannot("the delta harness names them")


class TestFilesDelta(AdapterConformance):
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return FilesHarness(tmp_path)


class TestFilesFull(AdapterConformance):
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return FullHarness(tmp_path)
