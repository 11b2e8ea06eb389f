"""What the preset for ERPNext must do on an ERPNext, be it the stand-in or a real one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.conformance import AdapterConformance, Seed, cursor_of, ids_of, records_of, sample_request
from connectors.spi import AlreadyExists, DocumentRequest, Window, WriteRefused
from tests.helpers.stand_ins.erpnext_harness import DAY, ErpNextHarness
from tests.helpers.stand_ins.landed import landed


class ErpNextConformance(AdapterConformance):
    """Subclasses supply the fixture `harness`."""

    kinds = ("credit_note", "debit_invoice", "account_note", "tier")
    states = ("tier",)
    in_batches = ()

    # ------------------------------------------------------------ reading

    def test_an_invoice_lands_with_its_lines_and_rates(self, harness: ErpNextHarness) -> None:
        lines = [
            {"item_code": "SAW-3", "qty": 2, "rate": "50.05", "item_tax_template": harness.taxes[20][1]},
            {"item_code": "SAW-3", "qty": 1, "rate": "10", "item_tax_template": harness.taxes[10][1]},
        ]
        row = harness.erpnext.add_invoice(harness.buyer.id, lines, DAY)
        record = landed(harness, "documents")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", harness.buyer.id)
        assert (record.net, record.tax) == (11_010, 2_102)
        assert [(line.net, line.tax_rate, line.tax) for line in record.lines] == [
            (10_010, 200_000, 2_002),
            (1_000, 100_000, 100),
        ]

    def test_a_rate_of_the_document_and_charges_of_its_header(self, harness: ErpNextHarness) -> None:
        vat, freight = harness.taxes[20][0], harness.erpnext.add_tax(0)[0]
        taxes = [
            {"charge_type": "On Net Total", "account_head": vat, "description": "VAT", "rate": 20},
            {"charge_type": "Actual", "account_head": freight, "description": "Freight", "tax_amount": 7},
        ]
        line = {"item_code": "SAW-3", "qty": 1, "rate": 100}
        row = harness.erpnext.add_invoice(harness.buyer.id, [line], DAY, taxes=taxes)
        record = landed(harness, "documents")[row.id]
        assert (record.net, record.tax) == (10_700, 2_000)
        assert [(line.kind, line.net, line.tax) for line in record.lines] == [
            ("", 10_000, 2_000),
            ("freight", 700, 0),
        ]

    def test_a_return_is_negative_and_a_cancelled_invoice_counts_nothing(self, harness: ErpNextHarness) -> None:
        invoice = harness.make(Seed("A"))
        line = {"item_code": "SAW-3", "qty": -1, "rate": "10.05", "item_tax_template": harness.taxes[20][1]}
        credit = harness.erpnext.add_invoice(
            harness.buyer.id, [line], DAY, is_return=1, return_against=invoice.id, custom_rebated_key="RB-1"
        )
        record = landed(harness, "documents")[credit.id]
        assert (record.kind, record.net, record.tax) == ("credit_note", -1005, -201)
        assert (record.content["original"], record.content["reference"]) == (invoice.id, "RB-1")
        for row in (credit, invoice):  # an invoice cannot be cancelled while a return names it
            harness.erpnext.update("Sales Invoice", row, {"docstatus": 2})
            assert landed(harness, "documents")[row.id].cancelled

    def test_drafts_are_not_read(self, harness: ErpNextHarness) -> None:
        line = {"item_code": "SAW-3", "qty": 1, "rate": 5}
        harness.erpnext.add_invoice(harness.buyer.id, [line], DAY, submitted=False)
        assert ids_of(self.pull(harness)) == set()

    def test_customers_and_items_land(self, harness: ErpNextHarness) -> None:
        account = landed(harness, "accounts")["Buyer & Söhne"]
        assert (account.personal["name"], account.content["segment"]) == ("Buyer & Söhne", "Commercial")
        assert landed(harness, "products")["SAW-3"].content["line_kind"] == "service"

    def test_a_name_with_quotes_does_not_break_a_filter(self, harness: ErpNextHarness) -> None:
        """Names are what somebody typed: keyset paging puts them into the filters of the next page."""
        for name in ('He said "no"', "O'Neill", "100 %", "back\\slash", "[[a,b]]"):
            harness.erpnext.add_customer(name)
        assert len(landed(harness, "accounts")) == 6

    def test_as_a_crm_its_customers_are_matched(self, harness: ErpNextHarness) -> None:
        harness.erpnext.add_custom("Customer", "custom_erp_number")
        harness.erpnext.tables["Customer"].change(harness.buyer, {"custom_erp_number": "K-1"})
        switched = {
            name: {"off": name != "counterparts"} for name in ("accounts", "products", "documents", "counterparts")
        }
        harness.more = {"read": switched, "values": {"customer_key": "custom_erp_number"}}
        (record,) = records_of(list(harness.build().pull("counterparts", Window(harness.now()), {})))
        assert (record.external_id, record.fields["external_key"]) == (harness.buyer.id, "K-1")

    def test_a_change_in_the_hour_that_comes_twice_is_met(self, harness: ErpNextHarness) -> None:
        harness.make(Seed("A"))
        first = self.pull(harness)
        harness.seed([Seed("B")])
        assert ids_of(self.pull(harness, cursor_of(first))) == {"B"}

    # ------------------------------------------------------------ writing

    def test_a_credit_note_is_submitted_and_names_the_invoice_it_corrects(self, harness: ErpNextHarness) -> None:
        invoice = harness.make(Seed("A"))
        request = sample_request("credit_note", 1, harness.buyer.id)
        assert isinstance(request, DocumentRequest)
        remote = harness.build().create(replace(request, original=invoice.id))
        row = harness.table.get(remote.remote_id)
        assert row is not None
        assert (row.values["docstatus"], row.values["is_return"], row.values["return_against"]) == (1, 1, invoice.id)
        assert row.values["posting_date"] == request.issued
        with pytest.raises(AlreadyExists):
            harness.build().create(request)

    def test_one_that_was_cancelled_keeps_its_key(self, harness: ErpNextHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        remote = harness.build().create(request)
        row = harness.table.get(remote.remote_id)
        assert row is not None
        harness.erpnext.update("Sales Invoice", row, {"docstatus": 2})
        (found,) = harness.build().look_up("credit_note", request.key)
        assert found.state == "cancelled"
        with pytest.raises(AlreadyExists):
            harness.build().create(request)

    def test_a_tax_code_without_a_template_says_where_it_belongs(self, harness: ErpNextHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        assert isinstance(request, DocumentRequest)
        lines = tuple(line._replace(rate=190_000) for line in request.lines)
        with pytest.raises(WriteRefused, match="S 19"):
            harness.build().create(replace(request, lines=lines))

    def test_what_erpnext_says_is_told_without_its_markup(self, harness: ErpNextHarness) -> None:
        harness.more = {"maps": {"item_tax_templates": {"S 20": "NONE"}}}
        with pytest.raises(WriteRefused) as caught:
            harness.build().create(sample_request("credit_note", 1, harness.buyer.id))
        assert "Could not find Row #1: Item Tax Template: NONE" in str(caught.value)
        assert "<b>" not in str(caught.value) and "Traceback" not in str(caught.value)

    def test_a_customer_that_is_not_there_is_named_as_the_reason(self, harness: ErpNextHarness) -> None:
        with pytest.raises(WriteRefused, match="the customer is not there"):
            harness.build().create(harness.refused("credit_note"))

    def test_an_item_that_is_not_there_refuses_the_document(self, harness: ErpNextHarness) -> None:
        harness.more = {"values": {"item": "NONE"}}
        with pytest.raises(WriteRefused, match="NONE"):
            harness.build().create(sample_request("credit_note", 1, harness.buyer.id))

    def test_fields_that_would_be_passed_over_are_found_by_check(self, harness: ErpNextHarness) -> None:
        harness.more = {"values": {"paid": "custom_no_such", "key_field": "custom_rebated_keys", "item": "NONE"}}
        wrong = {finding.what for finding in harness.build().check() if finding.level == "error"}
        assert wrong == {"key field", "item", "what was paid this year", "read.documents"}

    def test_an_untaxed_part_needs_neither_template_nor_account(self, harness: ErpNextHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        assert isinstance(request, DocumentRequest)
        first, second = request.lines
        untaxed = replace(
            request,
            lines=(first, second._replace(category="Z", rate=0, tax=0)),
            taxes=(request.taxes[0], request.taxes[1]._replace(category="Z", rate=0, tax=0)),
            tax=200,
        )
        remote = harness.build().create(untaxed)
        assert sorted(remote.taxes) == sorted(untaxed.taxes)
        row = harness.table.get(remote.remote_id)
        assert row is not None
        assert [tax["account_head"] for tax in row.values["taxes"]] == [harness.taxes[20][0]]
