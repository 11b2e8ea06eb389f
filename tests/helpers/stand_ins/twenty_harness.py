"""The conformance suite's hand on the stand-in for Twenty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table
from tests.helpers.stand_ins.twenty import Twenty, link


def prepared(twenty: Twenty) -> Twenty:
    """What an administrator adds before the preset is used."""
    for name, type in (
        ("erpCustomerNumber", "TEXT"),
        ("rebatedTier", "TEXT"),
        ("rebatedTierSince", "DATE"),
        ("rebatedTierUntil", "DATE"),
        ("rebatedProgress", "NUMBER"),
        ("rebatedToNext", "NUMBER"),
        ("rebatedAccrued", "NUMBER"),
        ("rebatedPaid", "NUMBER"),
    ):
        twenty.add_field(name, type)
    return twenty


class TwentyHarness(PresetHarness):
    """Companies are the records; a seed's text is the domain."""

    preset = "twenty"

    def __init__(self, twenty: Twenty, folder: Path) -> None:
        self.twenty = prepared(twenty)
        super().__init__(twenty, folder)

    def own_settings(self) -> Mapping[str, Any]:
        return {"values": {"url": self.proxy.url}, "auth": {"token": {"file": "key"}}}

    def secrets(self) -> Sequence[str]:
        return [self.twenty.key]

    @property
    def table(self) -> Table:
        return self.twenty.tables["companies"]

    def make(self, record: Seed) -> Row:
        domain = f"{record.text}.example.com"
        return self.twenty.add_company(f"Company {record.id}", domain, erpCustomerNumber=f"C-{record.id}")

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"domainName": link(f"{record.text}.example.com")})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            notes = [note for note in self.twenty.tables["notes"] if key in note.values["bodyV2"]["markdown"]]
            assert len(notes) < 2
            return sum(len(self.twenty.tables["noteTargets"].where(noteId=note.id)) for note in notes)
        return self.tier_stored(key, lambda row: row.values.get("rebatedTier"))

    def is_write(self, request: Request) -> bool:
        """A note counts as written with what ties it to its company."""
        return request.method == "PATCH" or (request.method == "POST" and "/noteTargets" in request.path)
