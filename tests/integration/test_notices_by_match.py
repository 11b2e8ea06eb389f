"""Notes and tiers for a CRM go to the record that stands for the account there; without one they wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from connectors.files.adapter import FilesAdapter
from connectors.spi import UnknownOutcome, WriteRefused
from core.errors import RetryableError
from tests.helpers.crash_checks import register, rows
from tests.helpers.crash_sending import alarms, moved
from tests.helpers.crm import add_crm, deliver
from tests.helpers.workspace import HEADER, Workspace, call, rows_text, sale

APRIL, MAY = ("--as-of", "2025-04-20"), ("--as-of", "2025-05-20")
ONE, TWO = {"id": "71", "key": "C-1"}, {"id": "80", "key": "C-2"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two customers, a bonus and tiers, all live; the CRM knows the first one."""
    made = Workspace.make(tmp_path / "workspace", accounts=2, programs=("bonus", "club"))
    text = made.config.read_text().replace('account_notes = "erp"', 'account_notes = "crm"')
    made.config.write_text(text.replace('tiers = "erp"', 'tiers = "crm"'))
    add_crm(made)
    deliver(made, 1, ONE)
    made.sales(1, sale("INV-1", net=100_000), sale("INV-2", "C-2", net=100_000))
    call(made, "pull")
    for program in ("bonus", "club"):
        call(made, "program", "live", program, "--settle-from", "2025-01-01")
    return made


def told(workspace: Workspace, name: str = "account-notes.csv") -> list[tuple[str, str]]:
    """Account and event, or tier, of what the CRM was told."""
    found = register(workspace.folder / "crm-out" / name)
    return [(row["account"], row.get("event") or row["tier"]) for row in found]


def queued(workspace: Workspace, kind: str) -> list[tuple[str, str]]:
    """Address and state of the rows of a kind."""
    query = "select request, state from outbox where kind = ? order by created_at, key"
    return [(json.loads(request)["account"], state) for request, state in rows(workspace, query, kind)]


def run(workspace: Workspace, day: tuple[str, str] = APRIL, code: int | None = 0) -> dict[str, Any]:
    return call(workspace, "run", "--once", *day, "--json", code=code).json["written"]


def approved(workspace: Workspace) -> None:
    run(workspace)
    call(workspace, "review", "approve", "--all-without-alarms")


def test_without_a_match_nothing_is_queued_and_it_is_told_once_there_is_one(workspace: Workspace):
    approved(workspace)
    found = run(workspace)
    assert told(workspace) == [("71", "credit_note_issued")]
    assert {account for account, _ in told(workspace, "tiers.csv")} == {"71"}
    (message,) = found["messages"]
    assert message.startswith("crm: accounts without a match there") and "tell: 1. It waits; see `rebated" in message
    assert {account for account, _ in queued(workspace, "account_note") + queued(workspace, "tier")} == {"71"}
    deliver(workspace, 2, ONE, TWO)
    found = run(workspace)
    assert told(workspace) == [("71", "credit_note_issued"), ("80", "credit_note_issued")]
    assert told(workspace, "tiers.csv")[-1] == ("80", "bronze") and found["messages"] == []
    assert run(workspace)["sent"] == 0


def test_what_was_queued_and_not_begun_follows_the_match_and_what_was_told_stays(workspace: Workspace):
    approved(workspace)
    text = workspace.config.read_text()
    closed = text.replace('[connections.crm]\nadapter = "files"\nwrite = true', '[connections.crm]\nadapter = "files"')
    workspace.config.write_text(closed)
    run(workspace)
    assert queued(workspace, "account_note") == [("71", "queued")]
    before = rows(workspace, "select key from outbox where kind = 'account_note'")
    deliver(workspace, 2, {"id": "72", "merged_from": "71"})
    workspace.config.write_text(text)
    run(workspace)
    assert told(workspace) == [("72", "credit_note_issued")]
    assert rows(workspace, "select key from outbox where kind = 'account_note'") == before
    assert told(workspace, "tiers.csv")[-1] == ("72", "bronze")
    deliver(workspace, 3, {"id": "73", "merged_from": "72"})
    run(workspace)
    assert told(workspace) == [("72", "credit_note_issued")], "what was told is not told again"
    assert told(workspace, "tiers.csv")[-1] == ("73", "bronze"), "what stands there is written anew"
    assert run(workspace)["sent"] == 0


def test_what_was_queued_waits_where_the_match_is_gone(workspace: Workspace):
    approved(workspace)
    text = workspace.config.read_text()
    workspace.config.write_text(
        text.replace('[connections.crm]\nadapter = "files"\nwrite = true', '[connections.crm]\nadapter = "files"')
    )
    run(workspace)
    deliver(workspace, 2, TWO)
    workspace.config.write_text(text)
    run(workspace, code=None)
    assert {account for account, _ in told(workspace)} == {"80"}
    assert ("71", "queued") in queued(workspace, "account_note")
    deliver(workspace, 3, TWO, {"id": "74", "key": "C-1"})
    run(workspace, code=None)
    assert sorted(told(workspace)) == [("74", "credit_note_issued"), ("80", "credit_note_issued")]


def test_what_was_begun_is_finished_where_it_began(workspace: Workspace):
    approved(workspace)
    create = FilesAdapter.create

    def lost(self: FilesAdapter, request: Any) -> Any:
        written = create(self, request)
        if request.kind == "account_note":
            raise UnknownOutcome("the reply was lost")
        return written

    with patch.object(FilesAdapter, "create", lost):
        run(workspace, code=None)
    deliver(workspace, 2, {"id": "72", "merged_from": "71"})
    with moved(4_000):
        run(workspace)
    assert told(workspace) == [("71", "credit_note_issued")]
    assert queued(workspace, "account_note") == [("71", "done")]


def test_a_note_that_was_refused_goes_to_the_new_match(workspace: Workspace):
    approved(workspace)
    create = FilesAdapter.create

    def refuses(self: FilesAdapter, request: Any) -> Any:
        if getattr(request, "account", "") == "71" and request.kind == "account_note":
            raise WriteRefused("71 was merged into another one")
        return create(self, request)

    with patch.object(FilesAdapter, "create", refuses):
        run(workspace, code=None)
        assert [kind for kind, _ in alarms(workspace)].count("refused") == 1
        run(workspace, code=None)
        assert told(workspace) == [], "it is not tried again where it was refused"
        deliver(workspace, 2, {"id": "72", "merged_from": "71"})
        run(workspace)
    assert told(workspace) == [("72", "credit_note_issued")]
    assert "refused" not in [kind for kind, _ in alarms(workspace)]


def test_a_target_that_knows_our_accounts_is_told_by_their_own_ids(workspace: Workspace):
    workspace.config.write_text(workspace.config.read_text().replace('account_notes = "crm"', 'account_notes = "erp"'))
    approved(workspace)
    run(workspace)
    found = register(workspace.outbox / "account-notes.csv")
    assert sorted((row["account"], row["event"]) for row in found) == [
        ("C-1", "credit_note_issued"),
        ("C-2", "credit_note_issued"),
    ]


SHOP = """
[connections.shop]
adapter = "files"
[connections.shop.source]
time_zone = "Europe/Berlin"
[connections.shop.settings]
folder = "shop"
[[connections.shop.settings.patterns]]
name = "documents"
files = "sales-*.csv"
kind = "invoice"
mode = "delta"
order = "revision"
sequence = "sales-(?P<number>[0-9]+)"
[connections.shop.settings.patterns.columns]
id = "number"
state = "state"
account = "customer"
issued = "date"
currency = "currency"
entity = "entity"
reference = "reference"
total_net = "net_total"
total_tax = "tax_total"
[connections.shop.settings.patterns.lines]
product = "sku"
description = "text"
quantity = "quantity"
unit = "unit"
net = "net"
tax_percent = "tax_percent"
tax = "tax"
"""


def test_accounts_of_one_id_from_two_sources_are_told_apart(workspace: Workspace):
    deliver(workspace, 2, {"id": "71", "key": "C-1"}, {"id": "90", "key": "nobody"})
    mapping = 'accounts_from = ["erp"]'
    text = workspace.config.read_text().replace(
        "[connections.crm.matching]\n", f"[connections.crm.matching]\n{mapping}\n"
    )
    text = text.replace('account_notes = "crm"', 'account_notes = "erp"').replace('tiers = "crm"', 'tiers = "erp"')
    workspace.config.write_text(text + SHOP)
    (workspace.folder / "shop").mkdir()
    put(workspace, "sales-0001.csv", sale("S-1", "C-1", net=100_000))
    run(workspace)
    put(workspace, "sales-0002.csv", sale("S-2", "C-1", "2025-05-05", net=300_000))
    workspace.sales(2, sale("INV-3", "C-1", "2025-05-05", net=300_000))
    run(workspace, MAY)
    assert run(workspace, MAY)["sent"] == 0
    found = register(workspace.outbox / "account-notes.csv")
    assert [(row["account"], row["event"]) for row in found] == [("C-1", "tier_reached")] * 2
    tiers = register(workspace.outbox / "tiers.csv")
    assert [(row["account"], row["tier"]) for row in tiers].count(("C-1", "silver")) == 2
    assert len({row["key"] for row in [*found, *tiers]}) == len(found) + len(tiers)


def put(workspace: Workspace, name: str, *sales: Any) -> None:
    assert HEADER
    path = workspace.put(name, rows_text(row for one in sales for row in one.rows()))
    path.replace(workspace.folder / "shop" / name)


def test_a_crm_that_is_down_keeps_no_document_back(workspace: Workspace):
    approved(workspace)
    create: Callable[..., Any] = FilesAdapter.create

    def down(self: FilesAdapter, request: Any) -> Any:
        if request.kind in ("account_note", "tier"):
            raise RetryableError("the CRM is away")
        return create(self, request)

    with patch.object(FilesAdapter, "create", down):
        found = run(workspace, code=None)
    assert found["net"] == {"EUR": 1000} and any("the CRM is away" in message for message in found["messages"])
    with moved(4_000):
        run(workspace)
    assert told(workspace) == [("71", "credit_note_issued")]
