"""The accrual journal as CSV files, one a month and entity."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from connectors.files.disk import guarded, locked, publish, subfolder
from connectors.files.register import csv_line
from connectors.spi import AlreadyExists, JournalRequest, Remote, UnknownOutcome, WriteRefused
from core import money

COLUMNS = (
    "key",
    "month",
    "posted_on",
    "entity",
    "account",
    "program",
    "payee",
    "period",
    "currency",
    "debit",
    "credit",
)


class Journals:
    """Journal files in the folder `journal` under `out`: `<month>-<entity>-<key>.csv`."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def create(self, request: JournalRequest) -> Remote:
        """Write the journal. Raises WriteRefused where it does not balance, AlreadyExists, UnknownOutcome."""
        check_balance(request)
        name = f"{slug(request.month)}-{slug(request.entity)}-{request.key}.csv"
        lines = [csv_line(COLUMNS)]
        for row in request.rows:
            amounts = (money.text(row.debit, row.currency), money.text(row.credit, row.currency))
            head = (request.key, request.month, request.posted_on.isoformat(), row.entity, row.account)
            lines.append(csv_line((*head, row.program, row.payee, row.period, row.currency, *amounts)))
        with guarded(f"writing the journal {name}"):
            folder = subfolder(self._out, "journal")
            with locked(folder / ".journal.lock"):
                if self.read_back(request.key) is not None:
                    raise AlreadyExists(f"a journal with the key {request.key} exists in {folder}")
                try:
                    made = publish(folder / name, "".join(lines).encode())
                except OSError as error:
                    if (folder / name).exists():
                        raise UnknownOutcome(f"writing {folder / name}: {error.strerror or error}") from error
                    raise
        if not made:
            raise AlreadyExists(f"{folder / name} exists")
        return Remote(request.key, request.key, name)

    def read_back(self, key: str) -> Remote | None:
        """The journal with this key; None where its file is gone."""
        with guarded(f"reading the folder {self._out / 'journal'}"):
            names = sorted(path.name for path in (self._out / "journal").glob(f"*-{key}.csv"))
        return Remote(key, key, names[0]) if names else None


def check_balance(request: JournalRequest) -> None:
    """Raises WriteRefused where debits and credits of a currency differ, or a row is not one of both."""
    balance: Counter[str] = Counter()
    for number, row in enumerate(request.rows, 1):
        if row.debit < 0 or row.credit < 0 or (row.debit and row.credit):
            raise WriteRefused(f"{request.key}: row {number} must have either a debit or a credit, not below zero")
        balance[row.currency] += row.debit - row.credit
    for currency, difference in balance.items():
        if difference:
            shown = money.shown(difference, currency)
            raise WriteRefused(f"{request.key}: debits and credits differ by {shown}")


def slug(text: str) -> str:
    """`text` as a part of a file name: letters, digits and dashes."""
    return re.sub("[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "entity"
