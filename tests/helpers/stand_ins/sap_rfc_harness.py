"""The conformance suite's hand on the stand-in for SAP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, sample_request
from connectors.spi import WriteKind, WriteRequest
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.sap_rfc import Sap
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, operation_in
from tests.helpers.stand_ins.table import Row, Table

_WRITES = ("Z_REBATED_POST", "Z_REBATED_NOTE", "Z_REBATED_TIER")
TAXES = {"S 20": "A1", "S 10": "A2", "Z 0": "A0"}


class SapHarness(BuyerHarness):
    """Billing documents are seeded as invoices; a seed's text is their text."""

    preset = "sap_rfc"

    def __init__(self, sap: Sap, folder: Path) -> None:
        self.sap = sap
        super().__init__(sap, folder)
        self.buyer = sap.add_customer("Buyer & Söhne", STCEG="DE123456789")

    def secrets(self) -> Sequence[str]:
        return [self.sap.password]

    def own_settings(self) -> Mapping[str, Any]:
        path = self.sap.services["zrebated"].path
        return {
            "preset": self.preset,
            "auth": {"user": self.sap.user, "password": {"file": "key"}},
            "values": {"url": f"{self.proxy.url}{path}", "wsdl": str(WSDL_FOLDER / "sap_rfc.wsdl")},
            "maps": {"taxes": TAXES},
        }

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.sap.invoices

    def make(self, record: Seed) -> Row:
        item = {"MATNR": "SAW-3", "ARKTX": "Säge", "NET": "200.10", "TAX_RATE": 20}
        return self.sap.add_invoice(self.buyer.id, [item], TEXT=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"TEXT": record.text})

    def spoil(self, row: Row) -> None:
        self.table.change(row, {"FKSTO": "?"})

    # ------------------------------------------------------------ the target

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            return self.is_asked(key, self.sap.tiers.get(self.buyer.id, {}).get("TIER"))
        return len(self.sap.documents.where(RB_KEY=key))

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind, 60, self.account())
        self.sap.keys[request.key] = "of a document that was archived"
        return request

    def is_write(self, request: Request) -> bool:
        return operation_in(request.body) in _WRITES
