from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.odoo.adapter import OdooAdapter
from connectors.spi import Finding
from tests.helpers.odoo_server import OdooServer
from tests.unit.odoo_writing.installation import TAX_0, TAX_7, Installation
from tests.unit.odoo_writing.wanted import credit_note

INVOICING = "account.group_account_invoice"
CONTACTS = "base.group_partner_manager"
USER = "base.group_user"
USERS_KEY = 5
FIELDS = {
    "tier": "x_tier",
    "since": "x_since",
    "progress": "x_progress",
    "to_next": "x_to_next",
    "accrued": "x_accrued",
}


def found(adapter: OdooAdapter, what: str) -> list[Finding]:
    """The findings about one thing."""
    return [finding for finding in adapter.check() if finding.what == what]


def only(adapter: OdooAdapter, what: str) -> Finding:
    (finding,) = found(adapter, what)
    return finding


def wrong(adapter: OdooAdapter) -> list[Finding]:
    return [finding for finding in adapter.check() if finding.level == "error"]


# -------------------------------------------------------------------- all is well


def test_each_thing_looked_at_is_shown(each: Installation):
    findings = list(each.adapter().check())
    assert {finding.what for finding in findings} == {
        "version", "company", "rights", "journal", "entries_journal", "taxes", "write.lines", "key", "clock"
    }  # fmt: skip
    assert [finding for finding in findings if finding.level == "error"] == []
    shown = {finding.what: finding.message for finding in findings if finding.level == "ok"}
    assert "Seller GmbH (id 1), books in EUR" in shown["company"] and "entity '1'" in shown["company"]
    assert shown["journal"] == "credit notes go to Sales (INV)"
    assert shown["entries_journal"] == "accrual entries go to Miscellaneous Operations (MISC)"
    assert shown["taxes"] == "S 7 % is 7% (id 19), S 19 % is 19% (id 18), Z 0 % is 0% (id 17)"
    assert shown["write.lines"] == "lines are booked on 8730"


def test_check_changes_nothing(each: Installation):
    for name in FIELDS.values():
        each.server.add_field("res.partner", name)
    adapter = each.adapter({"fields": FIELDS, "journal": "INV", "programs": {"club": {"product": "SAW-3"}}})
    commits = each.server.calls.store.commits
    assert len(list(adapter.check())) > 10
    assert each.writes() == [] and each.server.calls.store.commits == commits
    assert each.server.count() > 10


def test_check_looks_anew(odoo: Installation):
    adapter = odoo.adapter()
    assert wrong(adapter) == []
    odoo.server.write("account.journal", 7, active=False)
    assert [finding.what for finding in wrong(adapter)] == ["journal"]


def test_the_key_is_in_no_finding(ends: Installation):
    ends.server.refuse_key()
    findings = list(ends.adapter().check())
    assert findings and not [finding for finding in findings if ends.server.key in repr(finding)]


# -------------------------------------------------------------------- version and connection


@pytest.mark.parametrize(
    ("spoken", "message"),
    [
        ("19", "Odoo 19.0, spoken to over JSON-2"),
        ("18", "Odoo 18.0, spoken to over XML-RPC"),
        ("14", "Odoo 14.0, spoken to over XML-RPC"),
    ],
)
def test_the_version_is_told(install, spoken: str, message: str):
    assert only(install(spoken).adapter(), "version") == Finding("ok", "version", message)
    assert only(install(spoken).adapter(protocol="auto"), "version").message == message


def test_xml_rpc_on_19_is_worth_a_look(install):
    finding = only(install("19-xmlrpc").adapter(), "version")
    assert (finding.level, finding.message) == ("warning", "Odoo 19.0, spoken to over XML-RPC")
    assert "json2" in finding.hint and "22" in finding.hint


def test_a_version_too_old_ends_the_check(tmp_path):
    with OdooServer((13, 0)) as server:
        findings = list(Installation(server, tmp_path, "xmlrpc").adapter().check())
    assert findings == [
        Finding("error", "version", "Odoo 13.0, spoken to over XML-RPC: too old", "Odoo 14 or later is needed")
    ]


def test_a_wrong_key(ends: Installation):
    ends.server.refuse_key()
    (finding,) = ends.adapter().check()
    assert (finding.level, finding.what) == ("error", "connection")
    assert "does not accept the credentials" in finding.message
    assert "api_key" in finding.hint


def test_a_wrong_database(ends: Installation):
    (finding,) = ends.adapter(database="elsewhere").check()
    assert (finding.level, finding.what) == ("error", "connection")
    assert "'elsewhere'" in finding.message and "database" in finding.hint


def test_a_server_that_is_down(ends: Installation):
    ends.server.go_down()
    (finding,) = ends.adapter().check()
    assert (finding.level, finding.what) == ("error", "connection")
    assert "127.0.0.1" in finding.message


def test_xml_rpc_without_a_login(install):
    (finding,) = install("18").adapter(login="").check()
    assert (finding.level, finding.what) == ("error", "connection")
    assert "XML-RPC needs the login" in finding.message and "set login" in finding.hint


def test_a_key_that_is_not_there(odoo: Installation):
    (finding,) = odoo.adapter(api_key={"file": "nowhere"}).check()
    assert (finding.level, finding.what) == ("error", "connection")
    assert "nowhere" in finding.message


@pytest.fixture
def website() -> Iterator[str]:
    """Something else that speaks HTTP."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<html><body>Welcome to our shop</body></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("protocol", ["auto", "json2", "xmlrpc"])
def test_what_is_no_odoo(odoo: Installation, website: str, protocol: str):
    (finding,) = odoo.adapter(url=website, protocol=protocol).check()
    assert (finding.level, finding.what) == ("error", "connection")
    assert "what answers there is not Odoo" in finding.message and "check url" in finding.hint


# -------------------------------------------------------------------- company


def test_a_company_that_cannot_be_told_ends_the_check(odoo: Installation):
    odoo.server.add_company("Zweite GmbH")
    version, company = odoo.adapter().check()
    assert version.level == "ok"
    assert (company.level, company.what) == ("error", "company")
    assert "the user sees several companies" in company.message and "Zweite GmbH (id 2)" in company.hint
    assert only(odoo.adapter(company="Zweite GmbH"), "company").level == "ok"


def test_the_lock_date_is_told(each: Installation):
    each.server.set_lock_date("2026-02-15")
    assert "locked before 2026-02-16" in only(each.adapter(entity="DE01"), "company").message
    assert "the entity 'DE01'" in only(each.adapter(entity="DE01"), "company").message


# -------------------------------------------------------------------- rights


@pytest.mark.parametrize(
    ("group", "missing"),
    [
        (INVOICING, {"read account.move", "read account.partial.reconcile", "create account.move"}),
        (CONTACTS, {"write res.partner"}),
    ],
)
def test_a_group_that_is_missing_is_named(each: Installation, group: str, missing: set[str]):
    each.server.take_group(group)
    findings = found(each.adapter(), "rights")
    assert {finding.level for finding in findings} == {"error"}
    assert {" ".join(finding.message.split()[4:6]).rstrip(",") for finding in findings} == missing
    assert all(group in finding.hint for finding in findings)
    each.server.give_groups()
    assert [finding.level for finding in found(each.adapter(), "rights")] == ["ok"]


def test_a_user_with_no_groups_at_all(odoo: Installation):
    for group in (INVOICING, CONTACTS, USER):
        odoo.server.take_group(group)
    adapter = odoo.adapter()
    findings = list(adapter.check())
    named = " ".join(finding.hint for finding in findings if finding.level == "error")
    assert [finding.what for finding in findings][:1] == ["version"]
    assert "error" in {finding.level for finding in findings} and named


# -------------------------------------------------------------------- journals


def test_a_journal_that_is_missing(ends: Installation):
    adapter = ends.adapter({"journal": "NOPE"})
    finding = only(adapter, "journal")
    assert finding == Finding(
        "error", "journal", "the sales journal NOPE is not there in Odoo", "set write.journal to its code"
    )


def test_a_journal_for_entries_that_is_missing(ends: Installation):
    findings = found(ends.adapter({"entries_journal": "NOPE"}), "journal")
    assert [finding.level for finding in findings] == ["ok", "error"], "what was found before is shown all the same"
    assert findings[1].message == "the general journal NOPE is not there in Odoo"
    assert "write.entries_journal" in findings[1].hint


# -------------------------------------------------------------------- taxes


def test_taxes_that_cannot_be_told_apart(ends: Installation):
    second = ends.server.add_tax("19% Goods", 19.0)
    findings = found(ends.adapter(), "taxes")
    (doubtful,) = [finding for finding in findings if finding.hint.startswith("set write.tax_ids")]
    assert doubtful.level == "warning"
    assert "S 19 %" in doubtful.message and f"19% Goods (id {second})" in doubtful.message
    assert "ok" in {finding.level for finding in findings}, "the others are clear"
    settled = found(ends.adapter({"tax_ids": {"S 19": second}}), "taxes")
    assert f"S 19 % is 19% Goods (id {second})" in settled[0].message


def test_taxes_that_are_credited_under_another(ends: Installation):
    (finding,) = [one for one in found(ends.adapter(), "taxes") if one.level == "warning"]
    for name in ("0% EU D (id 10)", "0% EX (id 11)", "19% EU D (id 30)"):
        assert name in finding.message
    assert "read.tax_categories" in finding.hint
    stated = {"tax_categories": {"0% EU D": "K", "0% EX": "G", "30": "L"}}
    assert [one.level for one in found(ends.adapter(read=stated), "taxes")] == ["ok"]


def test_a_tax_in_the_settings_that_is_not_there(ends: Installation):
    bought = ends.server.add_tax("19% bought", 19.0, type_tax_use="purchase")
    findings = found(ends.adapter({"tax_ids": {"S 19": 4711, "S 7": bought}}), "taxes")
    messages = [finding.message for finding in findings if finding.level == "error"]
    assert messages == [
        "write.tax_ids: S 19 is no plain sales tax with the id 4711",
        f"write.tax_ids: S 7 is no plain sales tax with the id {bought}",
    ]
    assert "7% (id 19)" in findings[0].hint


def test_a_tax_in_the_settings_of_another_percentage(ends: Installation):
    (finding,) = [one for one in found(ends.adapter({"tax_ids": {"S 19": TAX_7}}), "taxes") if one.level == "error"]
    assert finding.message == "write.tax_ids: S 19 is given 7% (id 19), which is 7 %"
    assert found(ends.adapter({"tax_ids": {"E 0": TAX_0}}), "taxes")[0].level != "error"


def test_no_tax_at_all(ends: Installation):
    for tax in ends.server.search("account.tax"):
        ends.server.write("account.tax", tax, active=False)
    finding = only(ends.adapter(), "taxes")
    assert (finding.level, finding.message) == ("error", "the company has no plain sales tax")


def test_taxes_of_odoo_s_choice(install):
    own = {"taxes": "fiscal_position", "lines": {"product": "SAW-3"}}
    assert only(install("16").adapter(own), "taxes").level == "ok"
    before = only(install("14").adapter(own), "taxes")
    assert (before.level, before.what) == ("error", "taxes")
    assert "before Odoo 16" in before.message and "split" in before.hint


# -------------------------------------------------------------------- what lines are booked on


@pytest.mark.parametrize(
    ("write", "message"),
    [
        ({"lines": {"account": "4711"}}, "the account 4711 is not there in Odoo"),
        ({"lines": {"product": "NOPE"}}, "the product NOPE is not there in Odoo"),
        ({"programs": {"club": {"account": "4711"}}}, "the account 4711 is not there in Odoo"),
        ({"programs": {"club": {"analytic": {"Nowhere": 100}}}}, "the analytic account Nowhere is not there in Odoo"),
    ],
)
def test_what_lines_are_booked_on_is_not_there(ends: Installation, write: dict, message: str):
    finding = only(ends.adapter(write), "lines")
    assert (finding.level, finding.message) == ("error", message)
    assert "settings" in finding.hint


def test_lines_booked_on_whatever_the_journal_says(odoo: Installation):
    finding = only(odoo.adapter({"lines": {}}), "write.lines")
    assert finding.level == "warning"
    assert "default account of the journal" in finding.message and "write.lines.account" in finding.hint


def test_a_product_is_needed_where_its_taxes_count(odoo: Installation):
    adapter = odoo.adapter({"taxes": "fiscal_position", "programs": {"club": {"account": "8700"}}})
    findings = [
        finding for finding in adapter.check() if finding.what.startswith("write.") and finding.level == "error"
    ]
    assert [finding.what for finding in findings] == ["write.lines.product", "write.programs.club.product"]


def test_shares_that_do_not_add_up(odoo: Installation):
    for name in ("North", "South"):
        odoo.server.create("account.analytic.account", name=name, plan_id=1)
    adapter = odoo.adapter({"programs": {"club": {"analytic": {"North": 60, "South": 30}}}})
    finding = only(adapter, "write.programs.club.analytic")
    assert (finding.level, finding.message) == ("warning", "the shares add up to 90 %, not to 100")


def test_shares_before_16(install):
    odoo = install("14")
    for name in ("North", "South"):
        odoo.server.create("account.analytic.account", name=name)
    finding = only(odoo.adapter({"lines": {"analytic": {"North": 60, "South": 40}}}), "lines")
    assert finding.level == "error"
    assert "before Odoo 16 a line has one analytic account" in finding.message


# -------------------------------------------------------------------- fields


def test_a_field_that_is_missing(ends: Installation):
    ends.server.add_field("res.partner", "x_tier")
    adapter = ends.adapter({"fields": {"tier": "x_tier", "since": "x_since"}})
    (finding,) = wrong(adapter)
    assert (finding.what, finding.message) == ("write.fields.since", "partners have no field x_since")
    assert "date" in finding.hint


@pytest.mark.parametrize(
    ("shown", "kind", "level"),
    [
        ("tier", "char", "ok"),
        ("tier", "text", "ok"),
        ("tier", "integer", "error"),
        ("since", "date", "ok"),
        ("since", "char", "error"),
        ("progress", "integer", "ok"),
        ("progress", "float", "ok"),
        ("progress", "char", "error"),
        ("to_next", "monetary", "ok"),
        ("to_next", "integer", "error"),
        ("accrued", "float", "ok"),
        ("accrued", "char", "error"),
    ],
)
def test_a_field_of_a_wrong_type(odoo: Installation, shown: str, kind: str, level: str):
    odoo.server.add_field("res.partner", FIELDS[shown], kind)
    adapter = odoo.adapter({"fields": {shown: FIELDS[shown]}})
    findings = wrong(adapter)
    if level == "ok":
        assert findings == []
    else:
        assert [finding.what for finding in findings] == [f"write.fields.{shown}"]
        assert f"the field {FIELDS[shown]} is {kind}, not " in findings[0].message


# -------------------------------------------------------------------- key and clock


def ends_in(odoo: Installation, days: float, key: int = USERS_KEY) -> str:
    """Let an API key end, and the day it does."""
    end = datetime.now(UTC) + timedelta(days=days)
    odoo.server.write("res.users.apikeys", key, expiration_date=f"{end:%Y-%m-%d %H:%M:%S}")
    return f"{end:%Y-%m-%d}"


@pytest.mark.parametrize("spoken", ["19", "19-xmlrpc", "18"])
def test_a_key_that_ends_soon(install, spoken: str):
    odoo = install(spoken)
    day = ends_in(odoo, 29.5)
    finding = only(odoo.adapter(), "key")
    assert (finding.level, finding.message) == ("warning", f"the user's last API key expires on {day}")
    assert "New API Key" in finding.hint
    day = ends_in(odoo, 31)
    assert only(odoo.adapter(), "key") == Finding("ok", "key", f"the user's last API key expires on {day}")


def test_the_last_of_several_keys_counts(odoo: Installation):
    ends_in(odoo, 3)
    second = odoo.server.create("res.users.apikeys", name="new", user_id=USERS_KEY, scope="rpc")
    assert "does not expire" in only(odoo.adapter(), "key").message
    day = ends_in(odoo, 80, second)
    assert only(odoo.adapter(), "key") == Finding("ok", "key", f"the user's last API key expires on {day}")


def test_keys_of_others_do_not_count(odoo: Installation):
    day = ends_in(odoo, 3)
    odoo.server.create("res.users.apikeys", name="theirs", user_id=2, scope="rpc")
    assert only(odoo.adapter(), "key").message == f"the user's last API key expires on {day}"
    odoo.server.unlink("res.users.apikeys", USERS_KEY)
    assert only(odoo.adapter(), "key") == Finding("ok", "key", "nothing tells when the API key expires")


@pytest.mark.parametrize("spoken", ["16", "14"])
def test_keys_that_never_end(install, spoken: str):
    assert only(install(spoken).adapter(), "key").message == "API keys of this version do not expire"


@pytest.mark.parametrize("seconds", [600, -600])
def test_a_clock_that_goes_wrong(ends: Installation, seconds: int):
    ends.server.advance(seconds)
    finding = only(ends.adapter(), "clock")
    assert finding.level == "warning"
    assert "s away from this machine's" in finding.message and "NTP" in finding.hint
    ends.server.advance(-seconds)
    assert only(ends.adapter(), "clock") == Finding("ok", "clock", "the clocks agree")


def test_what_is_checked_can_be_written(each: Installation):
    adapter = each.adapter()
    assert wrong(adapter) == []
    assert adapter.create(credit_note()).state == "posted"
