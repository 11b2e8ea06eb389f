"""The conformance suite's hand on the stand-in for NetSuite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.netsuite import NetSuite
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)


class NetSuiteHarness(PresetHarness):
    """Documents are seeded as invoices; a seed's text is their memo."""

    preset = "netsuite"

    def __init__(self, netsuite: NetSuite, folder: Path) -> None:
        self.netsuite = netsuite
        super().__init__(netsuite, folder)
        self.buyer = netsuite.add_customer("Buyer & Söhne")
        self.saw, self.rebate = netsuite.add_item("SAW-3"), netsuite.add_item("REBATE")

    def secrets(self) -> Sequence[str]:
        return [self.netsuite.private_key]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "base_url": f"{self.proxy.url}/services/rest",
            "auth": {
                "token_url": f"{self.proxy.url}/services/rest/auth/oauth2/v1/token",
                "client_id": self.netsuite.client_id,
                "key_id": self.netsuite.certificate,
                "private_key": {"file": "key"},
            },
            "values": {
                "host": "1234567-sb1",
                "entity": "DE01",
                "item": self.rebate.id,
                "time_zone": "America/Los_Angeles",
            },
            "maps": {"tax_codes": {"S 20": "20", "S 10": "10"}},
        }

    def stream(self) -> str:
        return "invoices"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.netsuite.transactions

    def make(self, record: Seed) -> Row:
        line = {"item": self.saw.id, "quantity": 2, "rate": "100.05", "taxCode": "20"}
        return self.netsuite.add_invoice(self.buyer, [line], DAY, memo=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"memo": record.text})

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.rows["BAD"] = row = self.make(Seed("BAD"))
        row.values["taxTotal"] = [1]

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return self.buyer.id

    def stored(self, kind: WriteKind, key: str) -> int:
        return len(self.table.where(externalId=key))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "DELETE") and "/record/" in request.path
