"""The conformance suite's hand on the stand-in for ERPNext."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, sample_by_key
from connectors.spi import TierRequest, WriteKind
from tests.helpers.stand_ins.erpnext import ErpNext
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)


class ErpNextHarness(PresetHarness):
    """Documents are seeded as sales invoices; a seed's text is their remark."""

    preset = "erpnext"

    def __init__(self, erpnext: ErpNext, folder: Path) -> None:
        self.erpnext = erpnext
        super().__init__(erpnext, folder)
        (folder / "secret").write_text(erpnext.api_secret)
        erpnext.add_custom("Sales Invoice", "custom_rebated_key", unique=True)
        erpnext.add_custom("Customer", "custom_rebated_tier")
        erpnext.add_custom("Customer", "custom_rebated_since", "date")
        erpnext.add_custom("Customer", "custom_rebated_accrued", "float")
        self.buyer = erpnext.add_customer("Buyer & Söhne")
        for item in ("REBATE", "SAW-3"):
            erpnext.add_item(item)
        self.taxes = {percent: erpnext.add_tax(percent) for percent in (20, 10)}

    def secrets(self) -> Sequence[str]:
        return [self.erpnext.api_key, self.erpnext.api_secret]

    def own_settings(self) -> Mapping[str, Any]:
        values = {
            "url": self.proxy.url,
            "company": self.erpnext.company,
            "entity": "DE01",
            "time_zone": self.erpnext.zone.key,
            "tier_since": "custom_rebated_since",
            "accrued": "custom_rebated_accrued",
        }
        return {
            "preset": self.preset,
            "auth": {"key": {"file": "key"}, "second": {"file": "secret"}},
            "values": values,
            "maps": {
                "item_tax_templates": {f"S {percent}": template for percent, (_, template) in self.taxes.items()},
                "tax_accounts": {f"S {percent}": account for percent, (account, _) in self.taxes.items()},
            },
        }

    def stream(self) -> str:
        return "documents"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.erpnext.tables["Sales Invoice"]

    def make(self, record: Seed) -> Row:
        line = {"item_code": "SAW-3", "qty": 2, "rate": "100.05", "item_tax_template": self.taxes[20][1]}
        return self.erpnext.add_invoice(self.buyer.id, [line], DAY, remarks=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"remarks": record.text})

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.rows["BAD"] = row = self.make(Seed("BAD"))
        self.table.change(row, {"docstatus": 9})

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return self.buyer.id

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            request = sample_by_key("tier", key, self.buyer.id)
            assert isinstance(request, TierRequest)
            buyer = self.erpnext.tables["Customer"].get(self.buyer.id)
            return int(buyer is not None and buyer.values["custom_rebated_tier"] == request.tier)
        if kind == "account_note":
            return sum(1 for comment in self.erpnext.tables["Comment"] if key in comment.values["content"])
        return len(self.table.where(custom_rebated_key=key))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PUT", "DELETE")

    def is_posting(self, request: Request) -> bool:
        return request.method == "PUT" and b"docstatus" in request.body
