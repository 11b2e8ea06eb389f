"""The preset for Dolibarr on a real Dolibarr, where one is named: see tests/helpers/dolibarr_real.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.dolibarr_real import RealDolibarr
from tests.helpers.dolibarr_real_harness import RealDolibarrHarness
from tests.helpers.stand_ins.dolibarr_conformance import DolibarrConformance


class TestRealDolibarr(DolibarrConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RealDolibarrHarness]:
        if getattr(request, "param_index", 0):
            pytest.skip("a running server has one time zone")
        harness = RealDolibarrHarness(RealDolibarr.named(), tmp_path)
        yield harness
        harness.close()
