"""The adapter for Odoo against the stand-in: both protocols, and the oldest version there is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.conformance import AdapterConformance, sample_request
from connectors.spi import AlreadyExists, WriteKind
from tests.helpers.odoo_harness import OdooHarness
from tests.helpers.odoo_server import OdooServer


class _Odoo(AdapterConformance):
    states = ("tier",)
    in_batches = ()
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

    def test_two_threads_write_one_document(self, harness: OdooHarness, keyed: WriteKind) -> None:
        if keyed != "account_note":
            super().test_two_threads_write_one_document(harness, keyed)
            return
        # Before 18 an import over a note answers as if it had made it: each thread thinks so, and there is one note.
        request = sample_request("account_note", account=harness.account())

        def create() -> None:
            with suppress(AlreadyExists):
                harness.build().create(request)

        with ThreadPoolExecutor(4) as pool:
            for run in [pool.submit(create) for _ in range(4)]:
                run.result()
        assert harness.stored("account_note", request.key) == 1
