"""The adapter for Odoo against the stand-in: both protocols, and the oldest version there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import AdapterConformance
from tests.helpers.odoo_harness import OdooHarness
from tests.helpers.odoo_server import OdooServer


class _Odoo(AdapterConformance):
    version: tuple[int, int]
    protocol = "auto"

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[OdooHarness]:
        with OdooServer(self.version) as server:
            harness = OdooHarness(server, tmp_path, self.protocol)
            yield harness
            harness.close()


class TestJson2(_Odoo):
    version = (19, 0)


class TestXmlRpc(_Odoo):
    version = (19, 0)
    protocol = "xmlrpc"


@pytest.mark.chaos
class TestOldest(_Odoo):
    """The whole way with it is in tests/integration/test_odoo_way.py."""

    version = (14, 0)
