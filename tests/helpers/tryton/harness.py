"""The conformance suite's hand on a real Tryton, reached by the adapter for REST with its preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.conformance import NetworkHarness, Request, Seed, cannot, sample_request
from connectors.crm_rest.adapter import RestAdapter
from connectors.crm_rest.settings import RestSettings
from connectors.declarative.preset import laid_over
from connectors.spi import DocumentRequest, NoteRequest, WriteKind, WriteRequest
from tests.helpers.stand_ins.harness import Named
from tests.helpers.tryton.server import TrytonServer

BUYER = "C-1001"
STAMP = datetime(2026, 3, 1, 10, 0, 0, 400_000, tzinfo=UTC)
READS = ("search_read", "search", "search_count", "get_access", "get_preferences", "fields_get")


def is_write(request: Request) -> bool:
    """Whether a request to Tryton writes: what is posted beside the actions that only read, put and deleted."""
    action = request.path.partition("?")[0].rpartition("/")[2]
    return request.method in ("PUT", "DELETE") or (request.method == "POST" and action not in READS)


def settings_of(server: TrytonServer, url: str = "", **more: Any) -> dict[str, Any]:
    """Settings of a connection to the server, or to it by way of `url`; the key in a file `key`."""
    return {
        "preset": "tryton",
        "auth": {"token": {"file": "key"}},
        "values": {
            "url": url or server.url,
            "database": server.database,
            "company": "Seller GmbH",
            "entity": "DE01",
            "allowances": "4.9.9",
            "receivable": "1.2.1",
        },
        "maps": {"taxes": {f"S {rate}": f"VAT {rate} %" for rate in ("19", "7", "20", "10")}},
        **more,
    }


class TrytonHarness(NetworkHarness):
    """Documents are seeded as copies of one posted invoice; a seed's text is their reference."""

    page_size = 2

    def __init__(self, server: TrytonServer, folder: Path) -> None:
        super().__init__("127.0.0.1", server.port)
        self.server, self.folder = server, folder
        self.ids: dict[str, int] = {}
        self.names: dict[str, str] = {}
        (folder / "key").write_text(server.key)
        (folder / "key").chmod(0o600)
        server.restore()

    @staticmethod
    def prepare(server: TrytonServer) -> None:
        """Leave no documents but one to copy, which is no customer's. `restore` comes back to that."""
        acts = server.acts
        acts.delete(*acts.invoices())
        model = acts.invoice(BUYER, [("TOOL-1", 2, "50"), ("FOOD-1", 1, "5.05")], "2026-01-15")
        acts.sql("update account_invoice set type = 'in' where id = ?", model)
        server.mark()

    def settings(self, **more: Any) -> RestSettings:
        hurry = {
            "http": dict.fromkeys(("connect_timeout", "read_timeout", "total_timeout"), self.patience),
            "longest_request": 1,
            "read": {"documents": {"pages": {"size": self.page_size}}},
        }
        own = settings_of(self.server, self.proxy.url, **hurry)
        return RestSettings.model_validate(laid_over(own, more))

    def build(self, **more: Any) -> Any:
        """The adapter, with these settings over its own."""
        return Named(RestAdapter.build("erp", self.settings(**more), base=self.folder), self.names)

    def stream(self) -> str:
        return "documents"

    def wait(self, seconds: float) -> None:
        """Tryton shows at once what it has committed."""
        self.proxy.settle()

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        good = settings_of(self.server)
        return {
            "throttle.concurrency": {**good, "throttle": {"concurrency": 0}},
            "auth.bearer.token": {**good, "auth": {"token": "secret"}},
            "read.documents.pages": {**good, "read": {"documents": {"pages": {"size": 0}}}},
        }

    def secrets(self) -> Sequence[str]:
        return [self.server.key]

    # ------------------------------------------------------------ the source

    def seed(self, records: Sequence[Seed]) -> None:
        self.server.acts.delete(*self.ids.values())
        self.ids.clear()
        for record in records:
            self.add(record)

    def add(self, record: Seed) -> None:
        self._add(record, datetime.now(UTC))

    def _add(self, record: Seed, at: datetime) -> None:
        invoice = self.server.acts.copy(record.text, at)
        self.ids[record.id] = invoice
        self.names[str(invoice)] = record.id

    def change(self, record: Seed) -> None:
        self.server.acts.refer(self.ids[record.id], record.text)

    def delete(self, record_id: str) -> None:
        self.server.acts.delete(self.ids.pop(record_id))

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed(records)
        self.server.acts.stamp(STAMP, *self.ids.values())
        return STAMP

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        began = datetime.now(UTC)
        try:
            yield
        finally:
            self._add(record, began)

    def add_earlier(self, record: Seed) -> None:
        self._add(record, STAMP - timedelta(hours=1))

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        acts = self.server.acts
        invoice = acts.copy("bad", datetime.now(UTC))
        self.ids["BAD"] = invoice
        acts.fix_tax(invoice)

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return str(self.server.ground["parties"][BUYER])

    def stored(self, kind: WriteKind, key: str) -> int:
        books = self.server.books
        return books.notes(key) if kind == "account_note" else len(books.documents(key))

    def refused(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind, 50, self.account())
        if isinstance(request, DocumentRequest):
            return replace(request, issued=date(2024, 1, 1))  # no fiscal year is open then
        if isinstance(request, NoteRequest):
            return replace(request, account="98765")
        cannot("Tryton is asked for documents and notes only")

    # ------------------------------------------------------------ mishaps

    def is_write(self, request: Request) -> bool:
        return is_write(request)

    def is_posting(self, request: Request) -> bool:
        return request.path.partition("?")[0].endswith("/post")
