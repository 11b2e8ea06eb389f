"""The conformance suite's hand on the stand-in for Magento 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.magento1 import Magento
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, operation_in
from tests.helpers.stand_ins.table import Row, Table

_STATES = ("1", "2")


class MagentoHarness(BuyerHarness):
    """Documents are seeded as invoices; a seed's text decides whether one is paid."""

    preset = "magento1"

    def __init__(self, magento: Magento, folder: Path) -> None:
        self.magento = magento
        super().__init__(magento, folder)
        self.buyer = magento.add_customer("Buyer & Söhne", taxvat="DE123456789")
        self.order = magento.add_order(self.buyer.id, [{"sku": "SAW-3", "name": "Saw", "price": "100.05", "qty": 2}])

    def secrets(self) -> Sequence[str]:
        return [self.magento.key]

    def own_settings(self) -> Mapping[str, Any]:
        path = self.magento.services["api"].path
        return {
            "preset": self.preset,
            "auth": {"user": self.magento.user, "password": {"file": "key"}},
            "values": {
                "url": f"{self.proxy.url}{path}",
                "wsdl": str(WSDL_FOLDER / "magento1.wsdl"),
                "entity": "DE01",
            },
        }

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.magento.invoices

    def make(self, record: Seed) -> Row:
        return self.magento.add_invoice(self.order, state=_STATES[record.text == "second"])

    def add(self, record: Seed) -> None:
        with self.stand_in.lock:
            row = self.rows[record.id] = self.make(record)
            self.names[row.values["increment_id"]] = record.id

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"state": _STATES[record.text == "second"]})

    def spoil(self, row: Row) -> None:
        self.table.change(row, {"state": "9"})

    # ------------------------------------------------------------ the target

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            return self.is_asked(key, self.magento.groups[int(self.buyer.values["group_id"])])
        comments = [each["comment"] for order in self.magento.orders for each in order.values["history"]]
        return sum(key in comment for comment in comments)

    def is_write(self, request: Request) -> bool:
        return operation_in(request.body) in ("salesOrderAddComment", "customerCustomerUpdate")
