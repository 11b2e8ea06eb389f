"""The conformance suite's hand on the stand-in for Odoo."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.conformance import NetworkHarness, Request, Seed, cannot, sample_by_key, sample_request, unbalanced
from connectors.odoo.adapter import OdooAdapter
from connectors.odoo.client import OdooClient
from connectors.odoo.settings import OdooSettings
from connectors.spi import Page, TierRequest, WriteKind, WriteRequest
from core.documents import RawRecord
from tests.helpers.odoo_campaign import is_write
from tests.helpers.odoo_server import OdooServer

DAY = "2026-01-15"
STAMP = datetime(2026, 3, 1, 10, 0, 0, 400_000)  # noqa: DTZ001 - as the database keeps it: UTC, without saying so


class Named:
    """The adapter, with documents under the names the suite gave them; Odoo gives them ids of its own."""

    def __init__(self, adapter: OdooAdapter, names: Mapping[str, str]) -> None:
        self._adapter, self._names = adapter, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def pull(self, *args: Any) -> Iterator[Page]:
        for page in self._adapter.pull(*args):
            yield replace(
                page,
                records=tuple(map(self._record, page.records)),
                bad=tuple(replace(bad, external_id=self._name(bad.external_id or "")) for bad in page.bad),
                seen=frozenset(map(self._name, page.seen)),
            )

    def _record(self, record: RawRecord) -> RawRecord:
        return replace(record, external_id=self._name(record.external_id))

    def _name(self, external_id: str) -> str:
        return self._names.get(external_id, external_id)


@dataclass(slots=True)
class Setting:
    """A server prepared for the suite: its buyer, and accounts and taxes of the sample requests."""

    server: OdooServer
    buyer: int

    @classmethod
    def of(cls, server: OdooServer) -> Setting:
        with server.batch():
            buyer = server.add_partner("Buyer & Söhne", country_id=57, customer_rank=1)
            for percent in (20, 10):
                server.add_tax(f"{percent}%", percent)
            for code, kind in (("6100", "expense"), ("3100", "liability_current")):
                if server.version >= (16, 0):
                    server.create("account.account", code=code, name=code, account_type=kind)
                else:
                    own = server.create("account.account.type", name=kind)
                    server.create("account.account", code=code, name=code, user_type_id=own, company_id=1)
        return cls(server, buyer)


class OdooHarness(NetworkHarness):
    """Documents are seeded as invoices; a seed's text is their reference."""

    page_size = 2

    def __init__(self, server: OdooServer, folder: Path, protocol: str) -> None:
        super().__init__("127.0.0.1", server.port)
        self.server, self.folder, self.protocol = server, folder, protocol
        self.setting = Setting.of(server)
        self.ids: dict[str, int] = {}
        self.names: dict[str, str] = {}
        (folder / "key").write_text(server.key)

    def settings(self, **more: Any) -> OdooSettings:
        return OdooSettings.model_validate(
            {
                "url": self.proxy.url,
                "database": self.server.database,
                "login": self.server.login,
                "api_key": {"file": "key"},
                "protocol": self.protocol,
                "longest_request": 1,
                "http": {
                    "connect_timeout": self.patience,
                    "read_timeout": self.patience,
                    "total_timeout": self.patience,
                },
                "read": {"batch": self.page_size},
                **more,
            }
        )

    def build(self) -> Any:
        return Named(OdooAdapter.build("erp", self.settings(), base=self.folder), self.names)

    def now(self) -> datetime:
        """A whole second: Odoo cuts its stamps to seconds. The server's clock is put forward to it."""
        moment = self.server.now().replace(microsecond=0) + timedelta(seconds=1)
        self.server.advance((moment - self.server.now()).total_seconds())
        self.server.advance(1)
        return moment.replace(tzinfo=UTC)

    def stream(self) -> str:
        return "documents"

    def wait(self, seconds: float) -> None:
        """The stand-in shows at once what it has committed."""
        self.proxy.settle()

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        good: dict[str, Any] = {"url": "https://erp.example.com", "database": "x", "api_key": {"env": "KEY"}}
        return {
            "url": {**good, "url": "erp.example.com"},
            "api_key": {**good, "api_key": "secret"},
            "protocol": {**good, "protocol": "json3"},
            "read.batch": {**good, "read": {"batch": 0}},
            "write.tax_ids": {**good, "write": {"tax_ids": {"19": 1}}},
            "write.fields.tier": {**good, "write": {"fields": {"tier": "comment"}}},
        }

    def secrets(self) -> Sequence[str]:
        return [self.server.key]

    # ------------------------------------------------------------ the source

    def seed(self, records: Sequence[Seed]) -> None:
        with self.server.batch():
            for move in self.ids.values():
                with suppress(Exception):
                    self.server.delete(move)
            self.ids.clear()
            for record in records:
                self.add(record)

    def add(self, record: Seed) -> None:
        self._named(record, self.server.add_invoice(self.setting.buyer, (100, 5.05), DAY, ref=record.text))

    def _named(self, record: Seed, move: int) -> None:
        self.ids[record.id] = move
        self.names[str(move)] = record.id

    def change(self, record: Seed) -> None:
        self.server.write("account.move", self.ids[record.id], ref=record.text)

    def delete(self, record_id: str) -> None:
        self.server.delete(self.ids.pop(record_id))

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed(records)
        self.server.touch("account.move", *self.ids.values(), at=str(STAMP))
        return STAMP.replace(tzinfo=UTC)

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        other = self.server.add_partner("Late", country_id=57)  # posting holds on to the partner meanwhile
        move = self.server.add_invoice(other, (100,), DAY, ref=record.text, post=False)
        self._named(record, move)
        late = self.server.late_commit("account.move", "action_post")
        settings = self.settings(url=self.server.url, http={})
        client = OdooClient(settings, base=self.folder)
        poster = threading.Thread(
            target=lambda: client.call("account.move", "action_post", ids=[move], writes=True), daemon=True
        )
        poster.start()
        late.wait_started()
        try:
            yield
        finally:
            late.release()
            poster.join()

    def add_earlier(self, record: Seed) -> None:
        self.add(record)
        self.server.touch("account.move", self.ids[record.id], at=str(STAMP - timedelta(hours=1)))

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        fixed = self.server.add_tax("Eco fee", 2, amount_type="fixed")
        line = {"name": "Fridge", "price_unit": 100.0, "tax_ids": [fixed]}
        self.ids["BAD"] = self.server.add_invoice(self.setting.buyer, [line], DAY)

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        return str(self.setting.buyer)

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return len(self.server.notes_with(key))
        if kind == "tier":
            request = sample_by_key("tier", key, self.account())
            assert isinstance(request, TierRequest)
            return int(self.tags() == [f"conformance: {request.tier}"])
        return len(self.server.documents_with(key))

    def tags(self) -> list[str]:
        """The buyer's tags below ours."""
        partner = self.server.record("res.partner", self.setting.buyer)
        assert partner is not None
        found = [self.server.record("res.partner.category", tag) for tag in partner["category_id"] or ()]
        return sorted(tag["name"] for tag in found if tag is not None and tag["parent_id"])

    def refused(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind, 50, self.account())
        if kind == "journal":
            return unbalanced(request)
        return replace(request, account="98765")  # type: ignore[call-arg]

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        if kind in ("account_note", "tier"):
            cannot("people cannot take the key off a note")
        request = sample_request(kind, 60, self.account())
        remote = self.build().create(request)
        self.server.write("account.move", int(remote.remote_id), ref="somebody tidied up here")
        return request

    # ------------------------------------------------------------ mishaps

    def is_write(self, request: Request) -> bool:
        return is_write(request)

    def is_posting(self, request: Request) -> bool:
        return b"action_post" in request.body or request.path.endswith("/action_post")
