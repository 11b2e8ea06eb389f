"""An adapter to the shop, and the harness that tries it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, field_validator

from connectors.conformance import NetworkHarness, Request, Seed, sample_by_key, sample_request, unbalanced
from connectors.spi import (
    AdapterSettings,
    AlreadyExists,
    Capabilities,
    Finding,
    NeedsPerson,
    Page,
    Remote,
    TaxPart,
    TierRequest,
    UnknownOutcome,
    Window,
    WriteKind,
    WriteRefused,
    WriteRequest,
)
from core.documents import BadRecord, RawRecord, RecordKind
from core.errors import ConfigError, FatalError, RebatedError, RetryableError
from tests.unit.conformance.shop import TOKEN, Shop

OVERLAP = timedelta(seconds=5)
STAMP = datetime(2026, 2, 3, 12, 0, 0, 123456, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Settings(AdapterSettings):
    url: str = Field(description="where the shop is")
    token: str = Field(description="what opens it", repr=False)
    patience: float = Field(default=10, description="seconds to wait for the next piece of a reply")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if urlsplit(url).hostname is None:
            raise ValueError("not an address")
        return url


class ShopAdapter:
    """One that conforms. What others do wrong they override."""

    Settings: ClassVar[type[AdapterSettings]] = Settings
    capabilities = Capabilities(
        reads=frozenset({"account"}),
        writes=frozenset({"credit_note", "account_note", "tier"}),
        uniqueness="enforced",
        lookup_lag=0,
        max_request_time=1,
        repeatable=frozenset({"tier"}),
        batches={"credit_note": 3, "account_note": 4, "tier": 4},
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def build(cls, name: str, settings: AdapterSettings, *, base: Path) -> Self:
        assert isinstance(settings, Settings)
        return cls(settings)

    # ---------------------------------------------------------------- the wire

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.token}", "Content-Type": "application/json"}

    def send(self, url: str, method: str, path: str, body: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.settings.patience)
        try:
            connection.request(method, path, body, self.headers())
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, data: Any = None, *, writes: bool = False) -> Any:
        """The JSON of the reply; None where there is no such thing."""
        body = json.dumps(data, default=str).encode() if data is not None else None
        try:
            status, headers, answer = self.send(self.settings.url, method, path, body)
        except ConnectionRefusedError:
            raise RetryableError("the shop is down") from None
        except (OSError, http.client.HTTPException) as error:
            raise self.doubtful(f"{method} failed: {type(error).__name__}", writes=writes) from None
        return self.judge(status, headers, answer, writes=writes)

    def doubtful(self, message: str, *, writes: bool) -> RetryableError:
        return UnknownOutcome(message) if writes else RetryableError(message)

    def judge(self, status: int, headers: Mapping[str, str], answer: bytes, *, writes: bool) -> Any:
        if status in (429, 503):
            raise RetryableError("the shop asks for a break", after=int(headers.get("Retry-After", 0)))
        if status == 401 or 300 <= status < 400:
            raise FatalError(f"the shop answered {status}")
        try:
            data = json.loads(answer)
        except ValueError:
            raise self.doubtful(f"no JSON came, with status {status}", writes=writes) from None
        if status == 404:
            return None
        if status == 409:
            raise AlreadyExists(data["message"])
        if status == 422:
            raise WriteRefused(data["message"])
        if status not in (200, 201):
            raise self.doubtful(f"the shop answered {status}", writes=writes)
        return data

    # ---------------------------------------------------------------- reading

    def check(self) -> Iterator[Finding]:
        try:
            self.ask("GET", "/ping")
        except (RetryableError, FatalError) as error:
            yield Finding("error", "connection", error.message)
        else:
            yield Finding("ok", "connection", "the shop answers")

    def streams(self) -> tuple[str, ...]:
        return ("accounts",)

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        if stream not in self.streams():
            raise ConfigError(f"there is no stream {stream!r}")
        query = {"since": self.since(window, cursor), "until": stamp_of(window.until), "limit": ShopHarness.page_size}
        while rows := self.ask("GET", f"/records?{urlencode(query)}"):
            records, bad = self.records(rows)
            yield Page(tuple(records), tuple(bad), self.cursor(rows[-1], window))
            query |= self.after(rows[-1])

    def since(self, window: Window, cursor: Mapping[str, Any]) -> int:
        """Where to begin: a while before where the last pull ended, for what was committed late."""
        high = cursor.get("high")
        if isinstance(high, int):
            return high - OVERLAP // _MICROSECOND
        return stamp_of(window.since) if window.since is not None else 0

    def cursor(self, last: Mapping[str, Any], window: Window) -> dict[str, Any]:
        return {"high": last["changed"]}

    def after(self, last: Mapping[str, Any]) -> dict[str, Any]:
        return {"after": last["changed"], "after_id": last["id"]}

    def records(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[RawRecord], list[BadRecord]]:
        bad = [
            BadRecord("no_text", f"{row['id']} has no text", dict(row), "account", row["id"])
            for row in rows
            if row["text"] is None
        ]
        return [self.record(row) for row in rows if row["text"] is not None], bad

    def record(self, row: Mapping[str, Any]) -> RawRecord:
        return RawRecord("account", row["id"], {"id": row["id"], "name": row["text"]}, order=row["changed"])

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        row = self.ask("GET", f"/records/{quote(external_id, safe='')}")
        return self.record(row) if row is not None else None

    # ---------------------------------------------------------------- writing

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        if kind in self.capabilities.repeatable:
            return ()
        return tuple(map(remote_of, self.ask("GET", f"/documents?{urlencode({'kind': kind, 'key': key})}")))

    def create(self, request: WriteRequest) -> Remote:
        if request.kind not in self.capabilities.writes:
            raise ConfigError(f"the shop takes no {request.kind}")
        if isinstance(request, TierRequest):
            stands = self.ask("PUT", f"/tiers/{quote(request.account)}", asdict(request), writes=True)
            return Remote(stands["key"], f"tier of {stands['account']}")
        try:
            data = {"kind": request.kind, "key": request.key, "content": asdict(request)}
            created = self.ask("POST", "/documents", data, writes=True)
        except AlreadyExists:
            if not self.look_up(request.kind, request.key):
                raise NeedsPerson(f"the shop holds {request.key} and does not show it") from None
            raise
        return remote_of(created) if created["state"] == "posted" else self.post(request.kind, created["id"])

    def create_many(self, requests: Sequence[WriteRequest]) -> Sequence[Remote | RebatedError]:
        if requests[0].kind == "tier":
            stands = self.ask("POST", "/tiers", [asdict(request) for request in requests], writes=True)
            return [Remote(each["key"], f"tier of {each['account']}") for each in stands]
        data = [{"kind": item.kind, "key": item.key, "content": asdict(item)} for item in requests]
        return [self.one_of_many(*answer) for answer in self.ask("POST", "/documents/many", data, writes=True)]

    def one_of_many(self, status: int, data: Any) -> Remote | RebatedError:
        try:
            made = self.judge(status, {}, json.dumps(data).encode(), writes=True)
            return remote_of(made) if made["state"] == "posted" else self.post(made["kind"], made["id"])
        except RebatedError as error:
            return error

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        posted = self.ask("POST", f"/documents/{remote_id}/post", {}, writes=True)
        if posted is None:
            raise WriteRefused(f"there is no draft {remote_id}")
        return remote_of(posted)

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        self.ask("DELETE", f"/documents/{remote_id}", writes=True)

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        found = self.ask("GET", f"/documents/{quote(remote_id, safe='')}")
        return remote_of(found) if found is not None else None


def stamp_of(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (moment - _EPOCH) // _MICROSECOND


def remote_of(data: Mapping[str, Any]) -> Remote:
    """A document as the shop shows it."""
    content = data["content"]
    if data["kind"] != "credit_note":
        return Remote(data["key"], data["id"], state=data["state"])
    return Remote(
        data["key"],
        data["id"],
        state=data["state"],
        account=content["account"],
        currency=content["currency"],
        net=content["net"],
        tax=content["tax"],
        taxes=tuple(TaxPart(*part) for part in content["taxes"]),
        line_count=len(content["lines"]),
    )


class ShopHarness(NetworkHarness):
    """Tries an adapter of the given class against the shop."""

    repeats = True

    def __init__(self, shop: Shop, port: int, adapter: type[ShopAdapter] = ShopAdapter) -> None:
        super().__init__("127.0.0.1", port)
        self.shop, self.adapter = shop, adapter
        self.asked: dict[str, WriteRequest] = {}

    def build(self) -> ShopAdapter:
        return self.adapter.build(
            "shop", Settings(url=self.proxy.url, token=TOKEN, patience=self.patience), base=Path()
        )

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        return {"url": {"url": "nowhere", "token": TOKEN}, "token": {"url": self.proxy.url}}

    def secrets(self) -> Sequence[str]:
        return [TOKEN]

    def now(self) -> datetime:
        time.sleep(0.001)  # its stamps are microseconds of this clock
        moment = datetime.now(UTC)
        time.sleep(0.001)
        return moment

    def seed(self, records: Sequence[Seed]) -> None:
        self.shop.records.clear()
        for record in records:
            self.add(record)

    def add(self, record: Seed) -> None:
        self.shop.put(record.id, record.text)

    change = add

    def delete(self, record_id: str) -> None:
        del self.shop.records[record_id]

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        self.seed([])
        for record in records:
            self.shop.put(record.id, record.text, stamp_of(STAMP))
        return STAMP

    def add_earlier(self, record: Seed) -> None:
        self.shop.put(record.id, record.text, stamp_of(STAMP - timedelta(hours=1)))

    @contextmanager
    def commits_late(self, record: Seed) -> Iterator[None]:
        begun = stamp_of(self.now())
        yield
        self.shop.put(record.id, record.text, begun)

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records[:1])
        self.shop.put("BAD", None)
        for record in records[1:]:
            self.add(record)

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind != "tier":
            return len(self.shop.find(kind, key))
        asked = self.asked.get(key) or sample_by_key(kind, key)
        assert isinstance(asked, TierRequest)
        return int(self.shop.tiers.get(asked.account, {}).get("tier") == asked.tier)

    def batch(self, kind: WriteKind, count: int, first: int = 1) -> Sequence[WriteRequest]:
        made = [sample_request(kind, number, f"C-{number}") for number in range(first, first + count)]
        self.asked |= {request.key: request for request in made}
        return made

    def refused(self, kind: WriteKind) -> WriteRequest:
        return unbalanced(sample_request(kind))

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind)
        self.shop.taken.add(request.key)
        return request

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PUT")

    def is_posting(self, request: Request) -> bool:
        return request.method == "POST" and request.path.endswith("/post")
