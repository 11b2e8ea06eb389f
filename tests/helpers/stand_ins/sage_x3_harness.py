"""The conformance suite's hand on the stand-in for Sage X3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.sage_x3 import PATH, SageX3
from tests.helpers.stand_ins.soap.base import operation_in
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)
TYPES = {"credit_note": "CRM", "debit_invoice": "INV"}
LINE = {"ITMREF": "SAW-3", "ITMDES": "Saw & blade", "QTY": "2", "GROPRI": "100.05", "VACITM1": "NOR"}


class SageX3Harness(BuyerHarness):
    """Documents are seeded as invoices; a seed's text is their note."""

    preset = "sage_x3"

    def __init__(self, x3: SageX3, folder: Path) -> None:
        self.x3 = x3
        super().__init__(x3, folder)
        self.buyer = x3.add_customer("Buyer & Söhne")

    def secrets(self) -> Sequence[str]:
        return [self.x3.password]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "auth": {"user": self.x3.user, "password": {"file": "key"}},
            "values": {
                "url": self.proxy.url,
                "pool": self.x3.pool,
                "entity": "DE01",
                "site": "FR011",
                "item": "REBATE",
            },
            "maps": {"taxes": {"S 20": "NOR", "S 10": "RED", "Z 0": "EXO"}},
            "wsdl": {"x3": {"source": str(SageX3.services["x3"].source), "address": f"{self.proxy.url}{PATH}"}},
        }

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.x3.invoices

    def make(self, record: Seed) -> Row:
        return self.x3.add_invoice(self.buyer.id, [LINE], DAY, INVNOT=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"INVNOT": record.text})

    def spoil(self, row: Row) -> None:
        self.table.change(row, {"INVDAT": "no day"})

    # ------------------------------------------------------------ the target

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            return self.is_asked(key, self.buyer.values["YREBTIER"])
        return len(self.x3.invoices.where(INVREF=key, SIVTYP=TYPES[kind]))

    def is_write(self, request: Request) -> bool:
        operation = operation_in(request.body)
        return operation in ("save", "modify", "delete") or (operation == "run" and b"YREBPOST" in request.body)

    def is_posting(self, request: Request) -> bool:
        return operation_in(request.body) == "run" and b"YREBPOST" in request.body
