"""The preset for EspoCRM against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import Seed, cursor_of, ids_of, sample_request
from connectors.spi import WriteRefused
from core.errors import FatalError
from tests.helpers.stand_ins.espocrm import EspoCRM
from tests.helpers.stand_ins.espocrm_harness import EspoCRMHarness
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.whole_run import whole_run


class TestEspoCRM(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[EspoCRMHarness]:
        with EspoCRM() as espocrm:
            harness = EspoCRMHarness(espocrm, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: EspoCRMHarness) -> None:
        whole_run(harness)

    def test_requests_can_be_signed_instead(self, harness: EspoCRMHarness) -> None:
        (harness.folder / "secret").write_text(harness.espo.secret_key)
        signature = {"X-Hmac-Authorization": "${pair | base64}"}
        harness.more = {
            "auth": {
                "kind": "hmac",
                "key_id": harness.espo.key,
                "key": {"file": "secret"},
                "signed": "${method} /${target}",
                "headers": signature,
            }
        }
        whole_run(harness)
        assert not any(asked.header("X-Api-Key") for asked in harness.espo.requests)

    def test_fields_that_would_be_passed_over_are_found_by_check(self, harness: EspoCRMHarness) -> None:
        del harness.espo.fields["Account"]["cRebatedPaid"]
        harness.espo.fields["Account"]["cRebatedTier"] = "int"
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["tier field", "paid"]

    def test_rights_that_are_missing_are_found_by_check(self, harness: EspoCRMHarness) -> None:
        harness.espo.level |= {"read": "own", "stream": "no"}
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

    def test_the_reason_of_a_refusal_is_told(self, harness: EspoCRMHarness) -> None:
        with pytest.raises(WriteRefused, match="no access to the parent"):
            harness.build().create(harness.refused("account_note"))
        request = sample_request("tier", 1, harness.account())
        harness.espo.level["edit"] = "no"
        with pytest.raises(FatalError, match="no edit access"):
            harness.build().create(request)
