"""The conformance suite's hand on a real ERPNext."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.conformance import Seed
from tests.helpers.erpnext_real import RealErpNext
from tests.helpers.stand_ins.erpnext_harness import ErpNextHarness
from tests.helpers.stand_ins.table import Row


class RealErpNextHarness(ErpNextHarness):
    """As on the stand-in, whose names the real one has; only clocks and transactions are its own.

    One invoice is entered by the interface; the others are copies of it, with stamps of their own.
    """

    erpnext: Any

    def __init__(self, erpnext: RealErpNext, folder: Path) -> None:
        stand_in: Any = erpnext
        super().__init__(stand_in, folder)
        self._model: Row | None = None

    def close(self) -> None:
        super().close()
        self.erpnext.close()

    def wait(self, seconds: float) -> None:
        """Nothing takes effect any more when the server has answered it."""
        self.proxy.settle()
        self.clock.sleep(seconds)

    def make(self, record: Seed) -> Row:
        if self._model is None:
            self._model = super().make(record)
            return self._model
        name = self.erpnext.copied(self._model, remarks=record.text)
        row: Row = self.erpnext.tables["Sales Invoice"].row(name)
        return row

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        with self.erpnext.copied_late(self.rows["A"], remarks=record.text) as copy:
            self.names[copy] = record.id
            yield
