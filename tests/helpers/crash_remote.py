"""A remote that survives the death of who writes to it: documents in a SQLite file, reached by an adapter of its own.

It can keep documents apart by key (`enforced`), take drafts first (`draft_first`), or neither (`searched`, `none`).
Some replies get lost after the commit, some requests take effect only later, as its clock says. Which ones follows
from the seed, the key and how often the key was tried, so that a run can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

import connectors.registry
from connectors.spi import (
    AdapterSettings,
    AlreadyExists,
    Capabilities,
    DocumentRequest,
    Finding,
    Page,
    Remote,
    TaxPart,
    UnknownOutcome,
    Window,
    WriteKind,
    WriteRefused,
    WriteRequest,
)
from core.documents import RawRecord, RecordKind
from core.errors import RebatedError, RetryableError
from core.ledger import columns

SCHEMA = """
create table if not exists document (
    id integer primary key, kind text, key text, state text, content text, applies real, seen real
);
create table if not exists attempt (key text);
create table if not exists keys (key text primary key);
"""
MAX_REQUEST_TIME, LOOKUP_LAG = 30, 5
WRITES: frozenset[WriteKind] = frozenset(("credit_note", "account_note", "tier"))
passing: Callable[[str], None] = lambda name: None  # noqa: E731 - set by the process that is to be killed


class Settings(AdapterSettings):
    """`mishaps` is the share of requests, in percent, whose reply is lost or which take effect late."""

    file: Path = Field(description="the SQLite file")
    uniqueness: Literal["enforced", "draft_first", "searched", "none"] = Field(
        default="enforced", description="how keys are kept"
    )
    batch: int = Field(default=0, description="how many it takes with one request; 0 for one at a time")
    seed: int = Field(default=0, description="which requests meet with mishaps")
    mishaps: int = Field(default=0, description="their share in percent")
    late: bool = Field(default=False, description="whether the first request for each key takes effect late")
    refuse: tuple[str, ...] = Field(default=(), description="accounts nothing is taken for")
    down: bool = Field(default=False, description="whether it cannot be reached")


class FakeRemote:
    """The adapter. Holds no state; every call is one connection to the file."""

    Settings: ClassVar[type[AdapterSettings]] = Settings
    capabilities: Capabilities

    def __init__(self, settings: Settings, base: Path) -> None:
        self._file, self._settings = base / settings.file, settings
        self._lag = LOOKUP_LAG if settings.mishaps or settings.late else 0
        self.capabilities = Capabilities(
            frozenset(),
            WRITES,
            settings.uniqueness,
            self._lag,
            MAX_REQUEST_TIME,
            batches=dict.fromkeys(WRITES, settings.batch) if settings.batch else {},
        )

    @classmethod
    def build(cls, name: str, settings: AdapterSettings, *, base: Path) -> Self:
        assert isinstance(settings, Settings)
        return cls(settings, base)

    def check(self) -> Iterator[Finding]:
        yield Finding("ok", "file", str(self._file))

    def streams(self) -> tuple[str, ...]:
        return ()

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        return iter(())

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        raise NotImplementedError

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        with self._open() as database:
            rows = database.execute(
                "select id, state, content from document where kind = ? and key = ? and seen <= ? order by id",
                (kind, key, _now()),
            ).fetchall()
        return tuple(_remote(*row) for row in rows)

    def create(self, request: WriteRequest) -> Remote:
        passing(f"remote {request.kind}: before")
        if request.account in self._settings.refuse:  # type: ignore[union-attr]
            raise WriteRefused(f"the account {request.account} is blocked")  # type: ignore[union-attr]
        mishap = self._mishap(request.key)
        remote = self._written(request, mishap)
        passing(f"remote {request.kind}: {'on its way' if mishap == 'late' else 'carried out'}")
        if mishap:
            raise UnknownOutcome("the reply was lost")
        return remote

    def create_many(self, requests: Sequence[WriteRequest]) -> list[Remote | RebatedError]:
        kind = requests[0].kind
        assert len(requests) <= self.capabilities.batches[kind] and {request.kind for request in requests} == {kind}
        with self._open():  # as a whole it fails only where it cannot be reached
            passing(f"remote {kind}: several")
        results: list[Remote | RebatedError] = []
        for request in requests:
            try:
                results.append(self.create(request))
            except RebatedError as error:
                results.append(error)
        return results

    def _written(self, request: WriteRequest, mishap: str) -> Remote:
        content = _content(request)
        late = _now() + MAX_REQUEST_TIME - 2 if mishap == "late" else 0.0
        with self._open() as database:
            if self._settings.uniqueness == "enforced":
                try:
                    database.execute("insert into keys values (?)", (request.key,))
                except sqlite3.IntegrityError:
                    raise AlreadyExists(f"{request.key} is taken") from None
            if self._settings.uniqueness != "draft_first":
                return self._insert(database, request, "posted", content, late)
            made = self._insert(database, request, "draft", content, late)
        if late:
            passing(f"remote {request.kind}: on its way")
            raise UnknownOutcome("the reply was lost")
        passing(f"remote {request.kind}: draft made")
        return self._posted(request.key, made.remote_id)

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        draft = self.read_back(kind, remote_id)
        if draft is None:
            raise WriteRefused(f"there is no draft {remote_id}")
        return draft if draft.state == "posted" else self._posted(draft.key, remote_id)

    def _posted(self, key: str, own: str) -> Remote:
        """Post the lowest draft with a key and discard the others; a posted one stays the only one."""
        with self._open() as database:
            rows = self._rows(database, key)
            posted = [number for number, state, _ in rows if state == "posted"]
            chosen = posted[0] if posted else rows[0][0]
            database.execute("delete from document where key = ? and state = 'draft' and id <> ?", (key, chosen))
            database.execute("update document set state = 'posted' where id = ?", (chosen,))
            if posted:
                raise AlreadyExists(f"{key} is posted; the draft {own} was discarded")
            return _remote(chosen, "posted", rows[0][2])

    def _insert(
        self, database: sqlite3.Connection, request: WriteRequest, state: str, content: str, late: float
    ) -> Remote:
        seen = max(late, _now()) + max(0, self._lag - 1)
        number = database.execute(
            "insert into document (kind, key, state, content, applies, seen) values (?, ?, ?, ?, ?, ?)",
            (request.kind, request.key, state, content, late, seen),
        ).lastrowid
        assert number is not None
        return _remote(number, state, content)

    def _rows(self, database: sqlite3.Connection, key: str) -> list[tuple[int, str, str]]:
        query = "select id, state, content from document where key = ? and applies <= ? order by id"
        return database.execute(query, (key, _now())).fetchall()

    def _mishap(self, key: str) -> str:
        with self._open() as database:
            database.execute("insert into attempt values (?)", (key,))
            (tried,) = database.execute("select count(*) from attempt where key = ?", (key,)).fetchone()
        if self._settings.late and tried == 1:
            return "late"
        dice = hashlib.sha256(f"{self._settings.seed}:{key}:{tried}".encode()).digest()
        if dice[0] * 100 >= self._settings.mishaps * 256:
            return ""
        return "late" if dice[1] & 1 else "lost"

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        with self._open() as database:
            database.execute("delete from document where id = ? and state = 'draft'", (remote_id,))

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        if not remote_id.isdigit():
            return None
        with self._open() as database:
            row = database.execute("select id, state, content from document where id = ?", (remote_id,)).fetchone()
        return None if row is None else _remote(*row)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._settings.down:
            raise RetryableError("the remote cannot be reached")
        with closing(sqlite3.connect(self._file, timeout=60)) as database:
            database.executescript(SCHEMA)
            with database:
                yield database


def _now() -> float:
    return columns.utc_now().timestamp()


def _content(request: WriteRequest) -> str:
    if not isinstance(request, DocumentRequest):
        return json.dumps({"key": request.key, "account": getattr(request, "account", "")})
    values = asdict(request)
    names = ("key", "account", "currency", "net", "tax", "taxes")
    return json.dumps({name: values[name] for name in names} | {"lines": len(request.lines)})


def _remote(number: int, state: str, content: str) -> Remote:
    values = json.loads(content)
    taxes = tuple(TaxPart(*part) for part in values.get("taxes", ()))
    amounts = {name: values.get(name, 0) for name in ("net", "tax")}
    return Remote(
        values["key"],
        str(number),
        f"N-{number}",
        state,  # type: ignore[arg-type]
        values["account"],
        values.get("currency", ""),
        taxes=taxes,
        line_count=values.get("lines", 0),
        **amounts,
    )


def install() -> None:
    """Make the adapter known as `fake`, beside the registered ones."""
    own = EntryPoint("fake", f"{__name__}:FakeRemote", connectors.registry.GROUP)

    def points(*, group: str) -> tuple[EntryPoint, ...]:
        return (*entry_points(group=group), own)

    connectors.registry.entry_points = points  # type: ignore[assignment]
    connectors.registry.adapter_class.cache_clear()
    connectors.registry.adapter_names.cache_clear()


@contextmanager
def installed() -> Iterator[None]:
    """`install` for the time of a test."""
    install()
    try:
        yield
    finally:
        connectors.registry.entry_points = entry_points
        connectors.registry.adapter_class.cache_clear()
        connectors.registry.adapter_names.cache_clear()


def documents(file: Path) -> list[tuple[str, str, str, dict[str, Any]]]:
    """What the remote holds: kind, key, state and content."""
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute("select kind, key, state, content from document order by id").fetchall()
    return [(kind, key, state, json.loads(content)) for kind, key, state, content in rows]
