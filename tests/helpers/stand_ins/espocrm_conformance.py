"""What the preset for EspoCRM must do on an EspoCRM, be it the stand-in or a real one."""

from __future__ import annotations

import pytest

from connectors.conformance import AdapterConformance, Seed, cursor_of, ids_of, sample_request
from connectors.spi import WriteRefused
from core.errors import FatalError
from tests.helpers.stand_ins.espocrm_harness import EspoCRMHarness
from tests.helpers.stand_ins.whole_run import whole_run


class EspoCRMConformance(AdapterConformance):
    """Subclasses supply the fixture `harness`."""

    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

    def test_everything_it_can_ask(self, harness: EspoCRMHarness) -> None:
        whole_run(harness)

    def test_fields_that_would_be_passed_over_are_found_by_check(self, harness: EspoCRMHarness) -> None:
        harness.more = {"values": {"paid": "cThereIsNone", "tier": "cRebatedProgress"}}
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["tier field", "paid"]

    def test_rights_that_are_missing_are_found_by_check(self, harness: EspoCRMHarness) -> None:
        harness.espo.allow(read="own", stream="no")
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["rights to read", "rights to post"]

    def test_a_merged_account_is_gone_and_its_posts_are_found(self, harness: EspoCRMHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first, gone = self.pull(harness), harness.rows["GONE"].id
        note = sample_request("account_note", 1, gone)
        created = harness.build().create(note)
        harness.espo.merge(harness.rows["GONE"], harness.rows["KEPT"])
        assert ids_of(self.pull(harness, cursor_of(first))) == {"KEPT"}
        assert harness.build().fetch("counterpart", gone) is None
        assert harness.build().look_up("account_note", note.key) == (created,)

    def test_a_tier_written_again_moves_the_stamp(self, harness: EspoCRMHarness) -> None:
        tier = sample_request("tier", 1, harness.account())
        harness.build().create(tier)
        before = harness.now()
        harness.build().create(tier)
        row = harness.table.get(harness.account())
        assert row is not None and row.changed >= before

    def test_the_reason_of_a_refusal_is_told(self, harness: EspoCRMHarness) -> None:
        with pytest.raises(WriteRefused, match="No create access"):
            harness.build().create(harness.refused("account_note"))
        request = sample_request("tier", 1, harness.account())
        harness.espo.allow(edit="no")
        with pytest.raises(FatalError, match="No edit access"):
            harness.build().create(request)
