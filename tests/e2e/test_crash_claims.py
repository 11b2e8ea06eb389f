"""Claims: a dead holder is taken over at once, a living one is not, and a stalled one that wakes up posts nothing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import RefusedError
from core.ledger.book import Book
from core.ledger.claims import take
from tests.helpers.crash_checks import fingerprint, rows
from tests.helpers.crash_fixtures import server, whole  # noqa: F401 - fixtures
from tests.helpers.crash_play import PLAY, Player
from tests.helpers.workspace import Workspace, environment_of, sale

LEASE = 2_000
"""More seconds than any lease."""
HOLD = """
import sys, time
from pathlib import Path
from scheduler.config import load_config
from scheduler.context import claimed, opened
with opened(load_config(Path("rebated.toml"))) as context, claimed(context):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def workspace(tmp_path):
    made = Workspace.make(tmp_path / "workspace")
    made.sales(1, sale("INV-1"), sale("INV-2", "C-2"))
    return made


def holder(workspace):
    """A process of its own that holds the claim on the book."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=workspace.folder, env=environment_of(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def claim(workspace):
    return rows(workspace, "select token, holder from claim where name = 'book'")[0]


def test_a_dead_holder_is_taken_over_at_once(workspace, server):  # noqa: F811
    process = holder(workspace)
    token, _ = claim(workspace)
    process.kill()
    process.communicate(timeout=60)
    began = time.monotonic()
    done = server.run(workspace, "pull")  # on the real clock: the lease still runs for many minutes
    assert done.code == 0, done
    assert time.monotonic() - began < 25, "it waited, as for a living holder"
    assert claim(workspace)[0] > token


def test_a_living_holder_is_not_taken_over(workspace):
    process = holder(workspace)
    book = Book.open(f"sqlite:///{workspace.book}")
    try:
        before = fingerprint(workspace)
        with pytest.raises(RefusedError, match=rf"in use by .*:{process.pid} until"):
            take(book)
        assert fingerprint(workspace) == before
    finally:
        book.close()
        process.kill()
        process.communicate(timeout=60)


def test_a_holder_whose_id_was_given_to_another_process_counts_as_dead(workspace, server):  # noqa: F811
    """After a restart of the machine another process may bear the dead holder's id."""
    process = holder(workspace)
    _, name = claim(workspace)
    process.kill()
    process.communicate(timeout=60)
    host, _, _, mark = name.split(":")
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        _rename(workspace, f"{host}:{living.pid}:1:{mark}")
        done = server.run(workspace, "pull")
        assert done.code == 0, done
    finally:
        living.communicate(timeout=60)


def test_a_holder_on_another_machine_is_taken_over_when_its_lease_has_run_out(workspace, server):  # noqa: F811
    server.run(workspace, "pull")
    _rename(workspace, "elsewhere:1:1:abc")
    assert server.run(workspace, "review", "list").code == 0, "reading needs no claim"
    book = Book.open(f"sqlite:///{workspace.book}")
    try:
        with pytest.raises(RefusedError, match="in use by elsewhere:1"):
            take(book)
    finally:
        book.close()
    done = server.run(workspace, "pull", offset=LEASE)
    assert done.code == 0, done


def _rename(workspace, name):
    until = datetime.now(UTC) + timedelta(minutes=20)
    with closing(sqlite3.connect(workspace.book)) as book, book:
        book.execute("update claim set holder = ?, until = ?", (name, f"{until:%Y-%m-%dT%H:%M:%S.%fZ}"))


STALLS = [
    ("pull", ["landing: after commit", 1], 0),  # it looks for more, and there is nothing
    ("accrue", ["step accrue: before", 1], 4),
    ("write_back", ["sending: after commit", 1], 4),
    ("write_back", ["create credit_note: after", 3], 4),
]
"""Not inside of a transaction: on SQLite nobody could write meanwhile, and the others would wait and then give up."""


@pytest.mark.parametrize(("step", "at", "code"), STALLS, ids=[f"{step}, {at[0]}" for step, at, _ in STALLS])
def test_a_stalled_holder_that_wakes_up_posts_nothing(tmp_path, server, step, at, code):  # noqa: F811
    """It stops in the middle; its lease runs out; another does the work; then it wakes up."""
    workspace = Workspace.make(tmp_path / "workspace")
    command = PLAY.index(("write-back", "--as-of", "2025-04-21"))
    steps = {"pull": 0, "write_back": command}.get(step, command - 2)
    player = Player(server, workspace, steps=steps)
    player.play()
    if step == "pull":
        workspace.sales(1, sale("INV-1"), sale("INV-2", "C-2"))
    else:
        workspace.sales(2, sale("INV-9", day="2025-03-03"))
    args = PLAY[steps]
    stalled = server.run(workspace, *args, at=at, act="stop")
    assert stalled.stopped, stalled
    done = server.run(workspace, *args, offset=LEASE)
    assert done.code == 0, done
    before, files = fingerprint(workspace), _files(workspace)
    woken = server.go_on(stalled.stopped)
    assert woken.code == code, woken
    assert ("another holder" in woken.output) == (code == 4), woken
    after = fingerprint(workspace)
    assert {name for name in before if before[name] != after[name]} <= {"run"}, "only that its own run failed"
    assert _files(workspace) == files
    whole(server, workspace)


def _files(workspace):
    return {path.name: path.read_bytes() for path in sorted(workspace.outbox.rglob("[!.]*")) if path.is_file()}


def test_a_lease_goes_on_while_work_is_done(workspace, server):  # noqa: F811
    """The heartbeat of a long piece of work keeps others out."""
    code = HOLD.replace(
        "claimed(context)", "__import__('core.ledger.claims', fromlist=['held']).held(context.book, seconds=2)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=workspace.folder, env=environment_of(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        (first,) = rows(workspace, "select until from claim")[0]
        for _ in range(600):
            (later,) = rows(workspace, "select until from claim")[0]
            if later > first:
                break
            time.sleep(0.1)
        assert later > first
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
