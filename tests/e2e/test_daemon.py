"""The daemon as a real process: it answers, works on schedule, stops cleanly, and shares a book with another one."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.crash_checks import faults, outcome, rows
from tests.helpers.workspace import Workspace, call, environment_of, sale, trade

PATIENCE = 120
"""Seconds a noisy machine may take for what usually takes one."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Daemon:
    """A running daemon."""

    def __init__(self, workspace: Workspace, process: subprocess.Popen[str], port: int) -> None:
        self.workspace, self.process, self.port = workspace, process, port

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def until(self, what: Callable[[], object], why: str) -> None:
        end = time.monotonic() + PATIENCE
        while not what():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log()}"
            assert time.monotonic() < end, f"{why}: {self.log()}"
            time.sleep(0.1)

    def log(self) -> str:
        return (self.workspace.folder / f"log-{self.port}").read_text()

    def ready(self) -> dict:
        return json.loads(self.get("/readyz")[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


@contextmanager
def running(workspace: Workspace, **wanted: object) -> Iterator[Daemon]:
    """A daemon in the workspace. Without `wanted` the plain command, else with a schedule that fires soon."""
    port = free_port()
    config = workspace.config.with_name(f"rebated-{port}.toml")
    config.write_text(workspace.config.read_text() + f'\n[health]\nlisten = "127.0.0.1:{port}"\n')
    words = ["tests.helpers.crash_daemon", json.dumps(wanted)] if wanted else ["scheduler.cli.main", "run"]
    with (workspace.folder / f"log-{port}").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=workspace.folder,
            env=environment_of({"REBATED_CONFIG": str(config)}),
            stdout=log,
            stderr=log,
            text=True,
        )
        daemon = Daemon(workspace, process, port)
        try:
            daemon.until(lambda: daemon.get("/healthz") == (200, "ok\n"), "it does not answer")
            yield daemon
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=60)
    assert "Traceback" not in daemon.log() or wanted.get("break"), daemon.log()


def watched(workspace: Workspace) -> list[tuple[int, int, str, str]]:
    """When which process began and ended which job."""
    path = workspace.folder / "watched"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [line.split() for line in lines]
    return sorted((int(at), int(process), what, job) for at, process, what, job in found)


def ended(workspace: Workspace, job: str) -> int:
    return sum((what, name) == ("end", job) for _, _, what, name in watched(workspace))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.make(tmp_path / "workspace", programs=("bonus", "cashback", "club"))
    for name in ("bonus", "cashback"):
        path = made.folder / "programs" / f"{name}.toml"
        path.write_text(f'{path.read_text()}[settlement]\napproval = "automatic"\n')
    call(made, "pull")
    for name in ("bonus", "cashback", "club"):
        call(made, "program", "import")
        call(made, "program", "live", name, "--settle-from", "2025-01-01")
    return made


def test_it_answers_works_and_stops(workspace):
    workspace.sales(1, sale("INV-1"))
    with running(workspace, every=1, jobs=["pull", "compute", "write_back"]) as daemon:
        daemon.until(lambda: ended(workspace, "write_back") >= 3, "no work is done")
        daemon.until(lambda: len(daemon.ready()["jobs"]) == 3, "not every job is told")
        status, body = daemon.get("/readyz")
        found = json.loads(body)
        assert (status, found["ready"], found["book"]) == (200, True, "ok")
        assert {job["outcome"] for job in found["jobs"].values()} == {"done"}
        status, metrics = daemon.get("/metrics")
        assert status == 200
        assert 'rebated_records_total{outcome="new",source="erp"} 1.0' in metrics
        assert 'rebated_job_seconds_count{job="pull"}' in metrics
        assert 'rebated_open{what="quarantine"} 0.0' in metrics
        assert daemon.get("/metrics?x=1")[0] == 200
        assert daemon.get("/nothing")[0] == 404
        assert daemon.stop() == 0
    assert list(faults(workspace)) == []
    assert rows(workspace, "select holder from claim") == [("",)]
    assert rows(workspace, "select count(*) from receipt where kind = 'credit_note'") == [(2,)]


@pytest.mark.slow
def test_the_plain_command_on_a_schedule_of_every_minute(workspace):
    """The only test that waits for the clock: nothing in the process is changed."""
    never = "\n".join(f'{job} = "off"' for job in ("compute", "write_back", "reconcile", "journal"))
    workspace.config.write_text(f'{workspace.config.read_text()}\n[schedule]\npull = "* * * * *"\n{never}\n')
    workspace.sales(1, sale("INV-1"))
    with running(workspace) as daemon:
        daemon.until(lambda: rows(workspace, "select 1 from record where external_id = 'INV-1'"), "it was not pulled")
        daemon.until(lambda: daemon.ready()["jobs"], "the job is not told")
        assert daemon.ready()["jobs"]["pull"]["outcome"] == "done"
        assert daemon.stop(signal.SIGINT) == 0


def test_the_signal_to_stop_waits_for_the_job_at_work(workspace):
    workspace.sales(1, sale("INV-1"))
    with running(workspace, every=1, jobs=["pull"], slow=3) as daemon:
        daemon.until(lambda: watched(workspace), "no work is begun")
        assert ended(workspace, "pull") == 0
        assert daemon.stop() == 0
    assert ended(workspace, "pull") == 1
    assert rows(workspace, "select count(*) from record where kind = 'invoice'") == [(1,)]
    assert rows(workspace, "select holder from claim") == [("",)]


def test_an_error_nobody_expected_ends_one_job_and_not_the_daemon(workspace):
    with running(workspace, every=1, jobs=["pull", "compute"], **{"break": "compute"}) as daemon:
        daemon.until(lambda: daemon.get("/readyz")[0] == 503, "the failure is not told")
        found = daemon.ready()
        assert found["jobs"]["compute"]["outcome"] == "failed"
        before = ended(workspace, "pull")
        daemon.until(lambda: ended(workspace, "pull") > before + 1, "the other job does not go on")
        assert daemon.get("/healthz") == (200, "ok\n")
        assert 'rebated_job_failures_total{job="compute"}' in daemon.get("/metrics")[1]
        assert daemon.stop() == 0


def test_a_remote_that_is_down_is_told_and_recovers(workspace):
    workspace.inbox.rename(workspace.folder / "elsewhere")
    with running(workspace, every=1, jobs=["pull"]) as daemon:
        daemon.until(lambda: daemon.get("/readyz")[0] == 503, "the failure is not told")
        assert "inbox" in daemon.ready()["jobs"]["pull"]["reason"]
        (workspace.folder / "elsewhere").rename(workspace.inbox)
        workspace.sales(1, sale("INV-1"))
        daemon.until(lambda: daemon.get("/readyz")[0] == 200, "it does not recover")
        daemon.until(lambda: rows(workspace, "select 1 from record where external_id = 'INV-1'"), "it does not go on")
        assert daemon.stop() == 0


def test_a_settled_program_that_was_changed_is_told(workspace):
    """What is refused needs a person; only a book in use is left to the next slot without a word."""
    workspace.sales(1, sale("INV-1"))
    call(workspace, "run", "--once")
    with running(workspace, every=1, jobs=["compute"]) as daemon:
        daemon.until(lambda: daemon.get("/readyz")[0] == 200 and daemon.ready()["jobs"], "no work is done")
        path = workspace.folder / "programs" / "bonus.toml"
        path.write_text(path.read_text().replace("percent = 1 }", "percent = 2 }"))
        daemon.until(lambda: daemon.get("/readyz")[0] == 503, "the refusal is not told")
        assert "has been settled with other content" in daemon.ready()["jobs"]["compute"]["reason"]
        assert daemon.stop() == 0


def test_a_port_that_is_taken_is_told(workspace):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        workspace.config.write_text(f'{workspace.config.read_text()}\n[health]\nlisten = "{listen}"\n')
        done = workspace.run("run", code=2)
    assert listen in done.stderr and "health.listen" in done.stderr


def test_two_daemons_on_one_book_do_the_work_once(workspace, tmp_path):
    """What they come to is what one undisturbed run comes to; they are never at work at the same time."""
    alone = Workspace(tmp_path / "alone")
    shutil.copytree(workspace.folder, alone.folder)
    deliveries = trade()
    for made in (workspace, alone):
        for number in (1, 2):
            made.sales(number, *deliveries[number])
    call(alone, "run", "--once")
    for number in (3, 4):
        alone.sales(number, *deliveries[number])
    call(alone, "run", "--once")
    with running(workspace, every=1) as first, running(workspace, every=1) as second:
        for daemon in (first, second):
            daemon.until(lambda: credit_notes_of(workspace) >= credit_notes_of(alone) // 2, "nothing is written")
        for number in (3, 4):
            workspace.sales(number, *deliveries[number])
        both = {first.process.pid, second.process.pid}
        first.until(lambda: both <= {process for _, process, *_ in watched(workspace)}, "one of them never works")
        first.until(lambda: rows(workspace, SETTLED) == rows(alone, SETTLED), "it does not come to the same")
        count = ended(workspace, "write_back")
        first.until(lambda: ended(workspace, "write_back") > count + 2, "they stopped")
        assert (first.stop(), second.stop()) == (0, 0)
    busy: set[int] = set()
    for _, process, what, _ in watched(workspace):
        busy = busy | {process} if what == "start" else busy - {process}
        assert len(busy) <= 1, "both were at work"
    assert list(faults(workspace)) == []
    found, expected = outcome(workspace), outcome(alone)
    for what in ("entitlements", "balances", "effects", "standings", "credit notes", "receipts", "alarms"):
        assert {*map(str, found[what])} == {*map(str, expected[what])}, what
    call(workspace, "verify", "--deep")


SETTLED = "select component, sum(amount) from posting where ledger_account = 'refund_liability' group by 1 order by 1"


def credit_notes_of(workspace: Workspace) -> int:
    return int(rows(workspace, "select count(*) from receipt where kind = 'credit_note'")[0][0])
