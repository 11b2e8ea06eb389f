"""The preset for Dataverse against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.conformance import Seed, cursor_of, records_of, sample_request
from connectors.spi import AlreadyExists, Window, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.dataverse import Dataverse
from tests.helpers.stand_ins.dataverse_harness import MISSING, DataverseHarness
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.whole_run import whole_run


class TestDataverse(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[DataverseHarness]:
        with Dataverse() as dataverse:
            harness = DataverseHarness(dataverse, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: DataverseHarness) -> None:
        whole_run(harness, missing=MISSING)

    def test_a_merged_account_names_its_master(self, harness: DataverseHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first, gone, kept = self.pull(harness), harness.rows["GONE"].id, harness.rows["KEPT"].id
        note = sample_request("account_note", 1, gone)
        created = harness.build().create(note)
        harness.dataverse.merge(harness.rows["GONE"], harness.rows["KEPT"])
        later = {record.external_id: record.fields for record in records_of(self.pull(harness, cursor_of(first)))}
        assert later["GONE"]["merged_into"] == kept and later["GONE"]["archived"] is True
        assert "merged_into" not in later["KEPT"] and later["KEPT"]["archived"] is False
        fetched = harness.build().fetch("counterpart", gone)
        assert fetched is not None and fetched.fields["merged_into"] == kept
        assert harness.build().look_up("account_note", note.key) == (created,)
        later_on = list(
            harness.build().pull(harness.stream(), Window(harness.now() + timedelta(days=2)), cursor_of(first))
        )
        seen = [page.seen for page in later_on if page.coverage is not None and page.coverage.complete]
        assert seen[-1] == {"KEPT", "GONE"}

    def test_an_account_out_of_use_says_so(self, harness: DataverseHarness) -> None:
        harness.seed([Seed("A")])
        harness.table.change(harness.rows["A"], {"statecode": 1})
        (record,) = records_of(self.pull(harness))
        assert record.fields["archived"] is True and "merged_into" not in record.fields

    def test_a_tier_does_not_make_an_account_anew(self, harness: DataverseHarness) -> None:
        harness.seed([Seed("A")])
        gone = harness.rows["A"].id
        harness.delete("A")
        with pytest.raises(WriteRefused, match="Does Not Exist"):
            harness.build().create(sample_request("tier", 1, gone))
        assert len(harness.table) == 0

    def test_a_note_is_not_written_over(self, harness: DataverseHarness) -> None:
        note = sample_request("account_note", 1, harness.account())
        created = harness.build().create(note)
        row = harness.dataverse.tables["annotations"].get(created.remote_id)
        assert row is not None
        row.values["notetext"] = "what sales made of it"
        with pytest.raises(AlreadyExists):
            harness.build().create(note)
        assert row.values["notetext"] == "what sales made of it"

    def test_columns_of_ones_own_are_read(self, harness: DataverseHarness) -> None:
        harness.dataverse.add_column("contoso_vatnumber")
        harness.seed([Seed("A")])
        harness.table.change(harness.rows["A"], {"contoso_vatnumber": "DE123456789"})
        harness.more = {"values": {"vat_number": "contoso_vatnumber", "customer_number": ""}}
        (record,) = records_of(self.pull(harness))
        assert record.fields["vat_number"] == "DE123456789" and "external_key" not in record.fields
        assert record.fields["domain"] == "https://first.example.com"

    @pytest.mark.parametrize("code", ["0x80072322", "0x80072321", "0x80072326"])
    def test_limits_put_the_run_off_for_as_long_as_they_say(self, harness: DataverseHarness, code: str) -> None:
        error = {"error": {"code": code, "message": "Number of requests exceeded the limit over the time window"}}
        harness.dataverse.fail(429, error, {"Retry-After": "240"}, when=lambda asked: asked.method == "PATCH")
        with pytest.raises(RetryableError, match="exceeded the limit") as caught:
            harness.build().create(sample_request("tier", 1, harness.account()))
        assert caught.value.after is not None and 230 <= caught.value.after <= 240

    def test_a_right_that_is_missing_is_named(self, harness: DataverseHarness) -> None:
        account = harness.account()
        harness.dataverse.missing_rights |= {("Create", "annotations"), ("Write", "accounts")}
        with pytest.raises(FatalError, match="prvCreateAnnotation"):
            harness.build().create(sample_request("account_note", 1, account))
        with pytest.raises(FatalError, match="prvWriteAccount"):
            harness.build().create(sample_request("tier", 1, account))

    def test_missing_columns_are_found_by_check(self, harness: DataverseHarness) -> None:
        del harness.dataverse.types["accounts"]["rebated_paid"]
        harness.dataverse.missing_rights.add(("Read", "annotations"))
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["paid", "notes"]
