"""Invoices of a real SOAP server in, credit notes, notes and tiers out, among faults and kills: all is there once.

Each campaign is two real daemons on one book (odd seeds), or on two copies of one book (even seeds: what a restored
backup is), behind a proxy that loses, delays, repeats and falsifies; they are killed with SIGKILL on the way, and so
is the server, which is started again on the books it left.
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
from tests.helpers.spyne_erp.campaign import Deaths, faults_in
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.workspace import FakturaWorkspace, customers
from tests.helpers.workspace import call

IN_TEST, IN_CHAOS = 2, 60
PART = 2
CUSTOMERS = 4
MORE = "[sending]\nmax_attempts = 100\n"
LONGEST, PATIENCE = 10, 1


@dataclass(frozen=True, slots=True)
class Ground:
    """What every campaign begins with: Faktura with invoices, a book with approved credit notes."""

    folder: Path
    faktura: Faktura
    wsdl: bytes
    server: Server
    daemons: Daemons

    def play(self, folder: Path, seed: int) -> Counter[str]:
        """One campaign. Returns the faults it met, and how many were killed.

        Nothing is under way any more whenever the clock moves on, so that a slow machine cannot make a request late.
        """
        self.faktura.restore()
        shutil.copytree(self.folder, folder / "first")
        with Proxy("127.0.0.1", self.faktura.port) as proxy:
            first = FakturaWorkspace(folder / "first")
            first.configure(proxy.url, wsdl=self.wsdl, longest=LONGEST, patience=PATIENCE, more=MORE)
            workspaces = [first] if seed % 2 else [first, first.copied(folder / "second")]
            deaths = Deaths(seed, self.faktura)
            play = Play(seed, workspaces, proxy, self.daemons, self.server, when=deaths, life=2.5, still=0.7)
            play.disturbed(lives=2)
            deaths.over()
            for workspace in workspaces:
                workspace.configure(proxy.url, wsdl=self.wsdl, longest=LONGEST, more=MORE)
            play.calm()
            for workspace in workspaces:
                found = faults_in(workspace, self.faktura.books, copies=len(workspaces))
                assert found == [], f"seed {seed}: {play.done}"
                call(workspace, "pull")
                call(workspace, "verify", "--deep")
                differing = call(workspace, "reconcile", "--json").json
                assert (differing["voided"], differing["differing"], differing["messages"]) == ([], [], [])
        return play.done.faults + Counter(killed=play.done.killed, died=deaths.died)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("campaign")
    with Faktura(folder / "faktura") as faktura:
        customers(faktura.ledger, CUSTOMERS)
        faktura.mark()
        wsdl = faktura.wsdl()
        FakturaWorkspace.beside(folder / "book", faktura.url, wsdl=wsdl).approved()
        with Server(folder / "server") as server, Daemons("connectors.soap_erp.adapter") as daemons:
            yield Ground(folder / "book", faktura, wsdl, server, daemons)


def campaign(ground: Ground, folder: Path, seeds: range) -> None:
    met: Counter[str] = Counter()
    for seed in seeds:
        met += ground.play(folder / str(seed), seed)
        shutil.rmtree(folder / str(seed))
    assert met["killed"] >= 1, "none was killed: this proves nothing"
    assert met["died"] >= 1, "the server never died: this proves nothing"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(IN_TEST // PART))
def test_nothing_is_lost_and_nothing_doubled(ground: Ground, tmp_path: Path, part: int):
    campaign(ground, tmp_path, range(part * PART, (part + 1) * PART))


@pytest.mark.chaos
@pytest.mark.parametrize("part", range(IN_TEST // PART, (IN_TEST + IN_CHAOS) // PART))
def test_nothing_is_lost_and_nothing_doubled_in_many_campaigns(ground: Ground, tmp_path: Path, part: int):
    campaign(ground, tmp_path, range(part * PART, (part + 1) * PART))
