"""The preset for NetSuite over SOAP against its stand-in, which answers from the real WSDL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Seed, sample_request
from connectors.declarative.error_rules import ErrorRules
from connectors.spi import AlreadyExists, Window, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.landed import landed
from tests.helpers.stand_ins.netsuite_soap import NetSuiteSoap, blocked, fault
from tests.helpers.stand_ins.netsuite_soap_harness import DAY, NetSuiteSoapHarness


class TestNetSuiteSuiteTalk(FastConformance):
    kinds = ("credit_note", "account_note", "tier")
    states = ()
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[NetSuiteSoapHarness]:
        with NetSuiteSoap() as netsuite:
            harness = NetSuiteSoapHarness(netsuite, tmp_path)
            yield harness
            harness.close()
            assert netsuite.invalid == []

    # ---------------------------------------------------------------- what is read

    def test_an_invoice_lands_with_its_amounts(self, harness: NetSuiteSoapHarness) -> None:
        row = harness.make(Seed("A"))
        record = landed(harness, "invoices")[row.id]
        assert (record.day, record.currency, record.entity, record.account) == (DAY, "EUR", "DE01", harness.buyer.id)
        assert (record.net, record.tax, record.content["number"]) == (20_010, 4_002, "INV00001")
        (line,) = record.lines
        assert (line.product, line.net, line.tax_rate) == (harness.saw.id, 20_010, 200_000)

    def test_amounts_with_exponents_are_exact(self, harness: NetSuiteSoapHarness) -> None:
        line = {"item": harness.saw.id, "rate": "12345678.91", "taxCode": "5"}
        row = harness.books.add_invoice(harness.buyer, [line], DAY)
        assert landed(harness, "invoices")[row.id].net == 1_234_567_891

    def test_shipping_and_a_discount_stand_at_the_head(self, harness: NetSuiteSoapHarness) -> None:
        line = {"item": harness.saw.id, "rate": "100", "taxCode": "5"}
        head = {"shippingCost": Decimal(12), "discountTotal": Decimal(-10), "total": Decimal(102)}
        row = harness.books.add_invoice(harness.buyer, [line], DAY, **head)
        record = landed(harness, "invoices")[row.id]
        assert (record.net, sum(line.net for line in record.lines)) == (10_200, 10_200)

    def test_sales_tax_of_the_united_states_is_of_the_lines_that_are_taxed(self, harness: NetSuiteSoapHarness) -> None:
        plain = {"item": harness.saw.id, "rate": "100", "taxCode": "5"}
        lines = [{**plain, "isTaxable": True}, {**plain, "isTaxable": False}]
        head = {"taxRate": Decimal(8), "taxTotal": Decimal(8), "total": Decimal(208)}
        row = harness.books.add_invoice(harness.buyer, lines, DAY, **head)
        record = landed(harness, "invoices")[row.id]
        assert (record.net, record.tax, [line.tax_rate for line in record.lines]) == (20_000, 800, [80_000, 0])

    def test_a_sweep_misses_what_was_deleted(self, harness: NetSuiteSoapHarness) -> None:
        for number in range(7):
            harness.add(Seed(f"R{number}"))
        *_, last = harness.build().pull("invoices", Window(harness.now()), {})
        harness.delete("R3")
        harness.wait(25 * 3600)
        assert last.cursor is not None
        *_, swept = harness.build().pull("invoices", Window(harness.now()), last.cursor)
        assert swept.seen == {f"R{number}" for number in range(7)} - {"R3"}
        assert harness.build().fetch("invoice", "1003") is None

    def test_customers_land(self, harness: NetSuiteSoapHarness) -> None:
        account = landed(harness, "accounts")[harness.buyer.id]
        assert (account.personal["name"], account.content["currency"]) == ("Buyer & Söhne", "EUR")
        assert account.personal["vat_number"] == "DE123"

    def test_a_day_with_a_time_of_day_is_told_and_not_guessed(self, tmp_path: Path) -> None:
        with NetSuiteSoap(zone="Europe/Berlin") as netsuite:
            harness = NetSuiteSoapHarness(netsuite, tmp_path)
            row = harness.make(Seed("A"))
            (bad,) = [bad for page in harness.build().pull("invoices", Window(harness.now()), {}) for bad in page.bad]
            assert bad.external_id == row.id and "2026-01-14T15:00:00.000-08:00" in bad.message
            wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
            assert wrong == ["time zone and language of the user"]
            harness.close()

    def test_what_slips_from_one_page_to_the_one_before_is_met(self, harness: NetSuiteSoapHarness) -> None:
        rows = [harness.make(Seed(f"R{number}")) for number in range(7)]
        seen: set[str] = set()
        for page in harness.build().pull("invoices", Window(harness.now()), {}):
            seen |= {record.external_id for record in page.records}
            if not rows[0].deleted:
                harness.table.delete(rows[0])  # two pages as before, and the sixth now stands on the first
        assert seen >= {row.id for row in rows}

    def test_a_search_that_ended_is_begun_anew(self, harness: NetSuiteSoapHarness) -> None:
        rows = [harness.make(Seed(f"R{number}")) for number in range(7)]
        seen: set[str] = set()
        late = False
        for page in harness.build().pull("invoices", Window(harness.now()), {}):
            seen |= {record.external_id for record in page.records}
            if not late:
                late = True
                harness.wait(1000)
        assert seen == {row.id for row in rows}

    # ---------------------------------------------------------------- what is written

    def test_a_memo_is_positive_there_and_negative_here(self, harness: NetSuiteSoapHarness) -> None:
        request = sample_request("credit_note", 1, harness.account())
        remote = harness.build().create(request)
        assert remote.number.startswith("CM")
        record = landed(harness, "credit_memos")[remote.remote_id]
        assert (record.kind, record.net, record.tax, record.content["reference"]) == (
            "credit_note",
            -1505,
            -251,
            request.key,
        )
        with pytest.raises(AlreadyExists):
            harness.build().create(request)

    @pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin"])
    def test_a_memo_is_of_its_day(self, tmp_path: Path, zone: str) -> None:
        with NetSuiteSoap(zone=zone) as netsuite:
            harness = NetSuiteSoapHarness(netsuite, tmp_path)
            request = sample_request("credit_note", 1, harness.account())
            row = harness.table.get(harness.build().create(request).remote_id)
            assert row is not None and row.values["tranDate"] == getattr(request, "issued", date.min)
            harness.close()

    def test_a_location_is_sent_where_one_is_given(self, harness: NetSuiteSoapHarness) -> None:
        harness.books.wants_location = True
        with pytest.raises(WriteRefused, match="Location"):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        harness.more = {"values": {"location": "3"}}
        remote = harness.build().create(sample_request("credit_note", 2, harness.account()))
        row = harness.table.get(remote.remote_id)
        assert row is not None and row.values["location"] == "3"

    def test_a_tier_stands_in_the_fields_of_the_customer(self, harness: NetSuiteSoapHarness) -> None:
        harness.build().create(sample_request("tier", 1, harness.account()))
        custom = harness.buyer.extra["custom"]
        assert set(custom) == harness.books.custom_fields and custom["custentity_rebated_tier"]

    def test_a_note_carries_our_key(self, harness: NetSuiteSoapHarness) -> None:
        request = sample_request("account_note", 1, harness.account())
        harness.build().create(request)
        (note,) = harness.books.notes
        assert (note.values["title"], note.values["externalId"]) == (f"rebated {request.key}", request.key)

    # ---------------------------------------------------------------- trouble

    def test_a_token_that_is_not_known_is_told(self, harness: NetSuiteSoapHarness) -> None:
        (harness.folder / "token").write_text("another")
        with pytest.raises(FatalError, match="Invalid login attempt"):
            harness.build().look_up("credit_note", "RB-AAAAAAAAAAAA")
        assert set(harness.netsuite.passports.audit) == {"UnknownToken"}

    def test_what_is_blocked_was_not_done(self, harness: NetSuiteSoapHarness) -> None:
        harness.netsuite.fail_with(blocked(), operations=("add",))
        with pytest.raises(RetryableError):
            harness.build().create(sample_request("credit_note", 1, harness.account()))
        assert len(harness.table) == 0

    def test_an_unexpected_error_of_a_write_is_looked_up(self, harness: NetSuiteSoapHarness) -> None:
        broken = fault("invalidCredentialsFault", "UNEXPECTED_ERROR", "An unexpected error occurred.")
        harness.netsuite.fail_with(broken, operations=("add",), after=True)
        request = sample_request("credit_note", 1, harness.account())
        with pytest.raises(Exception, match="unexpected error"):
            harness.build().create(request)
        assert len(harness.build().look_up("credit_note", request.key)) == 1

    @pytest.mark.parametrize(
        ("code", "during", "meaning"),
        [
            ("CONCURRENCY_LIMIT_EXCEEDED", "write", "throttle"),
            ("RCRD_HAS_BEEN_CHANGED", "write", "conflict"),
            ("DUP_RCRD", "write", "duplicate"),
            ("RCRD_DSNT_EXIST", "read", "missing"),
            ("RCRD_DSNT_EXIST", "write", "refused"),
            ("UNEXPECTED_ERROR", "write", "retry"),
            ("USER_ERROR", "write", "refused"),
            ("INVALID_KEY_OR_REF", "write", "refused"),
        ],
    )
    def test_what_a_status_means(self, harness: NetSuiteSoapHarness, code: str, during: Any, meaning: str) -> None:
        detail = {"type": "ERROR", "code": code, "message": "Why not."}
        body = {"writeResponse": {"status": {"isSuccess": False, "statusDetail": [detail]}}}
        settings = harness.settings()
        wire = settings.wire(harness.folder)
        rules = ErrorRules(settings.errors, settings.error_message, otherwise=wire.meaning)
        judged = rules.judge(200, {}, body, b"", during)
        request = settings.write["credit_note"].create[0].request
        if judged.meaning == "fine":
            assert (meaning, wire.refused(request, body)) == ("refused", "Why not.")
        else:
            assert judged == (meaning, "Why not.")
        body["writeResponse"]["status"] = {"isSuccess": True, "statusDetail": [{**detail, "type": "WARN"}]}
        assert rules.judge(200, {}, body, b"", during).meaning == "fine"
        assert wire.refused(request, body) is None

    @pytest.mark.parametrize(
        ("name", "meaning"),
        [
            ("exceededRequestLimitFault", "throttle"),
            ("exceededConcurrentRequestLimitFault", "throttle"),
            ("invalidCredentialsFault", "refresh"),
            ("invalidSessionFault", "refresh"),
            ("insufficientPermissionFault", "fatal"),
            ("exceededRecordCountFault", "fatal"),
            ("asyncFault", "retry"),
        ],
    )
    def test_what_a_fault_means(self, harness: NetSuiteSoapHarness, name: str, meaning: str) -> None:
        told = {name: {"code": "USER_ERROR", "message": "Why not."}, "hostname": "java002"}
        body = {"fault": {"code": "Server.userException", "subcode": "", "text": "Why not.", "detail": told}}
        settings = harness.settings()
        rules = ErrorRules(settings.errors, settings.error_message, otherwise=settings.wire(harness.folder).meaning)
        assert rules.judge(500, {}, body, b"", "write") == (meaning, "Why not.")
        told[name]["code"] = "UNEXPECTED_ERROR"  # type: ignore[index]
        assert rules.judge(500, {}, body, b"", "write").meaning in ("retry", "throttle")

    def test_an_item_that_is_not_there_is_found_by_check(self, harness: NetSuiteSoapHarness) -> None:
        harness.more = {"values": {"item": "9"}}
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["item of rebate lines"]

    def test_the_end_of_soap_is_told(self, harness: NetSuiteSoapHarness) -> None:
        assert any("2028.2" in finding.message + finding.hint for finding in harness.build().check())
