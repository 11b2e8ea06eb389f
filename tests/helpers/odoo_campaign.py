"""A campaign of faults over write back to Odoo: racing daemons, kills, lost and repeated requests, all by seed.

Two real daemons work on one book, or on two copies of it, through a proxy that loses, delays, repeats and falsifies
what they write. They are killed and started again some times; then the disturbance ends, and what waits is sent. At
the end everything approved must be there once.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.conformance import FAULTS, Campaign, Proxy, Request
from tests.helpers.crash_checks import rows
from tests.helpers.crash_play import Server
from tests.helpers.odoo_workspace import OdooWorkspace
from tests.helpers.racing_daemons import Daemons

SHARES = {
    "reply_lost": 0.06,
    "reset_before": 0.04,
    "reset_midway": 0.03,
    "truncated": 0.03,
    "hang": 0.03,
    "late": 0.03,
    "twice_first": 0.04,
    "twice_second": 0.04,
    "twice_together": 0.04,
    "500_before": 0.02,
    "500_after": 0.02,
    "502_after": 0.01,
    "503_before": 0.02,
    "503_after": 0.02,
    "429_before": 0.01,
    "401_before": 0.01,
    "200_html_before": 0.01,
    "200_html_after": 0.02,
}
WRITES = (
    "load",
    "action_post",
    "write",
    "create",
    "unlink",
    "button_draft",
    "button_cancel",
    "js_assign_outstanding_line",
)
WAITING = """
select 1 from outbox where state in ('queued', 'sending', 'unknown')
union all select 1 from proposal where key not in (select key from receipt) limit 1
"""


def is_write(request: Request) -> bool:
    """Whether a request to Odoo writes, over either protocol."""
    if request.path.startswith("/json/2/"):
        return request.path.rpartition("/")[2] in WRITES
    return any(f"<string>{name}</string>".encode() in request.body for name in WRITES)


class Books(Protocol):
    """What the remote holds, counted without the adapter."""

    def documents(self, key: str) -> list[tuple[str, int]]:
        """State and net in cents of each document with the key, in any state."""

    def notes(self, key: str) -> int:
        """How many notes have the key."""

    def tags(self, account: str) -> list[str]:
        """The partner's tags below ours."""

    def keys(self) -> set[str]:
        """Every key of ours on a document."""


@dataclass(slots=True)
class Played:
    """What happened in a campaign."""

    killed: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Play:
    """One seeded campaign. `workspaces`: the book, or two copies of it. `when`: which requests meet faults. `life` and
    `still`: how many seconds a life is watched at most, and how long without a write; nothing is asserted about it."""

    seed: int
    workspaces: Sequence[OdooWorkspace]
    proxy: Proxy
    daemons: Daemons
    server: Server
    clock: int = 0
    done: Played = field(default_factory=Played)
    when: Callable[[Request], bool] = is_write
    life: float = 2.0
    still: float = 0.7

    def disturbed(self, lives: int = 4) -> None:
        """Let two daemons live and die `lives` times among the faults."""
        chance = random.Random(f"campaign {self.seed}")
        campaign = Campaign(self.seed, {FAULTS[name]: share for name, share in SHARES.items()}, when=self.when)
        self.proxy.campaign = campaign
        for _ in range(lives):
            racing = [self.workspaces[0], self.workspaces[-1]]
            processes = [self.daemons.start(one.folder, offset=self.clock) for one in racing]
            chance.shuffle(processes)
            goal = campaign.drawn.total()
            for process in processes:
                goal += chance.randint(1, 12)
                self._watch(campaign, goal)
                deadly = chance.random() < 0.8
                self.daemons.end(process, signal.SIGKILL if deadly else signal.SIGTERM)
                self.done.killed += deadly
            self._quiet(20)
        self.proxy.campaign = None
        self.done.faults = campaign.drawn

    def calm(self, rounds: int = 12) -> None:
        """Write back without disturbance until nothing waits any more."""
        for _ in range(rounds):
            self._quiet(7_200)
            waiting = False
            for workspace in self.workspaces:
                done = self.server.run(workspace, "write-back", "--json", offset=self.clock)
                assert done.code == 0, done
                waiting |= bool(rows(workspace, WAITING))
            if not waiting:
                return

    def _watch(self, campaign: Campaign, goal: int) -> None:
        """Until so many writes were drawn, or nothing comes any more: the target is down and left alone for a while."""
        before = seen = campaign.drawn.total()
        began = last = time.monotonic()
        while seen < goal and time.monotonic() < began + self.life:
            time.sleep(0.01)
            if seen != (seen := campaign.drawn.total()):
                last = time.monotonic()
            if seen > before and time.monotonic() > last + self.still:
                return

    def _quiet(self, seconds: int) -> None:
        """Nothing is under way any more; then the clock may move on."""
        self.proxy.clear()
        self.proxy.settle()
        self.clock += seconds


def faults_in(workspace: OdooWorkspace, books: Books) -> list[str]:
    """What is lost, doubled or otherwise wrong at the end of a campaign."""
    found = []
    sent = rows(workspace, "select key, kind, state, json_extract(request, '$.net') from outbox")
    for key, kind, state, net in sent:
        if state != ("done" if kind != "tier" else state) or (kind == "tier" and state not in ("done", "voided")):
            found.append(f"{kind} {key} is {state}")
        if kind == "credit_note" and books.documents(key) != [("posted", net)]:
            found.append(f"{key} over {net} is in Odoo as {books.documents(key)}")
        if kind == "account_note" and books.notes(key) != 1:
            found.append(f"the note {key} is in Odoo {books.notes(key)} times")
    approved = {key for (key,) in rows(workspace, "select key from proposal where book = 'live'")}
    found += [f"{key} is in Odoo and was never approved" for key in books.keys() - approved]
    settled = {key for (key,) in rows(workspace, "select key from receipt where kind = 'credit_note'")}
    found += [f"{key} has no receipt" for key in approved - settled]
    tiers = dict(
        rows(
            workspace,
            "select name.external_id, program || ': ' || tier from standing"
            " join account_identity name on name.account_id = standing.account_id"
            " where standing.id in"
            " (select max(id) from standing where book = 'live' group by program, standing.account_id)",
        )
    )
    found += [
        f"partner {account} carries {books.tags(account)}, not {tier}"
        for account, tier in tiers.items()
        if books.tags(account) != [tier]
    ]
    found += [f"alarm {kind}: {message}" for kind, message in rows(workspace, ALARMS)]
    return found


ALARMS = "select kind, message from alarm where closed_at is null"
