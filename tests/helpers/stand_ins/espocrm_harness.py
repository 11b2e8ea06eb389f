"""The conformance suite's hand on the stand-in for EspoCRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.espocrm import EspoCRM
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table


def prepared(espo: EspoCRM) -> EspoCRM:
    """What an administrator adds before the preset is used."""
    for name, type in (
        ("cErpCustomerNumber", "varchar"),
        ("cRebatedTier", "varchar"),
        ("cRebatedTierSince", "date"),
        ("cRebatedTierUntil", "date"),
        ("cRebatedProgress", "int"),
        ("cRebatedToNext", "float"),
        ("cRebatedAccrued", "float"),
        ("cRebatedPaid", "float"),
    ):
        espo.add_field(name, type)
    return espo


class EspoCRMHarness(PresetHarness):
    """Accounts are the records; a seed's text is the website."""

    preset = "espocrm"

    def __init__(self, espo: EspoCRM, folder: Path) -> None:
        self.espo = espo
        self.prepare()
        super().__init__(espo, folder)

    def prepare(self) -> None:
        """Add what an administrator adds."""
        prepared(self.espo)

    def own_settings(self) -> Mapping[str, Any]:
        return {"values": {"url": self.proxy.url}, "auth": {"key": {"file": "key"}}}

    def secrets(self) -> Sequence[str]:
        return [self.espo.key]

    @property
    def table(self) -> Table:
        return self.espo.tables["Account"]

    def make(self, record: Seed) -> Row:
        website = f"https://{record.text}.example.com"
        return self.espo.add_account(f"Account {record.id}", website=website, cErpCustomerNumber=f"C-{record.id}")

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"website": f"https://{record.text}.example.com"})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return sum(1 for note in self.espo.tables["Note"] if key in note.values["post"])
        return self.tier_stored(key, lambda row: row.values.get("cRebatedTier"))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PUT")
