"""The conformance suite's hand on the stand-in for Dolibarr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, sample_by_key
from connectors.spi import TierRequest, WriteKind
from tests.helpers.stand_ins.dolibarr import Dolibarr
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)


class DolibarrHarness(PresetHarness):
    """Documents are seeded as invoices; a seed's text is their public note."""

    preset = "dolibarr"

    def __init__(self, dolibarr: Dolibarr, folder: Path) -> None:
        self.dolibarr = dolibarr
        super().__init__(dolibarr, folder)
        dolibarr.attributes = {"rebated_tier": "varchar", "rebated_since": "date", "region": "varchar"}
        self.buyer = dolibarr.add_customer("Buyer & Söhne", country_code="DE")
        self.saw = dolibarr.add_product("SAW-3", "Saw")

    def secrets(self) -> Sequence[str]:
        return [self.dolibarr.key]

    def own_settings(self) -> Mapping[str, Any]:
        values = {
            "url": self.proxy.url,
            "entity": "DE01",
            "time_zone": self.dolibarr.zone.key,
            "tier_since": "rebated_since",
        }
        return {"preset": self.preset, "auth": {"key": {"file": "key"}}, "values": values}

    def stream(self) -> str:
        return "documents"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.dolibarr.invoices

    def make(self, record: Seed) -> Row:
        line = {"subprice": Decimal("100.05"), "qty": Decimal(2), "tva_tx": Decimal(20), "fk_product": int(self.saw.id)}
        return self.dolibarr.add_document(int(self.buyer.id), [line], DAY, note_public=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"note_public": record.text})

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.rows["BAD"] = row = self.make(Seed("BAD"))
        self.table.change(row, {"fk_statut": 9})

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return self.buyer.id

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            request = sample_by_key("tier", key, self.buyer.id)
            assert isinstance(request, TierRequest)
            return int(self.dolibarr.options(self.buyer).get("rebated_tier") == request.tier)
        table = self.dolibarr.events if kind == "account_note" else self.dolibarr.invoices
        return len(table.where(ref_ext=key))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PUT", "DELETE")

    def is_posting(self, request: Request) -> bool:
        return request.path.endswith("/validate")
