"""The preset for Tryton on a real Tryton."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.conformance import AdapterConformance, sample_request
from connectors.conformance.harness import Harness
from connectors.spi import DocumentLine, DocumentRequest, TaxPart, WriteKind
from tests.helpers.tryton import TrytonServer
from tests.helpers.tryton.harness import TrytonHarness


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    with TrytonServer(tmp_path_factory.mktemp("tryton")) as server:
        TrytonHarness.prepare(server)
        yield server


class OnTryton(AdapterConformance):
    kinds: ClassVar[tuple[WriteKind, ...]] = ("credit_note", "debit_invoice", "account_note")
    in_batches = ()

    @pytest.fixture
    def harness(self, server: TrytonServer, tmp_path: Path) -> Iterator[TrytonHarness]:
        harness = TrytonHarness(server, tmp_path)
        yield harness
        harness.close()


class TestTryton(OnTryton):
    """Tryton takes half a second of the processor for each document: a few faults stand for the others here."""

    kinds = ("credit_note", "account_note")

    def test_the_suite_is_about_all_that_is_written(self) -> None:
        pytest.skip("debit invoices are written as credit notes are; one test of them stands for the others")

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

    def test_a_debit_invoice_is_written_once(self, harness: TrytonHarness) -> None:
        self.test_written_once_found_once(harness, "debit_invoice")

    def test_a_tax_of_another_category_is_told_by_its_name(self, harness: TrytonHarness) -> None:
        lines = {"category": {"path": '"tax.".name', "map": {"VAT 0 %": "AE", "*": "S"}}}
        own = {"write": {"credit_note": {"remote": {"lines": lines}}}, "maps": {"taxes": {"AE 0": "VAT 0 %"}}}
        sample = sample_request("credit_note", account=harness.account())
        assert isinstance(sample, DocumentRequest)
        part = TaxPart("AE", 0, 1505, 0)
        line = DocumentLine("Rebate", *part)
        request = replace(sample, lines=(line,), taxes=(part,), net=1505, tax=0)
        remote = harness.build(**own).create(request)
        assert (remote.state, remote.taxes) == ("posted", (part,))


@pytest.mark.chaos
class TestEveryFault(OnTryton):
    """All kinds, all faults."""
