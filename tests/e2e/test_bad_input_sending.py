"""Remotes that are down or refuse: what is approved is sent once they take it, and once only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.crash_checks import credit_notes, faults, rows
from tests.helpers.crash_remote import documents, installed
from tests.helpers.crash_sending import DAY, alarms, approved, moved, set_remote, states, write_back
from tests.helpers.crash_states import keys
from tests.helpers.workspace import Workspace, call, sale

REMOTE = '\n[connections.remote]\nadapter = "fake"\nwrite = true\n[connections.remote.settings]\nfile = "remote.db"\n'


@pytest.fixture(autouse=True)
def _fake() -> Iterator[None]:
    with installed():
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return approved(Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",)))


@pytest.fixture
def remote(tmp_path: Path) -> Workspace:
    made = Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",), target="remote", more=REMOTE)
    return approved(made)


# ------------------------------------------------------------ down


def test_a_remote_that_is_down_gets_everything_once_it_is_up(remote):
    set_remote(remote, "down = true")
    for number in range(6):
        with moved(4_000 * number):
            result = write_back(remote)
        assert result["sent"] == 0 and "cannot be reached" in result["messages"][0]
    assert set(dict(rows(remote, "select key, state from outbox")).values()) == {"queued"}
    attempts = sorted(rows(remote, "select attempts from outbox"))
    assert sum(number for (number,) in attempts) == 6, "what was not tried is no attempt"
    set_remote(remote)
    with moved(40_000):
        assert write_back(remote)["net"] == {"EUR": 1000}
    found = [
        content["account"] for kind, _, _, content in documents(remote.folder / "remote.db") if kind == "credit_note"
    ]
    assert sorted(found) == ["C-1", "C-2"]


def test_a_missing_out_folder_gets_everything_once_it_is_back(workspace):
    workspace.outbox.rename(workspace.folder / "elsewhere")
    result = write_back(workspace)
    assert result["sent"] == 0 and "is not a folder" in result["messages"][0]
    (workspace.folder / "elsewhere").rename(workspace.outbox)
    with moved(4_000):
        assert write_back(workspace)["net"] == {"EUR": 1000}
    assert len(credit_notes(workspace)) == 2 and list(faults(workspace)) == []


def test_a_missing_inbox_exits_with_4_and_the_cursor_stays(workspace):
    before = rows(workspace, "select * from source_cursor")
    workspace.inbox.rename(workspace.folder / "elsewhere")
    done = call(workspace, "pull", code=4)
    assert "No such file" in done.out + done.err
    done = call(workspace, "run", "--once", *DAY, "--json", code=4)
    assert done.json["written"]["net"] == {"EUR": 1000}, "what is approved is sent all the same"
    assert rows(workspace, "select * from source_cursor") == before
    (workspace.folder / "elsewhere").rename(workspace.inbox)
    workspace.sales(2, sale("INV-3", "C-3"))
    assert call(workspace, "pull", "--json").json[0]["landed"]["new"] == 1


# ------------------------------------------------------------ refused


def test_a_refused_credit_note_goes_back_to_review_and_the_rest_goes_on(remote):
    set_remote(remote, 'refuse = ["C-1"]')
    result = write_back(remote)
    assert (result["refused"], result["net"]) == (1, {"EUR": 500})
    assert states(remote) == {"C-1": "held", "C-2": "settled"}
    listed = {row["payee"]: row for row in call(remote, "review", "list", "--json").json}
    assert "the account C-1 is blocked" in listed["C-1"]["reason"]
    assert alarms(remote) == [("refused", keys(remote)["C-1"])]
    set_remote(remote)
    call(remote, "run", "--once", *DAY)
    assert states(remote)["C-1"] == "held", "a person decides, not the next run"
    call(remote, "review", "release", keys(remote)["C-1"], "--reason", "unblocked")
    call(remote, "review", "approve", keys(remote)["C-1"])
    assert write_back(remote)["net"] == {"EUR": 500}
    assert states(remote) == {"C-1": "settled", "C-2": "settled"}
    held = [
        content["account"] for kind, _, _, content in documents(remote.folder / "remote.db") if kind == "credit_note"
    ]
    assert sorted(held) == ["C-1", "C-2"]
    call(remote, "verify", "--deep")


def test_an_adjustment_of_a_refused_credit_note_counts_once(remote):
    call(remote, "review", "hold", keys(remote)["C-1"], "--reason", "wait")
    workspace = remote
    call(workspace, "review", "release", keys(workspace)["C-1"], "--reason", "go on")
    workspace.sales(2, sale("INV-3", "C-3"))
    call(workspace, "run", "--once", *DAY)
    key = keys(workspace)["C-3"]
    call(workspace, "review", "adjust", key, "2.50", "--reason", "agreed")
    call(workspace, "review", "approve", key)
    set_remote(workspace, 'refuse = ["C-3"]')
    with moved(4_000):
        write_back(workspace)
    adjusted = "select sum(amount) from posting where component = 'adjusted' and ledger_account = 'refund_liability'"
    assert rows(workspace, adjusted) == [(0,)]
    set_remote(workspace)
    call(workspace, "review", "release", key, "--reason", "unblocked")
    call(workspace, "review", "approve", key)
    with moved(8_000):
        assert write_back(workspace)["net"] == {"EUR": 750}
    assert abs(rows(workspace, adjusted)[0][0]) == 250
