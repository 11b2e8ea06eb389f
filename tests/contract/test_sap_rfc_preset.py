"""The preset for SAP against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.sap_rfc import Sap
from tests.helpers.stand_ins.sap_rfc_harness import SapHarness


class TestSap(FastConformance):
    kinds = ("credit_note", "debit_invoice", "account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SapHarness]:
        with Sap() as sap:
            harness = SapHarness(sap, tmp_path)
            yield harness
            harness.close()
            assert sap.invalid == []
