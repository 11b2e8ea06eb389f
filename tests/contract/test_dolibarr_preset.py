"""The preset for Dolibarr against its stand-in, with every fault there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.dolibarr import Dolibarr
from tests.helpers.stand_ins.dolibarr_conformance import DolibarrConformance
from tests.helpers.stand_ins.dolibarr_harness import DolibarrHarness


class TestDolibarr(DolibarrConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DolibarrHarness]:
        with Dolibarr(getattr(request, "param", "Europe/Berlin")) as dolibarr:
            harness = DolibarrHarness(dolibarr, tmp_path)
            yield harness
            harness.close()
