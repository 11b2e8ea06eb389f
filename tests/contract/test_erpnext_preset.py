"""The preset for ERPNext against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.conformance import Seed, ids_of, sample_request
from connectors.spi import WriteRefused
from tests.helpers.stand_ins.erpnext import ErpNext
from tests.helpers.stand_ins.erpnext_conformance import ErpNextConformance
from tests.helpers.stand_ins.erpnext_harness import ErpNextHarness
from tests.helpers.stand_ins.harness import FastConformance


class TestErpNext(ErpNextConformance, FastConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[ErpNextHarness]:
        with ErpNext() as erpnext:
            harness = ErpNextHarness(erpnext, tmp_path)
            yield harness
            harness.close()

    def test_lines_are_asked_for_by_the_page(self, harness: ErpNextHarness) -> None:
        harness.page_size = 100
        harness.seed([Seed(f"R{number}") for number in range(60)])
        harness.erpnext.requests.clear()
        assert len(ids_of(self.pull(harness))) == 60
        paths = [asked.path for asked in harness.erpnext.requests]
        assert paths.count("/api/resource/Sales Invoice Item") == 2
        assert len(paths) <= 6

    def test_two_codes_on_one_account_are_not_submitted(self, harness: ErpNextHarness) -> None:
        """Each row of taxes would tax every line: the draft has too much tax, and goes."""
        account = harness.taxes[20][0]
        harness.erpnext.templates[harness.taxes[10][1]] = {account: Decimal(10)}
        harness.more = {"maps": {"tax_accounts": {"S 20": account, "S 10": account}}}
        request = sample_request("credit_note", 1, harness.buyer.id)
        with pytest.raises(WriteRefused):
            harness.build().create(request)
        assert harness.stored("credit_note", request.key) == 0

    def test_a_user_without_the_right_to_comments_is_found_by_check(self, harness: ErpNextHarness) -> None:
        harness.erpnext.rights -= {("Comment", "read"), ("Comment", "create")}
        (wrong,) = (finding for finding in harness.build().check() if finding.level == "error")
        assert (wrong.what, wrong.message.startswith("comments cannot be read")) == ("comments", True)
        assert "Role Permissions Manager" in str(wrong.hint)
