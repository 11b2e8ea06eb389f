"""The stand-in for Odoo behaves like the server it stands for: measured on 19.0, by version from what is documented."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.odoo_server import ControlledServer, OdooServer, outside
from tests.helpers.odoo_server.asking import REFUND, json2, refund_rows, request, xml
from tests.helpers.odoo_server.seed import BUYER

ROOT = Path(__file__).parents[2]
NOTE = ["id", "model", "res_id", "body", "message_type", "subtype_id/id", "message_id"]


@pytest.fixture
def server() -> Iterator[OdooServer]:
    with OdooServer() as server:
        yield server


def load(server: OdooServer, key: str, *lines: tuple[str, str], **how: Any) -> dict[str, Any]:
    reply = json2(server, "account.move", "load", fields=REFUND, data=refund_rows(key, *lines, **how))
    assert reply.status == 200, reply.body
    return reply.body


def note_rows(key: str, body: str = "<p>told</p>") -> list[list[str]]:
    return [[f"rebated.n-{key}", "res.partner", str(BUYER), body, "comment", "mail.mt_note", f"<{key}@rebated>"]]


def read_one(server: OdooServer, model: str, identifier: int, *fields: str) -> dict[str, Any]:
    return json2(server, model, "read", ids=[identifier], fields=list(fields)).body[0]


def background(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run in a thread of its own; the list holds what it returned, or the exception."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


# -------------------------------------------------------------------- protocols and versions


@pytest.mark.parametrize("major", range(14, 20))
def test_the_version_is_told_on_every_path_there_is(major: int) -> None:
    with OdooServer((major, 0)) as server:
        info = request(server, "POST", "/web/webclient/version_info", b"{}", {"Content-Type": "application/json"}).body
        assert info["result"]["server_version_info"] == [major, 0, 0, "final", 0, ""]
        with xmlrpc.client.ServerProxy(server.url + "/xmlrpc/2/common") as common:
            assert common.version()["server_serie"] == f"{major}.0"
            assert common.authenticate(server.database, server.login, server.key, {}) == 5
            assert common.authenticate(server.database, server.login, "wrong", {}) is False
        assert request(server, "GET", "/web/version").status == (200 if major >= 18 else 404)
        assert json2(server, "res.partner", "search", domain=[]).status == (200 if major >= 19 else 404)
        assert xml(server, "res.partner", "search", [["id", "=", BUYER]]) == [BUYER]


def test_fields_come_and_go_with_the_version() -> None:
    def fields(version: int, model: str) -> set[str]:
        with OdooServer((version, 0)) as server:
            return set(xml(server, model, "fields_get", attributes=["type"]))

    assert "delivery_date" in fields(17, "account.move") - fields(16, "account.move")
    assert {"analytic_distribution"} <= fields(16, "account.move.line") - fields(15, "account.move.line")
    assert {"exclude_from_invoice_tab"} <= fields(15, "account.move.line") - fields(16, "account.move.line")
    assert {"sale_lock_date", "hard_lock_date"} <= fields(18, "res.company") - fields(17, "res.company")
    assert {"period_lock_date"} <= fields(17, "res.company") - fields(18, "res.company")
    assert {"ubl_cii_tax_category_code"} <= fields(18, "account.tax") - fields(17, "account.tax")


@pytest.mark.parametrize(("major", "kind"), [(15, False), (16, "product")])
def test_ordinary_lines_have_a_type_from_16_on(major: int, kind: str | bool) -> None:
    with OdooServer((major, 0)) as server:
        move = server.add_invoice(BUYER, [10])
        found = xml(server, "account.move.line", "search_read", [["move_id", "=", move]], ["display_type"], order="id")
        assert found[0]["display_type"] == kind


def test_pages_are_nested_from_17_on_and_flat_before() -> None:
    specification = {"name": {}, "partner_id": {"fields": {"ref": {}}}}
    with OdooServer((17, 0)) as server:
        server.add_invoice(BUYER, [10], "2026-01-15")
        page = xml(server, "account.move", "web_search_read", [], specification)
        assert page == {
            "length": 1,
            "records": [{"id": 1, "name": "INV/2026/00001", "partner_id": {"id": BUYER, "ref": "C-1001"}}],
        }
    with OdooServer((16, 0)) as server:
        server.add_invoice(BUYER, [10], "2026-01-15")
        page = xml(server, "account.move", "web_search_read", [], ["name", "partner_id"])
        assert page["records"] == [{"id": 1, "name": "INV/2026/00001", "partner_id": [BUYER, "Buyer GmbH"]}]
        with pytest.raises(xmlrpc.client.Fault, match="got an unexpected keyword argument"):
            xml(server, "account.move", "web_search_read", [], specification=specification)


@pytest.mark.parametrize(
    ("model", "method", "named", "status", "fault", "words"),
    [
        ("nope", "search", {"domain": []}, 404, 2, "nope"),
        ("res.partner", "nope", {}, 404, 1, "The method 'res.partner.nope' does not exist"),
        ("res.partner", "_search", {"domain": []}, 403, 4, "Private methods"),
        ("res.partner", "search", {"domain": [["nope", "=", 1]]}, 500, 1, "Invalid field res.partner.nope"),
        ("res.partner", "search", {}, 422, 1, "missing"),
        ("res.partner", "search_read", {"fields": ["nope"]}, 500, 1, "Invalid field 'nope' on 'res.partner'"),
        ("res.partner", "create", {"vals_list": [{}]}, 422, 2, "Contacts require a name"),
        ("ir.model.data", "search", {"domain": []}, 403, 4, "- Access Rights"),
        ("account.tax", "create", {"vals_list": [{}]}, 403, 4, "- Accounting/Administrator"),
    ],
)
def test_a_refusal_has_its_status_and_its_fault(
    server: OdooServer, model: str, method: str, named: dict[str, Any], status: int, fault: int, words: str
) -> None:
    reply = json2(server, model, method, **named)
    assert reply.status == status
    assert words in reply.body["message"]
    assert set(reply.body) == {"name", "message", "arguments", "context", "debug"}
    assert server.key in reply.body["debug"], "whoever logs it has something to redact"
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xml(server, model, method, **named)
    assert raised.value.faultCode == fault
    assert words in raised.value.faultString
    assert server.seen[-1] == (model, method, 200, fault)
    assert server.requests[-2] == (model, method, status)


def test_missing_records_read_as_nothing_and_cannot_be_written(server: OdooServer) -> None:
    assert json2(server, "res.partner", "read", ids=[BUYER, 987654], fields=["ref"]).body == [
        {"id": BUYER, "ref": "C-1001"}
    ]
    assert json2(server, "res.partner", "write", ids=[987654], vals={"ref": "x"}).status == 404
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xml(server, "res.partner", "write", [987654], {"ref": "x"})
    assert raised.value.faultCode == 2


def test_credentials_and_databases_are_checked(server: OdooServer) -> None:
    assert json2(server, "res.partner", "search", key="wrong", domain=[]).status == 401
    assert json2(server, "res.partner", "search", key="", domain=[]).headers["www-authenticate"] == "Bearer "
    server.options.database = "other"
    headers = {"Authorization": f"bearer {server.key}", "X-Odoo-Database": "erp", "Content-Type": "application/json"}
    page = request(server, "POST", "/json/2/res.partner/search", b"{}", headers)
    assert (page.status, "No database is selected" in page.body) == (404, True)
    server.options.database = "erp"
    server.refuse_key()
    assert json2(server, "res.partner", "search", domain=[]).status == 401
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xml(server, "res.partner", "search", [])
    assert (raised.value.faultCode, raised.value.faultString) == (3, "Access Denied")


def test_a_group_taken_away_is_named(server: OdooServer) -> None:
    server.take_group("account.group_account_invoice")
    reply = json2(server, "account.move", "create", vals_list=[{"move_type": "out_refund", "partner_id": BUYER}])
    assert reply.status == 403
    assert "for the following groups:\n\t- Accounting/Invoicing\n" in reply.body["message"]
    assert load(server, "RB-A")["messages"][0]["message"] == reply.body["message"]
    assert json2(server, "account.move", "has_access", ids=[], operation="create").body is False
    server.give_groups()
    assert json2(server, "account.move", "has_access", ids=[], operation="create").body is True


def test_none_cannot_be_told_over_xml_rpc_though_it_is_done(server: OdooServer) -> None:
    move = server.add_invoice(BUYER, [10])
    with pytest.raises(xmlrpc.client.Fault, match="cannot marshal None unless allow_none is enabled") as raised:
        xml(server, "account.move", "button_draft", [move])
    assert raised.value.faultCode == 1
    assert read_one(server, "account.move", move, "state")["state"] == "draft"
    assert json2(server, "account.move", "button_cancel", ids=[move]).body is None


# -------------------------------------------------------------------- reading


def test_times_are_kept_to_the_microsecond_and_told_to_the_second(server: OdooServer) -> None:
    server.touch("res.partner", BUYER, at="2026-11-20 10:00:00.900000")
    server.touch("res.partner", 1, at="2026-11-20 10:00:00.100000")
    assert read_one(server, "res.partner", BUYER, "write_date")["write_date"] == "2026-11-20 10:00:00"

    def found(operator: str, order: str = "id") -> list[int]:
        domain = [["write_date", operator, "2026-11-20 10:00:00"], ["id", "in", [1, BUYER]]]
        return json2(server, "res.partner", "search", domain=domain, order=order).body

    assert (found(">"), found("="), found("<=")) == ([], [1, BUYER], [1, BUYER])
    assert found("=", "write_date desc, id") == [BUYER, 1]


def test_times_compare_by_the_microsecond_before_19() -> None:
    with OdooServer((18, 0)) as server:
        server.touch("res.partner", BUYER, at="2026-11-20 10:00:00.900000")
        domain = [["id", "=", BUYER], ["write_date", ">", "2026-11-20 10:00:00"]]
        assert xml(server, "res.partner", "search", domain) == [BUYER]


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ([["ref", "=", False]], [1]),
        ([["ref", "!=", "C-1001"]], [1]),
        ([["name", "like", "buyer"]], []),
        ([["name", "ilike", "buyer"]], [8]),
        ([["name", "=like", "B%H"]], [8]),
        (["|", ["ref", "=", "C-1001"], ["id", "=", 1]], [1, 8]),
        (["!", ["ref", "=", "C-1001"]], [1]),
        ([["country_id.code", "=", "DE"]], [1, 8]),
        ([["id", "not in", [8]]], [1]),
        ([["id", ">", 1]], [8]),
        ([["country_id", "in", [57]]], [1, 8]),
        ([["parent_id", "=", False]], [1, 8]),
    ],
)
def test_domains(server: OdooServer, domain: list[Any], found: list[int]) -> None:
    bounded = ["&", ["id", "in", [1, 8]], *domain] if domain[0] in ("|", "!") else [["id", "in", [1, 8]], *domain]
    assert json2(server, "res.partner", "search", domain=bounded, order="id").body == found


def test_a_thousand_invoices_read_in_one_page_with_their_lines(server: OdooServer) -> None:
    with server.batch():
        for _ in range(1000):
            server.add_invoice(BUYER, [10, 20, {"display_type": "line_note", "name": "hello"}], "2026-01-15")
    line = {"fields": {"price_subtotal": {}, "tax_ids": {"fields": {"amount": {}}}}}
    reply = json2(
        server,
        "account.move",
        "web_search_read",
        domain=[["move_type", "=", "out_invoice"]],
        specification={"name": {}, "write_date": {}, "invoice_line_ids": line},
        order="id",
        limit=1000,
    )
    assert [len(one["invoice_line_ids"]) for one in reply.body["records"]] == [3] * 1000
    assert {one["write_date"] for one in reply.body["records"]} == {reply.body["records"][0]["write_date"]}


# -------------------------------------------------------------------- writing


def test_an_external_id_makes_one_document_and_its_lines_once(server: OdooServer) -> None:
    first = load(server, "RB-A")
    assert (first["messages"], load(server, "RB-A")["ids"]) == ([], first["ids"])
    move = first["ids"][0]
    assert load(server, "RB-A", ("11.00", "18"), ("5.05", "19"))["ids"] == [move]
    read = read_one(server, "account.move", move, "state", "amount_untaxed", "amount_tax", "amount_total", "line_ids")
    assert (read["state"], read["amount_untaxed"], read["amount_tax"], read["amount_total"]) == (
        "draft", 16.05, 2.44, 18.49,
    )  # fmt: skip
    assert len(read["line_ids"]) == 5
    assert server.documents_with("RB-A") == [move]


def test_a_posted_document_refuses_in_a_message(server: OdooServer) -> None:
    move = load(server, "RB-A")["ids"][0]
    assert json2(server, "account.move", "action_post", ids=[move]).status == 200
    again = load(server, "RB-A")
    assert again["ids"] is False
    assert "readonly fields on a posted move" in again["messages"][0]["message"]
    second = json2(server, "account.move", "action_post", ids=[move])
    assert (second.status, second.body["message"]) == (422, f"The entry RINV/2026/00001 (id {move}) must be in draft.")


@pytest.mark.parametrize(
    ("major", "refused"), [(14, "modify the taxes"), (16, ""), (17, ""), (18, "readonly fields on a posted move")]
)
def test_nothing_guards_a_posted_document_before_18(major: int, refused: str) -> None:
    with OdooServer((major, 0)) as server:
        move = xml(server, "account.move", "load", REFUND, refund_rows("RB-A"))["ids"][0]
        server.post(move)
        again = xml(server, "account.move", "load", REFUND, refund_rows("RB-A"))
        assert again["ids"] == (False if refused else [move])
        assert refused in "".join(message["message"] for message in again["messages"])
        assert len(server.documents_with("RB-A")) == 1


@pytest.mark.parametrize(("major", "words"), [(16, "is already posted"), (17, "must be in draft")])
def test_a_second_posting_is_refused_in_the_words_of_the_version(major: int, words: str) -> None:
    with OdooServer((major, 0)) as server:
        move = server.add_refund(BUYER, [10])
        with pytest.raises(xmlrpc.client.Fault, match=words) as raised:
            xml(server, "account.move", "action_post", [move])
        assert raised.value.faultCode == 2


def test_lines_without_an_external_id_are_appended(server: OdooServer) -> None:
    place = REFUND.index("invoice_line_ids/id")
    for _ in range(2):
        rows = [row[:place] + row[place + 1 :] for row in refund_rows("RB-A", ("7.50", "17"))]
        fields = [name for name in REFUND if name != "invoice_line_ids/id"]
        move = json2(server, "account.move", "load", fields=fields, data=rows).body["ids"][0]
    assert read_one(server, "account.move", move, "amount_total")["amount_total"] == 15.0


def test_every_record_loads_or_none(server: OdooServer) -> None:
    rows = refund_rows("RB-A") + refund_rows("RB-B", partner=987654)
    answer = json2(server, "account.move", "load", fields=REFUND, data=rows).body
    told = answer["messages"][0]
    assert (answer["ids"], told["record"], told["rows"], told["field"], told["type"]) == (
        False, 1, {"from": 2, "to": 3}, "partner_id", "error",
    )  # fmt: skip
    assert told["message"] == "No matching record found for database id '987654' in field 'Partner'"
    assert server.documents_with("RB-A") == []


def test_an_external_id_can_be_asked_for_without_rights_and_without_effect(server: OdooServer) -> None:
    load(server, "RB-A")

    def asked(key: str) -> list[str]:
        fields = ["reversed_entry_id/id", "partner_id/.id"]
        answer = json2(server, "account.move", "load", fields=fields, data=[[f"rebated.{key}", "999999999"]]).body
        assert answer["ids"] is False
        return [message["field"] for message in answer["messages"]]

    assert asked("RB-A") == ["partner_id"]
    assert asked("RB-B") == ["reversed_entry_id", "partner_id"]
    assert json2(server, "account.move", "search_count", domain=[]).body == 1


def test_racing_loads_leave_one_document(server: OdooServer) -> None:
    held = server.late_commit("account.move", "load")
    first, won = background(lambda: load(server, "RB-A"))
    held.wait_started()
    others = [background(lambda: load(server, "RB-A")) for _ in range(3)]
    while server.waiting < 3:
        time.sleep(0.01)
    held.release()
    for thread in (first, *(one for one, _ in others)):
        thread.join()
    assert won[0]["ids"] == server.documents_with("RB-A")
    for _, found in others:
        assert found[0]["ids"] is False
        assert "could not serialize" in found[0]["messages"][0]["message"]


def test_racing_loads_without_a_switch_leave_one_document(server: OdooServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: load(server, "RB-A"), range(24)))
    documents = server.documents_with("RB-A")
    assert len(documents) == 1
    for answer in answers:
        assert answer["ids"] == documents or "could not serialize" in answer["messages"][0]["message"]


def test_a_note_is_told_once_under_its_external_id(server: OdooServer) -> None:
    first = json2(server, "mail.message", "load", fields=NOTE, data=note_rows("RB-N")).body
    again = json2(server, "mail.message", "load", fields=NOTE, data=note_rows("RB-N")).body
    assert again["ids"] is False
    assert again["messages"][0]["message"] == "Only administrators can modify 'model' and 'res_id' fields."
    assert server.notes_with("RB-N") == first["ids"]
    for _ in range(2):
        json2(server, "res.partner", "message_post", ids=[BUYER], body="a & <b>", message_id="<RB-M@rebated>")
    assert len(server.notes_with("RB-M")) == 2
    assert read_one(server, "mail.message", server.notes_with("RB-M")[0], "body")["body"] == "<p>a &amp; &lt;b&gt;</p>"


def test_a_note_told_again_is_written_over_before_18() -> None:
    with OdooServer((17, 0)) as server:
        first = xml(server, "mail.message", "load", NOTE, note_rows("RB-N"))
        again = xml(server, "mail.message", "load", NOTE, note_rows("RB-N", "<p>again</p>"))
        assert again["ids"] == first["ids"] == server.notes_with("RB-N")
        assert isinstance(xml(server, "res.partner", "message_post", [BUYER], body="plain"), int)


def test_another_company_s_documents_are_out_of_sight(server: OdooServer) -> None:
    company = server.add_company("Second GmbH", visible=False)
    move = server.add_invoice(BUYER, [10], company_id=company)
    assert json2(server, "account.move", "search", domain=[["id", "=", move]]).body == []
    refused = json2(server, "account.move", "read", ids=[move], fields=["name"])
    assert (refused.status, "multi-company" in refused.body["message"]) == (403, True)
    both = server.add_company("Third GmbH")
    second = server.add_invoice(BUYER, [10], company_id=both)
    context = {"allowed_company_ids": [1]}
    domain = [["id", "=", second]]
    assert json2(server, "account.move", "search", domain=domain).body == [second]
    assert json2(server, "account.move", "search", domain=domain, context=context).body == []
    assert json2(server, "res.company", "search_count", domain=[]).body == 2


def test_what_cannot_be_posted(server: OdooServer) -> None:
    def refused(**values: Any) -> str:
        given = {"move_type": "out_refund", "partner_id": BUYER, "invoice_line_ids": [[0, 0, {"price_unit": 5}]]}
        made = json2(server, "account.move", "create", vals_list=[given | values]).body
        reply = json2(server, "account.move", "action_post", ids=made)
        assert reply.status == 422
        return reply.body["message"]

    assert "'Customer' field is required" in refused(partner_id=False)
    assert "can't post nothing" in refused(invoice_line_ids=[])
    assert "negative total amount" in refused(invoice_line_ids=[[0, 0, {"price_unit": -5}]])


def test_a_lock_date_moves_the_accounting_date_and_keeps_what_is_posted(server: OdooServer) -> None:
    server.set_clock("2026-11-22 08:00:00")
    posted = server.add_refund(BUYER, [10], "2026-03-01")
    server.set_lock_date("2026-03-31")
    late = server.add_refund(BUYER, [10], "2026-02-03")
    read = read_one(server, "account.move", late, "date", "invoice_date")
    assert (read["date"], read["invoice_date"]) == ("2026-11-22", "2026-02-03")
    reply = json2(server, "account.move", "button_draft", ids=[posted])
    assert reply.body["message"] == (
        "You cannot add/modify entries prior to and inclusive of: Sales Lock Date (03/31/2026)."
    )


def test_a_number_that_became_free_is_given_again(server: OdooServer) -> None:
    first, second = server.add_refund(BUYER, [10], "2026-02-03"), server.add_refund(BUYER, [10], "2026-02-03")
    for method in ("button_draft", "button_cancel", "unlink"):
        assert json2(server, "account.move", method, ids=[second]).status == 200
    third = server.add_refund(BUYER, [10], "2026-02-03")
    names = [read_one(server, "account.move", one, "name")["name"] for one in (first, third)]
    assert names == ["RINV/2026/00001", "RINV/2026/00002"]
    assert third > second
    server.audit_trail()
    json2(server, "account.move", "button_draft", ids=[third])
    assert "restricted audit trail" in json2(server, "account.move", "unlink", ids=[third]).body["message"]


def test_payments_and_credit_notes_settle_an_invoice(server: OdooServer) -> None:
    invoice = server.add_invoice(BUYER, [100], "2026-01-15")
    before = server.record("account.move", invoice)["write_date"]
    server.pay(invoice, 59, "2026-02-01")
    assert server.record("account.move", invoice)["write_date"] > before
    assert read_one(server, "account.move", invoice, "payment_state", "amount_residual") == {
        "id": invoice, "payment_state": "partial", "amount_residual": 60.0,
    }  # fmt: skip
    refund = server.add_refund(BUYER, [50], "2026-02-03")
    line = json2(
        server, "account.move.line", "search", domain=[["move_id", "=", refund], ["display_type", "=", "payment_term"]]
    ).body[0]
    assert json2(server, "account.move", "js_assign_outstanding_line", ids=[invoice], line_id=line).body is None
    assert read_one(server, "account.move", invoice, "amount_residual")["amount_residual"] == 0.5
    matches = json2(
        server, "account.partial.reconcile", "search_read", domain=[], fields=["amount", "max_date"], order="id"
    ).body
    assert [(one["amount"], one["max_date"]) for one in matches] == [(59.0, "2026-02-01"), (59.5, "2026-02-03")]


def test_a_credit_note_that_names_its_invoice_is_matched_as_it_is_posted(server: OdooServer) -> None:
    invoice = server.add_invoice(BUYER, [100], "2026-01-15")
    server.add_refund(BUYER, [100], "2026-01-16", reversed_entry_id=invoice)
    assert read_one(server, "account.move", invoice, "payment_state")["payment_state"] == "reversed"


def test_a_merge_moves_no_write_date(server: OdooServer) -> None:
    old, new = server.add_partner("Old"), server.add_partner("New")
    move = server.add_invoice(old, [10])
    before = server.record("account.move", move)
    server.merge_partners(old, new)
    after = server.record("account.move", move)
    assert (after["partner_id"], after["commercial_partner_id"]) == (new, new)
    assert after["write_date"] == before["write_date"]
    assert json2(server, "res.partner", "read", ids=[old], fields=["name"]).body == []


# -------------------------------------------------------------------- mishaps


def test_a_late_transaction_appears_with_the_time_of_its_start(server: OdooServer) -> None:
    held = server.late_commit("res.partner", "create")
    thread, made = background(lambda: json2(server, "res.partner", "create", vals_list=[{"name": "Late"}]).body)
    held.wait_started()
    early = server.add_partner("Early")
    assert json2(server, "res.partner", "search", domain=[["name", "=", "Late"]]).body == []
    held.release()
    thread.join()
    assert made[0] == [early - 1], "its id was given out when it began"
    assert server.record("res.partner", made[0][0])["write_date"] < server.record("res.partner", early)["write_date"]


def test_a_late_transaction_commits_by_itself_after_its_time(server: OdooServer) -> None:
    server.late_commit("account.move", "load", seconds=0.2)
    assert load(server, "RB-A")["ids"] == server.documents_with("RB-A")


def test_the_nth_write_is_done_and_answered_with_a_fault(server: OdooServer) -> None:
    server.fault_after_commit(nth=2)
    assert json2(server, "res.partner", "create", vals_list=[{"name": "One"}]).status == 200
    assert json2(server, "res.partner", "search", domain=[]).status == 200
    assert json2(server, "res.partner", "create", vals_list=[{"name": "Two"}]).status == 500
    assert json2(server, "res.partner", "create", vals_list=[{"name": "Three"}]).status == 200
    assert len(server.search("res.partner", [["name", "in", ["One", "Two", "Three"]]])) == 3
    server.fault_after_commit()
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xml(server, "res.partner", "create", [{"name": "Four"}])
    assert raised.value.faultCode == 1
    assert server.search("res.partner", [["name", "=", "Four"]])


@pytest.mark.parametrize(("kind", "done"), [("drop_before", 0), ("drop_after", 1), ("truncate", 1)])
def test_a_connection_cut_says_nothing_about_the_work(server: OdooServer, kind: Any, done: int) -> None:
    server.mishap(kind, "res.partner", "create")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        json2(server, "res.partner", "create", vals_list=[{"name": "Cut"}])
    assert len(server.search("res.partner", [["name", "=", "Cut"]])) == done


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ({"kind": "html", "status": 404}, 404, "No database is selected"),
        ({"kind": "html", "status": 502}, 502, "Bad Gateway"),
        ({"kind": "html", "status": 200}, 200, "<html>"),
        ({"kind": "status", "status": 503, "retry_after": "7"}, 503, ""),
        ({"kind": "status", "status": 429}, 429, ""),
        ({"kind": "fail", "error": "user"}, 422, "something went wrong"),
        ({"kind": "fail"}, 500, "something went wrong"),
    ],
)
def test_what_comes_instead_of_an_answer(server: OdooServer, how: dict[str, Any], status: int, words: str) -> None:
    server.mishap(model="res.partner", method="create", **how)
    reply = json2(server, "res.partner", "create", vals_list=[{"name": "Never"}])
    assert (reply.status, words in str(reply.body)) == (status, True)
    assert reply.headers.get("retry-after") == how.get("retry_after")
    assert server.search("res.partner", [["name", "=", "Never"]]) == []
    assert json2(server, "res.partner", "create", vals_list=[{"name": "Then"}]).status == 200


def test_a_hang_keeps_the_answer_back_and_not_the_work(server: OdooServer) -> None:
    hang = server.mishap("hang", "res.partner", "create", seconds=30)
    thread, found = background(lambda: json2(server, "res.partner", "create", vals_list=[{"name": "Hung"}]))
    hang.wait_started()
    assert server.search("res.partner", [["name", "=", "Hung"]])
    assert not found
    hang.release()
    thread.join()
    assert found[0].status == 200


def test_an_answer_may_drip(server: OdooServer) -> None:
    server.mishap("drip", "res.partner", "search", seconds=0.2)
    start = time.monotonic()
    assert json2(server, "res.partner", "search", domain=[["id", "=", BUYER]]).body == [BUYER]
    assert time.monotonic() - start >= 0.1


def test_connections_stay_open_and_end_with_the_server() -> None:
    server = OdooServer().start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(3):
        connection.request("GET", "/web/version")
        reply = connection.getresponse()
        assert json.loads(reply.read())["version"] == "19.0"
        assert not reply.will_close
    server.go_down()
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.request("GET", "/web/version")
        connection.getresponse()
    connection.close()
    server.come_up()
    assert request(server, "GET", "/web/version").status == 200
    server.stop()


# -------------------------------------------------------------------- as a process of its own


def start_process(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "tests.helpers.odoo_server", "--folder", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end_process(process: subprocess.Popen[str], number: signal.Signals) -> None:
    os.kill(process.pid, number)
    process.communicate(timeout=30)


def test_its_state_outlives_the_process(tmp_path: Path) -> None:
    process, url = start_process(tmp_path)
    try:
        control = ControlledServer(url)
        partner = control.add_partner("Kept", ref="K-1")
        move = control.add_refund(partner, [10, 20], "2026-02-03", ref="RB-KEPT rebate")
        control.mishap("status", "res.partner", "search", status=503, times=None)
        assert control.count("res.partner", "search") == 0
        with pytest.raises(RuntimeError, match="no act"):
            control.stop()
        assert [one["id"] for one in outside.documents_with(tmp_path, "RB-KEPT")] == [move]
    finally:
        end_process(process, signal.SIGKILL)
    assert [one["name"] for one in outside.documents_with(tmp_path, "RB-KEPT")] == ["RINV/2026/00001"]
    with OdooServer(folder=tmp_path) as server:
        assert read_one(server, "res.partner", partner, "ref")["ref"] == "K-1"
        assert server.add_refund(partner, [10]) > move
