"""A CRM by files beside the ERP of a workspace: its accounts are delivered whole each time."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping

from tests.helpers.workspace import Workspace

FIELDS = ("id", "name", "key", "vat", "website", "country", "merged_into", "merged_from", "archived")
CONNECTION = """
[connections.crm]
adapter = "files"
write = true
[connections.crm.matching]
{matching}
[connections.crm.settings]
folder = "crm"
out = "crm-out"
[[connections.crm.settings.patterns]]
name = "accounts"
files = "crm-*.csv"
kind = "counterpart"
mode = "full"
covers = "everything"
sequence = "crm-(?P<number>[0-9]+)"
[connections.crm.settings.patterns.columns]
id = "id"
name = "name"
external_key = "key"
vat_number = "vat"
domain = "website"
country = "country"
merged_into = "merged_into"
merged_from = "merged_from"
archived = "archived"
"""


def add_crm(workspace: Workspace, matching: str = "") -> None:
    """Connect a CRM. `matching` is the text of its table of that name."""
    for name in ("crm", "crm-out"):
        (workspace.folder / name).mkdir()
    text = workspace.config.read_text() + "\n[sweeps]\nguard_percent = 100\nguard_documents = 1000\n"
    workspace.config.write_text(text + CONNECTION.format(matching=matching))


def deliver(workspace: Workspace, number: int, *rows: Mapping[str, str]) -> None:
    """All accounts that the CRM has now."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = workspace.folder / "crm" / f"crm-{number:04d}.csv"
    path.write_text(text.getvalue())
    moment = path.stat().st_mtime - 1
    os.utime(path, (moment, moment))
