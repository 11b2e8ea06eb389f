"""The preset for Zoho CRM against its stand-in, and what Zoho has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Seed, cursor_of, ids_of, sample_request
from connectors.spi import WriteRefused
from core.errors import FatalError, RebatedError, RetryableError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.whole_run import whole_run
from tests.helpers.stand_ins.zoho import Zoho
from tests.helpers.stand_ins.zoho_harness import ZohoHarness


class TestZoho(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ("tier",)

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[ZohoHarness]:
        with Zoho() as zoho:
            harness = ZohoHarness(zoho, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: ZohoHarness) -> None:
        whole_run(harness, found_by_key=False)

    @pytest.mark.parametrize("status", [200, 202, 207, 400])
    def test_a_refusal_is_told_with_any_status(self, harness: ZohoHarness, status: int) -> None:
        harness.zoho.all_wrong = status
        with pytest.raises(WriteRefused, match="related id given"):
            harness.build().create(harness.refused("account_note"))
        with pytest.raises(WriteRefused, match="id given seems to be invalid"):
            harness.build().create(harness.refused("tier"))
        adapter: Any = harness.build()
        results = adapter.create_many([harness.refused("tier"), harness.refused("tier")])
        assert [isinstance(result, WriteRefused) for result in results] == [True, True]

    def test_several_tiers_are_one_request(self, harness: ZohoHarness) -> None:
        adapter: Any = harness.build()
        results = adapter.create_many([*harness.batch("tier", 3), harness.refused("tier")])
        assert [isinstance(result, RebatedError) for result in results] == [False, False, False, True]
        assert sum(asked.method == "PUT" for asked in harness.zoho.requests) == 1

    def test_a_token_is_kept_and_got_anew_when_it_ends(self, harness: ZohoHarness) -> None:
        account = harness.account()
        harness.build().fetch("counterpart", account)
        harness.build().fetch("counterpart", account)
        assert len(harness.zoho.tokens) == 1
        harness.zoho.tokens.clear()
        assert harness.build().fetch("counterpart", account) is not None
        assert len(harness.zoho.tokens) == 1

    def test_a_refresh_token_that_was_revoked_needs_a_person(self, harness: ZohoHarness) -> None:
        harness.zoho.refresh_token = "1000.another"
        with pytest.raises(FatalError, match="invalid_code") as caught:
            harness.build().fetch("counterpart", "1")
        assert caught.value.hint is not None and "authorise again" in caught.value.hint

    def test_a_scope_that_is_missing_is_found_by_check(self, harness: ZohoHarness) -> None:
        harness.seed([Seed("A")])
        harness.zoho.scopes.remove("coql")
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["read.accounts"]
        assert len(harness.zoho.tokens) == 1, "another token would not help"

    def test_fields_that_would_be_passed_over_are_named(self, harness: ZohoHarness) -> None:
        account = harness.account()
        del harness.zoho.types["Accounts"]["Rebated_Paid"]
        harness.zoho.types["Accounts"]["Rebated_Tier"] = "integer"
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["tier field", "paid"]
        with pytest.raises(WriteRefused, match="Rebated_Paid"):
            harness.build().create(sample_request("tier", 1, account))

    def test_credits_of_a_day_are_kept(self, harness: ZohoHarness) -> None:
        account = harness.account()
        harness.more = {"throttle": {"per_day": 4}}
        adapter = harness.build()
        with pytest.raises(RetryableError) as caught:
            for number in range(1, 6):
                adapter.create(sample_request("tier", number, account))
        assert caught.value.after is not None and caught.value.after > 60, "until midnight"

    def test_a_merged_account_is_gone_and_its_notes_are_found(self, harness: ZohoHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first, gone = self.pull(harness), harness.rows["GONE"].id
        note = sample_request("account_note", 1, gone)
        created = harness.build().create(note)
        harness.zoho.merge(harness.rows["GONE"], harness.rows["KEPT"])
        assert ids_of(self.pull(harness, cursor_of(first))) == set()
        assert harness.build().fetch("counterpart", gone) is None
        assert harness.build().look_up("account_note", note.key, harness.rows["KEPT"].id) == (created,)
        assert harness.build().look_up("account_note", note.key, gone) == ()

    def test_without_further_fields_accounts_are_read(self, harness: ZohoHarness) -> None:
        harness.seed([Seed("A")])
        harness.more = {"values": {"customer_number": "", "vat_number": ""}}
        (page, *_) = self.pull(harness)
        assert "external_key" not in page.records[0].fields
