"""`rebated run` with a schedule that fires soon, and jobs that can be watched. Nothing in the product knows of it.

    python -m tests.helpers.crash_daemon '{"every": 1, "jobs": ["pull"], "slow": 2, "break": "compute"}'

Each job writes `start <job>` and `end <job>` with its process and the clock to the file `watched` of the folder. `slow`
makes it take longer, `break` makes a job fail with an error nobody expected.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any

from apscheduler.triggers.interval import IntervalTrigger

from scheduler import daemon
from scheduler.cli.main import main
from scheduler.config_sections import ScheduleSection


def watch(name: str, job: Callable[[Any], object], slow: float, broken: bool) -> Callable[[Any], object]:
    def write(what: str) -> None:
        with Path("watched").open("a") as file:
            file.write(f"{time.monotonic_ns()} {os.getpid()} {what} {name}\n")

    def watched(context: Any) -> object:
        write("start")
        time.sleep(slow)
        if broken:
            raise RuntimeError("nobody expected this")
        try:
            return job(context)
        finally:
            write("end")

    return watched


def prepare(every: float = 1, jobs: list[str] | None = None, slow: float = 0, broken: str = "") -> None:
    """Make the schedule fire every few seconds for these jobs, and never for the others."""

    def trigger(_: ScheduleSection, job: str, zone: tzinfo) -> IntervalTrigger | None:
        return IntervalTrigger(seconds=every, timezone=zone) if jobs is None or job in jobs else None

    ScheduleSection.trigger = trigger  # type: ignore[assignment,method-assign]
    for name, job in list(daemon.JOBS.items()):
        daemon.JOBS[name] = watch(name, job, slow, name == broken)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    wanted["broken"] = wanted.pop("break", "")
    prepare(**wanted)
    sys.argv = ["rebated", "run"]
    main()
