"""What harnesses on real servers have in common, where the stand-in's harness does the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.helpers.stand_ins.harness import PresetHarness


class OnRealServer(PresetHarness):
    """Stands before the stand-in's harness; `real` is the server, which has the names of the stand-in."""

    real: Any

    def prepare(self) -> None:
        """An administrator has done it."""

    def close(self) -> None:
        super().close()
        self.real.close()

    def now(self) -> datetime:
        moment: datetime = self.real.database.boundary()
        return moment

    def wait(self, seconds: float) -> None:
        """Nothing takes effect any more when the server has answered it."""
        self.proxy.settle()
        self.clock.sleep(seconds)
