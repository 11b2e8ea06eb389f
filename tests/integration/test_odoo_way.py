"""The way from an invoice in Odoo to a posted credit note and back, over both protocols."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.crash_sending import moved
from tests.helpers.odoo_server import OdooServer
from tests.helpers.odoo_workspace import DAY, OdooWorkspace
from tests.helpers.odoo_world import StandInBooks, beside, customers
from tests.helpers.workspace import call

ALARMS = "select kind, subject from alarm where closed_at is null order by id"


@pytest.fixture(params=["json2", "xmlrpc", "oldest"])
def odoo(request: pytest.FixtureRequest) -> Iterator[OdooServer]:
    with OdooServer((14, 0) if request.param == "oldest" else (19, 0)) as server:
        server.protocol = "xmlrpc" if request.param == "oldest" else request.param
        yield server


@pytest.fixture
def workspace(odoo: OdooServer, tmp_path: Path) -> OdooWorkspace:
    customers(odoo, 4)
    return beside(odoo, tmp_path / "workspace", protocol=odoo.protocol)


def keys(workspace: OdooWorkspace) -> dict[str, str]:
    """The key of each account's credit note, by the partner's id."""
    return dict(
        rows(
            workspace,
            "select name.external_id, key from proposal join account_identity name on name.account_id = payee",
        )
    )


def written(workspace: OdooWorkspace) -> dict[str, str]:
    """Everything read, computed, approved and written."""
    workspace.approved()
    call(workspace, "write-back", *DAY)
    return keys(workspace)


def test_from_the_invoice_to_the_credit_note_and_back(odoo: OdooServer, workspace: OdooWorkspace):
    found = call(workspace, "check", "--json").json
    assert [one for one in found if one["level"] == "error"] == []
    by_partner = written(workspace)
    assert call(workspace, "quarantine", "list", "--json").json == []
    assert len(by_partner) == 4
    books = StandInBooks(odoo)
    for partner, key in by_partner.items():
        assert books.documents(key) == [("posted", 1001)], "1 % of what is above 500 of 1,500.55"
        (move,) = odoo.documents_with(key)
        document = odoo.record("account.move", move)
        assert (document["move_type"], document["partner_id"]) == ("out_refund", int(partner))
        assert document["payment_state"] == "not_paid", "it stays open on the account"
        lines = [odoo.record("account.move.line", line) for line in document["invoice_line_ids"]]
        assert sorted(line["price_subtotal"] for line in lines) == [3.34, 6.67]
        assert [line["tax_ids"] for line in sorted(lines, key=lambda line: -line["price_subtotal"])] == [[18], [19]]
        accounts = {odoo.record("account.account", line["account_id"])["code"] for line in lines}
        assert accounts == {"8730"}
        german = odoo.record("res.partner", int(partner))["lang"] == "de_DE"
        assert {line["name"] for line in lines} == (
            {"Quartalsbonus 2026-Q1, 19 % USt.", "Quartalsbonus 2026-Q1, 7 % USt."}
            if german
            else {"Quarterly bonus 2026-Q1, 19 % VAT", "Quarterly bonus 2026-Q1, 7 % VAT"}
        )
        assert books.tags(partner) == ["club: silver"]
    notes = [key for key, kind in rows(workspace, "select key, kind from outbox") if kind == "account_note"]
    assert len(notes) == 4 and {books.notes(key) for key in notes} == {1}

    entitled = rows(workspace, "select id, amount from entitlement")
    again = call(workspace, "run", "--once", *DAY, "--json").json
    assert rows(workspace, "select id, amount from entitlement") == entitled, "our own credit notes count for nothing"
    assert (again["proposed"]["new"], again["written"]["sent"], again["failures"]) == (0, 0, [])
    reconciled = call(workspace, "reconcile", "--json").json
    assert (reconciled["compared"], reconciled["voided"], reconciled["differing"]) == (4, [], [])
    call(workspace, "verify", "--deep")
    assert rows(workspace, ALARMS) == []


def test_nothing_is_written_where_nothing_changed(odoo: OdooServer, workspace: OdooWorkspace):
    written(workspace)
    call(workspace, "run", "--once", *DAY)
    call(workspace, "run", "--once", *DAY)  # what the credit notes changed in the figures has been told by now
    odoo.forget()
    call(workspace, "run", "--once", *DAY)
    writes = [seen for seen in odoo.requests if seen[1] in ("load", "write", "create", "action_post", "unlink")]
    assert writes == []


@pytest.mark.parametrize("what", ["cancel", "draft_again", "delete"])
def test_what_people_undo_in_odoo_is_told_and_not_written_again(odoo: OdooServer, workspace: OdooWorkspace, what: str):
    key = sorted(written(workspace).values())[0]
    getattr(odoo, what)(*odoo.documents_with(key))
    found = call(workspace, "reconcile", "--json", code=5).json
    assert found["voided"] + found["differing"] == [key]
    assert rows(workspace, ALARMS) == [("differs" if what == "draft_again" else "voided", key)]
    again = call(workspace, "run", "--once", *DAY, "--json", code=None).json
    assert (again["proposed"]["new"], again["written"]["sent"]) == (0, 0)
    assert len(odoo.documents_with(key)) == (what != "delete")


def test_a_locked_period_moves_the_posting_date_only(odoo: OdooServer, workspace: OdooWorkspace):
    odoo.set_lock_date("2099-06-30")
    for key in written(workspace).values():
        (move,) = odoo.documents_with(key)
        document = odoo.record("account.move", move)
        assert (document["state"], str(document["date"])) == ("posted", "2099-07-01")
        assert str(document["invoice_date"]) == DAY[1]
    assert rows(workspace, ALARMS) == []


def test_a_cancelled_invoice_takes_its_rebate_back(odoo: OdooServer, workspace: OdooWorkspace):
    written(workspace)
    invoice = next(move for move in odoo.search("account.move", [("move_type", "=", "out_invoice")]))
    odoo.draft_again(invoice)
    call(workspace, "run", "--once", *DAY)
    last = "select amount from entitlement where program = 'bonus' order by id desc limit 1"
    assert rows(workspace, last) == [(0,)]
    odoo.post(invoice)
    call(workspace, "run", "--once", *DAY)
    assert rows(workspace, last) == [(1001,)]


def test_a_merged_partner_is_seen_though_no_stamp_moved(odoo: OdooServer, tmp_path: Path):
    old, new, *_ = customers(odoo, 3)
    workspace = beside(odoo, tmp_path / "workspace", protocol=odoo.protocol)
    text = workspace.config.read_text()
    workspace.config.write_text(text.replace("batch = 1000", "batch = 1000\nsweep_hours = 1"))
    written(workspace)
    odoo.merge_partners(old, new)
    with moved(7_200):
        found = call(workspace, "run", "--once", *DAY, "--json", code=None).json
    assert [kind for kind, _ in rows(workspace, ALARMS)] == ["account_moved"]
    assert found["written"]["net"] == {}, "nothing is paid a second time under the other name"
    call(workspace, "account", "merge", str(old), str(new), "--reason", "they are one now", "--yes")
    with moved(7_300):
        call(workspace, "run", "--once", "--as-of", "2026-07-20")
    # Together they have bought for 3,001.10: 1 % of 1,500 and 2.5 % of 1,001.10, of which 20.02 had been paid.
    assert rows(workspace, "select net from proposal where key not in (select key from receipt)") == [(2001,)]
    assert rows(workspace, ALARMS) == []
    call(workspace, "verify", "--deep")


def test_a_credit_note_for_one_invoice_is_linked_to_it(odoo: OdooServer, tmp_path: Path):
    customers(odoo, 2)
    workspace = beside(odoo, tmp_path / "workspace", protocol=odoo.protocol)
    program = workspace.folder / "programs" / "bonus.toml"
    program.write_text(program.read_text() + '[basis]\naccumulate = "document"\n')
    for partner, key in written(workspace).items():
        (move,) = odoo.documents_with(key)
        invoices = odoo.search("account.move", [("move_type", "=", "out_invoice"), ("partner_id", "=", int(partner))])
        assert [odoo.record("account.move", move)["reversed_entry_id"]] == invoices


def test_the_accrual_journal_is_one_entry_in_odoo_once(odoo: OdooServer, workspace: OdooWorkspace):
    text = workspace.config.read_text().replace("[review]", 'journal = "erp"\n[review]', 1)
    codes = ('expense_account = "8730"', 'liability_account = "8700"')
    workspace.config.write_text("\n".join([text, "[accounting]", *codes, ""]))
    workspace.approved()
    told = call(workspace, "export", "journal", "2026-03", "--file", "journal.csv").out
    assert "DE01: erp takes this journal" in told, "nobody is to book it a second time"
    for _ in range(2):
        call(workspace, "export", "journal", "2026-03")
        call(workspace, "write-back", *DAY)
    ((key,),) = rows(workspace, "select key from outbox where kind = 'journal' and state = 'done'")
    (entry,) = odoo.documents_with(key)
    document = odoo.record("account.move", entry)
    assert (document["move_type"], document["state"], str(document["date"])) == ("entry", "posted", "2026-03-31")
    lines = [odoo.record("account.move.line", line) for line in document["line_ids"]]
    sums = {"8730": 0, "8700": 0}
    for line in lines:
        sums[odoo.record("account.account", line["account_id"])["code"]] += round(
            100 * (line["debit"] - line["credit"])
        )
    assert sums == {"8730": 4004, "8700": -4004}
    assert len({line["partner_id"] for line in lines}) == 4
