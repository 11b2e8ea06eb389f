"""Tier updates say what changed and nothing else; what only a person can tell goes to a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from connectors.files.adapter import FilesAdapter
from connectors.spi import NeedsPerson, UnknownOutcome
from tests.helpers.crash_checks import rows
from tests.helpers.crash_sending import DAY, alarms, approved, moved, states, write_back
from tests.helpers.workspace import Workspace, call, sale

TIERS = "select key, state, request from outbox where kind = 'tier' order by created_at, key"


@pytest.fixture
def club(tmp_path: Path) -> Workspace:
    """One account, a tier program and a rebate, both live."""
    workspace = Workspace.make(tmp_path / "workspace", accounts=1, programs=("bonus", "club"))
    workspace.sales(1, sale("INV-1", net=200_000))
    call(workspace, "pull")
    for program in ("club", "bonus"):
        call(workspace, "program", "live", program, "--settle-from", "2025-01-01")
    return workspace


def told(workspace: Workspace) -> list[tuple[str, str, int, int]]:
    """State, tier, accrued and paid of each tier update."""
    import json

    found = []
    for _, state, request in rows(workspace, TIERS):
        values = json.loads(request)
        found.append((state, values["tier"], values["accrued"], values["paid"]))
    return found


def test_a_tier_is_told_once_and_again_when_a_figure_moves(club: Workspace):
    call(club, "run", "--once", *DAY)
    assert told(club) == [("done", "bronze", 1500, 0)]
    call(club, "run", "--once", *DAY)
    assert len(told(club)) == 1, "nothing changed, nothing is written"
    call(club, "review", "approve", "--all-without-alarms")
    call(club, "run", "--once", *DAY)
    call(club, "run", "--once", *DAY)
    assert told(club)[1:] == [("done", "bronze", 0, 1500)]
    club.sales(2, sale("INV-2", net=200_000, day="2025-04-03"))
    call(club, "run", "--once", *DAY)
    assert told(club)[2:] == [("done", "silver", 1500, 1500)]


def test_what_was_true_before_is_told_again_when_it_is_true_again(club: Workspace):
    call(club, "run", "--once", *DAY)
    club.sales(2, sale("INV-2", net=200_000, day="2025-04-03"))
    call(club, "run", "--once", *DAY)
    club.sales(3, sale("INV-2", net=200_000, day="2025-04-03", revision=2, state="cancelled"))
    call(club, "run", "--once", *DAY)
    figures = [(tier, accrued) for _, tier, accrued, _ in told(club)]
    assert figures == [("bronze", 1500), ("silver", 3000), ("bronze", 1500)]


@pytest.fixture
def without_keys() -> Iterator[None]:
    """A target that has no keys for tiers, as the fields of a partner have none."""
    init = FilesAdapter.__init__

    def repeatable(self, *args, **options):
        init(self, *args, **options)
        self.capabilities = self.capabilities._replace(repeatable=frozenset({"tier"}))

    with patch.object(FilesAdapter, "__init__", repeatable):
        yield


def test_an_older_update_that_may_still_land_is_not_overtaken(club: Workspace, without_keys: None):
    create = FilesAdapter.create

    def lost(self, request):
        if request.kind == "tier":
            raise UnknownOutcome("the reply was lost")
        return create(self, request)

    with patch.object(FilesAdapter, "create", lost):
        call(club, "run", "--once", *DAY, code=None)
    assert [row[0] for row in told(club)] == ["unknown"]
    club.sales(2, sale("INV-2", net=200_000, day="2025-04-03"))
    call(club, "run", "--once", *DAY, code=None)
    assert [row[:2] for row in told(club)] == [("voided", "bronze"), ("queued", "silver")], "it waits for its time"
    with moved(4_000):
        call(club, "run", "--once", *DAY, code=None)
    assert [row[:2] for row in told(club)] == [("voided", "bronze"), ("done", "silver")]


def test_an_older_update_under_a_key_is_finished_as_any_other(club: Workspace):
    create = FilesAdapter.create

    def lost(self, request):
        create(self, request)
        raise UnknownOutcome("the reply was lost")

    with patch.object(FilesAdapter, "create", lost):
        call(club, "run", "--once", *DAY, code=None)
    club.sales(2, sale("INV-2", net=200_000, day="2025-04-03"))
    with moved(4_000):
        call(club, "run", "--once", *DAY, code=None)
    assert [row[:2] for row in told(club)] == [("done", "bronze"), ("done", "silver")]


def test_what_only_a_person_can_tell_goes_to_a_person_at_once(tmp_path: Path):
    workspace = approved(Workspace.make(tmp_path / "workspace", accounts=3, programs=("bonus",)))

    def refuses(self, request):
        raise NeedsPerson("the key is taken, and the document cannot be found")

    with patch.object(FilesAdapter, "create", refuses):
        assert write_back(workspace)["waiting"] == 2
    assert {kind for kind, _ in alarms(workspace)} == {"not_sent"}
    assert set(states(workspace).values()) == {"sending"}, "nothing is proposed again, nothing is given up"
    assert write_back(workspace)["sent"] == 0, "and nothing is tried again by itself"


def test_a_kind_that_only_states_is_never_looked_up_and_is_repeated(club: Workspace):
    able = FilesAdapter.__init__
    asked: list[str] = []

    def init(self, *args, **options):
        able(self, *args, **options)
        self.capabilities = self.capabilities._replace(repeatable=frozenset({"tier"}), uniqueness="none")

    look_up, create = FilesAdapter.look_up, FilesAdapter.create

    def noticed(self, kind, key, account=""):
        asked.append(kind)
        return look_up(self, kind, key, account)

    def lost(self, request):
        create(self, request)
        raise UnknownOutcome("the reply was lost")

    with patch.object(FilesAdapter, "__init__", init), patch.object(FilesAdapter, "look_up", noticed):
        with patch.object(FilesAdapter, "create", lost):
            call(club, "run", "--once", *DAY, code=None)
        assert [row[0] for row in told(club)] == ["unknown"]
        with patch.object(FilesAdapter, "create", lambda self, request: create_again(self, request)), moved(4_000):
            call(club, "run", "--once", *DAY, code=None)
    assert "tier" not in asked
    assert [row[0] for row in told(club)] == ["done"], "an unknown outcome is no matter for a person here"


def create_again(adapter: FilesAdapter, request):
    """A target where stating the same again is harmless."""
    found = adapter.read_back(request.kind, request.key)
    return found if found is not None else FilesAdapter.create(adapter, request)
