"""The conformance suite's hand on a real EspoCRM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.conformance import Seed
from tests.helpers.espocrm_real import RealEspoCRM
from tests.helpers.real_harness import OnRealServer
from tests.helpers.stand_ins.espocrm_harness import EspoCRMHarness

LATE = "6b00000000000000f"


class RealEspoCRMHarness(OnRealServer, EspoCRMHarness):
    """As on the stand-in; only transactions are its own."""

    espo: Any

    def __init__(self, espo: RealEspoCRM, folder: Path) -> None:
        stand_in: Any = espo
        self.real = stand_in
        super().__init__(stand_in, folder)

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        moment = self.real.database.now().replace(tzinfo=None)
        website = f"https://{record.text}.example.com"
        row = {"id": LATE, "name": f"Account {record.id}", "deleted": 0, "website": website}
        with self.real.database.inserted_late({"account": row | {"created_at": moment, "modified_at": moment}}):
            self.names[LATE] = record.id
            yield
