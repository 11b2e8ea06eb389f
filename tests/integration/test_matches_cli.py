"""`rebated account matches`, `match`, `unmatch` beside a CRM by files, and a merge there from end to end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scheduler import daemon
from scheduler.config import load_config
from tests.helpers.crash_checks import rows
from tests.helpers.crash_sending import moved
from tests.helpers.crm import add_crm, deliver
from tests.helpers.workspace import Workspace, call, sale

DAY = ("--as-of", "2025-04-20")
ALL_RULES = 'by = ["external_key", "vat_number", "domain"]'


def made(tmp_path: Path, matching: str = ALL_RULES, accounts: int = 4) -> Workspace:
    workspace = Workspace.make(tmp_path / "workspace", accounts=accounts, programs=("bonus", "club"))
    add_crm(workspace, matching)
    return workspace


def states(workspace: Workspace, *more: str) -> dict[str, tuple[str, str | None, str]]:
    found = call(workspace, "account", "matches", "--json", *more).json
    return {row["account"]: (row["state"], row["counterpart"], row["by"]) for row in found}


def test_matches_are_found_with_each_pull_and_listed(tmp_path: Path):
    workspace = made(tmp_path)
    deliver(workspace, 1, {"id": "71", "key": "C-1"}, {"id": "72", "key": "C-2"}, {"id": "73", "key": "C-2"})
    told = call(workspace, "pull").out
    assert "Accounts matched" in told
    assert states(workspace) == {
        "C-1": ("matched", "71", "external_key"),
        "C-2": ("ambiguous", None, "external_key"),
        "C-3": ("unmatched", None, ""),
        "C-4": ("unmatched", None, ""),
    }
    assert set(states(workspace, "--state", "ambiguous", "--target", "crm")) == {"C-2"}
    shown = call(workspace, "account", "matches").out
    assert "the external key names several: 72, 73" in shown and "Customer 2" in shown
    assert "account_match" in call(workspace, "doctor", code=5).out
    call(workspace, "verify", "--deep")


def test_a_person_decides_under_their_name(tmp_path: Path):
    workspace = made(tmp_path)
    deliver(workspace, 1, {"id": "72", "key": "C-2"}, {"id": "73", "key": "C-2"})
    call(workspace, "pull")
    rehearsed = call(workspace, "account", "match", "C-2", "73", "--reason", "asked", "--dry-run")
    assert "C-2 is matched with 73 in crm" in rehearsed.out
    assert states(workspace)["C-2"][0] == "ambiguous"
    call(workspace, "account", "match", "C-2", "73", "--reason", "asked sales")
    assert states(workspace)["C-2"] == ("matched", "73", "person")
    assert "nothing is wrong" in call(workspace, "doctor").out
    query = "select kind, reason, value from act where kind = 'account_match'"
    ((_, reason, value),) = rows(workspace, query)
    assert reason == "asked sales"
    assert json.loads(value) == {
        "target": "crm",
        "account": "C-2",
        "source": "erp",
        "company": "",
        "decision": "matched",
        "counterpart": "73",
    }
    call(workspace, "pull")
    assert states(workspace)["C-2"] == ("matched", "73", "person")
    assert "In crm: matched 73" in call(workspace, "account", "show", "C-2").out
    told = call(workspace, "account", "unmatch", "C-2", "--reason", "a private person").out
    assert "a person says that it has none there" in told
    told = call(workspace, "account", "unmatch", "C-2", "--by-rules", "--reason", "mended").out
    assert "C-2 is ambiguous in crm: the external key names several: 72, 73" in told


def test_a_decision_that_takes_from_another_account_says_so(tmp_path: Path):
    workspace = made(tmp_path)
    deliver(workspace, 1, {"id": "71", "key": "C-1"})
    call(workspace, "pull")
    told = call(workspace, "account", "match", "C-2", "71", "--reason", "the same firm").out
    assert "C-1 is ambiguous now: 71 is claimed by C-2 as well" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("match", "C-2", "99"), "crm has no account 99 in use"),
        (("match", "C-9", "71"), "no account is called 'C-9'"),
        (("match", "C-1", "71", "--target", "erp"), "no such connection to match: there are crm"),
        (("unmatch", "C-1", "--source", "crm"), "no account is called 'C-1' in crm"),
    ],
)
def test_what_cannot_be_decided_is_refused(tmp_path: Path, words: tuple[str, ...], told: str):
    workspace = made(tmp_path)
    deliver(workspace, 1, {"id": "71", "key": "C-1"})
    call(workspace, "pull")
    assert told in call(workspace, "account", *words, "--reason", "x", code=3).err
    call(workspace, "account", "matches", "--state", "certain", code=2)


def test_of_several_targets_one_has_to_be_named(tmp_path: Path):
    workspace = made(tmp_path)
    text = workspace.config.read_text()
    workspace.config.write_text(
        text + text[text.index("[connections.crm]") :].replace("connections.crm", "connections.desk")
    )
    deliver(workspace, 1, {"id": "71", "key": "C-1"}, {"id": "72"})
    call(workspace, "pull")
    refused = call(workspace, "account", "match", "C-1", "72", "--reason", "x", code=3).err
    assert "several connections have accounts to match: there are crm, desk" in refused
    call(workspace, "account", "match", "C-1", "72", "--reason", "x", "--target", "desk")
    found = {row["target"]: row["counterpart"] for row in call(workspace, "account", "matches", "--json").json[::4]}
    assert found == {"crm": "71", "desk": "72"}


def test_nothing_is_matched_without_a_crm(tmp_path: Path):
    workspace = Workspace.make(tmp_path / "workspace", accounts=1)
    assert "Accounts matched" not in call(workspace, "pull").out
    assert call(workspace, "account", "matches", "--json").json == []
    refused = call(workspace, "account", "match", "C-1", "71", "--reason", "x", code=3)
    assert "there are none" in refused.err


def test_the_mapping_file_wins_over_the_rules_and_is_checked(tmp_path: Path):
    workspace = made(tmp_path, 'file = "matches.csv"\naccounts_from = ["erp"]')
    deliver(workspace, 1, {"id": "71", "key": "C-1"}, {"id": "72", "key": "C-3"}, {"id": "73"})
    file = workspace.folder / "matches.csv"
    failed = call(workspace, "pull", code=4)
    assert f"crm: {file}: cannot be read: No such file" in failed.err
    assert "connections.crm.matching.file" in call(workspace, "check", "--offline", code=2).out
    file.write_text("\ufeffcounterpart;account;who\n73;C-1;Ann\n73;X[b];\n;C-3;Ann\n\n")
    call(workspace, "check", "--offline")
    assert "crm: the mapping file names accounts that are not known: X[b]" in call(workspace, "pull").out
    assert states(workspace) == {
        "C-1": ("matched", "73", "file"),
        "C-2": ("unmatched", None, ""),
        "C-3": ("unmatched", None, "file"),
        "C-4": ("unmatched", None, ""),
    }
    for text, told in (
        ("account,name\nC-1,x\n", "line 1: there is no column counterpart"),
        ("account,counterpart\nC-1,73\n,74\n", "line 3: names no account"),
        ("account,counterpart\nC-1," + "7" * 201, "line 2: longer than 200 characters"),
        ("account,counterpart\nC-1,7\x1b[2J\n", "line 2: holds control characters"),
        ('account,counterpart\nC-1,"' + "7" * 200_000, "cannot be read: field larger than"),
        ("account,counterpart\n\xe4,1\n".encode("latin-1"), "is not UTF-8 text"),
        ("", "there is no column account and no column counterpart"),
    ):
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert told in call(workspace, "pull", code=4).err
    assert states(workspace)["C-1"] == ("matched", "73", "file"), "what was matched stays"


def test_a_mistaken_matching_is_found_by_the_check(tmp_path: Path):
    workspace = made(tmp_path, 'by = ["domain", "domain"]\nignored_domains = ["nothing"]')
    told = call(workspace, "check", "--offline", code=2).err
    assert "names a rule twice" in told and "not domains such as example.com" in told
    text = workspace.config.read_text().replace('["domain", "domain"]', "[]").replace('["nothing"]', "[]")
    text = text.replace("ignored_domains", 'accounts_from = ["shop"]\nignored_domains')
    workspace.config.write_text(text + '\n[connections.erp.matching]\nby = ["domain"]\n')
    found = call(workspace, "check", "--offline", code=2).out
    for told in ("no connection is called 'shop'", "it reads no counterpart records", "said by a person"):
        assert told in " ".join(found.replace("│", " ").split())


def test_a_failing_matching_stops_no_money(tmp_path: Path):
    workspace = made(tmp_path, 'file = "matches.csv"')
    workspace.sales(1, sale("INV-1", net=200_000))
    done = call(workspace, "run", "--once", *DAY, "--json", code=4).json
    assert done["matched"][0]["failure"] and done["proposed"]["new"] == 1
    assert done["outcome"] == "failed"


def test_the_daemon_matches_when_it_pulls(tmp_path: Path):
    workspace = made(tmp_path)
    deliver(workspace, 1, {"id": "71", "key": "C-1"})
    daemon.work(load_config(workspace.config), "pull")
    assert states(workspace)["C-1"] == ("matched", "71", "external_key")


def test_a_merge_in_the_erp_keeps_the_match(tmp_path: Path):
    workspace = made(tmp_path)
    deliver(workspace, 1, {"id": "71", "key": "C-1"})
    call(workspace, "pull")
    call(workspace, "account", "merge", "C-1", "C-2", "--reason", "duplicate", "--yes")
    call(workspace, "pull")
    assert states(workspace) == {
        "C-2": ("matched", "71", "external_key"),
        "C-3": ("unmatched", None, ""),
        "C-4": ("unmatched", None, ""),
    }


def test_what_the_crm_has_changed_or_deleted_is_erased_in_time(tmp_path: Path):
    workspace = made(tmp_path, accounts=1)
    with moved(-86_400 * 1_000):
        deliver(workspace, 1, *({"id": one, "name": one.upper()} for one in ("old", "gone", "stays")))
        pull_of_long_ago(workspace)
        deliver(workspace, 2, {"id": "old", "name": "NEW"}, {"id": "stays", "name": "STAYS"})
        pull_of_long_ago(workspace)
    assert names_kept(workspace) == ["Customer 1", "GONE", "NEW", "OLD", "STAYS"]
    call(workspace, "doctor", "erase")
    assert names_kept(workspace) == ["NEW", "STAYS"]
    call(workspace, "verify", "--deep")


def pull_of_long_ago(workspace: Workspace) -> None:
    for path in workspace.folder.glob("*/*.csv"):
        os.utime(path, (1, 1))
    call(workspace, "pull")


def names_kept(workspace: Workspace) -> list[str]:
    known = rows(workspace, "select content from personal_data where content is not null")
    return sorted(json.loads(content)["name"] for (content,) in known)
