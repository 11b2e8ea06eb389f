"""What the preset for SuiteCRM must do on a SuiteCRM, be it the stand-in or a real one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.conformance import AdapterConformance, Seed, cursor_of, records_of, sample_request
from connectors.spi import AlreadyExists, NeedsPerson, TierRequest
from core.errors import FatalError
from tests.helpers.stand_ins.suitecrm_harness import SuiteCRMHarness
from tests.helpers.stand_ins.whole_run import whole_run


class SuiteCRMConformance(AdapterConformance):
    """Subclasses supply the fixture `harness`."""

    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

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
        values = row.values
        assert str(values["rebated_tier_since_c"]) == f"{tier.since}" and values["rebated_to_next_c"] not in (None, "")
        harness.build().create(replace(tier, tier="", since=None, valid_until=None, to_next=None, next_tier=None))
        emptied = ("rebated_tier_c", "rebated_tier_since_c", "rebated_tier_until_c", "rebated_to_next_c")
        row = harness.suite.tables["Accounts"].get(account)
        assert row is not None
        values = row.values
        assert [name for name in emptied if values[name] not in (None, "")] == []

    def test_fields_that_are_missing_are_found_by_check(self, harness: SuiteCRMHarness) -> None:
        harness.seed([Seed("A")])
        harness.more = {"values": {"paid": "there_is_none_c"}}
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["paid"]

    def test_changes_within_a_minute_come(self, harness: SuiteCRMHarness) -> None:
        harness.seed([Seed("A")])
        pages = self.pull(harness)
        for text in ("second", "third"):
            harness.change(Seed("A", text))
            pages = self.pull(harness, cursor_of(pages))
            (record,) = records_of(pages)
            assert record.fields["domain"] == f"https://{text}.example.com"

    def test_rights_that_are_missing_need_a_person(self, harness: SuiteCRMHarness) -> None:
        account = harness.account()
        harness.suite.allow("Accounts", "view")
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
