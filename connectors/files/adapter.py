"""The files adapter: reads what a system exports as files, writes documents and registers as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from connectors.files import settings as files_settings
from connectors.files.delivery import Delivery, as_names, content, deliveries, digest, found_files
from connectors.files.documents import Documents
from connectors.files.inspection import inspect_folder, inspect_out, inspect_pattern
from connectors.files.journal import Journals
from connectors.files.mapping import map_tables
from connectors.files.notices import NOTE_COLUMNS, TIER_COLUMNS, Notices
from connectors.files.pages import pages_of
from connectors.files.pattern import Pattern
from connectors.files.readers import read_table
from connectors.files.table import Table, Unreadable
from connectors.spi import (
    AdapterSettings,
    Capabilities,
    DocumentRequest,
    Finding,
    JournalRequest,
    Page,
    Remote,
    Window,
    WriteKind,
    WriteRefused,
    WriteRequest,
)
from core.documents import RawRecord, RecordKind
from core.errors import ConfigError, FatalError
from core.keys import KEY_PATTERN

_WRITES: frozenset[WriteKind] = frozenset(("credit_note", "debit_invoice", "account_note", "tier", "journal"))


class FilesAdapter:
    """One connection by files. Holds no state but what it knows of its registers; safe to use from threads."""

    Settings: ClassVar[type[AdapterSettings]] = files_settings.Settings
    capabilities: Capabilities

    def __init__(self, settings: files_settings.Settings, *, base: Path) -> None:
        self._folder = base / settings.folder if settings.folder is not None else None
        self._out = base / settings.out if settings.out is not None else None
        self._patterns = {pattern.name: pattern for pattern in settings.patterns}
        self.capabilities = Capabilities(
            reads=frozenset(kind for pattern in settings.patterns for kind in pattern.kinds),
            writes=_WRITES if self._out is not None else frozenset(),
            uniqueness="enforced",
            lookup_lag=0,
            max_request_time=5,
        )
        out = self._out or base
        self._documents = {
            "credit_note": Documents(out, "credit_note", "credit-notes"),
            "debit_invoice": Documents(out, "debit_invoice", "debit-invoices"),
        }
        self._notices = {
            "account_note": Notices(out / "account-notes.csv", NOTE_COLUMNS),
            "tier": Notices(out / "tiers.csv", TIER_COLUMNS),
        }
        self._journals = Journals(out)

    @classmethod
    def build(cls, name: str, settings: AdapterSettings, *, base: Path) -> Self:
        """A connection called `name`; relative folders start at `base`. Raises ConfigError for foreign settings."""
        if not isinstance(settings, files_settings.Settings):
            raise ConfigError(f"connection {name}: these are not settings of the files adapter")
        return cls(settings, base=base)

    def check(self) -> Iterator[Finding]:
        """Whether the folders can be used, what matches each pattern, and whether the mapped columns are there."""
        if self._folder is not None:
            found = inspect_folder(self._folder)
            yield found
            if found.level == "ok":
                for pattern in self._patterns.values():
                    yield from inspect_pattern(self._folder, pattern)
        if self._out is not None:
            yield inspect_out(self._out)

    def streams(self) -> tuple[str, ...]:
        """The names of the patterns."""
        return tuple(self._patterns)

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """The files of a pattern that are due and whose bytes are not those in the cursor, in their order.

        A pattern that has been changed reads its files again: another mapping may make other records of them.

        Raises FatalError where the folder or a file cannot be read for want of rights, RetryableError where the
        system fails; never for what stands in a file.
        """
        pattern = self._patterns.get(stream)
        if pattern is None or self._folder is None:
            raise ConfigError(f"there is no pattern called {stream!r}; there are: {', '.join(self._patterns)}")
        files = found_files(self._folder, pattern)
        reading = hashlib.sha256(pattern.model_dump_json().encode()).hexdigest()[:16]
        read_before = as_names(cursor.get("files")) if cursor.get("pattern", reading) == reading else {}
        landed = {file.name: read_before[file.name] for file in files if file.name in read_before}
        everything = deliveries(files, self._folder, pattern, window)
        for delivery in everything:
            if not delivery.ready or _is_landed(delivery, landed):
                continue
            parts, digests = _read(delivery, pattern)
            if len(parts) < len(delivery.files):
                continue  # a file changed or went while it was read: the next pull sees it whole
            mapped = map_tables(parts, pattern, delivery.sequence)
            landed.update(digests)
            superseded = pattern.mode == "full" and any(
                other.rank > delivery.rank
                and other.covers == delivery.covers
                and any(file.name in read_before for file in other.files)
                for other in everything
            )
            yield from pages_of(
                mapped, delivery, pattern, {"files": dict(landed), "pattern": reading}, superseded=superseded
            )

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        """Files have no direct read. Raises NotImplementedError."""
        raise NotImplementedError("the files adapter has no direct read")

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        """What the files say under this key. Raises FatalError where a file of ours cannot be understood."""
        if not KEY_PATTERN.fullmatch(key):
            return ()
        self._writable()
        found = self._documents[kind].look_up(key) if kind in self._documents else self._read_back(kind, key)
        return () if found is None else (found,)

    def create(self, request: WriteRequest) -> Remote:
        """Write it. Raises AlreadyExists, WriteRefused where it does not add up or the key is not one of ours,
        UnknownOutcome where the disk failed half-way, FatalError for missing rights, RetryableError."""
        if not KEY_PATTERN.fullmatch(request.key):
            raise WriteRefused(f"{request.key[:60]!r} is not a key of ours")
        self._writable()
        if isinstance(request, DocumentRequest):
            return self._documents[request.kind].create(request)
        if isinstance(request, JournalRequest):
            return self._journals.create(request)
        return self._notices[request.kind].create(request)

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        """Files have no drafts. Raises WriteRefused."""
        raise WriteRefused(f"{remote_id}: files are written whole, there is no draft to post")

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        """Raises WriteRefused: files have no drafts, and what is posted is never removed."""
        raise WriteRefused(f"{kind} {remote_id}: files have no drafts, and a posted document is not removed")

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        """What the file says now; None where it is gone. Raises FatalError where it cannot be understood."""
        if not KEY_PATTERN.fullmatch(remote_id):
            return None
        self._writable()
        return self._read_back(kind, remote_id)

    def _read_back(self, kind: WriteKind, key: str) -> Remote | None:
        if kind in self._documents:
            return self._documents[kind].read_back(key)
        return self._journals.read_back(key) if kind == "journal" else self._notices[kind].read_back(key)

    def _writable(self) -> None:
        if self._out is None:
            raise WriteRefused("this connection has no out folder to write to")
        if not self._out.is_dir():
            hint = "create it, or mount the share it lies on; nothing is looked up or written without it"
            raise FatalError(f"{self._out} is not a folder", hint=hint)


def _is_landed(delivery: Delivery, landed: Mapping[str, str]) -> bool:
    return all(file.name in landed for file in delivery.files) and all(
        digest(file) == landed[file.name] for file in delivery.files
    )


def _read(delivery: Delivery, pattern: Pattern) -> tuple[list[Table | Unreadable], dict[str, str]]:
    """The tables of the files and their digests; fewer tables than files where one changed meanwhile."""
    largest = pattern.largest_megabytes << 20
    parts: list[Table | Unreadable] = []
    digests: dict[str, str] = {}
    for file in delivery.files:
        data = content(file, largest)
        mark = digest(file) if data is not None and len(data) > largest else None
        if data is None:
            break
        digests[file.name] = mark or hashlib.sha256(data).hexdigest()
        if file.problem:
            parts.append(Unreadable(file.name, "bad_name", file.problem))
        else:
            parts.append(read_table(file.name, data, pattern))
    return parts, digests
