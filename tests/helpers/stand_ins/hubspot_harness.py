"""The conformance suite's hand on the stand-in for HubSpot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.hubspot import HubSpot
from tests.helpers.stand_ins.table import Row, Table

_WRITES = re.compile(r"/crm/objects/[\d-]+/(notes|companies)(/batch/(create|update)|/\d+)?")


def prepared(hubspot: HubSpot) -> HubSpot:
    """What an administrator adds before the preset is used."""
    for name, type in (
        ("erp_customer_number", "string"),
        ("vat_number", "string"),
        ("rebated_tier", "string"),
        ("rebated_tier_since", "date"),
        ("rebated_tier_until", "date"),
        ("rebated_progress", "number"),
        ("rebated_to_next", "number"),
        ("rebated_accrued", "number"),
        ("rebated_paid", "number"),
    ):
        hubspot.add_property("companies", name, type)
    hubspot.add_property("notes", "rebated_key", unique=True)
    return hubspot


class HubSpotHarness(PresetHarness):
    """Companies are the records; a seed's text is the domain."""

    preset = "hubspot"

    def __init__(self, hubspot: HubSpot, folder: Path) -> None:
        self.hubspot = prepared(hubspot)
        super().__init__(hubspot, folder)

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "base_url": self.proxy.url,
            "auth": {"token": {"file": "key"}},
            "values": {"vat_number": "vat_number"},
        }

    def secrets(self) -> Sequence[str]:
        return [self.hubspot.token]

    @property
    def table(self) -> Table:
        return self.hubspot.tables["companies"]

    def make(self, record: Seed) -> Row:
        number = f"C-{record.id}"
        return self.hubspot.add_company(
            name=f"Company {record.id}", domain=f"{record.text}.example.com", erp_customer_number=number
        )

    def alter(self, row: Row, record: Seed) -> None:
        self.hubspot.change("companies", row, domain=f"{record.text}.example.com")

    def touch(self, row: Row, at: datetime) -> None:
        self.hubspot.touch("companies", row, at)

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return len(self.hubspot.tables["notes"].where(rebated_key=key))
        return self.tier_stored(key, lambda row: row.values.get("rebated_tier"))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PATCH") and _WRITES.fullmatch(request.path.partition("?")[0]) is not None
