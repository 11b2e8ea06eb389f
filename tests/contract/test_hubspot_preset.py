"""The preset for HubSpot against its stand-in: with every fault there is, and with what HubSpot has of its own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.conformance import (
    FAULTS,
    AdapterConformance,
    Seed,
    cursor_of,
    deliver,
    ids_of,
    records_of,
    sample_request,
)
from connectors.conformance.faults import PASS
from connectors.spi import Window
from core.errors import FatalError
from tests.helpers.stand_ins.hubspot import HubSpot
from tests.helpers.stand_ins.hubspot_harness import HubSpotHarness
from tests.helpers.stand_ins.whole_run import whole_run

PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "hubspot.md"


class TestHubSpot(AdapterConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ("tier",)

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[HubSpotHarness]:
        with HubSpot() as hubspot:
            harness = HubSpotHarness(hubspot, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: HubSpotHarness) -> None:
        whole_run(harness)

    def test_search_that_ends_early_hides_nothing(self, harness: HubSpotHarness) -> None:
        harness.hubspot.most_found = 3
        harness.seed([Seed(f"R{number:05d}") for number in range(9)])
        assert len(ids_of(self.pull(harness))) == 9

    def test_what_the_index_sees_late_comes_with_the_next_pull(self, harness: HubSpotHarness) -> None:
        harness.hubspot.lag["companies"] = timedelta(seconds=30)
        harness.seed([Seed("A")])
        harness.hubspot.clock.advance(timedelta(seconds=31))
        harness.add(Seed("LATE"))
        harness.hubspot.clock.advance(timedelta(seconds=20))
        first = self.pull(harness)
        assert ids_of(first) == {"A"}
        harness.hubspot.clock.advance(timedelta(seconds=20))
        assert ids_of(self.pull(harness, cursor_of(first))) == {"LATE"}

    def test_a_merged_company_is_told_by_the_one_that_is_left(self, harness: HubSpotHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first = self.pull(harness)
        gone = harness.rows["GONE"].id
        harness.hubspot.merge_companies(harness.rows["KEPT"], harness.rows["GONE"])
        (kept,) = records_of(self.pull(harness, cursor_of(first)))
        assert (kept.external_id, kept.fields["merged_from"]) == ("KEPT", gone)
        adapter = harness.build()
        assert adapter.fetch("counterpart", gone) is None, "its id leads to another company, and is itself no more"
        later = list(adapter.pull(harness.stream(), Window(harness.now() + timedelta(days=2)), cursor_of(first)))
        seen = [page for page in later if page.coverage is not None and page.coverage.complete]
        assert seen[-1].seen == {"KEPT"}

    def test_two_tiers_of_one_account_in_a_batch_are_both_written(self, harness: HubSpotHarness) -> None:
        """HubSpot refuses a batch with a company twice; then each goes alone."""
        requests = [sample_request("tier", number, harness.account()) for number in (1, 2)]
        results = harness.build().create_many(requests)  # type: ignore[attr-defined]
        assert [result.key for result in results] == [request.key for request in requests]
        assert harness.stored("tier", requests[1].key) == 1

    def test_a_missing_scope_is_named(self, harness: HubSpotHarness) -> None:
        harness.hubspot.scopes.discard("crm.objects.companies.write")
        with pytest.raises(FatalError, match=r"crm\.objects\.companies\.write"):
            harness.build().create(sample_request("tier", 1, harness.account()))

    def test_a_key_that_is_not_unique_is_found_by_check(self, harness: HubSpotHarness) -> None:
        harness.hubspot.add_property("notes", "rebated_key", unique=False)
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["key of notes"]
        del harness.hubspot.properties["companies"]["rebated_tier"]
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["tier property", "key of notes"]

    @pytest.mark.parametrize("fault", ["pass", "reply_lost", "late", "503_after"])
    def test_notes_can_be_searched_for_instead(self, harness: HubSpotHarness, fault: str) -> None:
        """By the settings that docs/connectors/hubspot.md shows, with search that sees a note 30 seconds late."""
        shown = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        harness.more = tomllib.loads(next(text for text in shown if 'idempotency = "marker"' in text))["connections"][
            "crm"
        ]["settings"]
        del harness.hubspot.properties["notes"]["rebated_key"]
        assert [finding for finding in harness.build().check() if finding.level == "error"] == []
        assert harness.build().capabilities.unique("account_note") == "searched"
        request = sample_request("account_note", 1, harness.account())
        with harness.proxied() as proxy:
            proxy.inject(FAULTS.get(fault, PASS), when=harness.is_write)
            harness.patience = 0.5 if fault == "late" else harness.patience
            delivery = deliver(harness.build(), request, wait=harness.wait)
        notes = [row for row in harness.hubspot.tables["notes"] if request.key in row.values["hs_note_body"]]
        assert delivery.remote is not None and [row.id for row in notes] == [delivery.remote.remote_id]
        harness.wait(120)
        assert harness.build().look_up("account_note", request.key) == (delivery.remote,)
