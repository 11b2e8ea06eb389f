"""The conformance suite's hand on the stand-in for NetSuite over SOAP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.netsuite_soap import PATH, WSDL, NetSuiteSoap
from tests.helpers.stand_ins.soap import operation_in
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)
_WRITES = ("add", "update", "upsert", "delete")


class NetSuiteSoapHarness(BuyerHarness):
    """Documents are seeded as invoices; a seed's text is their memo. NetSuite gives no page below five records."""

    preset = "netsuite_suitetalk"
    page_size = 5

    def __init__(self, netsuite: NetSuiteSoap, folder: Path) -> None:
        self.netsuite, self.books = netsuite, netsuite.books
        super().__init__(netsuite, folder)
        for name, secret in zip(("key", "consumer_key", "token", "consumer"), self.secrets(), strict=True):
            (folder / name).write_text(secret)
        self.buyer = self.books.add_customer("Buyer & Söhne", vatRegNumber="DE123", email="buyer@example.com")
        self.saw, self.rebate = self.books.add_item("SAW-3"), self.books.add_item("REBATE")

    def secrets(self) -> Sequence[str]:
        own = self.netsuite.passports
        return [own.token_secret, own.consumer_key, own.token, own.consumer_secret]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "wsdl": {"netsuite": {"source": str(WSDL), "address": f"{self.proxy.url}{PATH}"}},
            "auth": {
                "account": self.netsuite.passports.account,
                "consumer_key": {"file": "consumer_key"},
                "consumer_secret": {"file": "consumer"},
                "token_id": {"file": "token"},
                "token_secret": {"file": "key"},
            },
            "values": {"host": "1234567-sb1", "entity": "DE01", "item": self.rebate.id},
            "maps": {"tax_codes": {"S 20": "20", "S 10": "10"}},
        }

    def stream(self) -> str:
        return "invoices"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.books.transactions

    def make(self, record: Seed) -> Row:
        line = {"item": self.saw.id, "quantity": 2, "rate": "100.05", "taxCode": "20"}
        return self.books.add_invoice(self.buyer, [line], DAY, memo=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"memo": record.text})

    def spoil(self, row: Row) -> None:
        row.values["status"] = "Offen"

    # ------------------------------------------------------------ the target

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            return self.is_asked(key, self.buyer.extra["custom"].get("custentity_rebated_tier"))
        table = self.books.notes if kind == "account_note" else self.table
        return len(table.where(externalId=key))

    def is_write(self, request: Request) -> bool:
        return request.method == "POST" and operation_in(request.body) in _WRITES
