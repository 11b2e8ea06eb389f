"""The preset for Pipedrive against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.pipedrive import Pipedrive
from tests.helpers.stand_ins.pipedrive_harness import PipedriveHarness


class TestPipedrive(FastConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[PipedriveHarness]:
        with Pipedrive() as pipedrive:
            harness = PipedriveHarness(pipedrive, tmp_path)
            yield harness
            harness.close()
