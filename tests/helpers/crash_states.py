"""A workspace in which something stands in every state a person can meet."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.helpers.crash_checks import rows
from tests.helpers.workspace import Workspace, call, csv_text, rows_text, sale

DAY = ("--as-of", "2025-04-20")
UNKNOWN = "RB-AAAABBBBCCCC"
NAMES = ("proposed", "voided", "approved", "held", "settled")


def make(folder: Path) -> Workspace:
    """C-1 proposed, C-2 voided, C-3 approved, C-4 held, C-5 settled; a record in quarantine, a sweep that waits, an
    alarm about an unknown key."""
    workspace = Workspace.make(folder, accounts=40, programs=("bonus", "club"), second=1_000)
    workspace.sales(1, *(sale(f"INV-{number}", f"C-{number}") for number in range(1, 6)))
    call(workspace, "pull")
    for program in ("bonus", "club"):
        call(workspace, "program", "live", program, "--settle-from", "2025-01-01")
    call(workspace, "run", "--once", *DAY)
    key = keys(workspace)
    call(workspace, "review", "approve", key["C-2"], key["C-5"])
    call(workspace, "write-back", *DAY)
    (workspace.outbox / "credit-notes" / f"{key['C-2']}.xml").unlink()
    call(workspace, "reconcile", code=5)
    call(workspace, "review", "approve", key["C-3"])
    call(workspace, "review", "hold", key["C-4"], "--reason", "waits for the contract")
    bad = rows_text({**row, "net_total": "1.00"} for row in sale("INV-9", "C-9").rows())
    workspace.put("sales-0002.csv", bad)
    workspace.put("sales-0003.csv", csv_text([sale("4711", "C-9", net=-1, kind="credit note", reference=UNKNOWN)]))
    workspace.accounts(10)
    call(workspace, "pull")
    return workspace


def keys(workspace: Workspace) -> dict[str, str]:
    """The key of each account's last proposal."""
    query = "select name.external_id, key from proposal join account_identity name on name.account_id = payee"
    return dict(rows(workspace, f"{query} order by proposal.id"))


def copy(workspace: Workspace, folder: Path) -> Workspace:
    """The same workspace in another folder."""
    shutil.copytree(workspace.folder, folder)
    return Workspace(folder)


def words(workspace: Workspace, template: str) -> list[str]:
    """A command with the keys of the workspace filled in: `{voided}`, `{unknown}` and so on."""
    key = keys(workspace)
    values = {name: key[f"C-{number}"] for number, name in enumerate(NAMES, 1)}
    return template.format(unknown=UNKNOWN, **values).split()
