"""The one company a connection is about, and what of it the adapter needs: looked up once, by name or id."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from connectors.odoo.client import OdooClient
from connectors.odoo.settings import OdooSettings
from core.errors import FatalError

ENTRY_LOCKS = ("period_lock_date", "fiscalyear_lock_date", "hard_lock_date")
"""Fields that lock every entry up to and with a day; which of them there are depends on the version."""
LOCKS = (*ENTRY_LOCKS, "tax_lock_date", "sale_lock_date")
"""Fields that lock sales documents."""
_KEEP_SECONDS = 60


class Company(NamedTuple):
    """A company of the database. `first_open` is the day after the last lock date of sales documents, `entries_open`
    that of other entries; None where nothing is locked."""

    id: int
    name: str
    currency: str
    first_open: date | None
    entries_open: date | None


class Companies:
    """Finds the company of the settings. What it found is kept for a minute, so that a new lock date is soon seen."""

    def __init__(self, client: OdooClient, settings: OdooSettings) -> None:
        self.client, self.settings = client, settings
        self._found: tuple[float, Company] | None = None
        self._lock = threading.Lock()

    def current(self) -> Company:
        """The company. Raises FatalError where it cannot be told which one is meant."""
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > _KEEP_SECONDS:
                self._found = (time.monotonic(), self._find())
            return self._found[1]

    @property
    def entity(self) -> str:
        """The legal entity of its documents."""
        return self.settings.entity or str(self.current().id)

    def context(self) -> dict[str, Any]:
        """The context of every call: this company alone, messages in English, no one made a follower."""
        return {"allowed_company_ids": [self.current().id], "lang": "en_US", "mail_create_nosubscribe": True}

    def _find(self) -> Company:
        locks = [name for name in LOCKS if self.client.has("res.company", name)]
        rows = self.client.call(
            "res.company", "search_read", domain=[], fields=["id", "name", "currency_id", *locks], order="id"
        )
        wanted = self.settings.company
        chosen = [row for row in rows if not wanted or wanted in (str(row["id"]), row["name"])]
        if len(chosen) != 1:
            there = ", ".join(f"{row['name']} (id {row['id']})" for row in rows) or "none"
            what = f"no company is called {wanted!r}" if wanted else "the user sees several companies"
            if len(chosen) > 1 and wanted:
                what = f"{len(chosen)} companies are called {wanted!r}"
            raise FatalError(
                f"{what} in the database {self.settings.database!r}",
                hint=f"set company to the id or name of one of: {there}",
            )
        row = chosen[0]
        ends = {name: date.fromisoformat(row[name]) for name in locks if row[name]}
        first_open = _after(ends.values())
        entries_open = _after(end for name, end in ends.items() if name in ENTRY_LOCKS)
        return Company(row["id"], row["name"], row["currency_id"][1], first_open, entries_open)


def _after(ends: Iterable[date]) -> date | None:
    """The first open day."""
    last = max(ends, default=None)
    return None if last is None else last + timedelta(days=1)
