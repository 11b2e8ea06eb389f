"""The SOAP adapter described by hand, on a real server: Faktura, on spyne."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.conformance import AdapterConformance
from connectors.conformance.connecting import ConnectingTests
from connectors.conformance.moving import MovingTests
from connectors.conformance.reading import ReadingTests
from connectors.conformance.secrecy import SecrecyTests
from connectors.spi import WriteKind
from tests.helpers.spyne_erp.harness import FakturaHarness
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.settings import PASSWORD
from tests.helpers.stand_ins.harness import FastConformance

Told = tuple[Faktura, bytes]


def by_number(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with pages by number, and with WS-Security in place of a session."""
    token = {"kind": "username_token", "user": Faktura.user, "password": {"file": PASSWORD}}
    documents = settings["read"]["documents"]
    asked = documents["request"]["arguments"]
    del settings["soap_headers"], asked["After"], asked["ChangedUntil"]
    asked["Page"] = "${page.number}"
    documents["pages"] = {"kind": "number", "last": "ListDocumentsResult.Pages"}
    return {**settings, "auth": token}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with Faktura(tmp_path_factory.mktemp("faktura")) as server:
        FakturaHarness.prepare(server)
        yield server, server.wsdl()


class OnFaktura:
    """Debit invoices are written as credit notes are."""

    kinds: ClassVar[tuple[WriteKind, ...]] = ("credit_note", "debit_invoice", "account_note", "tier")
    states: ClassVar[tuple[WriteKind, ...]] = ("tier",)
    in_batches: ClassVar[tuple[WriteKind, ...]] = ("tier",)

    @pytest.fixture
    def harness(self, told: Told, tmp_path: Path) -> Iterator[FakturaHarness]:
        harness = FakturaHarness(*told, tmp_path)
        yield harness
        harness.close()


class TestFaktura(OnFaktura, FastConformance):
    """A session in a SOAP header, records behind the last one read; the faults that stand for the others."""

    kinds = ("credit_note", "account_note", "tier")

    def test_the_suite_is_about_all_that_is_written(self) -> None:
        pytest.skip("one test of debit invoices stands for the others")

    def test_a_debit_invoice_is_written_once(self, harness: FakturaHarness) -> None:
        self.test_written_once_found_once(harness, "debit_invoice")


@pytest.mark.chaos
class TestEveryFault(OnFaktura, AdapterConformance):
    """All kinds, all faults."""


class TestByNumber(OnFaktura, ConnectingTests, ReadingTests, MovingTests, SecrecyTests):
    """Pages by number, and WS-Security."""

    @pytest.fixture
    def harness(self, told: Told, tmp_path: Path) -> Iterator[FakturaHarness]:
        harness = FakturaHarness(*told, tmp_path, by_number)
        yield harness
        harness.close()

    @pytest.mark.parametrize("fault", ["pass", "500_before"])
    def test_secrets_are_not_told(
        self,
        harness: Any,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        fault: str,
    ) -> None:
        super().test_secrets_are_not_told(harness, caplog, capfd, fault)

    @pytest.mark.parametrize("status", [302, 307])
    def test_a_redirect_takes_no_secrets_elsewhere(self, harness: Any, status: int) -> None:
        super().test_a_redirect_takes_no_secrets_elsewhere(harness, status)
