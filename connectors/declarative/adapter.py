"""An adapter described by settings alone: it reads and writes what they say, over the protocol they speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from connectors.declarative.client import Client
from connectors.declarative.clock import Clock
from connectors.declarative.listing import Listing
from connectors.declarative.lookups import Lookups
from connectors.declarative.probing import findings
from connectors.declarative.reading import Reading
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.writing import Writing
from connectors.spi import (
    AdapterSettings,
    Capabilities,
    Finding,
    Page,
    Remote,
    Window,
    WriteKind,
    WriteRequest,
)
from core.documents import RawRecord, RecordKind
from core.errors import FatalError, RebatedError


class DeclarativeAdapter:
    """What it reads and writes is what the settings say. Subclasses name their settings. Safe to use from threads."""

    Settings: ClassVar[type[AdapterSettings]] = DeclarativeSettings

    def __init__(self, name: str, settings: DeclarativeSettings, base: Path, *, clock: Clock | None = None) -> None:
        self.name, self.settings = name, settings
        self.client = Client(name, settings, base=base, clock=clock)
        self.listing = Listing(self.client)
        self.tables = Lookups(self.client, self.listing)
        self.client.tables = self.tables
        self.reading = Reading(self.client, self.listing, self.tables, settings)
        self.writing = Writing(self.client, self.listing, self.tables, settings)
        self.capabilities: Capabilities = self.writing.capabilities(self.reading.kinds)

    @classmethod
    def build(cls, name: str, settings: AdapterSettings, *, base: Path) -> Self:
        if not isinstance(settings, cls.Settings) or not isinstance(settings, DeclarativeSettings):
            raise FatalError(f"connections.{name}: these are not settings of such a connection")
        return cls(name, settings, base)

    def check(self) -> Iterator[Finding]:
        return findings(self.client, self.listing, self.reading, self.settings)

    def streams(self) -> tuple[str, ...]:
        return self.reading.streams()

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        return self.reading.pull(stream, window, cursor)

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        return self.reading.fetch(kind, external_id)

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        return self.writing.look_up(kind, key, account)

    def create(self, request: WriteRequest) -> Remote:
        return self.writing.create(request)

    def create_many(self, requests: Sequence[WriteRequest]) -> Sequence[Remote | RebatedError]:
        """Write several of one kind with one request."""
        return self.writing.create_many(requests)

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        return self.writing.post(kind, remote_id)

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        self.writing.discard(kind, remote_id)

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        return self.writing.read_back(kind, remote_id)

    def close(self) -> None:
        """End the session over there, if one was begun."""
        self.client.close()
