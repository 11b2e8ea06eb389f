"""The preset for Dolibarr against its stand-in, with every fault there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import AdapterConformance
from tests.helpers.stand_ins.dolibarr import Dolibarr
from tests.helpers.stand_ins.dolibarr_harness import DolibarrHarness


class TestDolibarr(AdapterConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[DolibarrHarness]:
        with Dolibarr() as dolibarr:
            harness = DolibarrHarness(dolibarr, tmp_path)
            yield harness
            harness.close()
