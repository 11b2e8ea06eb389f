"""The conformance suite's hand on Kontor, connected by the text of docs/connectors/rest.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, sample_by_key, sample_request
from connectors.crm_rest.settings import RestSettings
from connectors.declarative.preset import laid_over
from connectors.spi import TierRequest, WriteKind, WriteRequest
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.kontor import Kontor
from tests.helpers.stand_ins.table import Row, Table

PAGE = Path(__file__).parents[3] / "docs" / "connectors" / "rest.md"
_TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def by_hand(*, unique: bool = False) -> dict[str, Any]:
    """The settings of the page; `unique`: with those laid over them that hold where Kontor refuses a second."""
    blocks = [tomllib.loads(text, parse_float=Decimal) for text in _TOML.findall(PAGE.read_text("utf-8"))]
    settings: dict[str, Any] = blocks[0]["connections"]["kontor"]["settings"]
    return laid_over(settings, blocks[1]["settings"]) if unique else settings


class KontorHarness(PresetHarness):
    """Vouchers are seeded as booked invoices; a seed's text is their note."""

    preset = ""

    def __init__(self, kontor: Kontor, folder: Path, over: Mapping[str, Any] | None = None) -> None:
        self.kontor, self._over = kontor, over or {}
        super().__init__(kontor, folder)
        self.buyer = kontor.customers.add({"name": "Buyer & Söhne"})

    def secrets(self) -> Sequence[str]:
        return [self.kontor.key]

    def own_settings(self) -> Mapping[str, Any]:
        own = {"base_url": f"{self.proxy.url}/api", "auth": {"key": {"file": "key"}}}
        return laid_over(laid_over(by_hand(unique=self.kontor.unique_references), self._over), own)

    def settings(self, **more: Any) -> RestSettings:
        hurry = {
            "longest_request": 1,
            "http": dict.fromkeys(("connect_timeout", "read_timeout", "total_timeout"), self.patience),
            "throttle": {"rate": {"per_second": 10_000, "burst": 10_000}},
            "read": {"vouchers": {"pages": {"size": self.page_size}}},
        }
        return RestSettings.model_validate(laid_over(laid_over(self.own_settings(), hurry), more))

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        good = self.own_settings()
        return {
            "auth": laid_over(good, {"auth": {"key": "secret"}}),
            "write.tier.batch.most": laid_over(good, {"write": {"tier": {"batch": {"most": 0}}}}),
            "write.credit_note.remote": laid_over(good, {"write": {"credit_note": {"remote": {"fields": {"x": "y"}}}}}),
        }

    def stream(self) -> str:
        return "vouchers"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.kontor.vouchers

    def make(self, record: Seed) -> Row:
        return self.kontor.add_invoice(self.buyer.id, "100.05", record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"note": record.text})

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.make(Seed("BAD")).values["state"] = "lost"

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return self.buyer.id

    def batch(self, kind: WriteKind, count: int, first: int = 1) -> Sequence[WriteRequest]:
        requests: list[WriteRequest] = []
        for number in range(first, first + count):
            account = self.kontor.customers.add({}).id if kind == "tier" else self.buyer.id
            requests.append(sample_request(kind, number, account))
            if isinstance(requests[-1], TierRequest):
                self._tiers[requests[-1].key] = requests[-1]
        return requests

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            request = self._tiers.get(key) or sample_by_key("tier", key, self.buyer.id)
            assert isinstance(request, TierRequest)
            customer = self.kontor.customers.get(request.account)
            return int(customer is not None and customer.values.get("tier") == request.tier)
        if kind == "account_note":
            return sum(key in row.values["text"] for row in self.kontor.notes)
        if kind == "journal":
            return int(self.kontor.entries.get(key) is not None)
        return sum(key in row.values["reference"] for row in self.kontor.vouchers)

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PUT", "PATCH", "DELETE")

    def is_posting(self, request: Request) -> bool:
        return request.path.endswith("/book")
