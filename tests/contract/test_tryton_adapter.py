"""The preset for Tryton on a real Tryton."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import AdapterConformance
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.tryton import TrytonServer
from tests.helpers.tryton.harness import TrytonHarness


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    with TrytonServer(tmp_path_factory.mktemp("tryton")) as server:
        TrytonHarness.prepare(server)
        yield server


class TestTryton(FastConformance):
    @pytest.fixture
    def harness(self, server: TrytonServer, tmp_path: Path) -> Iterator[TrytonHarness]:
        harness = TrytonHarness(server, tmp_path)
        yield harness
        harness.close()


@pytest.mark.chaos
class TestEveryFault(AdapterConformance):
    @pytest.fixture
    def harness(self, server: TrytonServer, tmp_path: Path) -> Iterator[TrytonHarness]:
        harness = TrytonHarness(server, tmp_path)
        yield harness
        harness.close()
