"""The conformance suite's hand on Faktura, connected by the text of docs/connectors/soap.md."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.conformance import NetworkHarness, Request, Seed, cannot, sample_by_key, sample_request
from connectors.declarative.preset import laid_over
from connectors.soap_erp.adapter import SoapAdapter
from connectors.soap_erp.settings import SoapSettings
from connectors.spi import TierRequest, WriteKind, WriteRequest
from tests.helpers.spyne_erp.ledger import TOKEN
from tests.helpers.spyne_erp.messages import is_write, operation_of
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.settings import by_hand, put_beside, settings_of
from tests.helpers.spyne_erp.store import microseconds
from tests.helpers.stand_ins.harness import HurriedClock, Named

BUYER = "C-1001"
STAMP = datetime(2026, 3, 1, 10, tzinfo=UTC)
Over = Callable[[dict[str, Any]], dict[str, Any]]
QUICK = {"per_second": 10_000, "burst": 10_000}


class FakturaHarness(NetworkHarness):
    """Documents are seeded as posted invoices; a seed's text is theirs. `over` changes what the page says."""

    page_size = 2

    def __init__(self, server: Faktura, wsdl: bytes, folder: Path, over: Over | None = None) -> None:
        super().__init__("127.0.0.1", server.port)
        self.server, self.folder, self._over = server, folder, over or (lambda settings: settings)
        self.clock = HurriedClock()
        self.ids: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self._settings: dict[float, SoapSettings] = {}
        self._tiers: dict[str, TierRequest] = {}
        put_beside(folder, wsdl)
        server.restore()

    @staticmethod
    def prepare(server: Faktura) -> None:
        """Leave a customer and nothing else. `restore` comes back to that."""
        server.ledger.add_customer(BUYER, "Buyer & Söhne")
        server.mark()

    def own_settings(self) -> dict[str, Any]:
        """As a customer would write them; debit invoices are written as credit notes are."""
        debit = {"write": {"debit_invoice": by_hand()["write"]["credit_note"]}}
        return self._over(copy.deepcopy(settings_of(self.proxy.url, **debit)))

    def settings(self) -> SoapSettings:
        """In a hurry: small pages, no limits."""
        own = self.own_settings()
        hurry = {
            "http": dict.fromkeys(("connect_timeout", "read_timeout", "total_timeout"), self.patience),
            "longest_request": 1,
            "throttle": {"rate": QUICK},
            "read": {name: {"pages": {"size": self.page_size}} for name in own["read"]},
        }
        return SoapSettings.model_validate(laid_over(own, hurry))

    def build(self) -> Any:
        if self.patience not in self._settings:
            self._settings[self.patience] = self.settings()
        adapter = SoapAdapter("erp", self._settings[self.patience], self.folder, clock=self.clock)
        return Named(adapter, self.names)

    def stream(self) -> str:
        return "documents"

    def wait(self, seconds: float) -> None:
        """Faktura shows at once what it has committed."""
        self.proxy.settle()
        self.clock.sleep(seconds)

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        good = self.own_settings()
        return {
            "throttle.concurrency": laid_over(good, {"throttle": {"concurrency": 0}}),
            "auth": laid_over(good, {"auth": {"password": "secret"}}),
            "read.documents.request": laid_over(good, {"read": {"documents": {"request": {"operation": ""}}}}),
            "write.credit_note.remote": laid_over(good, {"write": {"credit_note": {"remote": {"fields": {"x": "y"}}}}}),
        }

    def secrets(self) -> Sequence[str]:
        return [self.server.password, TOKEN]

    # ------------------------------------------------------------ the source

    def seed(self, records: Sequence[Seed]) -> None:
        self.server.ledger.remove(*self.ids.values())
        self.ids.clear()
        for record in records:
            self.add(record)

    def add(self, record: Seed) -> None:
        lines = [("Tools", "100.00", "V20"), ("Food", "5.05", "V10")]
        document = self.server.ledger.invoice(BUYER, lines, "2026-01-15", text=record.text)
        self.ids[record.id] = document
        self.names[str(document)] = record.id

    def change(self, record: Seed) -> None:
        self.server.ledger.change(self.ids[record.id], text=record.text)

    def delete(self, record_id: str) -> None:
        self.server.ledger.remove(self.ids.pop(record_id))

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed(records)
        for document in self.ids.values():
            self.server.ledger.change(document, changed=microseconds(STAMP))
        return STAMP

    def add_earlier(self, record: Seed) -> None:
        self.add(record)
        self.server.ledger.change(self.ids[record.id], changed=microseconds(STAMP - timedelta(hours=1)))

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        began = datetime.now(UTC)
        try:
            yield
        finally:
            self.add(record)
            self.server.ledger.change(self.ids[record.id], changed=microseconds(began))

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.add(Seed("BAD"))
        self.server.ledger.change(self.ids["BAD"], state="lost")

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return BUYER

    def batch(self, kind: WriteKind, count: int, first: int = 1) -> Sequence[WriteRequest]:
        """Tiers are each for a customer of its own."""
        if kind != "tier":
            return super().batch(kind, count, first)
        requests = []
        for number in range(first, first + count):
            self.server.ledger.add_customer(f"C-{5000 + number}")
            request = sample_request(kind, number, f"C-{5000 + number}")
            assert isinstance(request, TierRequest)
            self._tiers[request.key] = request
            requests.append(request)
        return requests

    def batch_with_bad_item(self, kind: WriteKind) -> tuple[Sequence[WriteRequest], WriteRequest]:
        return self.batch(kind, 2, first=2), self.refused(kind)

    def stored(self, kind: WriteKind, key: str) -> int:
        books = self.server.books
        if kind == "tier":
            request = self._tiers.get(key) or sample_by_key("tier", key, BUYER)
            assert isinstance(request, TierRequest)
            return int(books.tier(request.account) == request.tier)
        return books.notes(key) if kind == "account_note" else len(books.documents(key))

    def refused(self, kind: WriteKind) -> WriteRequest:
        return replace(sample_request(kind, 50, BUYER), account="98765")  # type: ignore[call-arg]

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        cannot("nobody can take the key off a document and leave it taken")

    # ------------------------------------------------------------ mishaps

    def is_write(self, request: Request) -> bool:
        return is_write(request)

    def is_posting(self, request: Request) -> bool:
        return operation_of(request) == "PostDocument"
