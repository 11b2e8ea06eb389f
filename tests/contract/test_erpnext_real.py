"""The preset for ERPNext on a real ERPNext, where one is named: see tests/helpers/erpnext_real.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.erpnext_real import RealErpNext
from tests.helpers.erpnext_real_harness import RealErpNextHarness
from tests.helpers.stand_ins.erpnext_conformance import ErpNextConformance


class TestRealErpNext(ErpNextConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[RealErpNextHarness]:
        harness = RealErpNextHarness(RealErpNext.named(), tmp_path)
        yield harness
        harness.close()
