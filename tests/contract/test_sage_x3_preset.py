"""The preset for Sage X3 against its stand-in, with every fault there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import Seed, records_of, sample_request
from connectors.declarative.replies import Throttled
from connectors.spi import DocumentRequest, WriteRefused
from core.errors import RebatedError, RetryableError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.sage_x3 import SageX3
from tests.helpers.stand_ins.sage_x3_harness import DAY, LINE, SageX3Harness


class TestSageX3(FastConformance):
    kinds = ("credit_note", "debit_invoice", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SageX3Harness]:
        with SageX3() as x3:
            harness = SageX3Harness(x3, tmp_path)
            yield harness
            harness.close()
            assert x3.invalid == []

    # ------------------------------------------------------------ reading

    def test_an_invoice_lands_on_its_day_with_its_amounts(self, harness: SageX3Harness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "documents")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", harness.buyer.id)
        assert (record.kind, record.net, record.tax, record.cancelled) == ("invoice", 20_010, 4_002, False)
        (line,) = record.lines
        assert (line.product, line.net, line.tax_rate, line.tax) == ("SAW-3", 20_010, 200_000, 4_002)

    def test_a_credit_note_is_one_and_what_is_not_posted_is_nothing(self, harness: SageX3Harness) -> None:
        credit = harness.x3.add_invoice(harness.buyer.id, [LINE], DAY, type="CRM")
        harness.x3.add_invoice(harness.buyer.id, [LINE], DAY, STA=1)
        (record,) = records_of(self.pull(harness))
        assert (record.external_id, record.kind) == (credit.id, "credit_note")

    def test_the_parts_of_a_reply_may_stand_beside_it(self, harness: SageX3Harness) -> None:
        """Version 6, whose Java server refers to them."""
        harness.x3.axis = True
        row = harness.make(Seed("A"))
        assert landed(harness, "documents")[row.id].net == 20_010
        remote = harness.build().create(sample_request("credit_note", 1, harness.buyer.id))
        assert (remote.state, remote.net, remote.tax) == ("posted", 1505, 251)

    def test_customers_land(self, harness: SageX3Harness) -> None:
        account = landed(harness, "accounts")[harness.buyer.id]
        assert account.personal["name"] == "Buyer & Söhne"
        assert (account.content["country"], account.content["currency"]) == ("DE", "EUR")
        assert harness.build().fetch("account", "NONE") is None

    def test_a_list_that_holds_fewer_than_it_announces_is_not_taken(self, harness: SageX3Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        harness.x3.loses = 1
        with pytest.raises(RebatedError, match=r"announce|O_COUNT"):
            self.pull(harness)

    # ------------------------------------------------------------ writing

    def test_a_credit_note_has_what_was_approved(self, harness: SageX3Harness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        assert isinstance(request, DocumentRequest)
        remote = harness.build().create(request)
        row = harness.x3.invoices.get(remote.remote_id)
        assert row is not None
        assert (row.values["INVDAT"], row.values["STA"], row.values["SALFCY"]) == (request.issued, 3, "FR011")
        assert [(line["ITMREF"], line["GROPRI"], line["VACITM1"]) for line in row.extra["lines"]] == [
            ("REBATE", "10.00", "NOR"),
            ("REBATE", "5.05", "RED"),
        ]

    def test_a_tax_code_without_a_level_is_refused_with_the_name_of_the_entry(self, harness: SageX3Harness) -> None:
        harness.more["maps"] = {"taxes": {"S 10": "EXO"}}
        with pytest.raises(WriteRefused, match="another document"):
            harness.build().create(sample_request("credit_note", 1, harness.buyer.id))
        assert len(harness.x3.invoices) == 0

    @pytest.mark.parametrize(("language", "expected"), [("ENG", "does not exist"), ("FRA", "inexistante")])
    def test_a_customer_that_is_not_there_is_refused_in_any_language(
        self, harness: SageX3Harness, language: str, expected: str
    ) -> None:
        harness.more["values"] = {"language": language}
        with pytest.raises(WriteRefused, match=expected):
            harness.build().create(sample_request("credit_note", 1, "NONE"))
        assert harness.build().read_back("credit_note", "NONE") is None

    def test_a_pool_that_is_not_there_is_found_by_check(self, harness: SageX3Harness) -> None:
        harness.more["values"] = {"pool": "rebated"}
        found = {finding.what: finding.message for finding in harness.build().check() if finding.level == "error"}
        assert "No classic web service pool match to 'rebated'" in found["pool"]

    def test_the_first_day_of_a_tier_is_written(self, harness: SageX3Harness) -> None:
        harness.build().create(sample_request("tier", 1, harness.buyer.id))
        assert (harness.buyer.values["YREBTIER"], harness.buyer.values["YREBSINCE"]) == ("gold", "20260101")

    @pytest.mark.parametrize("language", ["ENG", "FRA"])
    def test_a_customer_somebody_has_open_is_tried_again_later(self, harness: SageX3Harness, language: str) -> None:
        harness.more["values"] = {"language": language}
        harness.buyer.extra["locked"] = True
        with pytest.raises(RetryableError):
            harness.build().create(sample_request("tier", 1, harness.buyer.id))
        harness.buyer.extra["locked"] = False
        harness.build().create(sample_request("tier", 1, harness.buyer.id))
        assert harness.buyer.values["YREBTIER"] == "gold"

    def test_a_host_without_sessions_has_done_nothing(self, harness: SageX3Harness) -> None:
        harness.x3.fail(500, b"No web services accepted", content_type="text/plain", times=9)
        with pytest.raises(Throttled):
            harness.build().create(sample_request("credit_note", 1, harness.buyer.id))
        assert len(harness.x3.invoices) == 0
