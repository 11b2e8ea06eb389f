"""What Faktura holds of ours, counted in its file: also while the server runs, or after it was killed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.keys import find_keys


@dataclass(frozen=True, slots=True)
class Books:
    """Only what is committed is seen."""

    file: Path

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def documents(self, key: str) -> list[tuple[str, int]]:
        """State and net in cents of each document whose reference contains the key, in any state."""
        return self.rows(
            "select state, (select sum(net) from line where document = document.id) from document"
            " where instr(reference, ?) order by id",
            key,
        )

    def notes(self, key: str) -> int:
        """How many notes contain the key."""
        return len(self.rows("select id from note where instr(text, ?)", key))

    def tier(self, customer: str) -> str | None:
        """The tier that stands on a customer."""
        ((tier,),) = self.rows("select tier from customer where code = ?", customer)
        return None if tier is None else str(tier)

    def keys(self) -> set[str]:
        """Every key of ours on a document."""
        found = self.rows("select reference from document where reference is not null")
        return {key for (reference,) in found for key in find_keys(reference)}

    def gaps(self) -> list[str]:
        """Numbers that are missing from a sequence: there must be none."""
        missing = []
        for kind, last in self.rows("select kind, last from sequence"):
            own = {
                int(number.rpartition("-")[2])
                for (number,) in self.rows("select number from document where kind = ? and number is not null", kind)
            }
            missing += [f"{kind} {number}" for number in range(1, last + 1) if number not in own]
        return missing
