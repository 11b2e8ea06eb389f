"""The way of a tier and of a note from the ERP's invoices into a CRM over REST, through the real commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.crash_sending import DAY, moved
from tests.helpers.stand_ins.hubspot import HubSpot
from tests.helpers.stand_ins.hubspot_harness import prepared
from tests.helpers.workspace import Workspace, call, sale

CONNECTION = """
[connections.crm]
adapter = "crm_rest"
write = true
[connections.crm.settings]
preset = "hubspot"
base_url = "{url}"
longest_request = 2
[connections.crm.settings.auth]
token = {{ file = "key" }}
[connections.crm.matching]
by = ["external_key"]
"""


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    with HubSpot() as started:
        yield prepared(started)


@pytest.fixture
def workspace(tmp_path: Path, hubspot: HubSpot) -> Workspace:
    """Three customers with invoices; the CRM knows two of them. A rebate and a tier program are live."""
    made = Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus", "club"))
    (made.folder / "key").write_text(hubspot.token)
    (made.folder / "key").chmod(0o600)
    text = made.config.read_text().replace('account_notes = "erp"', 'account_notes = "crm"')
    text = text.replace('tiers = "erp"', 'tiers = "crm"')
    made.config.write_text(text + CONNECTION.format(url=hubspot.url))
    for number in (1, 2):
        hubspot.add_company(
            name=f"Company {number}", domain=f"c{number}.example.com", erp_customer_number=f"C-{number}"
        )
    made.sales(1, *(sale(f"INV-{number}", f"C-{number}", net=200_000) for number in (1, 2, 3)))
    call(made, "pull")
    for program in ("club", "bonus"):
        call(made, "program", "live", program, "--settle-from", "2025-01-01")
    return made


def companies(hubspot: HubSpot) -> dict[str, Any]:
    return {str(row.values.get("erp_customer_number")): row for row in hubspot.tables["companies"].every}


def writes(hubspot: HubSpot) -> list[str]:
    """The requests that changed something, so far."""
    reading = ("/search", "/batch/read")
    return [
        f"{asked.method} {asked.path}"
        for asked in hubspot.requests
        if asked.method != "GET" and not asked.path.endswith(reading)
    ]


def test_sales_see_tiers_and_notes_and_nothing_twice(workspace: Workspace, hubspot: HubSpot) -> None:
    call(workspace, "run", "--once", *DAY)
    found = companies(hubspot)
    assert {key: row.values.get("rebated_tier") for key, row in found.items()} == {"C-1": "bronze", "C-2": "bronze"}
    assert found["C-1"].values["rebated_accrued"] == "15.00"
    batches = [path for path in writes(hubspot) if path.endswith("companies/batch/update")]
    assert len(batches) == 1, "the tiers of all accounts go in one request"

    call(workspace, "review", "approve", "--all-without-alarms")
    call(workspace, "run", "--once", *DAY)
    notes = hubspot.tables["notes"].every
    assert len(notes) == 2, "the third customer is not in the CRM"
    assert all("15.00" in str(note.values["hs_note_body"]) for note in notes)
    told = len(writes(hubspot))
    for _ in range(2):
        call(workspace, "run", "--once", *DAY)
    assert len(writes(hubspot)) == told, "nothing changed, nothing is written"
    states = {row["account"]: row["state"] for row in call(workspace, "account", "matches", "--json").json}
    assert states == {"C-1": "matched", "C-2": "matched", "C-3": "unmatched"}
    call(workspace, "verify", "--deep")


def test_a_lost_reply_leaves_one_note(workspace: Workspace, hubspot: HubSpot) -> None:
    call(workspace, "run", "--once", *DAY)
    call(workspace, "review", "approve", "--all-without-alarms")
    hubspot.fail(502, after=True, when=lambda asked: asked.method == "POST" and asked.path.endswith("/notes"))
    call(workspace, "run", "--once", *DAY, code=None)
    with moved(120):
        call(workspace, "run", "--once", *DAY)
    keys = [note.values["rebated_key"] for note in hubspot.tables["notes"].every]
    assert len(keys) == len(set(keys)) == 2
    states = {state for (state,) in rows(workspace, "select state from outbox where kind = 'account_note'")}
    assert states == {"done"}


def test_a_merge_in_the_crm_moves_what_is_told_and_no_money(workspace: Workspace, hubspot: HubSpot) -> None:
    call(workspace, "run", "--once", *DAY)
    before = json.dumps(rows(workspace, "select * from posting"), default=str)
    survivor = hubspot.add_company(name="Company 1 and more", domain="c1.example.org")
    hubspot.merge_companies(survivor, companies(hubspot)["C-1"])
    call(workspace, "pull")
    states = {row["account"]: row["counterpart"] for row in call(workspace, "account", "matches", "--json").json}
    assert states["C-1"] == survivor.id
    assert json.dumps(rows(workspace, "select * from posting"), default=str) == before
    call(workspace, "review", "approve", "--all-without-alarms")
    call(workspace, "run", "--once", *DAY)
    assert survivor.values["rebated_tier"] == "bronze"
    assert len([note for note, found in hubspot.notes_of.items() if survivor.id in found]) == 1


def test_the_trial_shows_requests_and_sends_none(workspace: Workspace, hubspot: HubSpot) -> None:
    shown = call(workspace, "connector", "try", "crm")
    assert "not sent" in shown.out and "rebated_tier" in shown.out
    assert hubspot.token not in shown.out + shown.err
    assert writes(hubspot) == []
    told = call(workspace, "connector", "try", "crm", "--stream", "companies", "--json").json
    assert [read["stream"] for read in told["reads"]] == ["companies"] and told["writes"] == []
    of_files = call(workspace, "connector", "try", "erp").out
    assert "write" not in of_files and "Customer 1" in of_files
    assert "there are: erp, crm" in call(workspace, "connector", "try", "no-such", code=3).err
