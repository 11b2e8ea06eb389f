"""The preset for EspoCRM on a real EspoCRM, where one is named: see tests/helpers/espocrm_real.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.espocrm_real import RealEspoCRM
from tests.helpers.espocrm_real_harness import RealEspoCRMHarness
from tests.helpers.stand_ins.espocrm_conformance import EspoCRMConformance


class TestRealEspoCRM(EspoCRMConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[RealEspoCRMHarness]:
        harness = RealEspoCRMHarness(RealEspoCRM.named(), tmp_path)
        yield harness
        harness.close()
