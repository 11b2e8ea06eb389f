"""The preset for Pipedrive against its stand-in, and what Pipedrive has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import Seed, cursor_of, ids_of, sample_request
from connectors.spi import WriteRefused
from core.errors import RetryableError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.pipedrive import Pipedrive
from tests.helpers.stand_ins.pipedrive_harness import PipedriveHarness
from tests.helpers.stand_ins.whole_run import whole_run


class TestPipedrive(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[PipedriveHarness]:
        with Pipedrive() as pipedrive:
            harness = PipedriveHarness(pipedrive, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: PipedriveHarness) -> None:
        whole_run(harness)

    def test_a_merged_organization_is_gone_and_its_notes_are_found(self, harness: PipedriveHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first, gone = self.pull(harness), harness.rows["GONE"].id
        note = sample_request("account_note", 1, gone)
        created = harness.build().create(note)
        harness.pipedrive.merge(harness.rows["GONE"], harness.rows["KEPT"])
        assert ids_of(self.pull(harness, cursor_of(first))) == {"KEPT"}
        assert harness.build().fetch("counterpart", gone) is None
        kept = harness.rows["KEPT"].id
        assert harness.build().look_up("account_note", note.key, kept) == (created,)

    def test_the_budget_of_a_day_is_kept(self, harness: PipedriveHarness) -> None:
        harness.more = {"throttle": {"per_day": 32}}
        adapter = harness.build()
        account = harness.account()
        for number in (1, 2, 3):  # 10 for the fields, 5 for each
            adapter.create(sample_request("tier", number, account))
        with pytest.raises(RetryableError) as caught:
            for number in (4, 5):
                adapter.create(sample_request("tier", number, account))
        assert caught.value.after is not None and caught.value.after > 60, "until midnight"
        assert harness.pipedrive.spent <= 32

    def test_a_budget_that_others_spent_puts_off(self, harness: PipedriveHarness) -> None:
        account, adapter = harness.account(), harness.build()
        harness.pipedrive.budget = 3
        with pytest.raises(RetryableError):
            adapter.create(sample_request("account_note", 1, account))
        assert len(harness.pipedrive.notes) == 0

    def test_a_field_that_is_not_there_is_named(self, harness: PipedriveHarness) -> None:
        del harness.pipedrive.fields[harness.codes["Rebate tier"]]
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["tier field"]
        with pytest.raises(WriteRefused, match="Rebate tier"):
            harness.build().create(sample_request("tier", 1, harness.account()))
