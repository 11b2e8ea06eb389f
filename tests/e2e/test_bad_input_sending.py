"""Remotes that are down, refuse, lose replies or change what was written, and keys of ours that come back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from connectors.files.adapter import FilesAdapter
from connectors.spi import UnknownOutcome
from core.ledger import columns
from tests.helpers.crash_checks import credit_notes, faults, rows
from tests.helpers.crash_remote import documents, installed
from tests.helpers.workspace import Workspace, call, sale

DAY = ("--as-of", "2025-04-20")
REMOTE = '\n[connections.remote]\nadapter = "fake"\nwrite = true\n[connections.remote.settings]\nfile = "remote.db"\n'
UNKNOWN = "RB-AAAABBBBCCCC"


@pytest.fixture(autouse=True)
def _fake() -> Iterator[None]:
    with installed():
        yield


def approved(workspace: Workspace) -> Workspace:
    """Two accounts with an approved credit note of 5.00 each."""
    workspace.sales(1, sale("INV-1"), sale("INV-2", "C-2"))
    call(workspace, "pull")
    call(workspace, "program", "live", "bonus", "--settle-from", "2025-01-01")
    call(workspace, "run", "--once", *DAY)
    call(workspace, "review", "approve", "--all-without-alarms")
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return approved(Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",)))


@pytest.fixture
def remote(tmp_path: Path) -> Workspace:
    made = Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",), target="remote", more=REMOTE)
    return approved(made)


def write_back(workspace: Workspace) -> dict:
    return call(workspace, "write-back", *DAY, "--json").json


def states(workspace: Workspace) -> dict[str, str]:
    """The state of the last proposal of each account."""
    query = (
        "select name.external_id, event.state from proposal join account_identity name on name.account_id = payee"
        " join proposal_event event on event.proposal_id = proposal.id order by event.id"
    )
    return dict(rows(workspace, query))


def keys(workspace: Workspace) -> dict[str, str]:
    query = "select name.external_id, key from proposal join account_identity name on name.account_id = payee"
    return dict(rows(workspace, f"{query} order by proposal.id"))


def alarms(workspace: Workspace) -> list[tuple[str, str]]:
    return rows(workspace, "select kind, subject from alarm where closed_at is null order by id")


def set_remote(workspace: Workspace, line: str = "") -> None:
    text = workspace.config.read_text().partition('file = "remote.db"\n')
    workspace.config.write_text(f"{text[0]}{text[1]}{line}\n")


def moved(seconds: int) -> ExitStack:
    """The clock of the product stands later."""
    original = columns.utc_now
    stack = ExitStack()
    for module in list(sys.modules.values()):
        if getattr(module, "utc_now", None) is original:
            stack.enter_context(patch.object(module, "utc_now", lambda: original() + timedelta(seconds=seconds)))
    return stack


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


# ------------------------------------------------------------ ours coming back


def test_our_own_credit_note_is_in_no_measure(workspace):
    call(workspace, "run", "--once", *DAY)
    before = rows(workspace, "select id, amount from entitlement")
    back = sale("4711", net=-500, kind="credit note", reference=f"see {keys(workspace)['C-1']}")
    workspace.sales(2, back)
    found = call(workspace, "run", "--once", *DAY, "--json").json
    assert found["pulled"][0]["landed"]["new"] == 1 and found["accrued"]["facts"] == 0
    assert rows(workspace, "select id, amount from entitlement") == before
    assert alarms(workspace) == []


def test_our_own_credit_note_completes_a_missing_receipt(workspace):
    create = FilesAdapter.create

    def lost(self, request):
        create(self, request)
        raise UnknownOutcome("the reply was lost")

    with patch.object(FilesAdapter, "create", lost):
        assert write_back(workspace)["sent"] == 0
    assert set(states(workspace).values()) == {"sending"}
    workspace.sales(2, sale("4711", net=-500, kind="credit note", reference=keys(workspace)["C-1"]))
    call(workspace, "pull")
    assert call(workspace, "reconcile", "--json").json["completed"] == 1
    assert states(workspace) == {"C-1": "settled", "C-2": "sending"}
    assert rows(workspace, "select key, learned from receipt where kind = 'credit_note'") == [
        (keys(workspace)["C-1"], "returned")
    ]
    with moved(4_000):
        assert write_back(workspace)["recovered"] == 1
    assert len(credit_notes(workspace)) == 2
    call(workspace, "verify", "--deep")


# ------------------------------------------------------------ gone, or changed


def path_of(workspace: Workspace, account: str) -> Path:
    return workspace.outbox / "credit-notes" / f"{keys(workspace)[account]}.xml"


def voided(workspace: Workspace) -> str:
    """Both are sent; the file of C-1 is taken away, and reconcile says so."""
    write_back(workspace)
    path_of(workspace, "C-1").unlink()
    done = call(workspace, "reconcile", "--json", code=5).json
    key = keys(workspace)["C-1"]
    assert (done["voided"], done["differing"]) == ([key], [])
    assert states(workspace) == {"C-1": "voided", "C-2": "settled"}
    assert alarms(workspace) == [("voided", key)]
    found = call(workspace, "run", "--once", *DAY, "--json", code=None)
    assert found.code in (0, 5)
    assert (found.json["proposed"]["new"], found.json["written"]["net"]) == (0, {}), (
        "nothing is proposed again by itself"
    )
    return key


def test_a_deleted_credit_note_is_reissued_by_a_person(workspace):
    key = voided(workspace)
    call(workspace, "review", "reissue", key, "--reason", "deleted by mistake")
    assert alarms(workspace) == []
    assert call(workspace, "run", "--once", *DAY, "--json").json["proposed"]["new"] == 1
    new = keys(workspace)["C-1"]
    assert new != key
    call(workspace, "review", "approve", new)
    assert write_back(workspace)["net"] == {"EUR": 500}
    assert set(credit_notes(workspace)) == {new, keys(workspace)["C-2"]}
    call(workspace, "reconcile")
    call(workspace, "verify", "--deep")


def test_a_deleted_credit_note_is_accepted_by_a_person(workspace):
    key = voided(workspace)
    call(workspace, "review", "accept", key, "--reason", "paid out in cash")
    for _ in range(2):
        found = call(workspace, "run", "--once", *DAY, "--json").json
        assert found["proposed"]["new"] == 0
    assert (states(workspace)["C-1"], alarms(workspace)) == ("settled", [])


def test_a_deleted_credit_note_is_written_off_by_a_person(workspace):
    key = voided(workspace)
    call(workspace, "review", "write-off", key, "--reason", "given up")
    found = call(workspace, "run", "--once", *DAY, "--json").json
    assert found["proposed"]["new"] == 0
    assert (states(workspace)["C-1"], alarms(workspace)) == ("waived", [])
    call(workspace, "verify", "--deep")


def differing(workspace: Workspace) -> str:
    write_back(workspace)
    path = path_of(workspace, "C-1")
    path.write_text(path.read_text().replace("5.00", "6.00").replace("5.95", "7.14").replace("0.95", "1.14"))
    key = keys(workspace)["C-1"]
    done = call(workspace, "reconcile", "--json", code=5).json
    assert (done["voided"], done["differing"]) == ([], [key])
    assert (states(workspace)["C-1"], alarms(workspace)) == ("differs", [("differs", key)])
    call(workspace, "review", "reissue", key, "--reason", "no", code=3)
    return key


def test_an_edited_credit_note_is_accepted_by_a_person(workspace):
    key = differing(workspace)
    call(workspace, "review", "accept", key, "--reason", "agreed on the phone")
    for _ in range(2):
        call(workspace, "reconcile")
        call(workspace, "run", "--once", *DAY)
    assert (states(workspace)["C-1"], alarms(workspace)) == ("settled", [])
    path_of(workspace, "C-1").unlink()
    assert call(workspace, "reconcile", "--json", code=5).json["voided"] == [key], "what comes after it is told"


def test_an_edited_credit_note_that_is_put_right_agrees_again(workspace):
    differing(workspace)
    path = path_of(workspace, "C-1")
    path.write_text(path.read_text().replace("6.00", "5.00").replace("7.14", "5.95").replace("1.14", "0.95"))
    call(workspace, "reconcile")
    assert (states(workspace)["C-1"], alarms(workspace)) == ("settled", [])


def test_an_edited_credit_note_is_written_off_by_a_person(workspace):
    key = differing(workspace)
    call(workspace, "review", "write-off", key, "--reason", "given up")
    assert call(workspace, "run", "--once", *DAY, "--json").json["proposed"]["new"] == 0
    assert (states(workspace)["C-1"], alarms(workspace)) == ("waived", [])
    call(workspace, "verify", "--deep")


# ------------------------------------------------------------ keys we do not know


def stopped(workspace: Workspace) -> None:
    workspace.sales(2, sale("4711", net=-50_000, kind="credit note", reference=f"credit {UNKNOWN}"))
    call(workspace, "pull")
    assert alarms(workspace) == [("unknown_key", UNKNOWN)]
    assert write_back(workspace)["net"] == {"EUR": 500}
    assert states(workspace) == {"C-1": "approved", "C-2": "settled"}


def test_an_unknown_key_stops_sending_until_it_is_adopted(workspace):
    stopped(workspace)
    before = rows(workspace, "select id, amount from entitlement")
    call(workspace, "doctor", "adopt", UNKNOWN, "--reason", "from before the restore")
    assert write_back(workspace)["net"] == {"EUR": 500}
    call(workspace, "run", "--once", *DAY)
    assert rows(workspace, "select id, amount from entitlement") == before, "an adopted document is in no measure"
    workspace.sales(3, sale("4711", net=-50_000, kind="credit note", reference=f"credit {UNKNOWN}"))
    call(workspace, "pull")
    assert alarms(workspace) == [], "the decision lasts"


def test_an_unknown_key_counts_once_it_is_disowned(workspace):
    stopped(workspace)
    call(workspace, "doctor", "disown", UNKNOWN, "--reason", "their own numbering")
    call(workspace, "run", "--once", *DAY)
    query = "select amount from entitlement join account_identity n on n.account_id = beneficiary"
    assert rows(workspace, f"{query} where n.external_id = 'C-1' order by entitlement.id desc limit 1") == [(0,)]
    workspace.sales(3, sale("4711", net=-50_000, kind="credit note", reference=f"credit {UNKNOWN}", revision=2))
    call(workspace, "pull")
    assert [kind for kind, _ in alarms(workspace)] == ["suspended"], "what was approved is owed no more"


def test_an_unknown_key_without_an_account_stops_nothing_else(tmp_path):
    source = 'without_account = "park"'
    workspace = approved(Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",), source=source))
    workspace.sales(2, sale("4711", "", net=-500, kind="credit note", reference=UNKNOWN))
    call(workspace, "pull")
    call(workspace, "export", "journal", "2025-03")
    assert write_back(workspace)["net"] == {"EUR": 1000}
    call(workspace, "write-back")
    assert list((workspace.outbox / "journal").glob("*.csv"))
