"""Two records of a customer are merged in the CRM: what is told goes to the one that is left, and no cent moves."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.crash_checks import fingerprint, register, rows
from tests.helpers.crm import add_crm, deliver
from tests.helpers.workspace import Workspace, call, sale

SPRING, SUMMER = ("--as-of", "2025-04-20"), ("--as-of", "2025-07-20")
MONEY = ("entitlement", "posting", "posting_transaction", "proposal", "proposal_part", "proposal_event", "standing")


def told(workspace: Workspace, name: str) -> list[tuple[str, str]]:
    """Account and key of what was told, in its order."""
    return [(row["account"], row["key"]) for row in register(workspace.folder / "crm-out" / name)]


def settled(workspace: Workspace, day: tuple[str, str]) -> None:
    call(workspace, "run", "--once", *day)
    call(workspace, "review", "approve", "--all-without-alarms")
    call(workspace, "run", "--once", *day)


def test_a_merge_in_the_crm_moves_notes_and_no_money(tmp_path: Path):
    workspace = Workspace.make(tmp_path / "workspace", accounts=2, programs=("bonus", "club"))
    text = workspace.config.read_text().replace('account_notes = "erp"', 'account_notes = "crm"')
    workspace.config.write_text(text.replace('tiers = "erp"', 'tiers = "crm"'))
    add_crm(workspace)
    deliver(workspace, 1, {"id": "71", "key": "C-1"}, {"id": "72"}, {"id": "80", "key": "C-2"})
    workspace.sales(1, sale("INV-1", net=200_000), sale("INV-2", "C-2", net=100_000))
    call(workspace, "pull")
    for program in ("bonus", "club"):
        call(workspace, "program", "live", program, "--settle-from", "2025-01-01")
    settled(workspace, SPRING)
    first = told(workspace, "account-notes.csv")
    assert {account for account, _ in first} == {"71", "80"}
    assert {account for account, _ in told(workspace, "tiers.csv")} == {"71", "80"}

    deliver(workspace, 2, {"id": "72", "merged_from": "71"}, {"id": "80", "key": "C-2"})
    before = fingerprint(workspace)
    call(workspace, "pull")
    after = fingerprint(workspace)
    assert {name: after[name] for name in MONEY} == {name: before[name] for name in MONEY}
    query = "select state, counterpart, rule, reason from account_match where counterpart in ('71', '72') order by id"
    assert rows(workspace, query) == [
        ("matched", "71", "external_key", ""),
        ("matched", "72", "external_key", "merged"),
    ]
    call(workspace, "run", "--once", *SPRING)
    again = fingerprint(workspace)
    assert {name: again[name] for name in MONEY} == {name: before[name] for name in MONEY}
    assert told(workspace, "account-notes.csv") == first, "what was told is not told again"

    workspace.sales(2, sale("INV-3", net=100_000, day="2025-05-05"))
    settled(workspace, SUMMER)
    later = told(workspace, "account-notes.csv")[len(first) :]
    assert later and {account for account, _ in later} == {"72"}
    assert told(workspace, "tiers.csv")[-1][0] == "72"
    call(workspace, "verify", "--deep")
