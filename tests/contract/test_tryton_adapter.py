"""The preset for Tryton on a real Tryton."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import AdapterConformance
from connectors.conformance.harness import Harness
from connectors.spi import WriteKind
from tests.helpers.tryton import TrytonServer
from tests.helpers.tryton.harness import TrytonHarness


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    with TrytonServer(tmp_path_factory.mktemp("tryton")) as server:
        TrytonHarness.prepare(server)
        yield server


class OnTryton(AdapterConformance):
    @pytest.fixture
    def harness(self, server: TrytonServer, tmp_path: Path) -> Iterator[TrytonHarness]:
        harness = TrytonHarness(server, tmp_path)
        yield harness
        harness.close()


class TestTryton(OnTryton):
    """Tryton takes half a second of the processor for each document: a few faults stand for the others here."""

    @pytest.fixture(params=["credit_note", "account_note"])
    def kind(self, request: pytest.FixtureRequest) -> WriteKind:
        kind: WriteKind = request.param
        return kind

    @pytest.fixture
    def batched(self) -> WriteKind:
        pytest.skip("Tryton takes one at a time")

    @pytest.mark.parametrize("fault", ["reset_before", "reply_lost", "twice_together", "503_after"])
    def test_one_fault_ends_with_one_document(self, harness: Harness, kind: WriteKind, fault: str) -> None:
        super().test_one_fault_ends_with_one_document(harness, kind, fault)

    @pytest.mark.parametrize("fault", ["pass", "500_before"])
    def test_secrets_are_not_told(
        self,
        harness: Harness,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        fault: str,
    ) -> None:
        super().test_secrets_are_not_told(harness, caplog, capfd, fault)

    @pytest.mark.parametrize("fault", [""])
    def test_one_fault_of_a_batch_ends_with_one_of_each(self, fault: str) -> None:
        pytest.skip("Tryton takes one at a time")

    def test_a_debit_invoice_is_written_once(self, harness: TrytonHarness) -> None:
        self.test_written_once_found_once(harness, "debit_invoice")


@pytest.mark.chaos
class TestEveryFault(OnTryton):
    """All kinds, all faults."""
