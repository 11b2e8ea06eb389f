"""A whole life of a workspace, played to its end while processes are killed, and what must be true of it then."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.helpers.workspace import REPOSITORY, Workspace, environment_of, trade

PAUSE = 70
"""Seconds the product's clock moves on at a restart: more than a request may take, less than a lease."""

DELIVERIES: dict[int, tuple[int, ...]] = {0: (1,), 4: (2,), 7: (3, 4)}
"""Files of the inbox by the step before which they are delivered."""

PLAY: tuple[tuple[str, ...], ...] = (
    ("pull",),
    ("program", "live", "bonus", "--settle-from", "2025-01-01"),
    ("program", "live", "cashback", "--settle-from", "2025-01-01"),
    ("program", "live", "club", "--settle-from", "2025-01-01"),
    ("run", "--once", "--as-of", "2025-04-20"),
    ("review", "approve", "--all-without-alarms"),
    ("write-back", "--as-of", "2025-04-21"),
    ("run", "--once", "--as-of", "2025-07-20"),
    ("review", "approve", "--all-without-alarms"),
    ("write-back", "--as-of", "2025-07-21"),
    ("export", "journal", "2025-06"),
    ("write-back", "--as-of", "2025-07-22"),
    ("reconcile",),
)
REFUSED_AGAIN = {("program", "live"): "is live since before"}
"""Acts of people that tell, when repeated, that they were carried out before the kill."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    signal: int
    output: str
    stopped: int = 0


class Server:
    """Runs commands in real processes that may be killed. See `crash_child`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.crash_child", str(folder)],
            cwd=REPOSITORY,
            env=environment_of(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=60)

    def run(self, workspace: Workspace, *args: str, **more: Any) -> Done:
        """Run a command in the workspace. `at`, `act`, `offset`, `log` and `environment` are those of `crash_child`."""
        done = self._ask({"args": list(args), "cwd": str(workspace.folder), **more})
        assert "Traceback" not in done.output, f"{args} {more}\n{done.output}"
        return done

    def go_on(self, process: int) -> Done:
        """Wake a stopped process and wait for its end."""
        return self._ask({"continue": process})

    def _ask(self, request: dict[str, Any]) -> Done:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the server of the children has ended"
        return Done(**json.loads(answer))


Kills = Mapping[int, Sequence[tuple[str, int]]]


@dataclass(slots=True)
class Player:
    """Plays the life of a workspace. `killed` counts the kills by the name of their point."""

    server: Server
    workspace: Workspace
    pause: Sequence[int] = (PAUSE,)
    steps: int = len(PLAY)
    accounts: int = 12
    clock: int = 0
    killed: Counter[str] | None = None

    def play(self, kills: Kills | None = None, *, log: Path | None = None) -> None:
        """All of it, or the first `steps`. At each first those kills that are reached, then undisturbed to its end.

        `log`: a folder for the points each step passes.
        """
        self.killed = Counter()
        deliveries = trade(accounts=self.accounts)
        for number, args in enumerate(PLAY[: self.steps]):
            for file in DELIVERIES.get(number, ()):
                self.workspace.sales(file, *deliveries[file])
            more = {"log": str(log / f"{number}.txt")} if log is not None else {}
            for target in (kills or {}).get(number, ()):
                self._killed(args, target)
            self._to_its_end(args, more)

    def _killed(self, args: Sequence[str], target: tuple[str, int]) -> None:
        """Run a step that is to be killed; where the point is not reached any more, it comes to its end."""
        done = self.server.run(self.workspace, *args, at=list(target), offset=self.clock)
        assert self.killed is not None
        if done.signal:
            self.clock += self.pause[self.killed.total() % len(self.pause)]
            self.killed[target[0]] += 1
        else:
            self._check(args, done)

    def _to_its_end(self, args: Sequence[str], more: Mapping[str, Any]) -> None:
        self._check(args, self.server.run(self.workspace, *args, offset=self.clock, **more))

    @staticmethod
    def _check(args: Sequence[str], done: Done) -> None:
        again = REFUSED_AGAIN.get(tuple(args[:2]))
        assert done.code == 0 or (again is not None and again in done.output), f"{args}: {done}"

    def settle(self, rounds: int = 12) -> None:
        """Write back, as often as something waits for its time, and reconcile."""
        for _ in range(rounds):
            self.clock += 3_600
            done = self.server.run(self.workspace, "write-back", "--as-of", "2025-07-23", "--json", offset=self.clock)
            assert done.code == 0, done
            if not any(json.loads(done.output)[name] for name in ("sent", "waiting")):
                break
        done = self.server.run(self.workspace, "reconcile", offset=self.clock)
        assert done.code == 0, done


def points_of(log: Path) -> dict[int, list[tuple[str, int]]]:
    """For each step the points an undisturbed run passes, as (name, which passing)."""
    found: dict[int, list[tuple[str, int]]] = {}
    for path in sorted(log.glob("*.txt"), key=lambda path: int(path.stem)):
        passed: Counter[str] = Counter()
        number = int(path.stem)
        for name in path.read_text().splitlines():
            passed[name] += 1
            found.setdefault(number, []).append((name, passed[name]))
    return found


def chosen(
    points: Mapping[int, Sequence[tuple[str, int]]], seed: int, count: int, part: int | None = None
) -> dict[int, list[tuple[str, int]]]:
    """`count` seeded kills: a name is drawn first, then one of its passings, so that rare points come up.

    `part`: the names are one part of a fixed shuffle, other parts are other names.
    """
    chance = random.Random(seed)
    by_name: dict[str, list[tuple[int, tuple[str, int]]]] = {}
    for number, passed in points.items():
        for point in passed:
            by_name.setdefault(point[0], []).append((number, point))
    kills: dict[int, list[tuple[str, int]]] = {}
    names = sorted(by_name)
    if part is None:
        names = chance.sample(names, min(count, len(names)))
    else:
        random.Random(1).shuffle(names)
        names = names[part * count :][:count]
    for name in names:
        number, point = chance.choice(by_name[name])
        kills.setdefault(number, []).append(point)
    order = {(number, point): i for number, passed in points.items() for i, point in enumerate(passed)}
    for number, targets in kills.items():
        # The earliest comes first; a restart counts anew, and what was committed before it is not passed again.
        targets.sort(key=lambda point, number=number: order[number, point])  # type: ignore[misc]
        kills[number] = [(name, 1 if i else nth) for i, (name, nth) in enumerate(targets)]
    return kills
