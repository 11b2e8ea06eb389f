"""Campaigns of faults over write back to a real Odoo, where one is named: see tests/helpers/odoo_real.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.conformance import Proxy
from tests.helpers.crash_play import Server
from tests.helpers.odoo_campaign import Play, faults_in
from tests.helpers.odoo_real import RealOdoo
from tests.helpers.odoo_workspace import OdooWorkspace
from tests.helpers.racing_daemons import Daemons
from tests.helpers.workspace import call

MORE = "[sending]\nmax_attempts = 100\n"


def campaign(folder: Path, seed: int, protocol: str, count: int, lives: int) -> None:
    odoo = RealOdoo.named()
    odoo.customers(count)
    how = {**odoo.connection(), "protocol": protocol, "more": MORE}
    first = OdooWorkspace.beside(folder / "first", odoo.url, **how)
    program = first.folder / "programs" / "bonus.toml"
    # Keys follow from the program: those of an earlier test are taken, and Odoo gives no second document for them.
    name = f"bonus-{odoo.floor}"
    program.with_stem(name).write_text(program.read_text().replace('"bonus"', f'"{name}"'))
    program.unlink()
    first.approved()
    with (
        Proxy(odoo.host, odoo.port) as proxy,
        Daemons() as daemons,
        Server(folder / "server") as server,
    ):
        first.configure(proxy.url, **how, longest=4, patience=3)
        workspaces = [first] if seed % 2 else [first, first.copied(folder / "second")]
        play = Play(seed, workspaces, proxy, daemons, server)
        play.disturbed(lives)
        play.calm()
        for workspace in workspaces:
            assert faults_in(workspace, odoo) == [], play.done
            call(workspace, "verify", "--deep")
            found = call(workspace, "reconcile", "--json").json
            assert (found["voided"], found["differing"], found["messages"]) == ([], [], [])


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "protocol"), [(1, "json2"), (2, "xmlrpc")])
def test_nothing_is_lost_and_nothing_doubled_in_a_real_odoo(tmp_path: Path, seed: int, protocol: str):
    campaign(tmp_path, seed, protocol, count=6, lives=4)


@pytest.mark.chaos
@pytest.mark.parametrize("protocol", ["json2", "xmlrpc"])
@pytest.mark.parametrize("seed", range(100, 110))
def test_nothing_is_lost_in_long_campaigns(tmp_path: Path, seed: int, protocol: str):
    campaign(tmp_path, seed, protocol, count=25, lives=12)
