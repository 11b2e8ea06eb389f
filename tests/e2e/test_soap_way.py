"""The whole way with a real SOAP server: what is written there, and what is seen of what people do to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.crash_sending import moved
from tests.helpers.odoo_workspace import DAY
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.workspace import FakturaWorkspace, customers
from tests.helpers.workspace import call

ALARMS = "select kind, subject from alarm where closed_at is null order by id"
LAST = """
select amount from entitlement join account_identity name on name.account_id = beneficiary
where program = 'bonus' and name.external_id = ? order by entitlement.id desc limit 1
"""
BONUS = 1001
"""1 % of what is above 500 of 1,500.55, in cents."""


@pytest.fixture
def faktura(tmp_path: Path) -> Iterator[Faktura]:
    with Faktura(tmp_path / "faktura") as server:
        customers(server.ledger, 3)
        yield server


@pytest.fixture
def workspace(faktura: Faktura, tmp_path: Path) -> FakturaWorkspace:
    more = "[sweeps]\nguard_percent = 100\n"
    return FakturaWorkspace.beside(tmp_path / "book", faktura.url, wsdl=faktura.wsdl(), more=more)


def written(workspace: FakturaWorkspace, kind: str) -> dict[str, str]:
    """The key of what was written, by account."""
    return dict(rows(workspace, "select json_extract(request, '$.account'), key from outbox where kind = ?", kind))


@pytest.mark.slow
def test_invoices_come_in_and_credit_notes_notes_and_tiers_go_out(faktura: Faktura, workspace: FakturaWorkspace):
    found = call(workspace, "check", "--json").json
    assert [one for one in found if one["level"] == "error"] == []
    workspace.approved()
    assert call(workspace, "quarantine", "list", "--json").json == []

    # A second pull asks for what has changed since, and meets nothing that it does not know.
    (again,) = call(workspace, "pull", "--json").json
    assert (again["landed"]["new"], again["landed"]["changed"]) == (0, 0)

    call(workspace, "write-back", *DAY)
    keys = written(workspace, "credit_note")
    assert sorted(keys) == ["C-1001", "C-1002", "C-1003"]
    for account, key in keys.items():
        assert faktura.books.documents(key) == [("posted", BONUS)]
        ((document,),) = faktura.books.rows("select id from document where instr(reference, ?)", key)
        note = faktura.ledger.document(document)
        assert (note["Kind"], note["Customer"], note["Currency"]) == ("creditnote", account, "EUR")
        assert [(str(line["Net"]), line["TaxCode"], str(line["Tax"])) for line in note["Lines"]] == [
            ("3.34", "V7", "0.23"),
            ("6.67", "V19", "1.27"),
        ]
        assert faktura.books.tier(account) == "silver"
    assert faktura.books.gaps() == []
    for key in written(workspace, "account_note").values():
        ((text,),) = faktura.books.rows("select text from note where instr(text, ?)", key)
        assert "CN-0000" in text, "the note names the credit note"

    # What we wrote comes back and counts for nothing; nothing is written twice.
    call(workspace, "run", "--once", *DAY)
    assert faktura.books.rows("select count(*) from document where kind = 'creditnote'") == [(3,)]
    done = call(workspace, "reconcile", "--json").json
    assert (done["compared"], done["voided"], done["differing"]) == (3, [], [])

    # A credit note of ours is gone: that is told, and it is not written again.
    gone = keys["C-1003"]
    faktura.ledger.remove(
        *(id for (id,) in faktura.books.rows("select id from document where instr(reference, ?)", gone))
    )
    found = call(workspace, "reconcile", "--json", code=5).json
    assert (found["voided"], found["differing"]) == ([gone], [])
    assert rows(workspace, ALARMS) == [("voided", gone)]
    call(workspace, "write-back", *DAY)
    assert faktura.books.documents(gone) == []

    # An invoice is changed, another is deleted, behind the server's back: both are seen.
    first, second, _ = (
        id for (id,) in faktura.books.rows("select id from document where kind = 'invoice' order by id")
    )
    faktura.ledger.sql("update line set net = net / 2, tax = tax / 2 where document = ? and position = 1", first)
    faktura.ledger.change(first)
    faktura.ledger.remove(second)
    with moved(90_000):
        call(workspace, "run", "--once", *DAY, code=None)
    assert rows(workspace, LAST, "C-1001") == [(501,)]
    assert rows(workspace, LAST, "C-1002") == [(0,)]
    call(workspace, "verify", "--deep")


@pytest.mark.slow
def test_a_trial_shows_what_is_read_and_sends_nothing(faktura: Faktura, workspace: FakturaWorkspace):
    before = faktura.books.rows("select (select count(*) from document), (select count(*) from note)")
    tried = call(workspace, "connector", "try", "faktura", "--json")
    assert {read["stream"]: len(read["records"]) for read in tried.json["reads"]} == {"documents": 3, "customers": 3}
    written = {write["kind"]: [request["body"] for request in write["requests"]] for write in tried.json["writes"]}
    assert sorted(written) == ["account_note", "credit_note", "tier"]
    found, created, posted = written["credit_note"]
    assert "FindDocuments" in found and "PostDocument" in posted
    assert "CreateDocument" in created and "C-1001" in created
    told = [faktura.password, *(token for (token,) in faktura.books.rows("select token from session"))]
    assert len(told) >= 2 and [secret for secret in told if secret in tried.out] == []
    assert faktura.books.rows("select (select count(*) from document), (select count(*) from note)") == before
    assert "PostDocument" in call(workspace, "connector", "try", "faktura").out


@pytest.mark.slow
def test_locked_books_and_an_ended_session_are_waited_out(faktura: Faktura, workspace: FakturaWorkspace):
    workspace.approved()
    faktura.ledger.close()
    call(workspace, "write-back", *DAY, code=None)
    keys = written(workspace, "credit_note").values()
    assert [faktura.books.documents(key) for key in keys] == [[]] * len(keys)
    faktura.ledger.reopen()
    faktura.ledger.end_sessions()
    with moved(90_000):
        call(workspace, "write-back", *DAY)
    keys = written(workspace, "credit_note").values()
    assert len(keys) == 3
    assert [faktura.books.documents(key) for key in keys] == [[("posted", BONUS)]] * 3
