"""The conformance suite's hand on a stand-in, through a preset: what the vendors have in common.

A subclass names the preset and says how a record of the stream under test is made, how documents are counted, and
which requests write. Records are kept in a `Table`; the account documents are written for stands in it only after it
was asked for.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.conformance import (
    AdapterConformance,
    NetworkHarness,
    Request,
    Seed,
    cannot,
    sample_by_key,
    sample_request,
    unbalanced,
)
from connectors.crm_rest.adapter import RestAdapter
from connectors.declarative.adapter import DeclarativeAdapter
from connectors.declarative.preset import adapters, laid_over, preset
from connectors.declarative.settings import DeclarativeSettings
from connectors.spi import Adapter, Page, TierRequest, WriteKind, WriteRequest
from core.documents import RawRecord
from tests.helpers.stand_ins.base import StandIn
from tests.helpers.stand_ins.table import Row, Table

STAMP = datetime(2026, 3, 1, 10, tzinfo=UTC)
"""The change stamp of records that have one in common: a whole second, as the coarsest of the vendors keep it."""

FAST = (
    "reset_before",
    "reply_lost",
    "truncated",
    "late",
    "twice_together",
    "503_after",
    "429_before",
    "200_html_after",
)
"""Faults that stand for the others where not all are tried."""


class FastConformance(AdapterConformance):
    """The suite with the faults that stand for the others."""

    @pytest.mark.parametrize("fault", FAST)
    def test_one_fault_ends_with_one_document(self, harness: Any, kind: WriteKind, fault: str) -> None:
        super().test_one_fault_ends_with_one_document(harness, kind, fault)

    @pytest.mark.parametrize("fault", FAST)
    def test_one_fault_of_a_batch_ends_with_one_of_each(
        self, harness: Any, batched: WriteKind, size: int, fault: str
    ) -> None:
        super().test_one_fault_of_a_batch_ends_with_one_of_each(harness, batched, size, fault)


class HurriedClock:
    """The clock of this machine, on which waiting takes no time: it is put forward instead."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class Named:
    """The adapter, with records under the names the suite gave them; the vendor gives them ids of its own."""

    def __init__(self, adapter: DeclarativeAdapter, names: Mapping[str, str]) -> None:
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


class PresetHarness(NetworkHarness):
    """A preset on a stand-in that listens. `folder` is where its secrets are kept. `more`: settings of one test."""

    preset: ClassVar[str]
    page_size = 2

    def __init__(self, stand_in: StandIn, folder: Path) -> None:
        super().__init__("127.0.0.1", stand_in.port)
        self.stand_in, self.folder = stand_in, folder
        self.clock = HurriedClock()
        self.rows: dict[str, Row] = {}
        self.names: dict[str, str] = {}
        self._account: Row | None = None
        self._settings: dict[tuple[float, str], DeclarativeSettings] = {}
        self.more: dict[str, Any] = {}
        self._tiers: dict[str, TierRequest] = {}
        (folder / "key").write_text(self.secrets()[0])

    # ------------------------------------------------------------ for subclasses

    @abstractmethod
    def own_settings(self) -> Mapping[str, Any]:
        """What a customer would write: the secret is in the file `key`, the server is `self.proxy.url`."""

    @property
    @abstractmethod
    def table(self) -> Table:
        """The records of the stream under test."""

    @abstractmethod
    def make(self, record: Seed) -> Row:
        """Put a record into the table. Its text must change something that is read."""

    @abstractmethod
    def alter(self, row: Row, record: Seed) -> None:
        """Give the record another text."""

    def touch(self, row: Row, at: datetime) -> None:
        """Say that the record was made and changed then."""
        self.table.touch(row, at)

    def is_posting(self, request: Request) -> bool:
        """Nothing is posted in a second step, where not overridden."""
        return False

    # ------------------------------------------------------------ the adapter

    @property
    def adapter_class(self) -> type[DeclarativeAdapter]:
        """The adapter that speaks what the preset's system speaks."""
        if adapters().get(self.preset, "crm_rest") == "crm_rest":
            return RestAdapter
        from connectors.soap_erp.adapter import SoapAdapter  # it takes its time

        return SoapAdapter

    def settings(self, **more: Any) -> DeclarativeSettings:
        """The settings of a customer, in a hurry: small pages, no limits."""
        below = preset(self.preset)
        hurry: dict[str, Any] = {
            "preset": self.preset,
            "longest_request": 1,
            "http": dict.fromkeys(("connect_timeout", "read_timeout", "total_timeout"), self.patience),
            "throttle": {
                "rate": {"per_second": 10_000, "burst": 10_000},
                "routes": {name: {"per_second": 10_000, "burst": 10_000} for name in _routes(below)},
                "per_day": 1_000_000,
            },
            "read": {
                name: {"pages": {"size": self.page_size}}
                for name, stream in below.get("read", {}).items()
                if stream.get("pages", {}).get("kind", "none") != "none"
            },
            "write": {
                kind: {"lookup_lag": 0} for kind, write in below.get("write", {}).items() if not write.get("off")
            },
        }
        settings: Any = self.adapter_class.Settings.model_validate(
            laid_over(laid_over(hurry, self.own_settings()), more)
        )
        return settings  # type: ignore[no-any-return]

    def build(self) -> Adapter:
        asked = (self.patience, repr(self.more))
        if asked not in self._settings:
            self._settings[asked] = self.settings(**self.more)
        settings = self._settings[asked]
        adapter: Any = Named(self.adapter_class("system", settings, self.folder, clock=self.clock), self.names)
        return adapter  # type: ignore[no-any-return]

    def now(self) -> datetime:
        return self.stand_in.boundary()

    def wait(self, seconds: float) -> None:
        """Both clocks are put forward."""
        self.proxy.settle()
        self.clock.sleep(seconds)
        self.stand_in.clock.advance(timedelta(seconds=seconds))

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        good = {"preset": self.preset, **self.own_settings()}
        return {
            "throttle.concurrency": {**good, "throttle": {"concurrency": 0}},
            "nesting": {**good, "nesting": 1},
            "auth": {**good, "auth": {"kind": "no such kind"}},
        }

    # ------------------------------------------------------------ the source

    def seed(self, records: Sequence[Seed]) -> None:
        with self.stand_in.lock:
            self.table.clear()
            self.rows.clear()
            self._account = None
            for record in records:
                self.add(record)

    def add(self, record: Seed) -> None:
        with self.stand_in.lock:
            row = self.rows[record.id] = self.make(record)
            self.names[row.id] = record.id

    def change(self, record: Seed) -> None:
        with self.stand_in.lock:
            self.alter(self.rows[record.id], record)

    def delete(self, record_id: str) -> None:
        with self.stand_in.lock:
            self.table.delete(self.rows.pop(record_id))

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed(records)
        for row in self.rows.values():
            self.touch(row, STAMP)
        return STAMP

    def add_earlier(self, record: Seed) -> None:
        self.add(record)
        self.touch(self.rows[record.id], STAMP - timedelta(hours=1))

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        with self.stand_in.lock:
            self.add(record)
            self.rows[record.id].hidden = True
        try:
            yield
        finally:
            self.rows[record.id].hidden = False

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        with self.stand_in.lock:
            if self._account is None or self._account.deleted:
                self._account = self.make(Seed("ACCOUNT"))
            return self._account.id

    def batch(self, kind: WriteKind, count: int, first: int = 1) -> Sequence[WriteRequest]:
        """Tiers are each for an account of its own."""
        if kind != "tier":
            return super().batch(kind, count, first)
        requests = []
        for number in range(first, first + count):
            request = sample_request(kind, number, self.make(Seed(f"ACCOUNT-{number}")).id)
            assert isinstance(request, TierRequest)
            self._tiers[request.key] = request
            requests.append(request)
        return requests

    def batch_with_bad_item(self, kind: WriteKind) -> tuple[Sequence[WriteRequest], WriteRequest]:
        return self.batch(kind, 2, first=2), self.refused(kind)

    def tier_stored(self, key: str, value: Callable[[Row], Any]) -> int:
        """1 where the account has the tier that was asked for under the key; `value` reads it from the account."""
        request = self._tiers.get(key) or sample_by_key("tier", key, self.account())
        assert isinstance(request, TierRequest)
        row = self.table.get(request.account)
        return int(row is not None and value(row) == request.tier)

    def refused(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind, 50, self.account())
        return unbalanced(request) if kind == "journal" else replace(request, account="98765")  # type: ignore[call-arg]

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        cannot("nobody can take the key off a document and leave it taken")


def _routes(below: Mapping[str, Any]) -> Sequence[str]:
    return list(below.get("throttle", {}).get("routes", {}))
