"""The preset for SuiteCRM against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import sample_request
from connectors.spi import UnknownOutcome
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.suitecrm import SuiteCRM
from tests.helpers.stand_ins.suitecrm_conformance import SuiteCRMConformance
from tests.helpers.stand_ins.suitecrm_harness import SuiteCRMHarness


class TestSuiteCRM(FastConformance, SuiteCRMConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SuiteCRMHarness]:
        with SuiteCRM() as suite:
            harness = SuiteCRMHarness(suite, tmp_path)
            yield harness
            harness.close()

    def test_a_database_failure_leaves_it_open(self, harness: SuiteCRMHarness) -> None:
        note = sample_request("account_note", 1, harness.account())
        harness.suite.database_fails = True
        with pytest.raises(UnknownOutcome):
            harness.build().create(note)
        harness.suite.database_fails = False
        assert len(harness.build().look_up("account_note", note.key)) == 1
