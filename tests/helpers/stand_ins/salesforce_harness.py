"""The conformance suite's hand on the stand-in for Salesforce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.salesforce import Salesforce
from tests.helpers.stand_ins.salesforce_tokens import CLIENT, SECRET, TOKEN
from tests.helpers.stand_ins.table import Row, Table


def prepared(salesforce: Salesforce) -> Salesforce:
    """What an administrator adds before the preset is used."""
    for name, type in (
        ("Rebated_Tier__c", "string"),
        ("Rebated_Tier_Since__c", "date"),
        ("Rebated_Tier_Until__c", "date"),
        ("Rebated_Progress__c", "double"),
        ("Rebated_To_Next__c", "double"),
        ("Rebated_Accrued__c", "double"),
        ("Rebated_Paid__c", "double"),
    ):
        salesforce.add_field("Account", name, type)
    salesforce.add_field("Task", "Rebated_Key__c", external_id=True)
    return salesforce


class SalesforceHarness(PresetHarness):
    """Accounts are the records; a seed's text is the website."""

    preset = "salesforce"

    def __init__(self, salesforce: Salesforce, folder: Path) -> None:
        self.salesforce = prepared(salesforce)
        super().__init__(salesforce, folder)

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "values": {"url": self.proxy.url},
            "auth": {"client_id": CLIENT, "client_secret": {"file": "key"}},
        }

    def secrets(self) -> Sequence[str]:
        return [SECRET, TOKEN]

    @property
    def table(self) -> Table:
        return self.salesforce.tables["Account"]

    def make(self, record: Seed) -> Row:
        website = f"https://{record.text}.example.com"
        return self.salesforce.add_account(f"Account {record.id}", Website=website, AccountNumber=f"C-{record.id}")

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"Website": f"https://{record.text}.example.com"})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return len(self.salesforce.tables["Task"].where(Rebated_Key__c=key))
        return self.tier_stored(key, lambda row: row.values.get("Rebated_Tier__c"))

    def is_write(self, request: Request) -> bool:
        return request.method == "PATCH"
