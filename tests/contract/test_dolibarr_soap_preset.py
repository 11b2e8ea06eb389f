"""The preset for Dolibarr's SOAP services against its stand-in, with every fault there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import Seed, cursor_of, ids_of
from tests.helpers.stand_ins.dolibarr_soap import DolibarrSoap
from tests.helpers.stand_ins.dolibarr_soap_conformance import DolibarrSoapConformance, asked_for
from tests.helpers.stand_ins.dolibarr_soap_harness import DolibarrSoapHarness


class TestDolibarrSoap(DolibarrSoapConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DolibarrSoapHarness]:
        with DolibarrSoap(getattr(request, "param", "Europe/Berlin")) as dolibarr:
            harness = DolibarrSoapHarness(dolibarr, tmp_path)
            yield harness
            harness.close()
            assert dolibarr.invalid == []

    def test_only_what_has_changed_is_read_again(self, harness: DolibarrSoapHarness) -> None:
        harness.seed([Seed("A"), Seed("B"), Seed("C")])
        first = self.pull(harness)
        harness.wait(86_400)
        harness.change(Seed("B", "changed"))
        read = asked_for(harness, "getInvoice")
        assert ids_of(self.pull(harness, cursor_of(first))) == {"B"}
        assert asked_for(harness, "getInvoice") == read + 1

    def test_the_description_is_asked_for_once_and_kept(self, harness: DolibarrSoapHarness) -> None:
        address = f"{harness.proxy.url}/webservices/server_other.php?wsdl"
        harness.more["wsdl"] = {"other": {"source": address}}
        for _ in range(2):
            assert "key" in {finding.what for finding in harness.build().check() if finding.level == "ok"}
        asked = [request for request in harness.stand_in.requests if request.method == "GET"]
        assert [request.target for request in asked] == ["/webservices/server_other.php?wsdl"]
