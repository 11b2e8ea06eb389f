"""Account notes and tiers as registers."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from connectors.files.register import Register
from connectors.spi import AlreadyExists, NoteRequest, Remote, TierRequest

NOTE_COLUMNS = ("key", "account", "event", "at", "language", "text")
TIER_COLUMNS = (
    "key",
    "account",
    "program",
    "tier",
    "since",
    "valid_until",
    "measure",
    "to_next",
    "next_tier",
    "to_keep",
    "currency",
    "as_of",
)


class Notices:
    """One register of notes or tiers under `out`, one row a key."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self._register = Register(path, columns)

    def create(self, request: NoteRequest | TierRequest) -> Remote:
        """Add the row. Raises AlreadyExists where the key is there, UnknownOutcome where the write failed."""
        row = _note(request) if isinstance(request, NoteRequest) else _tier(request)
        if not self._register.add(row):
            raise AlreadyExists(f"{self._register.path} has the key {request.key}")
        return Remote(request.key, request.key)

    def read_back(self, key: str) -> Remote | None:
        """The key, if its row is there."""
        return Remote(key, key) if self._register.has(key) else None


def _note(request: NoteRequest) -> tuple[str, ...]:
    at = request.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return request.key, request.account, request.event, at, request.language, request.text


def _tier(request: TierRequest) -> tuple[str, ...]:
    return (
        request.key,
        request.account,
        request.program,
        request.tier,
        request.since.isoformat() if request.since else "",
        request.valid_until.isoformat() if request.valid_until else "",
        request.text(request.measure),
        request.text(request.to_next),
        request.next_tier or "",
        request.text(request.to_keep),
        request.unit or request.currency,
        request.as_of.isoformat(),
    )
