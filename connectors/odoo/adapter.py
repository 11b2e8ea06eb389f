"""The adapter for Odoo: one company in one database, read and written with least rights and no add-on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.documents import TYPES, Documents
from connectors.odoo.entries import Entries
from connectors.odoo.masters import Masters
from connectors.odoo.moves import Moves
from connectors.odoo.notes import Notes
from connectors.odoo.probing import Probe
from connectors.odoo.reading import OdooReading
from connectors.odoo.settings import OdooSettings
from connectors.odoo.tiers import Tiers
from connectors.spi import (
    AdapterSettings,
    Capabilities,
    DocumentRequest,
    Finding,
    JournalRequest,
    NoteRequest,
    Page,
    Remote,
    TierRequest,
    Window,
    WriteKind,
    WriteRefused,
    WriteRequest,
)
from core.documents import RawRecord, RecordKind
from core.errors import FatalError

WRITES: frozenset[WriteKind] = frozenset(("credit_note", "debit_invoice", "account_note", "tier", "journal"))
_LOOKUP_LAG = 2
"""Seconds: what is committed can be found at once; a replica may be a moment behind."""


class OdooAdapter:
    """See docs/connectors/odoo.md. Uniqueness is enforced by external ids; safe to use from several threads."""

    Settings: ClassVar[type[AdapterSettings]] = OdooSettings

    def __init__(self, name: str, settings: OdooSettings, base: Path) -> None:
        self.name, self.settings = name, settings
        self.client = OdooClient(settings, base=base)
        self.companies = Companies(self.client, settings)
        self.masters = Masters(self.client, settings, self.companies)
        self.reading = OdooReading(
            self.client, settings, lambda: self.companies.current().id, lambda: self.companies.entity
        )
        self.documents = Documents(self.client, settings, self.companies, self.masters)
        self.moves = Moves(self.client, settings, self.companies, self.masters, self.documents)
        self.entries = Entries(self.client, self.companies, self.masters, self.moves)
        self.notes = Notes(self.client, self.companies)
        self.tiers = Tiers(self.client, settings, self.companies)
        self.capabilities = Capabilities(
            reads=self.reading.kinds,
            writes=WRITES,
            uniqueness="enforced",
            lookup_lag=_LOOKUP_LAG,
            max_request_time=settings.longest_request,
            repeatable=frozenset(("tier",)),
        )

    @classmethod
    def build(cls, name: str, settings: AdapterSettings, *, base: Path) -> Self:
        if not isinstance(settings, OdooSettings):
            raise FatalError(f"connections.{name}: these are not settings of Odoo")
        return cls(name, settings, base)

    def check(self) -> Iterator[Finding]:
        return Probe(self.client, self.settings, self.companies, self.masters).findings()

    # ------------------------------------------------------------ reading

    def streams(self) -> tuple[str, ...]:
        return self.reading.streams()

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        return self.reading.pull(stream, window, cursor)

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        return self.reading.fetch(kind, external_id)

    # ------------------------------------------------------------ writing

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        if kind in TYPES:
            return self.documents.look_up(kind, key)
        return self.notes.look_up(key) if kind == "account_note" else ()

    def create(self, request: WriteRequest) -> Remote:
        if isinstance(request, DocumentRequest):
            return self.moves.create(request)
        if isinstance(request, JournalRequest):
            return self.entries.create(request)
        if isinstance(request, NoteRequest):
            return self.notes.create(request)
        if isinstance(request, TierRequest):
            return self.tiers.create(request)
        raise FatalError(f"a {request.kind} cannot be written to Odoo")

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        if kind in TYPES and remote_id.isdecimal():
            return self.moves.post(kind, remote_id)
        raise WriteRefused(f"a {kind} has no drafts in Odoo")

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        if kind not in TYPES or not remote_id.isdecimal():
            raise WriteRefused(f"a {kind} has no drafts in Odoo")
        self.moves.discard(kind, remote_id)

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        if kind in TYPES:
            return self.documents.read_back(kind, remote_id)
        return self.notes.read_back(remote_id) if kind == "account_note" else None
