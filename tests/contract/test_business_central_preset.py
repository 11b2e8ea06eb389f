"""The preset for Business Central against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.conformance import Seed, sample_request
from connectors.spi import WriteRefused
from tests.helpers.stand_ins.business_central import BusinessCentral
from tests.helpers.stand_ins.business_central_harness import DAY, BusinessCentralHarness
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed


class TestBusinessCentral(FastConformance):
    kinds = ("credit_note",)
    states = ()
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[BusinessCentralHarness]:
        with BusinessCentral() as central:
            harness = BusinessCentralHarness(central, tmp_path)
            yield harness
            harness.close()

    def test_an_invoice_lands_with_its_amounts(self, harness: BusinessCentralHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "invoices")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", "C-1001")
        assert (record.net, record.tax, record.content["reference"]) == (20_010, 4_002, "A first")
        (line,) = record.lines
        assert (line.product, line.net, line.tax_rate) == ("SAW-3", 20_010, 200_000)

    def test_a_memo_is_positive_there_and_negative_here(self, harness: BusinessCentralHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        remote = harness.build().create(request)
        assert remote.number.startswith("104")
        record = landed(harness, "credit_memos")[remote.remote_id]
        assert (record.kind, record.net, record.tax, record.content["reference"]) == (
            "credit_note",
            -1505,
            -251,
            request.key,
        )
        assert "original" not in record.content

    def test_drafts_are_not_read(self, harness: BusinessCentralHarness) -> None:
        harness.make(Seed("A")).values["status"] = "Draft"
        assert landed(harness, "invoices") == {}

    def test_customers_and_items_land(self, harness: BusinessCentralHarness) -> None:
        assert landed(harness, "accounts")["C-1001"].personal["name"] == "Buyer & Söhne"
        assert landed(harness, "products")["SAW-3"].content["line_kind"] == "service"
        assert harness.build().fetch("account", "C-1001") is not None
        assert harness.build().fetch("account", "it's none") is None

    def test_a_tax_code_without_a_posting_group_says_where_it_belongs(self, harness: BusinessCentralHarness) -> None:
        harness.more = {"maps": {"tax_codes": {"S 20": "NONE"}}}
        with pytest.raises(WriteRefused, match="VAT Product Posting Group"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))

    def test_a_token_that_ended_is_got_anew(self, harness: BusinessCentralHarness) -> None:
        adapter = harness.build()
        assert [finding for finding in adapter.check() if finding.level == "error"] == []
        harness.central.clock.advance(timedelta(hours=2))
        assert adapter.look_up("credit_note", "RB-AAAAAAAAAAAA") == ()
        asked = [request.path for request in harness.central.requests]
        assert sum(path.endswith("/token") for path in asked) == 2
