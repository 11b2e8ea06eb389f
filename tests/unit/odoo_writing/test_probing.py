from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.spi import Finding
from tests.helpers.odoo_server import OdooServer
from tests.unit.odoo_writing.findings import FIELDS, found, only, wrong
from tests.unit.odoo_writing.installation import Installation
from tests.unit.odoo_writing.wanted import credit_note

INVOICING = "account.group_account_invoice"
CONTACTS = "base.group_partner_manager"
USER = "base.group_user"
USERS_KEY = 5


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
