"""The conformance suite's hand on the stand-in for Business Central."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.business_central import BusinessCentral
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)


class BusinessCentralHarness(PresetHarness):
    """Documents are seeded as posted invoices; a seed's text is their external document number."""

    preset = "business_central"

    def __init__(self, central: BusinessCentral, folder: Path) -> None:
        self.central = central
        super().__init__(central, folder)
        self.buyer = central.add_customer("C-1001", "Buyer & Söhne")
        central.add_item("SAW-3", "Saw")

    def secrets(self) -> Sequence[str]:
        return [self.central.client_secret]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "base_url": f"{self.proxy.url}{self.central.api}",
            "auth": {
                "token_url": f"{self.proxy.url}/tenant/oauth2/v2.0/token",
                "client_id": self.central.client_id,
                "client_secret": {"file": "key"},
            },
            "values": {
                "tenant": "tenant",
                "company": "7c0a1bd4-61a8-4bd7-9a32-0f2f7e3c9f11",
                "entity": "DE01",
                "line_number": "8730",
            },
            "maps": {"tax_codes": {"S 20": "VAT20", "S 10": "VAT10"}},
        }

    def stream(self) -> str:
        return "invoices"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.central.tables["salesInvoices"]

    def make(self, record: Seed) -> Row:
        line = {"lineObjectNumber": "SAW-3", "quantity": 2, "unitPrice": "100.05", "taxCode": "VAT20"}
        return self.central.add_invoice(self.buyer, [line], DAY, externalDocumentNumber=f"{record.id} {record.text}")

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"externalDocumentNumber": f"{record.id} {record.text}"})

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.rows["BAD"] = row = self.make(Seed("BAD"))
        row.values["totalTaxAmount"] = [1]

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return str(self.buyer.values["number"])

    def stored(self, kind: WriteKind, key: str) -> int:
        return len(self.central.tables["salesCreditMemos"].where(externalDocumentNumber=key))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "DELETE") and "oauth2" not in request.path

    def is_posting(self, request: Request) -> bool:
        return request.path.endswith("Microsoft.NAV.post")
