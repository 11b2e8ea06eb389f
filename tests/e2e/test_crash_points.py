"""The real process is killed at seeded points of a whole life; it ends as if nobody had disturbed it.

A batch that commits, a document that is written, a row of a register, the cache: each boundary is a point. Killed with
SIGKILL there, the same command is started again, until the life has come to its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.helpers.crash_checks import outcome
from tests.helpers.crash_fixtures import Undisturbed, server, undisturbed, whole  # noqa: F401 - fixtures
from tests.helpers.crash_play import PLAY, Player, Server, chosen
from tests.helpers.workspace import Workspace

WORKSPACES, NAMES = 2, 18
CHAOS, CHAOS_NAMES = 20, 18
WRITE_BACK = PLAY.index(("write-back", "--as-of", "2025-04-21"))
ONE_DOCUMENT = (
    "create credit_note: before",
    "publish: before",
    "publish: after",
    "register row: torn",
    "fsync: before",
)
"""Deaths in a row while one and the same credit note is being written."""


def play_and_compare(
    server: Server,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    folder: Path,
    kills: Mapping[int, Sequence[tuple[str, int]]],
) -> int:
    workspace = Workspace.make(folder / "workspace")
    player = Player(server, workspace)
    player.play(kills)
    player.settle()
    whole(server, workspace)
    found = outcome(workspace)
    for what, expected in undisturbed.outcome.items():
        assert found[what] == expected, f"{what}, after {player.killed}"
    return player.killed.total()


@pytest.mark.parametrize("part", range(WORKSPACES))
def test_killed_and_started_again_it_comes_to_the_same(server, undisturbed, tmp_path, part):  # noqa: F811
    kills = chosen(undisturbed.points, seed=part, count=NAMES, part=part)
    if part == 0:
        kills[WRITE_BACK] = [(name, 1) for name in ONE_DOCUMENT]
    assert play_and_compare(server, undisturbed, tmp_path, kills) >= 15


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(100, 100 + CHAOS))
def test_killed_three_hundred_times(server, undisturbed, tmp_path, seed):  # noqa: F811
    kills = chosen(undisturbed.points, seed=seed, count=CHAOS_NAMES)
    assert play_and_compare(server, undisturbed, tmp_path, kills) >= 15


def test_the_points_are_the_interesting_ones(undisturbed):  # noqa: F811
    """The product has not moved away from under the wrapping."""
    names = {name for passed in undisturbed.points.values() for name, _ in passed}
    for kind in ("landing", "accrue", "standing", "propose", "review", "outbox", "sending", "receipt", "journal"):
        assert {f"{kind}: before commit", f"{kind}: after commit"} <= names
    for kind in ("credit_note", "account_note", "tier", "journal"):
        assert {f"create {kind}: before", f"create {kind}: after"} <= names
    assert {"publish: after", "register row: torn", "cache append: in the middle", "step pull: after"} <= names


def test_the_choice_of_points_is_repeatable_and_wide(undisturbed):  # noqa: F811
    names = {name for passed in undisturbed.points.values() for name, _ in passed}
    drawn = [chosen(undisturbed.points, seed=part, count=NAMES, part=part) for part in range(WORKSPACES)]
    assert drawn[0] == chosen(undisturbed.points, seed=0, count=NAMES, part=0)
    hit = {name for kills in drawn for targets in kills.values() for name, _ in targets}
    assert len(hit) == min(len(names), WORKSPACES * NAMES)
