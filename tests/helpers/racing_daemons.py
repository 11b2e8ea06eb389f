"""Real daemons in processes that are killed: `rebated run`, forked from a process that has everything imported.

`python -m tests.helpers.racing_daemons [module ...]` reads a line of JSON a request on standard input and answers with
a line:

    {"start": "/folder", "offset": 60, "every": 0.3}   {"process": 4711}   a daemon there, its clock 60 s ahead
    {"end": 4711, "signal": 9}                         {"status": -9}      it is sent the signal, its end awaited

A daemon's output goes to `daemon-<process>.log` in its folder.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scheduler.cli.main import main
from tests.helpers.crash_child import forked, move_clock
from tests.helpers.crash_daemon import prepare
from tests.helpers.workspace import REPOSITORY, environment_of


class Daemons:
    """Starts and ends daemons. `modules`: what else each of them would have to import first."""

    def __init__(self, *modules: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.racing_daemons", *modules],
            cwd=REPOSITORY,
            env=environment_of(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=60)

    def start(self, folder: Path, *, offset: int, every: float = 0.3) -> int:
        """A daemon that writes back every so many seconds. Returns its process."""
        process: int = self._ask({"start": str(folder), "offset": offset, "every": every})["process"]
        return process

    def end(self, process: int, signum: int = signal.SIGKILL) -> int:
        """Send a signal and wait. Returns the exit code, or minus the signal that ended it."""
        status: int = self._ask({"end": process, "signal": int(signum)})["status"]
        return status

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the parent of the daemons has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


def _daemon(request: dict[str, Any]) -> None:
    folder = Path(request["start"])
    os.chdir(folder)
    log = os.open(folder / f"daemon-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, handle in ((0, nothing), (1, log), (2, log)):
        os.dup2(handle, number)
    if request["offset"]:
        move_clock(request["offset"])
    prepare(every=request["every"], jobs=["write_back"])
    sys.argv = ["rebated", "run"]
    main()


def _end(process: int, signum: int) -> int:
    os.kill(process, signum)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def serve() -> None:
    """Answer requests until standard input ends."""
    for module in sys.argv[1:]:
        import_module(module)
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer = {"process": forked(partial(_daemon, request))}
        else:
            answer = {"status": _end(request["end"], request["signal"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
