"""The preset for Dynamics NAV against its stand-in, which answers by the real WSDLs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.conformance import Seed, sample_request
from connectors.spi import AlreadyExists, Window, WriteRefused
from core.errors import RetryableError
from tests.helpers.stand_ins.base import Received
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.nav import NO_DATE, Nav
from tests.helpers.stand_ins.nav_harness import DAY, TIER, NavHarness
from tests.helpers.stand_ins.nav_words import fault
from tests.helpers.stand_ins.soap import operation_in


class TestNavOnprem(FastConformance):
    kinds = ("credit_note", "account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[NavHarness]:
        with Nav() as nav:
            harness = NavHarness(nav, tmp_path)
            yield harness
            harness.close()
            assert nav.invalid == []

    # ---------------------------------------------------------------- what is read

    def test_an_invoice_lands_with_its_amounts(self, harness: NavHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "invoices")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", "C-1001")
        assert (record.net, record.tax, record.content["reference"]) == (20_010, 4_002, "A first")
        (line,) = record.lines
        assert (line.product, line.net, line.tax_rate, line.tax_category) == ("SAW-3", 20_010, 200_000, "S")
        assert "due" not in record.content  # NAV has no empty date: it says the first day of all

    def test_what_was_posted_to_a_day_long_gone_is_met(self, harness: NavHarness) -> None:
        harness.make(Seed("A"))
        *_, last = harness.build().pull("invoices", Window(harness.now()), {})
        assert last.cursor is not None
        line = {"No": "SAW-3", "Unit_Price": "1.00", "VAT_Prod_Posting_Group": "VAT20"}
        late = harness.nav.books.add_invoice(harness.buyer, [line], DAY - timedelta(days=400))
        pages = harness.build().pull("invoices", Window(harness.now()), last.cursor)
        assert [record.external_id for page in pages for record in page.records] == [late.id]

    def test_entries_that_are_few_are_read_as_those_that_are_many(self, harness: NavHarness) -> None:
        """The numbers of entries are read as seconds since 1970: those of a young company are of that year."""
        for number in range(1, 8):
            harness.make(Seed(f"R{number}")).values["Entry_No"] = number
        *pages, last = harness.build().pull("invoices", Window(harness.now()), {})
        assert len({record.external_id for page in (*pages, last) for record in page.records}) == 7
        late = harness.make(Seed("R8"))
        late.values["Entry_No"] = 8
        pages = list(harness.build().pull("invoices", Window(harness.now()), last.cursor or {}))
        assert [record.external_id for page in pages for record in page.records] == [late.id]

    def test_only_documents_are_read_of_the_ledger(self, harness: NavHarness) -> None:
        nav = harness.nav
        nav.books.add_payment(harness.buyer, "103001", DAY)  # under the number the invoice will have
        row = harness.make(Seed("A"))
        opening = harness.make(Seed("OPENING"))
        nav.books.tables["invoices"].delete(opening.extra["document"])  # an entry without a document
        assert set(landed(harness, "invoices")) == {row.id}
        found = harness.build().fetch("invoice", row.id)
        assert found is not None and found.fields["reference"] == "A first"
        assert harness.build().fetch("invoice", "it's none") is None

    def test_lines_without_amounts_are_left_out(self, harness: NavHarness) -> None:
        row = harness.make(Seed("A"))
        row.extra["document"].extra["lines"].append({"Type": "_blank_", "Description": "thank you"})
        assert len(landed(harness, "invoices")[row.id].lines) == 1

    def test_an_empty_list_is_empty_in_either_form(self, harness: NavHarness) -> None:
        nav = harness.nav
        nav.empty_inside = True
        nav.check_answers = False  # type: ignore[misc]
        nav.books.tables["customers"].delete(harness.buyer)
        assert landed(harness, "invoices") == landed(harness, "accounts") == {}
        assert harness.build().look_up("credit_note", "RB-AAAAAAAAAAAA") == ()
        assert harness.build().fetch("invoice", "103001") is None

    def test_a_foreign_currency_is_told_and_the_local_one_is_empty_there(self, harness: NavHarness) -> None:
        harness.buyer.values["Currency_Code"] = "USD"
        row = harness.make(Seed("A"))
        assert landed(harness, "invoices")[row.id].currency == "USD"
        assert landed(harness, "accounts")["C-1001"].content["currency"] == "USD"

    @pytest.mark.parametrize("language", ["de", "en"])
    def test_customers_land_by_bookmark_whatever_the_language_of_dates(self, tmp_path: Path, language: str) -> None:
        with Nav(language) as nav:
            harness = NavHarness(nav, tmp_path)
            for number in range(2, 6):
                nav.books.add_customer(f"C-100{number}", "Another")
            nav.books.add_customer("C-OLD", "Never changed").values["Last_Date_Modified"] = NO_DATE
            assert set(landed(harness, "accounts")) == {*(f"C-100{number}" for number in range(1, 6)), "C-OLD"}
            harness.close()
            assert nav.invalid == []

    def test_check_finds_that_dates_are_written_another_way(self, harness: NavHarness) -> None:
        harness.more = {"values": {"date_format": "%m/%d/%Y"}}
        (wrong,) = [finding for finding in harness.build().check() if finding.level == "error"]
        assert wrong.what == "read.accounts" and "01/31/1980" in wrong.message

    # ---------------------------------------------------------------- what is written

    def test_a_memo_is_positive_there_and_negative_here(self, harness: NavHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        remote = harness.build().create(request)
        assert (remote.remote_id, remote.number) == ("104001", "104001")
        record = landed(harness, "credit_memos")[remote.remote_id]
        assert (record.kind, record.net, record.tax, record.content["reference"]) == (
            "credit_note",
            -1505,
            -251,
            request.key,
        )
        assert "original" not in record.content

    def test_a_wrong_posting_group_is_seen_before_anything_is_posted(self, harness: NavHarness) -> None:
        harness.more = {"maps": {"tax_codes": {"S 20": "VAT10"}}}
        with pytest.raises(WriteRefused, match="another document"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        assert len(harness.nav.books.tables["memos"]) == len(harness.nav.books.tables["posted_memos"]) == 0

    def test_a_memo_that_was_changed_since_is_not_deleted_unseen(self, harness: NavHarness) -> None:
        """The draft is read again for the key it has now."""
        harness.more = {"maps": {"tax_codes": {"S 20": "VAT10"}}}
        nav = harness.nav

        def touched(asked: Received) -> bool:
            if operation_in(asked.body) == "Delete":
                for row in nav.books.tables["memos"]:
                    nav.books.change("memos", row, {"Your_Reference": "somebody"})
                nav.failures.clear()
            return False

        nav.fail(500, when=touched)
        with pytest.raises(RetryableError, match="anderer Benutzer"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        (left,) = nav.books.tables["memos"]
        harness.build().discard("credit_note", left.id)
        assert len(nav.books.tables["memos"]) == 0

    def test_one_that_was_posted_meanwhile_is_not_posted_again(self, harness: NavHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        adapter = harness.build()
        adapter.create(request)
        with pytest.raises(AlreadyExists):
            harness.build().create(request)
        assert len(adapter.look_up("credit_note", request.key, harness.account())) == 1
        assert len(harness.nav.books.tables["memos"]) == 0

    def test_a_draft_that_a_colleague_posted_is_found(self, harness: NavHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        with harness.post_fails(), pytest.raises(RetryableError):
            harness.build().create(request)
        (draft,) = harness.build().look_up("credit_note", request.key, harness.account())
        assert (draft.state, draft.remote_id) == ("draft", "1001")
        harness.nav.books.post_by_hand(draft.remote_id)
        (found,) = harness.build().look_up("credit_note", request.key, harness.account())
        assert (found.state, found.remote_id) == ("posted", "104001")
        assert harness.build().read_back("credit_note", "1001") is None

    @pytest.mark.parametrize("language", ["de", "en"])
    def test_a_locked_table_is_tried_again_later(self, tmp_path: Path, language: str) -> None:
        with Nav(language) as nav:
            harness = NavHarness(nav, tmp_path)
            nav.fail_with(fault(language, "locked", table="Sales Header"), operations=("Create",))
            with pytest.raises(RetryableError):
                harness.build().create(sample_request("credit_note", 1, harness.account()))
            assert harness.build().create(sample_request("credit_note", 1, harness.account())).state == "posted"
            harness.close()
            assert nav.invalid == []

    @pytest.mark.parametrize("language", ["de", "en"])
    def test_a_customer_somebody_else_writes_into_is_read_again(self, tmp_path: Path, language: str) -> None:
        with Nav(language) as nav:
            harness = NavHarness(nav, tmp_path)
            nav.fail_with(fault(language, "stale", table="Customer", number="C-1001"), operations=("Update",))
            with pytest.raises(RetryableError):
                harness.build().create(sample_request("tier", 1, harness.account()))
            harness.build().create(sample_request("tier", 1, harness.account()))
            assert harness.buyer.values[TIER] == "gold"
            harness.close()
            assert nav.invalid == []

    def test_a_tier_leaves_the_other_fields_as_they_are(self, harness: NavHarness) -> None:
        harness.nav.books.change("customers", harness.buyer, {"City": "Köln", "Priority": 3})
        harness.more = {"values": {"to_next_field": "Balance_LCY"}}
        harness.build().create(sample_request("tier", 1, harness.account()))
        values = harness.buyer.values
        assert (values[TIER], values["City"], values["Priority"]) == ("gold", "Köln", 3)
        assert Decimal(values["Balance_LCY"]) == Decimal("500.00")

    def test_a_currency_is_written_as_nav_calls_it(self, harness: NavHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        harness.more = {"maps": {"currencies": {"EUR": "EUR"}}}  # it has no entry for the local one
        with pytest.raises(WriteRefused, match="Currency"):
            harness.build().create(request)
        harness.more = {"maps": {"currencies": {"EUR": "USD"}}}
        with pytest.raises(WriteRefused, match="currency is USD, not EUR"):
            harness.build().create(request)
        harness.more = {}
        harness.buyer.values["Currency_Code"] = "USD"  # what a memo has that does not say otherwise
        assert harness.build().create(request).currency == "EUR"
        with pytest.raises(WriteRefused, match=r"\[maps.currencies\] has nothing for 'GBP'"):
            harness.build().create(replace(request, currency="GBP"))
