"""Fixtures of the tests that kill processes: a server of children, and what an undisturbed life comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.helpers.crash_checks import faults, outcome
from tests.helpers.crash_play import Player, Server, points_of
from tests.helpers.workspace import Workspace


class Undisturbed(NamedTuple):
    """The outcome of the life nobody disturbed, and the points each of its steps passed."""

    outcome: dict[str, Any]
    points: dict[int, list[tuple[str, int]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("children")) as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    log = folder / "points"
    log.mkdir()
    workspace = Workspace.make(folder / "workspace")
    player = Player(server, workspace)
    player.play(log=log)
    player.settle()
    whole(server, workspace)
    return Undisturbed(outcome(workspace), points_of(log))


def whole(server: Server, workspace: Workspace) -> None:
    """Nothing contradicts itself, and the chain of the book is intact."""
    found = list(faults(workspace))
    assert found == [], found
    done = server.run(workspace, "verify", "--deep")
    assert done.code == 0, done.output
