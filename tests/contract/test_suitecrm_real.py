"""The preset for SuiteCRM on a real SuiteCRM, where one is named: see tests/helpers/suitecrm_real.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.suitecrm_conformance import SuiteCRMConformance
from tests.helpers.suitecrm_real import RealSuiteCRM
from tests.helpers.suitecrm_real_harness import RealSuiteCRMHarness


class TestRealSuiteCRM(SuiteCRMConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[RealSuiteCRMHarness]:
        harness = RealSuiteCRMHarness(RealSuiteCRM.named(), tmp_path)
        yield harness
        harness.close()
