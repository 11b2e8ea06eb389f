"""What the preset for Dolibarr's SOAP services must do, on the stand-in or on a real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.conformance import Seed, cursor_of, ids_of, records_of, sample_request
from connectors.spi import DocumentRequest, WriteKind, WriteRefused
from core.errors import FatalError
from tests.helpers.stand_ins.dolibarr_soap_harness import DAY, TYPES, DolibarrSoapHarness
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.soap.base import operation_in

ZONES = ["Europe/Berlin", "America/Los_Angeles"]


class DolibarrSoapConformance(FastConformance):
    """Subclasses supply the fixture `harness`, which takes a zone of `ZONES` as its parameter."""

    kinds = ("credit_note", "debit_invoice")
    states = ()
    in_batches = ()

    # ------------------------------------------------------------ reading

    @pytest.mark.parametrize("harness", ZONES, indirect=True)
    def test_an_invoice_lands_on_its_day_with_its_amounts(self, harness: DolibarrSoapHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "documents")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", harness.buyer.id)
        assert (record.net, record.tax, record.cancelled) == (20_010, 4_002, False)
        (line,) = record.lines
        found = (line.product, line.kind, line.net, line.tax_rate, line.tax)
        assert found == ("SAW-3", "goods", 20_010, 200_000, 4_002)

    def test_a_credit_note_is_negative(self, harness: DolibarrSoapHarness) -> None:
        line = {"subprice": Decimal("10.05"), "tva_tx": Decimal(20)}
        credit = harness.dolibarr.add_document(int(harness.buyer.id), [line], DAY, credit=True)
        record = landed(harness, "documents")[credit.id]
        assert (record.kind, record.net, record.tax) == ("credit_note", -1005, -201)

    def test_a_draft_is_nothing_and_one_that_was_an_invoice_is_cancelled(self, harness: DolibarrSoapHarness) -> None:
        row = harness.make(Seed("A"))
        line = {"subprice": Decimal(5), "tva_tx": Decimal(20)}
        harness.dolibarr.add_document(int(harness.buyer.id), [line], DAY, validated=False)
        first = self.pull(harness)
        assert ids_of(first) == {row.id}
        harness.dolibarr.invoices.change(row, {"fk_statut": 0})  # set back to draft: it keeps its number
        (record,) = records_of(self.pull(harness, cursor_of(first)))
        assert (record.external_id, record.fields["state"]) == (row.id, "cancelled")

    def test_what_a_customer_had_left_is_no_turnover_where_it_is_used(self, harness: DolibarrSoapHarness) -> None:
        """The text that tells it is not in the list."""
        lines: list[dict[str, object]] = [
            {"subprice": Decimal(100), "tva_tx": Decimal(20)},
            {"subprice": Decimal(-30), "tva_tx": Decimal(20), "desc": "(DEPOSIT)"},
        ]
        row = harness.dolibarr.add_document(int(harness.buyer.id), lines, DAY)
        assert [line.kind for line in landed(harness, "documents")[row.id].lines] == ["goods", "deposit"]

    def test_accounts_and_products_land(self, harness: DolibarrSoapHarness) -> None:
        both = harness.dolibarr.add_customer("Buyer, and once a prospect", client=3)
        harness.dolibarr.add_customer("Supplier", client=0)
        accounts = landed(harness, "accounts")
        assert set(accounts) == {harness.buyer.id, both.id}
        assert accounts[harness.buyer.id].personal["name"] == "Buyer & Söhne"
        assert accounts[harness.buyer.id].content["country"] == "DE"
        assert landed(harness, "products")["SAW-3"].content["line_kind"] == "goods"
        assert harness.build().fetch("product", "SAW-3") is not None
        assert harness.build().fetch("product", "NONE") is None
        assert harness.build().fetch("account", "99999999") is None

    def test_a_list_that_is_refused_is_not_an_empty_one(self, harness: DolibarrSoapHarness) -> None:
        harness.dolibarr.mended = False
        with pytest.raises(FatalError, match="DB_ERROR_NOSUCHFIELD"):
            self.pull(harness)
        found = {finding.what: finding for finding in harness.build().check() if finding.level == "error"}
        assert "list of invoices" in found

    # ------------------------------------------------------------ writing

    def test_a_document_has_the_day_that_was_approved(self, harness: DolibarrSoapHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        assert isinstance(request, DocumentRequest)
        remote = harness.build().create(request)
        row = harness.dolibarr.invoices.get(remote.remote_id)
        assert row is not None
        day = date.fromisoformat(str(row.values["datef"])[:10])
        assert (day, row.values["type"], row.values["fk_statut"]) == (request.issued, 2, 1)
        assert remote.number.startswith("AV")
        assert row.values["note_public"] == request.note

    def test_parts_of_both_signs_are_not_validated(self, harness: DolibarrSoapHarness) -> None:
        """Dolibarr makes every line of a credit note negative. The draft cannot be removed: it is told of."""
        request = sample_request("credit_note", 1, harness.buyer.id)
        assert isinstance(request, DocumentRequest)
        first, second = request.lines
        mixed = replace(
            request,
            lines=(first, second._replace(net=-505, tax=-51)),
            taxes=(request.taxes[0], request.taxes[1]._replace(net=-505, tax=-51)),
            net=495,
            tax=149,
        )
        with pytest.raises(WriteRefused) as refused:
            harness.build().create(mixed)
        (row,) = harness.dolibarr.invoices.where(ref_ext=request.key)
        assert (row.values["fk_statut"], refused.value.remote_id) == (0, row.id)

    @pytest.mark.parametrize("document", ["credit_note", "debit_invoice"])
    def test_what_dolibarr_does_not_validate_is_no_success(
        self, harness: DolibarrSoapHarness, document: WriteKind
    ) -> None:
        harness.dolibarr.revoke("facture.creer")
        request = sample_request(document, 1, harness.buyer.id)
        with pytest.raises(WriteRefused, match="did not validate"):
            harness.build().create(request)
        (row,) = harness.dolibarr.invoices.where(ref_ext=request.key, type=TYPES[document])
        assert row.values["fk_statut"] == 0

    def test_of_doubled_drafts_one_is_validated(self, harness: DolibarrSoapHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        line = {"subprice": Decimal(7), "tva_tx": Decimal(20)}
        strange = harness.dolibarr.add_document(
            int(harness.buyer.id), [line], DAY, credit=True, validated=False, ref_ext=request.key
        )
        (found,) = harness.build().look_up("credit_note", request.key)
        assert (found.remote_id, found.state) == (strange.id, "draft")

    def test_one_that_was_deleted_is_gone(self, harness: DolibarrSoapHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        remote = harness.build().create(request)
        row = harness.dolibarr.invoices.get(remote.remote_id)
        assert row is not None
        harness.dolibarr.invoices.delete(row)
        assert harness.build().read_back("credit_note", remote.remote_id) is None
        assert harness.build().look_up("credit_note", request.key) == ()

    def test_a_right_that_is_missing_is_found_by_check(self, harness: DolibarrSoapHarness) -> None:
        harness.dolibarr.revoke("societe.lire", "facture.lire")
        found = {finding.what for finding in harness.build().check() if finding.level == "error"}
        assert {"third parties", "invoices"} <= found

    def test_a_wrong_password_is_found_by_check(self, harness: DolibarrSoapHarness) -> None:
        (harness.folder / "password").write_text("another")
        found = list(harness.build().check())
        assert "key" in {finding.what for finding in found if finding.level == "error"}


def asked_for(harness: DolibarrSoapHarness, operation: str) -> int:
    """How often an operation was asked of the stand-in."""
    return sum(operation_in(request.body) == operation for request in harness.stand_in.requests)
