"""Credit notes and debit invoices as files, with their register."""

from __future__ import annotations

from pathlib import Path

from connectors.files.disk import guarded, publish, subfolder
from connectors.files.register import Register
from connectors.files.ubl import Written, document, read_document
from connectors.spi import AlreadyExists, DocumentRequest, Remote, UnknownOutcome
from core import money
from core.errors import DataError, FatalError, RebatedError

REGISTER_COLUMNS = (
    "key",
    "number",
    "issued",
    "entity",
    "account",
    "buyer_name",
    "program",
    "period",
    "currency",
    "net",
    "tax",
    "gross",
    "content_hash",
    "file",
)
_LARGEST = 64 << 20


class Documents:
    """The documents of one kind in their folder under `out`, one file a key.

    The file is what counts; the register is for people and imports, and is completed from the file when a crash
    came in between.
    """

    def __init__(self, out: Path, kind: str, folder: str) -> None:
        self._out, self._kind, self._name = out, kind, folder
        self._register = Register(out / folder / "register.csv", REGISTER_COLUMNS)

    def create(self, request: DocumentRequest) -> Remote:
        """Write the document. Raises AlreadyExists, WriteRefused where it does not add up, UnknownOutcome."""
        content = document(request)
        path = self._path(request.key)
        with guarded(f"writing {path}"):
            subfolder(self._out, self._name)
            try:
                made = publish(path, content)
            except OSError as error:
                if path.exists():
                    raise UnknownOutcome(f"writing {path}: {error.strerror or error}") from error
                raise
        if not made:
            raise AlreadyExists(f"{path} exists")
        try:
            written = self._read(request.key)
            if written is None:
                raise UnknownOutcome(f"{path} was taken away while it was being written")
            self._register.add(self._row(written))
        except UnknownOutcome:
            raise
        except RebatedError as error:
            raise UnknownOutcome(f"{path} is written, its register is not: {error.message}") from error
        return written.remote

    def look_up(self, key: str) -> Remote | None:
        """The document as its file says; None where there is none. Completes the register."""
        written = self._read(key)
        if written is None:
            return None
        if not self._register.has(key):
            self._register.add(self._row(written))
        return written.remote

    def read_back(self, key: str) -> Remote | None:
        """The document as its file says now; None where it is gone."""
        written = self._read(key)
        return None if written is None else written.remote

    def _path(self, key: str) -> Path:
        return self._out / self._name / f"{key}.xml"

    def _read(self, key: str) -> Written | None:
        path = self._path(key)
        with guarded(f"reading {path}"):
            try:
                with path.open("rb") as file:
                    content = file.read(_LARGEST + 1)
            except FileNotFoundError:
                return None
        try:
            if len(content) > _LARGEST:
                raise ValueError(f"it is larger than {_LARGEST >> 20} MB")
            return read_document(content, self._kind, key)
        except (ValueError, DataError) as error:
            raise FatalError(
                f"{path} cannot be read: {error}",
                hint="restore the file from a backup, or move it away if the document shall not count",
            ) from error

    @staticmethod
    def _row(written: Written) -> tuple[str, ...]:
        remote = written.remote
        amounts = (remote.net, remote.tax, written.gross)
        return (
            remote.key,
            remote.number,
            written.issued,
            written.entity,
            remote.account,
            written.buyer_name,
            written.program,
            written.period,
            remote.currency,
            *(money.text(amount, remote.currency) for amount in amounts),
            written.content_hash,
            f"{remote.key}.xml",
        )
