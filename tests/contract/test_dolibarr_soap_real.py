"""The preset for Dolibarr over SOAP on a real one, where one is named: see tests/helpers/dolibarr_soap_real.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Seed
from tests.helpers.dolibarr_soap_real import RealDolibarrSoap
from tests.helpers.stand_ins.dolibarr_soap_conformance import DolibarrSoapConformance
from tests.helpers.stand_ins.dolibarr_soap_harness import DolibarrSoapHarness


class RealHarness(DolibarrSoapHarness):
    """As on the stand-in, whose names the real one has; clocks, transactions and descriptions are its own."""

    dolibarr: Any

    def own_settings(self) -> dict[str, Any]:
        return {name: value for name, value in super().own_settings().items() if name != "wsdl"}

    def close(self) -> None:
        super().close()
        self.dolibarr.close()

    def wait(self, seconds: float) -> None:
        """Nothing takes effect any more when the server has answered it."""
        self.proxy.settle()
        self.clock.sleep(seconds)

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        with self.dolibarr.copied_late(self.rows["A"], ref="FA-LATE", note_public=record.text) as copy:
            self.names[copy] = record.id
            yield


class TestRealDolibarrSoap(DolibarrSoapConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RealHarness]:
        if getattr(request, "param_index", 0):
            pytest.skip("a running server has one time zone")
        server: Any = RealDolibarrSoap.named()
        harness = RealHarness(server, tmp_path)
        yield harness
        harness.close()
