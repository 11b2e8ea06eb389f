"""The preset for EspoCRM against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.espocrm import EspoCRM
from tests.helpers.stand_ins.espocrm_harness import EspoCRMHarness
from tests.helpers.stand_ins.harness import FastConformance


class TestEspoCRM(FastConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[EspoCRMHarness]:
        with EspoCRM() as espocrm:
            harness = EspoCRMHarness(espocrm, tmp_path)
            yield harness
            harness.close()
