"""Kills, lost replies and slow commits at a remote: one document for each key, or a person who is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.crash_fixtures import server  # noqa: F401 - a fixture
from tests.helpers.crash_play import PLAY, Player, Server, chosen, points_of
from tests.helpers.crash_remote import documents
from tests.helpers.workspace import Workspace

STEPS = PLAY.index(("run", "--once", "--as-of", "2025-07-20"))
KILLS, ACCOUNTS = 8, 6
CHAOS = 12
REMOTE = """
[connections.remote]
adapter = "fake"
write = true
[connections.remote.settings]
file = "remote.db"
uniqueness = "{uniqueness}"
batch = {batch}
seed = {seed}
mishaps = {mishaps}
late = {late}
"""
INTERESTING = ("remote", "sending", "receipt", "outbox", "step write_back")


def make(
    folder: Path, uniqueness: str, seed: int = 0, mishaps: int = 0, late: str = "false", batch: int = 0
) -> Workspace:
    more = REMOTE.format(uniqueness=uniqueness, seed=seed, mishaps=mishaps, late=late, batch=batch)
    return Workspace.make(folder, target="remote", more=more, accounts=ACCOUNTS)


def owed(workspace: Workspace) -> dict[str, tuple[int, int]]:
    """What the proposals that were approved say, by key."""
    query = "select key, net, tax from proposal where id in (select proposal_id from proposal_event where state = ?)"
    return {key: (net, tax) for key, net, tax in rows(workspace, query, "approved")}


@pytest.fixture(scope="module")
def calm(server, tmp_path_factory):  # noqa: F811
    """What is owed after a life nobody disturbed, and the points at which it writes to the remote."""
    folder = tmp_path_factory.mktemp("calm")
    log = folder / "points"
    log.mkdir()
    player = Player(server, make(folder / "workspace", "draft_first"), steps=STEPS, accounts=ACCOUNTS)
    player.play(log=log)
    points = {
        number: [point for point in passed if point[0].startswith(INTERESTING)]
        for number, passed in points_of(log).items()
    }
    return owed(player.workspace), points


def disturbed(server, calm, folder, uniqueness, seed, count=KILLS, batch=0):  # noqa: F811
    """A life with mishaps and kills, played until nothing waits any more."""
    workspace = make(folder / "workspace", uniqueness, seed, mishaps=25, batch=batch)
    player = Player(server, workspace, pause=(1, 20, 100), steps=STEPS, accounts=ACCOUNTS)
    points = {
        number: [point for point in passed if uniqueness == "draft_first" or "draft" not in point[0]]
        for number, passed in calm[1].items()
    }
    player.play(chosen(points, seed, count))
    assert player.killed is not None and player.killed.total() >= count // 3, player.killed
    player.settle()
    assert owed(workspace) == calm[0]
    return workspace


def held(workspace: Workspace) -> dict[str, list[str]]:
    """The states of what the remote holds, by key."""
    found: dict[str, list[str]] = {}
    for _, key, state, _ in documents(workspace.folder / "remote.db"):
        found.setdefault(key, []).append(state)
    return found


def check_exactly_once(server: Server, workspace: Workspace) -> None:  # noqa: F811
    outbox = dict(rows(workspace, "select key, state from outbox"))
    there = held(workspace)
    assert {key for key, state in outbox.items() if state == "done"} == set(there)
    assert set(outbox.values()) <= {"done", "voided"}, outbox
    assert {key: states for key, states in there.items() if states != ["posted"]} == {}
    check_amounts(server, workspace)


def check_amounts(server: Server, workspace: Workspace) -> None:  # noqa: F811
    """Credit notes at the remote, receipts and postings say the same, and none is missing."""
    amounts = {
        key: (content["net"], content["tax"])
        for kind, key, _, content in documents(workspace.folder / "remote.db")
        if kind == "credit_note"
    }
    waiting = {key for (key,) in rows(workspace, "select key from outbox where state = 'person'")}
    expected = owed(workspace)
    assert amounts == {key: value for key, value in expected.items() if key not in waiting}
    receipts = "select key, net, tax from receipt where kind = 'credit_note'"
    assert {key: (net, tax) for key, net, tax in rows(workspace, receipts)} == amounts
    settled = "select reference, count(*) from posting_transaction where kind = 'settle' group by 1"
    assert set(dict(rows(workspace, settled))) == set(amounts)
    done = server.run(workspace, "verify", "--deep")
    assert done.code == 0, done.output


@pytest.mark.parametrize("uniqueness", ["enforced", "draft_first"])
def test_no_document_twice_and_none_lost(server, calm, tmp_path, uniqueness):  # noqa: F811
    check_exactly_once(server, disturbed(server, calm, tmp_path, uniqueness, seed=1))


@pytest.mark.parametrize("uniqueness", ["enforced", "searched"])
def test_several_with_one_request_are_each_written_once(server, calm, tmp_path, uniqueness):  # noqa: F811
    check_exactly_once(server, disturbed(server, calm, tmp_path, uniqueness, seed=2, batch=4))


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(300, 300 + CHAOS))
@pytest.mark.parametrize("uniqueness", ["enforced", "draft_first", "searched"])
def test_several_with_one_request_are_each_written_once_again(server, calm, tmp_path, uniqueness, seed):  # noqa: F811
    check_exactly_once(server, disturbed(server, calm, tmp_path, uniqueness, seed, 12, batch=4))


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(100, 100 + CHAOS))
@pytest.mark.parametrize("uniqueness", ["enforced", "draft_first"])
def test_no_document_twice_and_none_lost_again(server, calm, tmp_path, uniqueness, seed):  # noqa: F811
    check_exactly_once(server, disturbed(server, calm, tmp_path, uniqueness, seed, 12))


def check_nothing_is_guessed(server: Server, workspace: Workspace) -> None:  # noqa: F811
    """Each key is done and there once, or not there and a person is told."""
    there = held(workspace)
    states = dict(rows(workspace, "select key, state from outbox where state <> 'voided'"))
    assert set(states.values()) <= {"done", "person"}
    assert {key for key, state in states.items() if state == "done"} == set(there)
    assert {key: found for key, found in there.items() if len(found) > 1} == {}
    told = {key for (key,) in rows(workspace, "select subject from alarm where kind = 'not_sent'")}
    assert told == {key for key, state in states.items() if state == "person"}
    check_amounts(server, workspace)


def test_without_uniqueness_an_unknown_outcome_goes_to_a_person(server, calm, tmp_path):  # noqa: F811
    workspace = disturbed(server, calm, tmp_path, "none", seed=1)
    check_nothing_is_guessed(server, workspace)
    assert rows(workspace, "select 1 from outbox where state = 'person'"), "this seed leaves something to a person"


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(200, 200 + CHAOS))
def test_without_uniqueness_nothing_is_guessed(server, calm, tmp_path, seed):  # noqa: F811
    check_nothing_is_guessed(server, disturbed(server, calm, tmp_path, "none", seed, 12))


def test_two_documents_with_one_key_are_detected(server, tmp_path):  # noqa: F811
    workspace = make(tmp_path / "workspace", "none")
    Player(server, workspace, steps=STEPS, accounts=ACCOUNTS).play()
    (key,) = rows(workspace, "select key from receipt where kind = 'credit_note' order by key limit 1")[0]
    with closing(sqlite3.connect(workspace.folder / "remote.db")) as remote, remote:
        names = "kind, key, state, content, applies, seen"
        remote.execute(f"insert into document ({names}) select {names} from document where key = ?", (key,))
    server.run(workspace, "reconcile")
    alarms = rows(workspace, "select subject, message from alarm where kind = 'duplicate' and closed_at is null")
    assert [subject for subject, _ in alarms] == [key]
    assert "2 documents" in alarms[0][1]


def test_looking_often_puts_nothing_off(server, tmp_path):  # noqa: F811
    """Runs every few seconds after a death before the request: written as soon as it is safe, and not by a person."""
    workspace = make(tmp_path / "workspace", "enforced")
    player = Player(server, workspace, steps=STEPS - 1, accounts=ACCOUNTS)
    player.play()
    write_back = ("write-back", "--as-of", "2025-04-21")
    assert server.run(workspace, *write_back, at=["remote credit_note: before", 1]).signal
    for clock in range(10, 130, 10):
        assert server.run(workspace, *write_back, offset=clock).code == 0
    assert set(rows(workspace, "select state from outbox where kind = 'credit_note'")) == {("done",)}
    check_amounts(server, workspace)


@pytest.mark.parametrize("uniqueness", ["enforced", "draft_first", "none"])
def test_what_is_on_its_way_at_the_death_is_waited_for(server, tmp_path, uniqueness):  # noqa: F811
    """The request was sent, then we died, and it takes effect only half a minute later."""
    workspace = make(tmp_path / "workspace", uniqueness, late="true")
    Player(server, workspace, steps=STEPS - 1, accounts=ACCOUNTS).play()
    write_back = ("write-back", "--as-of", "2025-04-21")
    assert server.run(workspace, *write_back, at=["remote credit_note: on its way", 1]).signal
    for clock in (1, 10, 20, 40, 120, 240, 360, 600):
        assert server.run(workspace, *write_back, offset=clock).code == 0
    assert {key: states for key, states in held(workspace).items() if states != ["posted"]} == {}
    states = dict(rows(workspace, "select key, state from outbox where kind = 'credit_note'"))
    done = {key for key, state in states.items() if state == "done"}
    assert done == {key for kind, key, *_ in documents(workspace.folder / "remote.db") if kind == "credit_note"}
    assert done, "the one that was on its way at least"
    if uniqueness != "none":
        assert set(states.values()) == {"done"}
        check_amounts(server, workspace)
