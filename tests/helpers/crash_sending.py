"""Two approved credit notes, and what tests of sending ask about them."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import timedelta
from unittest.mock import patch

from core.ledger import columns
from tests.helpers.crash_checks import rows
from tests.helpers.workspace import Workspace, call, sale

DAY = ("--as-of", "2025-04-20")


def approved(workspace: Workspace) -> Workspace:
    """Two accounts with an approved credit note of 5.00 each."""
    workspace.sales(1, sale("INV-1"), sale("INV-2", "C-2"))
    call(workspace, "pull")
    call(workspace, "program", "live", "bonus", "--settle-from", "2025-01-01")
    call(workspace, "run", "--once", *DAY)
    call(workspace, "review", "approve", "--all-without-alarms")
    return workspace


def write_back(workspace: Workspace) -> dict:
    return call(workspace, "write-back", *DAY, "--json").json


def states(workspace: Workspace) -> dict[str, str]:
    """The state of the last proposal of each account."""
    query = (
        "select name.external_id, event.state from proposal join account_identity name on name.account_id = payee"
        " join proposal_event event on event.proposal_id = proposal.id order by event.id"
    )
    return dict(rows(workspace, query))


def alarms(workspace: Workspace) -> list[tuple[str, str]]:
    return rows(workspace, "select kind, subject from alarm where closed_at is null order by id")


def set_remote(workspace: Workspace, line: str = "") -> None:
    text = workspace.config.read_text().partition('file = "remote.db"\n')
    workspace.config.write_text(f"{text[0]}{text[1]}{line}\n")


def moved(seconds: int) -> ExitStack:
    """The clock of the product stands later."""
    original = columns.utc_now
    stack = ExitStack()
    for module in list(sys.modules.values()):
        if getattr(module, "utc_now", None) is original:
            stack.enter_context(patch.object(module, "utc_now", lambda: original() + timedelta(seconds=seconds)))
    return stack
