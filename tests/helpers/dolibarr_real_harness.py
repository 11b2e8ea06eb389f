"""The conformance suite's hand on a real Dolibarr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.conformance import Seed
from tests.helpers.dolibarr_real import RealDolibarr
from tests.helpers.stand_ins.dolibarr_harness import DolibarrHarness


class RealDolibarrHarness(DolibarrHarness):
    """As on the stand-in, whose names the real one has; only clocks and transactions are its own."""

    dolibarr: Any

    def __init__(self, dolibarr: RealDolibarr, folder: Path) -> None:
        stand_in: Any = dolibarr
        super().__init__(stand_in, folder)

    def close(self) -> None:
        super().close()
        self.dolibarr.close()

    def wait(self, seconds: float) -> None:
        """Nothing takes effect any more when the server has answered it."""
        self.proxy.settle()
        self.clock.sleep(seconds)

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        model = self.rows["A"]
        with self.dolibarr.copied_late(model, ref="FA-LATE", note_public=record.text) as copy:
            self.names[copy] = record.id
            yield
