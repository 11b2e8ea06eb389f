"""The preset for SuiteCRM against its stand-in, and what SuiteCRM has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.conformance import Seed, sample_request
from connectors.spi import AlreadyExists, NeedsPerson, TierRequest
from core.errors import FatalError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.suitecrm import SuiteCRM
from tests.helpers.stand_ins.suitecrm_harness import SuiteCRMHarness
from tests.helpers.stand_ins.whole_run import whole_run


class TestSuiteCRM(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SuiteCRMHarness]:
        with SuiteCRM() as suite:
            harness = SuiteCRMHarness(suite, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: SuiteCRMHarness) -> None:
        whole_run(harness, notes_refused=False)

    def test_a_note_has_one_id_for_ever(self, harness: SuiteCRMHarness) -> None:
        note = sample_request("account_note", 1, harness.account())
        created = harness.build().create(note)
        with pytest.raises(AlreadyExists):
            harness.build().create(note)
        notes = harness.suite.tables["Notes"]
        notes.delete(next(iter(notes)))
        assert harness.build().look_up("account_note", note.key) == ()
        with pytest.raises(NeedsPerson):
            harness.build().create(note)
        assert harness.build().read_back("account_note", created.remote_id) is None
        assert len(notes.every) == 1

    def test_what_is_over_is_emptied(self, harness: SuiteCRMHarness) -> None:
        account = harness.account()
        tier = sample_request("tier", 1, account)
        assert isinstance(tier, TierRequest)
        harness.build().create(tier)
        row = harness.suite.tables["Accounts"].get(account)
        assert row is not None
        assert row.values["rebated_tier_since_c"] == f"{tier.since}" and row.values["rebated_to_next_c"] != ""
        harness.build().create(replace(tier, tier="", since=None, valid_until=None, to_next=None, next_tier=None))
        emptied = ("rebated_tier_c", "rebated_tier_since_c", "rebated_tier_until_c", "rebated_to_next_c")
        assert [row.values[name] for name in emptied] == ["", "", "", ""]

    def test_fields_that_are_missing_are_found_by_check(self, harness: SuiteCRMHarness) -> None:
        harness.seed([Seed("A")])
        del harness.suite.fields["Accounts"]["rebated_paid_c"]
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["paid"]

    def test_rights_that_are_missing_need_a_person(self, harness: SuiteCRMHarness) -> None:
        account = harness.account()
        harness.suite.may["Accounts"] = {"view"}
        with pytest.raises(FatalError, match="AccessDenied"):
            harness.build().create(sample_request("tier", 1, account))

    def test_names_come_as_they_are(self, harness: SuiteCRMHarness) -> None:
        row = harness.suite.add_account("O'Neil & <Sons>", erp_customer_number_c='C "7"')
        found = harness.build().fetch("counterpart", row.id)
        assert found is not None
        assert (found.fields["name"], found.fields["external_key"]) == ("O'Neil & <Sons>", 'C "7"')

    def test_without_further_fields_accounts_are_read(self, harness: SuiteCRMHarness) -> None:
        harness.more = {"values": {"customer_number": "", "vat_number": "", "paid": ""}}
        account = harness.account()
        found = harness.build().fetch("counterpart", account)
        assert found is not None and "external_key" not in found.fields
        harness.build().create(sample_request("tier", 1, account))
