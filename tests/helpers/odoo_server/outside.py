"""Counting in a server's file from another process, also while it runs or after it was killed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.helpers.odoo_server.server import FILE


def records(folder: Path, model: str) -> list[dict[str, Any]]:
    """Every committed record of the model, by id."""
    with closing(sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True, timeout=30)) as connection:
        rows = connection.execute("select body from record where model = ? order by id", (model,))
        return [json.loads(body) for (body,) in rows]


def documents_with(folder: Path, key: str) -> list[dict[str, Any]]:
    """Entries whose reference contains the key, in any state."""
    return [move for move in records(folder, "account.move") if key in (move.get("ref") or "")]


def notes_with(folder: Path, key: str) -> list[dict[str, Any]]:
    """Messages whose text or message id contains the key."""
    notes = records(folder, "mail.message")
    return [note for note in notes if key in f"{note.get('body')} {note.get('message_id')}"]
