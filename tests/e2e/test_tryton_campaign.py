"""Posted invoices of a real Tryton in, credit notes and notes out, among faults and kills: everything is there once.

Each campaign is two real daemons on one book (odd seeds), or on two copies of one book (even seeds: what a restored
backup is), behind a proxy that loses, delays, repeats and falsifies; they are killed with SIGKILL on the way.
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
from tests.helpers.odoo_campaign import Play
from tests.helpers.racing_daemons import Daemons
from tests.helpers.tryton import TrytonServer
from tests.helpers.tryton.campaign import faults_in, is_write_of_documents
from tests.helpers.tryton.workspace import TrytonWorkspace
from tests.helpers.workspace import call

IN_TEST, IN_CHAOS = 2, 60
PART = 2
MORE = "[sending]\nmax_attempts = 100\n"
LONGEST, PATIENCE = 30, 5


@dataclass(frozen=True, slots=True)
class Ground:
    """What every campaign begins with: a Tryton with invoices, a book with approved credit notes."""

    folder: Path
    tryton: TrytonServer
    server: Server
    daemons: Daemons

    def play(self, folder: Path, seed: int) -> Counter[str]:
        """One campaign. Returns the faults it met, and how many were killed.

        Nothing is under way any more whenever the clock moves on, so that a slow machine cannot make a request late.
        """
        self.tryton.restore()
        shutil.copytree(self.folder, folder / "first")
        with Proxy("127.0.0.1", self.tryton.port) as proxy:
            first = TrytonWorkspace(folder / "first")
            first.configure(proxy.url, **connection(self.tryton), longest=LONGEST, patience=PATIENCE, more=MORE)
            workspaces = [first] if seed % 2 else [first, first.copied(folder / "second")]
            play = Play(seed, workspaces, proxy, self.daemons, self.server, when=is_write_of_documents, life=8, still=3)
            play.disturbed(lives=2)
            for workspace in workspaces:
                workspace.configure(proxy.url, **connection(self.tryton), longest=LONGEST, more=MORE)
            play.calm()
            for workspace in workspaces:
                found = faults_in(workspace, self.tryton.books, copies=len(workspaces))
                assert found == [], f"seed {seed}: {play.done}"
                call(workspace, "pull")
                call(workspace, "verify", "--deep")
                differing = call(workspace, "reconcile", "--json").json
                assert (differing["voided"], differing["differing"], differing["messages"]) == ([], [], [])
        return play.done.faults + Counter(killed=play.done.killed)


def connection(tryton: TrytonServer) -> dict[str, str]:
    """What a configuration says of the server."""
    return {"database": tryton.database, "key": tryton.key}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("campaign")
    with TrytonServer(folder / "tryton") as tryton:
        # A proposal waits for the rate of the dollar: no matter here.
        tryton.acts.sql("delete from account_invoice where currency = ?", tryton.ground["currencies"]["USD"])
        tryton.mark()
        TrytonWorkspace.beside(folder / "book", tryton.url, **connection(tryton)).approved()
        with Server(folder / "server") as server, Daemons() as daemons:
            yield Ground(folder / "book", tryton, server, daemons)


def campaign(ground: Ground, folder: Path, seeds: range) -> None:
    met: Counter[str] = Counter()
    for seed in seeds:
        met += ground.play(folder / str(seed), seed)
        shutil.rmtree(folder / str(seed))
    assert met["killed"] >= 1, "none was killed: this proves nothing"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(IN_TEST // PART))
def test_nothing_is_lost_and_nothing_doubled(ground: Ground, tmp_path: Path, part: int):
    campaign(ground, tmp_path, range(part * PART, (part + 1) * PART))


@pytest.mark.chaos
@pytest.mark.parametrize("part", range(IN_TEST // PART, (IN_TEST + IN_CHAOS) // PART))
def test_nothing_is_lost_and_nothing_doubled_in_many_campaigns(ground: Ground, tmp_path: Path, part: int):
    campaign(ground, tmp_path, range(part * PART, (part + 1) * PART))
