"""The preset for NetSuite against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.netsuite import NetSuite
from tests.helpers.stand_ins.netsuite_harness import NetSuiteHarness


class TestNetSuite(FastConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[NetSuiteHarness]:
        with NetSuite() as netsuite:
            harness = NetSuiteHarness(netsuite, tmp_path)
            yield harness
            harness.close()
