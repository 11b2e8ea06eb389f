"""A files connection in a temporary folder, and what it reads from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.files.adapter import FilesAdapter
from connectors.spi import Page, Window
from core.documents import BadRecord, RawRecord

INVOICES: dict[str, Any] = {
    "name": "sales",
    "files": "*",
    "kind": "invoice",
    "columns": {"id": "Invoice", "account": "Customer"},
    "lines": {"product": "Item", "net": "Net"},
}
ACCOUNTS: dict[str, Any] = {
    "name": "customers",
    "files": "*",
    "kind": "account",
    "columns": {"id": "Customer", "name": "Name"},
}


class Connection:
    """`base/in` is read, `base/out` written."""

    def __init__(self, base: Path) -> None:
        self.base, self.folder, self.out = base, base / "in", base / "out"
        self.folder.mkdir()
        self.out.mkdir()
        self.cursor: Mapping[str, Any] = {}

    def adapter(self, pattern: Mapping[str, Any] = INVOICES) -> FilesAdapter:
        settings = {"folder": "in", "out": "out", "patterns": [dict(pattern)]}
        return FilesAdapter.build("files", FilesAdapter.Settings.model_validate(settings), base=self.base)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def pull(self, pattern: Mapping[str, Any] = INVOICES, until: datetime | None = None) -> list[Page]:
        """All pages up to `until` (a minute from now); the cursor is kept for the next pull."""
        window = Window(until or datetime.now(UTC) + timedelta(minutes=1))
        pages = list(self.adapter(pattern).pull(pattern["name"], window, self.cursor))
        for page in pages:
            self.cursor = page.cursor or self.cursor
        return pages

    def read(self, content: str | bytes, pattern: Mapping[str, Any] = INVOICES, name: str = "a.csv") -> Read:
        """What one file with this content gives, read on its own."""
        for path in self.folder.iterdir():
            path.unlink()
        self.cursor = {}
        self.put(name, content)
        return Read(self.pull(pattern))


class Read:
    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = list(pages)
        self.records: list[RawRecord] = [record for page in pages for record in page.records]
        self.bad: list[BadRecord] = [bad for page in pages for bad in page.bad]

    @property
    def ids(self) -> list[str]:
        return [record.external_id for record in self.records]

    @property
    def reasons(self) -> list[str]:
        return [bad.reason for bad in self.bad]


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    return Connection(tmp_path)
