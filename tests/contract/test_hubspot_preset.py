"""The preset for HubSpot against its stand-in, with every fault there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import AdapterConformance
from tests.helpers.stand_ins.hubspot import HubSpot
from tests.helpers.stand_ins.hubspot_harness import HubSpotHarness


class TestHubSpot(AdapterConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[HubSpotHarness]:
        with HubSpot() as hubspot:
            harness = HubSpotHarness(hubspot, tmp_path)
            yield harness
            harness.close()
