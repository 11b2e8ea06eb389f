"""The conformance suite's hand on a real SuiteCRM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.conformance import Seed
from tests.helpers.real_harness import OnRealServer
from tests.helpers.stand_ins.suitecrm_harness import SuiteCRMHarness
from tests.helpers.suitecrm_real import RealSuiteCRM


class RealSuiteCRMHarness(OnRealServer, SuiteCRMHarness):
    """As on the stand-in; only transactions are its own."""

    suite: Any

    def __init__(self, suite: RealSuiteCRM, folder: Path) -> None:
        stand_in: Any = suite
        self.real = stand_in
        super().__init__(stand_in, folder)

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        website = f"https://{record.text}.example.com"
        rows = self.real.new_account(f"Account {record.id}", {"website": website})
        with self.real.database.inserted_late(rows):
            self.names[rows["accounts"]["id"]] = record.id
            yield
