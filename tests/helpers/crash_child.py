"""The real command line in a process that can be killed at a chosen point. Nothing in the product knows of it.

`python -m tests.helpers.crash_child` imports the command once, then forks a process for each request it reads as a
line of JSON on standard input, waits for its end, and answers with a line:

    {"args": [...], "cwd": "...", "at": ["receipt: before commit", 2], "act": "kill", "offset": 45, "log": "..."}
    {"code": 0, "signal": 0, "stopped": 0, "output": "..."}

In the forked process the interesting boundaries are wrapped from outside. Passing one is counted under its name; at the
n-th passing of the name in `at` the process kills itself with SIGKILL, or stops itself with SIGSTOP. `log` is a file
every passing is written to. `offset` moves the clock of the product on by so many seconds; without one it is untouched.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import connectors.files.documents
import connectors.files.journal
import connectors.files.register
import core.ledger.columns
import scheduler.cli.main
import scheduler.cli.review
import scheduler.steps.chain
from connectors.files.adapter import FilesAdapter
from core.engine.duck import DuckEngine
from core.ledger.book import Batch, Book
from tests.helpers import crash_remote

STEPS = ("import_programs", "pull", "accrue", "propose", "approve_automatically", "write_back", "reconcile")
ACTS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Points:
    """Counts what is passed and acts at the chosen passing. Heartbeats, in their own thread, are not counted."""

    def __init__(self, at: list[Any] | None, act: str, log: str | None) -> None:
        self._name, self._nth = at or ("", 0)
        self._signal = ACTS[act]
        self._log = Path(log) if log else None
        self._passed: Counter[str] = Counter()

    def passing(self, name: str, prepare: Callable[[], object] = lambda: None) -> None:
        """Pass the point `name`; `prepare` is done right before we are killed here."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._passed[name] += 1
        if self._log is not None:
            with self._log.open("a") as file:
                file.write(f"{name}\n")
        if (name, self._passed[name]) == (self._name, self._nth):
            prepare()
            os.kill(os.getpid(), self._signal)


def install(points: Points) -> None:
    """Wrap the boundaries."""
    _wrap_book(points)
    _wrap_files(points)
    _wrap_engine(points)
    for name in STEPS:
        _around(points, scheduler.steps.chain, name, f"step {name}")
    crash_remote.passing = points.passing


def _around(points: Points, owner: Any, name: str, what: str) -> None:
    original = getattr(owner, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        points.passing(f"{what}: before")
        result = original(*args, **named)
        points.passing(f"{what}: after")
        return result

    setattr(owner, name, wrapped)


def _wrap_book(points: Points) -> None:
    batch, write, close = Book.batch, Book.write, Batch.close

    @contextmanager
    def counted_batch(self: Book, kind: str, **named: Any) -> Iterator[Batch]:
        with batch(self, kind, **named) as opened:
            yield opened
        points.passing(f"{kind}: after commit")

    def counted_close(self: Batch) -> None:
        points.passing(f"{self.kind}: before its end")
        close(self)
        points.passing(f"{self.kind}: before commit")

    @contextmanager
    def counted_write(self: Book) -> Iterator[Any]:
        with write(self) as connection:
            yield connection
            points.passing("transaction: before commit")
        points.passing("transaction: after commit")

    Book.batch = counted_batch  # type: ignore[method-assign]
    Batch.close = counted_close  # type: ignore[method-assign]
    Book.write = counted_write  # type: ignore[method-assign]


def _wrap_files(points: Points) -> None:
    create, append = FilesAdapter.create, connectors.files.register.Register._append

    def counted_create(self: FilesAdapter, request: Any) -> Any:
        points.passing(f"create {request.kind}: before")
        result = create(self, request)
        points.passing(f"create {request.kind}: after")
        return result

    def counted_append(self: Any, handle: int, end: int, text: str) -> None:
        data = text.encode()
        points.passing("register row: torn", lambda: os.write(handle, data[: len(data) // 2]))
        append(self, handle, end, text)

    FilesAdapter.create = counted_create  # type: ignore[method-assign]
    connectors.files.register.Register._append = counted_append  # type: ignore[method-assign]
    for module in (connectors.files.documents, connectors.files.journal):
        _around(points, module, "publish", "publish")
    _around(points, os, "fsync", "fsync")


def _wrap_engine(points: Points) -> None:
    one = DuckEngine._one

    def counted_one(self: DuckEngine, query: str) -> tuple[Any, ...]:
        if "MAX(f.batch)" in query:
            points.passing("cache append: in the middle")
        return one(self, query)

    DuckEngine._one = counted_one  # type: ignore[method-assign]
    _around(points, DuckEngine, "append", "cache append")


def move_clock(seconds: float) -> None:
    """Everything that asks the product's clock is told a later time."""
    original = core.ledger.columns.utc_now

    def later() -> datetime:
        return original() + timedelta(seconds=seconds)

    for module in list(sys.modules.values()):
        if getattr(module, "utc_now", None) is original:
            module.utc_now = later  # type: ignore[attr-defined]


def _child(request: dict[str, Any], output: Path) -> None:
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.chdir(request["cwd"])
    os.environ.update(request.get("environment") or {})
    if request.get("offset"):
        move_clock(request["offset"])
    install(Points(request.get("at"), request.get("act", "kill"), request.get("log")))
    sys.argv = ["rebated", *request["args"]]
    scheduler.cli.main.main()


def forked(run: Callable[[], None]) -> int:
    """A process of its own that runs this and exits as the command does. Returns its number."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        run()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(process: int, output: Path) -> dict[str, Any]:
    """How a process ended, or that it stands still."""
    _, status = os.waitpid(process, os.WUNTRACED)
    return {
        "stopped": process if os.WIFSTOPPED(status) else 0,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "output": output.read_text(errors="replace"),
    }


def serve(folder: Path) -> None:
    """Answer requests until standard input ends. A stopped process goes on with `{"continue": its id}`."""
    crash_remote.install()
    outputs: dict[int, Path] = {}
    for number, line in enumerate(sys.stdin):
        request = json.loads(line)
        process = request.get("continue")
        if process:
            os.kill(process, signal.SIGCONT)
        else:
            output = folder / f"output-{number}.txt"
            process = forked(partial(_child, request, output))
            outputs[process] = output
        sys.stdout.write(json.dumps(_ended(process, outputs[process])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
