"""The whole way with a real Tryton: what is written there, and what is seen of what people do to it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.tryton import TrytonServer
from tests.helpers.tryton.workspace import TrytonWorkspace
from tests.helpers.workspace import call


@pytest.fixture
def tryton(tmp_path: Path) -> Iterator[TrytonServer]:
    with TrytonServer(tmp_path / "tryton") as server:
        yield server


def written(workspace: TrytonWorkspace, account: int, kind: str) -> str:
    """The key of what was written for a party."""
    own = "select key from outbox where kind = ? and json_extract(request, '$.account') = ?"
    ((key,),) = rows(workspace, own, kind, str(account))
    return str(key)


@pytest.mark.slow
def test_invoices_come_in_and_credit_notes_and_notes_go_out(tryton: TrytonServer, tmp_path: Path):
    workspace = TrytonWorkspace.beside(tmp_path / "book", tryton.url, database=tryton.database, key=tryton.key)
    call(workspace, "check")
    workspace.approved()
    call(workspace, "write-back")
    party, other = tryton.ground["parties"]["C-1001"], tryton.ground["parties"]["C-1003"]

    key = written(workspace, party, "credit_note")
    fields = ["number", "state", "sequence_type_cache", "lines.account.code", "lines.taxes.name", "tax_amount"]
    (note,) = tryton.acts.call(
        "account.invoice/search_read", {"domain": [["reference", "=", key]], "fields_names": fields}
    )
    assert (note["state"], note["sequence_type_cache"]) == ("posted", "credit_note")
    assert note["number"].startswith("CN2026-")
    assert {line["account."]["code"] for line in note["lines."]} == {"4.9.9"}
    assert sorted(tax["name"] for line in note["lines."] for tax in line["taxes."]) == ["VAT 19 %", "VAT 7 %"]
    ((net, tax),) = rows(
        workspace,
        "select json_extract(request, '$.net'), json_extract(request, '$.tax') from outbox where key = ?",
        key,
    )
    assert tryton.books.documents(key) == [("posted", -net)]
    assert Decimal(note["tax_amount"]["decimal"]) * 100 == -tax

    told = written(workspace, party, "account_note")
    ((text,),) = tryton.books.rows("select message from ir_note where instr(message, ?)", told)
    assert text.startswith("Die Gutschrift CN2026-"), "the party's language is German"

    # What we wrote comes back and counts for nothing; nothing is written twice.
    call(workspace, "pull")
    call(workspace, "write-back")
    assert tryton.books.documents(key) == [("posted", -net)]

    # People take the key off one, which is known by its id; another one is gone.
    tryton.acts.refer(tryton.books.rows("select id from account_invoice where reference = ?", key)[0][0], "tidied up")
    gone = written(workspace, other, "credit_note")
    tryton.acts.delete(tryton.books.rows("select id from account_invoice where reference = ?", gone)[0][0])
    found = call(workspace, "reconcile", "--json", code=None).json
    assert (found["voided"], found["differing"]) == ([gone], [])
    call(workspace, "verify", "--deep")
