"""The preset for Business Central against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.business_central import BusinessCentral
from tests.helpers.stand_ins.business_central_harness import BusinessCentralHarness
from tests.helpers.stand_ins.harness import FastConformance


class TestBusinessCentral(FastConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[BusinessCentralHarness]:
        with BusinessCentral() as central:
            harness = BusinessCentralHarness(central, tmp_path)
            yield harness
            harness.close()
