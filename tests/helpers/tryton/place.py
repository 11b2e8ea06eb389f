"""Where a Tryton keeps its databases, and how its processes are told."""

from __future__ import annotations

import os
from pathlib import Path

DATABASE = "company"


def environment(folder: Path) -> dict[str, str]:
    """The environment of a Tryton whose databases are SQLite files in `folder`.

    Tasks wait in its queue, as with a worker that has nothing to do: printing invoices is no matter of ours.
    """
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRYTOND_")},
        "TRYTOND_DATABASE__URI": "sqlite://",
        "TRYTOND_DATABASE__PATH": str(folder),
        "TRYTOND_QUEUE__WORKER": "True",
        "TRYTOND_WEB__ROOT": "",
        "PYTHONWARNINGS": "ignore",
    }


def file_of(folder: Path, database: str = DATABASE) -> Path:
    """The SQLite file of a database."""
    return folder / f"{database}.sqlite"
