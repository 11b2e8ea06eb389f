"""Campaigns of faults over write back: at the end everything approved is in Odoo once, and every book is whole.

Each run is two real daemons on one book (odd seeds), or on two copies of one book (even seeds: what a restored backup
is), behind a proxy that loses, delays, repeats and falsifies; they are killed with SIGKILL on the way.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.conformance import Proxy
from tests.helpers.crash_play import Server
from tests.helpers.odoo_campaign import Play, faults_in
from tests.helpers.odoo_server import OdooServer
from tests.helpers.odoo_workspace import OdooWorkspace
from tests.helpers.odoo_world import StandInBooks, beside, connection, customers
from tests.helpers.racing_daemons import Daemons
from tests.helpers.workspace import call

CUSTOMERS = 5
IN_TEST, IN_CHAOS = 20, 500
PART = 2
MORE = "[sending]\nmax_attempts = 100\n"


@dataclass(frozen=True, slots=True)
class Ground:
    """What every campaign begins with: a stand-in with invoices, a book with approved credit notes."""

    folder: Path
    server: Server
    daemons: Daemons

    def play(self, folder: Path, seed: int) -> Counter[str]:
        """One campaign. Returns the faults it met, and how many were killed."""
        shutil.copytree(self.folder, folder)
        version = (19, 0) if seed % 4 < 2 else (18, 0)
        with OdooServer(version, folder=folder / "odoo") as odoo, Proxy("127.0.0.1", odoo.port) as proxy:
            first = OdooWorkspace(folder / "first")
            first.configure(proxy.url, **connection(odoo), longest=1, patience=0.5, more=MORE)
            workspaces = [first] if seed % 2 else [first, first.copied(folder / "second")]
            play = Play(seed, workspaces, proxy, self.daemons, self.server)
            play.disturbed(lives=2)
            play.calm()
            for workspace in workspaces:
                assert faults_in(workspace, StandInBooks(odoo)) == [], f"seed {seed}: {play.done}"
                call(workspace, "verify", "--deep")
                found = call(workspace, "reconcile", "--json").json
                assert (found["voided"], found["differing"], found["messages"]) == ([], [], [])
        return play.done.faults + Counter(killed=play.done.killed)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("campaign")
    with OdooServer(folder=folder / "template" / "odoo") as odoo:
        customers(odoo, CUSTOMERS)
        beside(odoo, folder / "template" / "first").approved()
    with Server(folder / "server") as server, Daemons() as daemons:
        yield Ground(folder / "template", server, daemons)


def campaign(ground: Ground, folder: Path, seeds: range) -> None:
    met: Counter[str] = Counter()
    for seed in seeds:
        met += ground.play(folder / str(seed), seed)
        shutil.rmtree(folder / str(seed))
    assert met["killed"] >= len(seeds), "too few were killed for this to prove anything"
    assert len(met - Counter(dict.fromkeys(("pass", "killed"), met.total()))) >= 2, met


@pytest.mark.slow
@pytest.mark.parametrize("part", range(IN_TEST // PART))
def test_nothing_is_lost_and_nothing_doubled(ground: Ground, tmp_path: Path, part: int):
    campaign(ground, tmp_path, range(part * PART, (part + 1) * PART))


@pytest.mark.chaos
@pytest.mark.parametrize("part", range(IN_TEST // PART, (IN_TEST + IN_CHAOS) // PART))
def test_nothing_is_lost_and_nothing_doubled_in_many_campaigns(ground: Ground, tmp_path: Path, part: int):
    campaign(ground, tmp_path, range(part * PART, (part + 1) * PART))
