"""What a database of Tryton holds of ours, counted in its file: also while the server runs, or after it was killed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.keys import find_keys


@dataclass(frozen=True, slots=True)
class Books:
    """Only what is committed is seen."""

    file: Path

    def rows(self, sql: str, *values: object) -> list[Sequence[Any]]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def documents(self, key: str) -> list[tuple[str, int]]:
        """State and net in cents of each document whose reference contains the key, in any state."""
        found = self.rows("select id, state from account_invoice where instr(reference, ?) order by id", key)
        return [(state, self._net(document)) for document, state in found]

    def notes(self, key: str) -> int:
        """How many notes contain the key."""
        return len(self.rows("select id from ir_note where instr(message, ?)", key))

    def keys(self) -> set[str]:
        """Every key of ours on a document."""
        found = self.rows("select reference from account_invoice where reference is not null")
        return {key for (reference,) in found for key in find_keys(reference)}

    def _net(self, document: int) -> int:
        lines = self.rows("select quantity, unit_price from account_invoice_line where invoice = ?", document)
        return sum(int(_number(quantity) * _number(price) * 100) for quantity, price in lines)


def _number(stored: object) -> Decimal:
    """Decimals are kept as text in blobs, quantities as numbers."""
    return Decimal(stored.decode() if isinstance(stored, bytes) else str(stored))
