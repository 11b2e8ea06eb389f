"""The preset for ERPNext against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.erpnext import ErpNext
from tests.helpers.stand_ins.erpnext_harness import ErpNextHarness
from tests.helpers.stand_ins.harness import FastConformance


class TestErpNext(FastConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[ErpNextHarness]:
        with ErpNext() as erpnext:
            harness = ErpNextHarness(erpnext, tmp_path)
            yield harness
            harness.close()
