"""The conformance suite's hand on a Dolibarr over SOAP, be it the stand-in or a real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.dolibarr_soap import DolibarrSoap
from tests.helpers.stand_ins.soap.base import operation_in
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)
TYPES = {"credit_note": 2, "debit_invoice": 0}


class DolibarrSoapHarness(BuyerHarness):
    """Documents are seeded as invoices; a seed's text is their public note."""

    preset = "dolibarr_soap"

    def __init__(self, dolibarr: DolibarrSoap, folder: Path) -> None:
        self.dolibarr = dolibarr
        super().__init__(dolibarr, folder)
        (folder / "password").write_text(dolibarr.password)
        self.buyer = dolibarr.add_customer("Buyer & Söhne", country_code="DE")
        self.saw = dolibarr.add_product("SAW-3", "Saw")

    def secrets(self) -> Sequence[str]:
        return [self.dolibarr.soap_key, self.dolibarr.password]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "auth": {"key": {"file": "key"}, "password": {"file": "password"}},
            "values": {
                "url": self.proxy.url,
                "login": self.dolibarr.login,
                "entity": "DE01",
                "time_zone": self.dolibarr.zone.key,
            },
            "wsdl": {name: {"source": str(served.source)} for name, served in DolibarrSoap.services.items()},
        }

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.dolibarr.invoices

    def make(self, record: Seed) -> Row:
        line = {"subprice": Decimal("100.05"), "qty": Decimal(2), "tva_tx": Decimal(20), "fk_product": int(self.saw.id)}
        return self.dolibarr.add_document(int(self.buyer.id), [line], DAY, note_public=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"note_public": record.text})

    def spoil(self, row: Row) -> None:
        self.table.change(row, {"fk_statut": 9})

    # ------------------------------------------------------------ the target

    def stored(self, kind: WriteKind, key: str) -> int:
        """Those that stand. A draft that doubled cannot be removed over SOAP, and is none."""
        found = self.dolibarr.invoices.where(ref_ext=key, type=TYPES[kind])
        return sum(row.values["fk_statut"] != 0 for row in found) or min(len(found), 1)

    def is_write(self, request: Request) -> bool:
        return operation_in(request.body) in ("createInvoice", "updateInvoice")

    def is_posting(self, request: Request) -> bool:
        return operation_in(request.body) == "updateInvoice"
