"""`rebated account`: from a delivery in which documents have moved, by the commands a person types."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.crash_checks import faults, fingerprint, register, rows
from tests.helpers.workspace import Called, Line, Sale, Workspace, call, sale

SPRING, SUMMER = ("--as-of", "2025-04-20"), ("--as-of", "2025-07-20")
SALES = (
    sale("INV-1", "C-1", net=300_000),
    Sale("INV-2", "C-2", "2025-02-05", (Line("A-1", 1, 400_000), Line("A-2", 1, 200_000, 7))),
    sale("INV-3", "C-3", net=100_000),
)
LATER = sale("INV-4", "C-1", "2025-05-05", net=100_000)
WHY = ("--reason", "a duplicate in the ERP")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """C-1, C-2 and C-3 were paid for the first quarter; then the documents of C-2 name C-1."""
    workspace = Workspace.make(tmp_path_factory.mktemp("merge") / "workspace", programs=("bonus", "club"), accounts=3)
    workspace.sales(1, *SALES)
    call(workspace, "pull")
    for program in ("bonus", "club"):
        call(workspace, "program", "live", program, "--settle-from", "2025-01-01")
    call(workspace, "run", "--once", *SPRING)
    call(workspace, "review", "approve", "--all-without-alarms")
    call(workspace, "write-back", *SPRING)
    workspace.sales(2, replace(SALES[1], account="C-1", revision=2), LATER)
    return workspace


@pytest.fixture
def workspace(settled: Workspace, tmp_path: Path) -> Workspace:
    """The same, with that delivery read and computed: an alarm is open."""
    shutil.copytree(settled.folder, tmp_path / "workspace")
    found = Workspace(tmp_path / "workspace")
    call(found, "run", "--once", *SUMMER)
    return found


def _paid(workspace: Workspace) -> dict[str, str]:
    return {row["account"]: row["net"] for row in register(workspace.outbox / "credit-notes" / "register.csv")}


def _held(workspace: Workspace) -> list[dict[str, object]]:
    found: list[dict[str, object]] = call(workspace, "review", "list", "--json").json
    return found


def test_from_the_alarm_to_what_is_new(workspace: Workspace) -> None:
    (alarm,) = call(workspace, "status", "--json").json["alarms"]
    assert alarm["kind"] == "account_moved" and "1 document of account C-2" in alarm["message"]
    assert "rebated account merge C-2 C-1 --reason" in call(workspace, "doctor", code=5).out.replace("\n", "")
    (held,) = _held(workspace)
    assert (held["payee"], held["state"]) == ("C-1", "held")
    assert held["reason"] == (
        "documents of account C-2 have moved to C-1: "
        "`rebated account merge C-2 C-1` or `rebated account keep C-2 C-1` decides"
    )

    done = call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--yes")
    assert "C-2 becomes C-1" in done.out and "1 document moved in the source" in done.out
    assert "C-2 is merged into C-1: the next run counts the documents of both together" in done.out
    call(workspace, "run", "--once", *SUMMER)
    assert call(workspace, "doctor").out.strip() == "nothing is wrong"
    call(workspace, "verify", "--deep")
    before = _net(workspace, "C-1") + _net(workspace, "C-2")
    together = _bonus(900_000) + _bonus(100_000)
    (item,) = _held(workspace)
    assert (item["payee"], item["state"], item["net"]) == ("C-1", "proposed", together - before)
    call(workspace, "review", "approve", "--all-without-alarms")
    call(workspace, "write-back", *SUMMER)
    assert _net(workspace, "C-1") + _net(workspace, "C-2") == together and list(faults(workspace)) == []


def _bonus(cents: int) -> int:
    """1 % from 500.00 on, 2.5 % from 2,000.00 on, 4 % from 5,000.00 on, each on its own part."""
    parts = ((50_000, 200_000, 10), (200_000, 500_000, 25), (500_000, 10**9, 40))
    return sum(max(0, min(cents, end) - start) * rate // 1000 for start, end, rate in parts)


def _net(workspace: Workspace, account: str) -> int:
    query = """select coalesce(sum(receipt.net), 0) from receipt join proposal on proposal.key = receipt.key
    join account_identity name on name.account_id = payee and name.external_id = ? and name.id in
    (select min(id) from account_identity group by external_id)
    join proposal_event event on event.proposal_id = proposal.id and event.state = 'settled'"""
    ((found,),) = rows(workspace, query, account)
    return int(found)


def test_the_decision_is_kept_with_name_and_reason_and_explained(workspace: Workspace) -> None:
    call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--yes")
    ((actor, reason, kind),) = rows(workspace, "select actor, reason, kind from act where kind like 'account%'")
    assert actor and (reason, kind) == ("a duplicate in the ERP", "account_merged")
    call(workspace, "run", "--once", *SUMMER)
    told = " ".join(call(workspace, "explain", "bonus/C-1/2025-Q1").out.split())
    assert f"{actor} merged account C-2 into C-1, and this went over: settled 130.00 EUR. Reason: a duplicate" in told
    (transfer,) = call(workspace, "explain", "bonus/C-1/2025-Q1", "--json").json["transfers"]
    assert transfer["amounts"] == {"settled": _bonus(600_000)}
    by_number = call(workspace, "explain", str(transfer["transaction"]), "--json").json
    assert (by_number["account"], by_number["transfers"]) == ("C-1", [transfer])
    (other,) = call(workspace, "explain", "bonus/C-2/2025-Q1", "--json").json["transfers"]
    assert other == transfer, "both sides tell the same"


def test_merging_twice_says_so(workspace: Workspace) -> None:
    call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--yes")
    before = fingerprint(workspace)
    again = call(workspace, "account", "merge", "C-2", "C-1", *WHY)
    assert "C-2 was merged into C-1 before: nothing is left to do" in again.out
    assert call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--json").json["done"] is True
    assert _changed(workspace, before) == set()


def _changed(workspace: Workspace, before: dict[str, list[tuple[object, ...]]]) -> set[str]:
    after = fingerprint(workspace)
    return {name for name in before if before[name] != after[name]} - {"claim"}


@pytest.mark.parametrize("act", ["merge", "keep"])
def test_a_dry_run_changes_nothing_and_the_real_one_does(workspace: Workspace, act: str) -> None:
    before = fingerprint(workspace)
    done = call(workspace, "account", act, "C-2", "C-1", *WHY, "--dry-run")
    assert "dry run: nothing was changed" in done.err and _changed(workspace, before) == set()
    call(workspace, "account", act, "C-2", "C-1", *WHY, "--yes")
    assert {"act", "alarm", "batch"} <= _changed(workspace, before)


@pytest.mark.parametrize("act", ["merge", "keep"])
def test_a_person_has_to_confirm(workspace: Workspace, act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(workspace)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    refused = call(workspace, "account", act, "C-2", "C-1", *WHY, code=3)
    assert "has to be confirmed" in refused.err and "--yes" in refused.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []

    def no(question: str, *, abort: bool) -> None:
        asked.append(question)
        raise SystemExit(1)

    monkeypatch.setattr("typer.confirm", no)
    call(workspace, "account", act, "C-2", "C-1", *WHY, code=1)
    assert len(asked) == 1 and "C-2" in asked[0] and _changed(workspace, before) == set()
    monkeypatch.setattr("typer.confirm", lambda *_, **__: asked.append("yes"))
    call(workspace, "account", act, "C-2", "C-1", *WHY)
    assert "act" in _changed(workspace, before)


def test_keeping_apart_goes_on_proposing(workspace: Workspace) -> None:
    done = call(workspace, "account", "keep", "C-2", "C-1", "--reason", "wrong customer", "--yes")
    assert "C-2 and C-1 stay apart" in done.out
    call(workspace, "run", "--once", *SUMMER)
    (item,) = _held(workspace)
    assert (item["payee"], item["state"]) == ("C-1", "proposed")
    assert item["net"] == _bonus(900_000) + _bonus(100_000) - _bonus(300_000)
    assert "no alarm asks" in call(workspace, "account", "keep", "C-2", "C-1", *WHY, "--yes", code=3).err


def test_while_nobody_has_decided_no_tier_is_told_either(settled: Workspace, workspace: Workspace) -> None:
    before = register(settled.outbox / "tiers.csv")
    assert {row["account"] for row in before} == {"C-1", "C-2", "C-3"}
    assert register(workspace.outbox / "tiers.csv") == before, "C-1 has more and C-2 has nothing, and both wait"
    notes = register(workspace.outbox / "account-notes.csv")
    call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--yes")
    call(workspace, "run", "--once", *SUMMER)
    later = register(workspace.outbox / "account-notes.csv")
    assert {row["account"] for row in later[len(notes) :]} == {"C-1"}, "C-2 is told of no lower tier"
    assert len(later) > len(notes)
    last = register(workspace.outbox / "tiers.csv")[len(before) :]
    assert [row["tier"] for row in last if row["account"] != "C-3"] == ["gold"], "C-1 has both histories"


def test_accounts_are_listed_and_shown(workspace: Workspace) -> None:
    call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--yes", "--from", "2025-01-01")
    every = {row["account"]: row for row in call(workspace, "account", "list", "--json").json}
    assert set(every) == {"C-1", "C-2", "C-3"} and every["C-3"]["name"] == "Customer 3"
    assert every["C-1"]["aliases"] == [{"account": "C-2", "from": "2025-01-01"}]
    assert every["C-2"]["merged_into"] == [{"account": "C-1", "from": "2025-01-01"}]
    assert [row["account"] for row in call(workspace, "account", "list", "--merged", "--json").json] == ["C-1", "C-2"]
    assert [row["account"] for row in call(workspace, "account", "list", "customer 3", "--json").json] == ["C-3"]
    assert "C-1 from 2025-01-01" in call(workspace, "account", "list").out
    shown = call(workspace, "account", "show", "C-1", "--json").json
    assert shown["balances"][0]["period"] == "2025-01-01"
    assert shown["balances"][0]["settled"] == _bonus(300_000) + _bonus(600_000)
    text = call(workspace, "account", "show", "C-2").out
    assert "Customer 2 (C-2, erp)" in text and "Merged into: C-1 from 2025-01-01" in text
    assert "Merged into it: C-2" in call(workspace, "account", "show", "C-1").out


def _refused(workspace: Workspace, *words: str) -> Called:
    return call(workspace, "account", *words, "--reason", "x", "--yes", code=3)


def test_what_cannot_be_merged_says_why(workspace: Workspace) -> None:
    assert "no account is called 'C-9'" in _refused(workspace, "merge", "C-9", "C-1").err
    assert "rebated account list" in _refused(workspace, "merge", "C-1", "C-9").err
    assert "into itself" in _refused(workspace, "merge", "C-1", "C-1").err
    assert "no account is called 'C-2' in crm" in _refused(workspace, "merge", "C-2", "C-1", "--source", "crm").err
    before = "dated before 2025-04-01"
    assert before in _refused(workspace, "merge", "C-2", "C-1", "--from", "2025-04-01").err
    assert "no account is called" in call(workspace, "account", "show", "C-9", code=3).err


def test_what_is_promised_has_to_be_settled_or_rejected(settled: Workspace, tmp_path: Path) -> None:
    shutil.copytree(settled.folder, tmp_path / "workspace")
    workspace = Workspace(tmp_path / "workspace")
    workspace.sales(2, sale("INV-5", "C-2", "2025-05-06", net=100_000))
    call(workspace, "run", "--once", *SUMMER)
    call(workspace, "review", "approve", "--all-without-alarms")
    refused = _refused(workspace, "merge", "C-2", "C-1")
    assert "C-2 has been promised what is not settled yet: RB-" in refused.err and "(approved, 5.00 EUR)" in refused.err
    key = next(word for word in refused.err.split() if word.startswith("RB-"))
    call(workspace, "review", "reject", key, *WHY)
    call(workspace, "account", "merge", "C-2", "C-1", *WHY, "--yes")
    call(workspace, "run", "--once", *SUMMER)
    call(workspace, "verify", "--deep")
