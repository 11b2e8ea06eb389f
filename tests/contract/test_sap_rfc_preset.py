"""The preset for SAP against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Seed, ids_of, records_of, sample_request
from connectors.spi import DocumentRequest, UnknownOutcome, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.base import Answer
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.sap_rfc import LOCKED, LOCKED_BY_USER, Sap, no_rights, returned
from tests.helpers.stand_ins.sap_rfc_harness import SapHarness
from tests.helpers.stand_ins.soap.base import operation_in


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

    # ------------------------------------------------------------ reading

    def test_a_billing_document_lands_with_its_amounts(self, harness: SapHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "documents")[row.id]
        assert (str(record.day), record.currency, record.entity) == ("2026-01-15", "EUR", "DE01")
        assert (record.account, record.net, record.tax) == (harness.buyer.id, 20_010, 4_002)
        (line,) = record.lines
        assert (line.product, line.unit, line.net, line.tax, line.tax_rate) == ("SAW-3", "ST", 20_010, 4_002, 200_000)
        assert "due" not in record.content, "0000-00-00 is no day"

    def test_a_credit_memo_is_negative_and_names_what_it_corrects(self, harness: SapHarness) -> None:
        invoice = harness.make(Seed("A"))
        items = [{"NET": "10.05", "TAX_RATE": 20}, {"NET": Decimal("1234567.89"), "TAX_RATE": 0}]
        about = {"VBTYP": "O", "ORIGINAL": invoice.id, "DUE": "2026-02-14"}
        row = harness.sap.add_invoice(harness.buyer.id, items, **about)
        record = landed(harness, "documents")[row.id]
        assert (record.kind, record.net, record.tax) == ("credit_note", -123_457_794, -201)
        assert (record.content["original"], record.content["due"]) == (invoice.id, "2026-02-14")

    def test_a_cancelled_one_is_cancelled(self, harness: SapHarness) -> None:
        row = harness.make(Seed("A"))
        harness.sap.invoices.change(row, {"FKSTO": "X"})
        assert landed(harness, "documents")[row.id].cancelled

    def test_yen_have_no_decimals(self, harness: SapHarness) -> None:
        row = harness.sap.add_invoice(harness.buyer.id, [{"NET": "1200", "TAX_RATE": 10}], WAERK="JPY")
        record = landed(harness, "documents")[row.id]
        assert (record.currency, record.net, record.tax) == ("JPY", 1200, 120)

    def test_customers_land(self, harness: SapHarness) -> None:
        account = landed(harness, "accounts")[harness.buyer.id]
        assert account.personal["name"] == "Buyer & Söhne"
        assert (account.content["country"], account.content["language"]) == ("DE", "de")
        assert harness.build().fetch("account", "0000000001") is None

    def test_an_element_that_is_missing_sends_the_record_to_quarantine(self, harness: SapHarness) -> None:
        """The schema asks for it: a renamed field must not be read as zero."""
        good, bad = harness.make(Seed("A")), harness.make(Seed("B"))
        harness.sap.invoices.change(bad, {"TEXT": "MARK"})
        answered = harness.sap._answer

        def without(asked: Any) -> Answer:
            answer = answered(asked)
            body = answer.body
            if operation_in(asked.body) == "Z_REBATED_INVOICES" and b"MARK" in body:
                start = body.index(b"MARK")
                body = body[:start] + body[start:].replace(b"NET>", b"NETTO>")
            return replace(answer, body=body)

        harness.sap._answer = without  # type: ignore[method-assign]
        pages = self.pull(harness)
        assert ids_of(pages) == {good.id}
        (wrong,) = (each for page in pages for each in page.bad)
        assert wrong.external_id == bad.id and "NET" in wrong.message

    # ------------------------------------------------------------ what RETURN says

    @pytest.mark.parametrize("message", [LOCKED, LOCKED_BY_USER])
    def test_a_lock_is_tried_again(self, harness: SapHarness, message: tuple[str, str]) -> None:
        request = sample_request("credit_note", 1, harness.account())
        post, harness.sap.post = harness.sap.post, lambda asked: returned(message, "gesperrt")  # type: ignore[method-assign]
        with pytest.raises(RetryableError) as caught:
            harness.build().create(request)
        assert not isinstance(caught.value, UnknownOutcome)
        harness.sap.post = post  # type: ignore[method-assign]
        harness.build().create(request)
        assert harness.stored("credit_note", request.key) == 1

    @pytest.mark.parametrize("type_", ["E", "A"])
    def test_a_refusal_comes_in_the_words_of_sap(self, harness: SapHarness, type_: str) -> None:
        text = "Buchungsperiode 002 2026 ist nicht geöffnet"
        harness.sap.post = lambda asked: returned(("F5", "201"), text, type_)  # type: ignore[method-assign]
        with pytest.raises(WriteRefused, match=text):
            harness.build().create(sample_request("credit_note", 1, harness.account()))

    def test_success_without_a_number_is_no_success(self, harness: SapHarness) -> None:
        harness.sap.post = lambda asked: {"EV_ID": "", "RETURN": {"item": []}}  # type: ignore[method-assign]
        with pytest.raises(WriteRefused):
            harness.build().create(sample_request("credit_note", 1, harness.account()))

    def test_a_tax_code_that_is_not_mapped_is_named(self, harness: SapHarness) -> None:
        harness.more["maps"] = {"taxes": {"S 20": "A1", "S 10": "ZZ"}}
        with pytest.raises(WriteRefused, match="Steuerkennzeichen ZZ"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        request = sample_request("credit_note", 2, harness.account())
        assert isinstance(request, DocumentRequest)
        odd = tuple(line._replace(rate=70_000) for line in request.lines)
        with pytest.raises(WriteRefused, match=r"maps\.taxes.*S 7"):
            harness.build().create(replace(request, lines=odd))

    def test_rights_that_are_missing_need_a_person(self, harness: SapHarness) -> None:
        harness.sap.fail_with(no_rights(), times=9)
        with pytest.raises(FatalError, match="Berechtigung"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        wrong = {finding.what for finding in harness.build().check() if finding.level == "error"}
        assert {"service", "billing documents", "keys"} <= wrong

    # ------------------------------------------------------------ writing

    def test_a_document_says_what_was_approved(self, harness: SapHarness) -> None:
        for number, kind in enumerate(("credit_note", "debit_invoice"), 1):
            request = sample_request(kind, number, harness.account())  # type: ignore[arg-type]
            remote = harness.build().create(request)
            row = harness.sap.documents.get(remote.remote_id)
            assert row is not None
            assert (row.values["KIND"], row.values["KUNNR"], row.values["WAERS"]) == (kind, harness.buyer.id, "EUR")
            assert [str(line["NET"]) for line in row.values["LINES"]["item"]] == ["10.0000", "5.0500"]
            assert remote.number == row.values["BELNR"]
        assert records_of(self.pull(harness)) == [], "what accounting has posted is no billing document"

    def test_a_reversed_one_is_cancelled(self, harness: SapHarness) -> None:
        remote = harness.build().create(sample_request("credit_note", 1, harness.account()))
        row = harness.sap.documents.get(remote.remote_id)
        assert row is not None
        harness.sap.documents.change(row, {"STATE": "R"})
        found = harness.build().read_back("credit_note", remote.remote_id)
        assert found is not None and found.state == "cancelled"

    def test_a_tier_without_an_end_has_a_day_that_is_none(self, harness: SapHarness) -> None:
        request = sample_request("tier", 1, harness.account())
        harness.build().create(replace(request, valid_until=None))  # type: ignore[call-arg]
        tier = harness.sap.tiers[harness.buyer.id]
        assert (tier["TIER"], tier["SINCE"], tier["UNTIL"]) == ("gold", "2026-01-01", "0000-00-00")
