"""The preset for EspoCRM against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.espocrm import EspoCRM
from tests.helpers.stand_ins.espocrm_conformance import EspoCRMConformance
from tests.helpers.stand_ins.espocrm_harness import EspoCRMHarness
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.whole_run import whole_run


class TestEspoCRM(FastConformance, EspoCRMConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[EspoCRMHarness]:
        with EspoCRM() as espocrm:
            harness = EspoCRMHarness(espocrm, tmp_path)
            yield harness
            harness.close()

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
