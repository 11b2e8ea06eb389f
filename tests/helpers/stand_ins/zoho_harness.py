"""The conformance suite's hand on the stand-in for Zoho CRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table
from tests.helpers.stand_ins.zoho import Zoho


def prepared(zoho: Zoho) -> Zoho:
    """What an administrator adds before the preset is used."""
    for name, type in (
        ("ERP_Customer_Number", "text"),
        ("Rebated_Tier", "text"),
        ("Rebated_Tier_Since", "date"),
        ("Rebated_Tier_Until", "date"),
        ("Rebated_Progress", "integer"),
        ("Rebated_To_Next", "currency"),
        ("Rebated_Accrued", "currency"),
        ("Rebated_Paid", "double"),
    ):
        zoho.add_field(name, type)
    return zoho


class ZohoHarness(PresetHarness):
    """Accounts are the records; a seed's text is the website."""

    preset = "zoho"

    def __init__(self, zoho: Zoho, folder: Path) -> None:
        self.zoho = prepared(zoho)
        super().__init__(zoho, folder)
        zoho.api_domain = self.proxy.url
        (folder / "refresh").write_text(zoho.refresh_token)

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "values": {"accounts_url": self.proxy.url},
            "auth": {
                "client_id": self.zoho.client_id,
                "client_secret": {"file": "key"},
                "refresh_token": {"file": "refresh"},
                "token_file": "tokens.json",
            },
        }

    def secrets(self) -> Sequence[str]:
        return [self.zoho.client_secret, self.zoho.refresh_token, *self.zoho.tokens]

    @property
    def table(self) -> Table:
        return self.zoho.accounts

    def make(self, record: Seed) -> Row:
        return self.zoho.add_account(
            f"Account {record.id}", Website=f"{record.text}.example.com", ERP_Customer_Number=f"C-{record.id}"
        )

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"Website": f"{record.text}.example.com"})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return sum(1 for note in self.zoho.notes if key in note.values["content"])
        return self.tier_stored(key, lambda row: row.values.get("Rebated_Tier"))

    def is_write(self, request: Request) -> bool:
        return request.method == "PUT" or (request.method == "POST" and request.path.endswith("/Notes"))
