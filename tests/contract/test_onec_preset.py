"""The preset for 1C against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.onec import OneC
from tests.helpers.stand_ins.onec_harness import OneCHarness


class TestOneC(FastConformance):
    kinds = ("credit_note", "account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[OneCHarness]:
        with OneC() as onec:
            harness = OneCHarness(onec, tmp_path)
            yield harness
            harness.close()
            assert onec.invalid == []
