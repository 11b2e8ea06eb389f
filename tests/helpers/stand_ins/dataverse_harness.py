"""The conformance suite's hand on the stand-in for Dataverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from connectors.conformance import Request, Seed
from connectors.declarative.filters import FILTERS
from connectors.spi import WriteKind
from tests.helpers.stand_ins.dataverse import CLIENT, SECRET, TENANT, TOKEN, Dataverse
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table

MISSING = str(UUID(int=77))


def prepared(dataverse: Dataverse) -> Dataverse:
    """What a maker adds before the preset is used."""
    for name, type in (
        ("rebated_tier", "text"),
        ("rebated_tiersince", "date"),
        ("rebated_tieruntil", "date"),
        ("rebated_progress", "integer"),
        ("rebated_tonext", "decimal"),
        ("rebated_accrued", "decimal"),
        ("rebated_paid", "decimal"),
    ):
        dataverse.add_column(name, type)
    return dataverse


class DataverseHarness(PresetHarness):
    """Accounts are the records; a seed's text is the website."""

    preset = "dataverse"

    def __init__(self, dataverse: Dataverse, folder: Path) -> None:
        self.dataverse = prepared(dataverse)
        super().__init__(dataverse, folder)

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "values": {"url": self.proxy.url, "tenant": TENANT},
            "auth": {
                "token_url": f"{self.proxy.url}/${{values.tenant}}/oauth2/v2.0/token",
                "client_id": CLIENT,
                "client_secret": {"file": "key"},
            },
        }

    def secrets(self) -> Sequence[str]:
        return [SECRET, TOKEN]

    @property
    def table(self) -> Table:
        return self.dataverse.tables["accounts"]

    def make(self, record: Seed) -> Row:
        website = f"https://{record.text}.example.com"
        return self.dataverse.add_account(f"Account {record.id}", websiteurl=website, accountnumber=f"C-{record.id}")

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"websiteurl": f"https://{record.text}.example.com"})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return int(self.dataverse.tables["annotations"].get(FILTERS["uuid"](key, "")) is not None)
        return self.tier_stored(key, lambda row: row.values.get("rebated_tier"))

    def is_write(self, request: Request) -> bool:
        return request.method == "PATCH"
