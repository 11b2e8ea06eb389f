"""The preset for 1C against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Seed, cursor_of, ids_of, records_of, sample_request
from connectors.spi import DocumentRequest, NoteRequest, Window, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.onec import LOCKED, LOCKED_IN_UKRAINIAN, NO_LICENCE, NO_RIGHTS, OneC, busy, no_session
from tests.helpers.stand_ins.onec_harness import OneCHarness


class TestOneC(FastConformance):
    kinds = ("credit_note", "account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[OneCHarness]:
        with OneC() as onec:
            harness = OneCHarness(onec, tmp_path)
            yield harness
            harness.close()
            assert onec.invalid == []

    # ------------------------------------------------------------ reading

    def test_an_invoice_lands_with_its_amounts(self, harness: OneCHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "documents")[row.id]
        assert (str(record.day), record.currency, record.entity) == ("2026-01-15", "EUR", harness.onec.organisation)
        assert (record.account, record.net, record.tax) == (harness.buyer.id, 20_010, 4_002)
        (line,) = record.lines
        assert (line.product, line.description, line.unit, line.net, line.tax) == ("SAW-3", "Пила", "шт", 20_010, 4_002)
        assert "due" not in record.content, "00010101 is no day"

    def test_what_is_free_of_tax_and_what_is_given_back(self, harness: OneCHarness) -> None:
        line = {"net": "10.05", "rate": 0}
        row = harness.onec.add_document(harness.buyer.id, [line], kind="credit_note", currency="980")
        record = landed(harness, "documents")[row.id]
        assert (record.kind, record.currency, record.net, record.tax) == ("credit_note", "UAH", -1005, 0)
        assert [(each.tax_category, each.quantity) for each in record.lines] == [("E", -1_000_000)]

    def test_what_is_unposted_is_cancelled_and_a_draft_is_nothing(self, harness: OneCHarness) -> None:
        row = harness.make(Seed("A"))
        draft = harness.make(Seed("B"))
        harness.onec.documents.change(draft, {"state": "draft"})
        first = self.pull(harness)
        assert ids_of(first) == {row.id}
        harness.onec.documents.change(row, {"state": "cancelled"})
        (record,) = records_of(self.pull(harness, cursor_of(first)))
        assert record.fields["state"] == "cancelled"
        assert harness.build().fetch("invoice", draft.id) is None

    def test_counterparties_land(self, harness: OneCHarness) -> None:
        account = landed(harness, "accounts")[harness.buyer.id]
        assert account.personal == {"name": "ТОВ «Ромашка» & Söhne", "vat_number": "31234567"}
        found = harness.build().fetch("account", harness.buyer.id)
        assert found is not None and found.fields["name"] == "ТОВ «Ромашка» & Söhne"
        assert harness.build().fetch("account", harness.make(Seed("A")).id) is None, "an invoice is no counterparty"

    def test_the_port_over_soap_1_2_says_the_same(self, harness: OneCHarness) -> None:
        harness.more["wsdl"] = {"rebated": {"port": "RebatedSoap12"}}
        row = harness.make(Seed("A"))
        assert ids_of(self.pull(harness)) == {row.id}
        request = sample_request("credit_note", 1, harness.account())
        assert harness.build().create(request).key == request.key
        kinds = {asked.content_type for asked in harness.onec.requests}
        assert kinds == {"application/soap+xml"}

    def test_the_wsdl_is_loaded_once_with_the_name_in_cyrillic(self, harness: OneCHarness) -> None:
        path = harness.onec.services["rebated"].path
        harness.more["values"] = {"wsdl": f"{harness.proxy.url}{path}?wsdl"}
        row = harness.make(Seed("A"))
        for _ in range(2):
            assert ids_of(self.pull(harness)) == {row.id}
        assert len([asked for asked in harness.onec.requests if asked.method == "GET"]) == 1

    def test_a_refusal_comes_in_the_words_of_1c(self, harness: OneCHarness) -> None:
        harness.onec.customers.delete(harness.buyer)
        with pytest.raises(WriteRefused, match=r"Контрагент .* не найден"):
            harness.build().create(sample_request("credit_note", 1, harness.buyer.id))

    # ------------------------------------------------------------ faults

    @pytest.mark.parametrize("status", [200, 500])
    @pytest.mark.parametrize("text", [LOCKED, LOCKED_IN_UKRAINIAN, NO_LICENCE])
    def test_what_passes_is_tried_again(self, harness: OneCHarness, text: str, status: int) -> None:
        request = sample_request("credit_note", 1, harness.account())
        harness.onec.fail_with(busy(status, text), operations=("CreateCreditNote",))
        with pytest.raises(RetryableError):
            harness.build().create(request)
        assert harness.stored("credit_note", request.key) == 0
        harness.wait(60)
        harness.build().create(request)
        assert harness.stored("credit_note", request.key) == 1

    def test_sessions_that_are_locked_are_waited_for(self, harness: OneCHarness) -> None:
        row = harness.make(Seed("A"))
        answer = no_session()
        harness.onec.fail(answer.status, answer.body, content_type=answer.content_type)
        assert ids_of(self.pull(harness)) == {row.id}

    def test_rights_that_are_missing_need_a_person(self, harness: OneCHarness) -> None:
        harness.onec.fail_with(busy(text=NO_RIGHTS), times=9)
        with pytest.raises(FatalError, match="Недостаточно прав"):
            self.pull(harness)
        with pytest.raises(FatalError, match="Недостаточно прав"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        findings = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert {"service", "keys"} <= set(findings)

    def test_a_text_that_is_no_json_is_not_taken_for_an_empty_list(self, harness: OneCHarness) -> None:
        harness.make(Seed("A"))
        answered = harness.onec.get_invoices
        for text in ("", "[]", '{"status": 0, "items": null}', "Ошибка"):
            harness.onec.get_invoices = lambda asked, text=text: {"return": text}  # type: ignore[method-assign, misc]
            with pytest.raises((FatalError, RetryableError)):
                self.pull(harness)
        harness.onec.get_invoices = answered  # type: ignore[method-assign]
        assert len(records_of(self.pull(harness))) == 1

    # ------------------------------------------------------------ writing

    def test_a_credit_note_says_what_was_approved(self, harness: OneCHarness) -> None:
        invoice = harness.make(Seed("A"))
        request = sample_request("credit_note", 1, harness.account())
        assert isinstance(request, DocumentRequest)
        remote = harness.build().create(replace(request, original=invoice.id))
        row = harness.onec.documents.get(remote.remote_id)
        assert row is not None
        values: dict[str, Any] = row.values
        assert (values["state"], values["issued"], values["currency"]) == ("posted", "20260203", "978")
        assert (values["original"], values["key"], values["entity"]) == (invoice.id, request.key, request.entity)
        assert [(str(line["net"]), line["rate"]) for line in values["lines"]] == [("10.00", 20), ("5.05", 10)]
        window = Window(harness.now())
        (read,) = (
            each
            for page in harness.build().pull("documents", window, {})
            for each in page.records
            if each.kind == "credit_note"
        )
        assert (read.fields["reference"], str(read.fields["total_net"])) == (request.key, "-15.05")

    def test_a_note_keeps_its_signs(self, harness: OneCHarness) -> None:
        request = sample_request("account_note", 1, harness.account())
        assert isinstance(request, NoteRequest)
        text = 'Рівень <b>"Золото"</b> & \\ ]]>\nдругий рядок'
        remote = harness.build().create(replace(request, text=text))
        assert harness.onec.notes[remote.remote_id]["text"] == text
        assert harness.onec.notes[remote.remote_id]["at"] == "20260203090000"

    def test_a_tier_says_when_and_how_far(self, harness: OneCHarness) -> None:
        harness.build().create(sample_request("tier", 1, harness.account()))
        tier = harness.onec.tiers[harness.buyer.id]
        assert (tier["tier"], tier["since"], tier["until"], tier["to_next"]) == ("gold", "20260101", "20261231", 500)
