"""Credit notes of ours that come back, that are changed or deleted, and keys of our form that we never gave."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from connectors.files.adapter import FilesAdapter
from connectors.spi import UnknownOutcome
from tests.helpers.crash_checks import credit_notes, rows
from tests.helpers.crash_sending import DAY, alarms, approved, moved, states, write_back
from tests.helpers.crash_states import keys
from tests.helpers.workspace import Workspace, call, sale

UNKNOWN = "RB-AAAABBBBCCCC"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return approved(Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",)))


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
