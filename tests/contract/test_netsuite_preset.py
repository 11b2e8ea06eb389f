"""The preset for NetSuite against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import Seed, sample_request
from connectors.spi import AlreadyExists, WriteRefused
from core.errors import FatalError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.netsuite import NetSuite
from tests.helpers.stand_ins.netsuite_harness import DAY, NetSuiteHarness


class TestNetSuite(FastConformance):
    kinds = ("credit_note",)
    states = ()
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[NetSuiteHarness]:
        with NetSuite() as netsuite:
            harness = NetSuiteHarness(netsuite, tmp_path)
            yield harness
            harness.close()

    def test_an_invoice_lands_with_its_amounts(self, harness: NetSuiteHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "invoices")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", harness.buyer.id)
        assert (record.net, record.tax, record.content["number"]) == (20_010, 4_002, "INV00001")
        (line,) = record.lines
        assert (line.product, line.net, line.tax_rate) == (harness.saw.id, 20_010, 200_000)

    def test_a_memo_is_positive_there_and_negative_here(self, harness: NetSuiteHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        remote = harness.build().create(request)
        assert remote.number.startswith("CM")
        record = landed(harness, "credit_memos")[remote.remote_id]
        assert (record.kind, record.net, record.tax, record.content["reference"]) == (
            "credit_note",
            -1505,
            -251,
            request.key,
        )
        with pytest.raises(AlreadyExists):
            harness.build().create(request)

    def test_customers_and_items_land(self, harness: NetSuiteHarness) -> None:
        account = landed(harness, "accounts")[harness.buyer.id]
        assert (account.personal["name"], account.content["currency"]) == ("Buyer & Söhne", "EUR")
        assert landed(harness, "products")[harness.saw.id].content["line_kind"] == "service"

    def test_a_certificate_that_is_not_known_is_told(self, harness: NetSuiteHarness) -> None:
        harness.more = {"auth": {"key_id": "another"}}
        with pytest.raises(FatalError, match="invalid_client"):
            harness.build().look_up("credit_note", "RB-AAAAAAAAAAAA")

    def test_an_item_that_is_not_there_is_found_by_check(self, harness: NetSuiteHarness) -> None:
        harness.more = {"values": {"item": "9"}}
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["item of rebate lines"]

    def test_a_location_is_sent_where_one_is_given(self, harness: NetSuiteHarness) -> None:
        harness.netsuite.wants_location = True
        with pytest.raises(WriteRefused, match="Location"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        harness.more = {"values": {"location": "3"}}
        remote = harness.build().create(sample_request("credit_note", 2, harness.account()))
        row = harness.netsuite.transactions.get(remote.remote_id)
        assert row is not None and row.values["location"] == "3"
