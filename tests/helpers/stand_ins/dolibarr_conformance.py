"""What the preset for Dolibarr must do on a Dolibarr, be it the stand-in or a real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from connectors.conformance import AdapterConformance, Seed, cursor_of, ids_of, records_of, sample_request
from connectors.spi import DocumentRequest, NoteRequest, Window, WriteKind, WriteRefused
from core.errors import FatalError
from tests.helpers.stand_ins.dolibarr_harness import DAY, DolibarrHarness
from tests.helpers.stand_ins.landed import landed

ZONES = ["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"]


class DolibarrConformance(AdapterConformance):
    """Subclasses supply the fixture `harness`, which takes a zone of `ZONES` as its parameter."""

    kinds = ("credit_note", "debit_invoice", "account_note", "tier")
    states = ("tier",)
    in_batches = ()

    # ------------------------------------------------------------ reading

    @pytest.mark.parametrize("harness", ZONES, indirect=True)
    def test_an_invoice_lands_on_its_day_with_its_amounts(self, harness: DolibarrHarness) -> None:
        row = harness.make(Seed("A"))
        for time_zone in ("UTC", harness.dolibarr.zone.key):
            record = landed(harness, "documents", time_zone=time_zone)[row.id]
            assert (record.day, record.currency, record.entity, record.account) == (
                DAY,
                "EUR",
                "DE01",
                harness.buyer.id,
            )
            assert (record.net, record.tax, record.cancelled) == (20_010, 4_002, False)
            (line,) = record.lines
            assert (line.product, line.kind, line.net, line.tax_rate, line.tax) == (
                "SAW-3",
                "goods",
                20_010,
                200_000,
                4_002,
            )

    def test_a_credit_note_is_negative_and_names_what_it_corrects(self, harness: DolibarrHarness) -> None:
        invoice = harness.make(Seed("A"))
        line = {"subprice": Decimal("10.05"), "tva_tx": Decimal(20)}
        credit = harness.dolibarr.add_document(
            int(harness.buyer.id), [line], DAY, credit=True, fk_facture_source=int(invoice.id)
        )
        record = landed(harness, "documents")[credit.id]
        assert (record.kind, record.net, record.tax) == ("credit_note", -1005, -201)
        assert record.content["original"] == invoice.id

    def test_a_draft_is_nothing_and_one_that_was_an_invoice_is_cancelled(self, harness: DolibarrHarness) -> None:
        row = harness.make(Seed("A"))
        line = {"subprice": Decimal(5), "tva_tx": Decimal(20)}
        harness.dolibarr.add_document(int(harness.buyer.id), [line], DAY, validated=False)
        first = self.pull(harness)
        assert ids_of(first) == {row.id}
        harness.dolibarr.invoices.change(row, {"fk_statut": 0})  # set back to draft: it keeps its number
        (record,) = records_of(self.pull(harness, cursor_of(first)))
        assert (record.external_id, record.fields["state"]) == (row.id, "cancelled")

    @pytest.mark.parametrize("credit", ["(DEPOSIT)", "(CREDIT_NOTE)", "(EXCESS RECEIVED)"])
    def test_what_a_customer_had_left_is_no_turnover_where_it_is_used(
        self, harness: DolibarrHarness, credit: str
    ) -> None:
        lines: list[dict[str, object]] = [
            {"subprice": Decimal(100), "tva_tx": Decimal(20)},
            {"subprice": Decimal(-30), "tva_tx": Decimal(20), "desc": credit},
        ]
        row = harness.dolibarr.add_document(int(harness.buyer.id), lines, DAY)
        assert [line.kind for line in landed(harness, "documents")[row.id].lines] == ["goods", "deposit"]

    def test_accounts_and_products_land(self, harness: DolibarrHarness) -> None:
        account = landed(harness, "accounts")[harness.buyer.id]
        assert account.personal["name"] == "Buyer & Söhne"
        assert (account.content["country"], account.content["language"]) == ("DE", "de")
        assert "parent" not in account.content
        assert landed(harness, "products")["SAW-3"].content["line_kind"] == "goods"
        assert harness.build().fetch("product", "SAW-3") is not None
        assert harness.build().fetch("product", "NONE") is None

    def test_as_a_crm_its_third_parties_are_matched(self, harness: DolibarrHarness) -> None:
        harness.dolibarr.third_parties.change(harness.buyer, {"ref_ext": "K-1"})
        switched = {
            name: {"off": name != "counterparts"} for name in ("accounts", "products", "documents", "counterparts")
        }
        harness.more["read"] = switched
        (record,) = records_of(list(harness.build().pull("counterparts", Window(harness.now()), {})))
        assert (record.external_id, record.fields["external_key"]) == (harness.buyer.id, "K-1")
        assert record.fields["archived"] in (False, "false")

    def test_a_wrong_filter_is_no_passing_trouble(self, harness: DolibarrHarness) -> None:
        query = {"sqlfilters": "(t.no_such_column:=:1)"}
        harness.more["read"] = {"documents": {"request": {"query": query}}}
        with pytest.raises(FatalError, match="Error when retrieve"):
            self.pull(harness)

    # ------------------------------------------------------------ writing

    def test_other_attributes_stay_as_they_are(self, harness: DolibarrHarness) -> None:
        harness.dolibarr.set_options(
            harness.buyer, {"rebated_tier": None, "rebated_since": date(2025, 1, 1), "region": "north"}
        )
        harness.build().create(sample_request("tier", 1, harness.buyer.id))
        assert harness.dolibarr.options(harness.buyer) == {
            "rebated_tier": "gold",
            "rebated_since": date(2026, 1, 1),
            "region": "north",
        }

    def test_a_customer_without_attributes_gets_some(self, harness: DolibarrHarness) -> None:
        assert harness.dolibarr.options(harness.buyer) == {}
        harness.build().create(sample_request("tier", 2, harness.buyer.id))
        assert harness.dolibarr.options(harness.buyer)["rebated_tier"] == "silver"

    @pytest.mark.parametrize("harness", ZONES, indirect=True)
    def test_a_document_has_the_day_that_was_approved(self, harness: DolibarrHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        remote = harness.build().create(request)
        row = harness.dolibarr.invoices.get(remote.remote_id)
        assert row is not None and isinstance(request, DocumentRequest)
        assert (row.values["datef"], row.values["type"], row.values["fk_statut"]) == (request.issued, 2, 1)
        assert remote.number.startswith("AV")

    def test_parts_of_both_signs_are_not_written(self, harness: DolibarrHarness) -> None:
        """Dolibarr would make every line of a credit note negative: the draft is compared, and goes."""
        adapter = harness.build()
        assert not adapter.capabilities.negative_lines
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
        with pytest.raises(WriteRefused):
            adapter.create(mixed)
        assert harness.stored("credit_note", request.key) == 0

    def test_nothing_is_written_for_a_customer_the_user_does_not_see(
        self, harness: DolibarrHarness, kind: WriteKind
    ) -> None:
        harness.dolibarr.revoke("societe.client.voir")
        request = sample_request(kind, 1, harness.buyer.id)
        with pytest.raises(FatalError, match="401"):
            harness.build().create(request)
        assert harness.stored(kind, request.key) == 0

    def test_a_note_says_what_it_was_to_say(self, harness: DolibarrHarness) -> None:
        request = sample_request("account_note", 1, harness.buyer.id)
        assert isinstance(request, NoteRequest)
        text = 'L\'année <b>2026</b> & "Or"\nfür Söhne'
        remote = harness.build().create(replace(request, text=text))
        row = harness.dolibarr.events.get(remote.remote_id)
        assert row is not None
        assert unescape(row.values["note"]) == f"{text}<br>[{request.key}]".replace("\n", "<br>")

    def test_one_that_was_deleted_is_gone(self, harness: DolibarrHarness) -> None:
        request = sample_request("credit_note", 1, harness.buyer.id)
        remote = harness.build().create(request)
        row = harness.dolibarr.invoices.get(remote.remote_id)
        assert row is not None
        harness.dolibarr.invoices.delete(row)
        assert harness.build().read_back("credit_note", remote.remote_id) is None
        assert harness.build().look_up("credit_note", request.key) == ()

    def test_a_right_that_is_missing_is_found_by_check(self, harness: DolibarrHarness) -> None:
        lost = ("societe.lire", "agenda.myactions.read", "societe.client.voir", "facture.supprimer", "societe.creer")
        harness.dolibarr.revoke(*lost)
        found = list(harness.build().check())
        assert {finding.what for finding in found if finding.level == "error"} == {
            "third parties",
            "agenda",
            "read.accounts",
        }
        assert {finding.what for finding in found if finding.level == "warning"} - {"preset"} == {
            "all third parties",
            "rights to write invoices",
            "rights to write third parties",
        }
