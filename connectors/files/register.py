"""Registers: CSV files of ours, one row a key, appended to and never rewritten."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

from connectors.files.disk import guarded, locked, sync_folder
from connectors.spi import UnknownOutcome
from core.errors import FatalError

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")
_FORMULA = ("=", "+", "-", "@", "\t")
_BREAKS = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


def plain_cell(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula: `=1+1` becomes `'=1+1`. Numbers stay numbers.

    Line breaks become a space, so that a row is one line of the file.
    """
    text = _BREAKS.sub(" ", text).replace("\0", "\ufffd")
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.match(text) else text


def csv_line(cells: Sequence[str]) -> str:
    """One line of CSV with its line end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([plain_cell(cell) for cell in cells])
    return line.getvalue()


class Register:
    """One CSV file whose first column is our key. Safe among threads and processes.

    A row is added under a lock in a single write and made durable. A last row torn by a crash is cut off before the
    next one is added. Raises FatalError where the file is not ours any more, RetryableError where it stays locked.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self._columns = tuple(columns)
        self._lock = path.with_name(f".{path.name}.lock")
        self._keys: set[str] = set()
        self._state: tuple[int, int, int] | None = None

    def has(self, key: str) -> bool:
        """Whether the register holds a whole row with this key."""
        with guarded(f"reading {self.path}"):
            if not self.path.exists():
                return False
            with locked(self._lock):
                try:
                    handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    return False
                try:
                    self._read(handle)
                finally:
                    os.close(handle)
                return key in self._keys

    def add(self, row: Sequence[str]) -> bool:
        """Add a row; its first cell is the key. False: the key is there already and nothing was done.

        Raises UnknownOutcome where the write failed half-way.
        """
        with guarded(f"writing {self.path}"), locked(self._lock):
            new = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
            try:
                whole = self._read(handle)
                if row[0] in self._keys:
                    return False
                os.ftruncate(handle, whole)
                self._append(handle, whole, (csv_line(self._columns) if not whole else "") + csv_line(row))
                self._keys.add(row[0])
                self._state = _state(handle)
            finally:
                os.close(handle)
            if new:
                sync_folder(self.path.parent)
        return True

    def _append(self, handle: int, end: int, text: str) -> None:
        data = text.encode()
        try:
            if os.write(handle, data) != len(data):
                raise OSError("the disk took only a part of the row")
            os.fsync(handle)
        except OSError as error:
            self._state = None
            os.ftruncate(handle, end)
            raise UnknownOutcome(f"writing {self.path}: {error.strerror or error}") from error

    def _read(self, handle: int) -> int:
        """Bring the keys up to date; returns where the last whole row ends."""
        state = _state(handle)
        if state == self._state:
            return state[1]
        with os.fdopen(os.dup(handle), "rb") as file:
            file.seek(0)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        rows = csv.reader(io.StringIO(data[:whole].decode("utf-8-sig", "replace"), newline=""))
        header = tuple(next(rows, self._columns))
        if header != self._columns:
            raise FatalError(
                f"{self.path} does not begin with our columns: {', '.join(self._columns)}",
                hint="it was edited or written by another program; move it away or restore it",
            )
        try:
            self._keys = {row[0] for row in rows if row}
        except csv.Error as error:
            raise FatalError(f"{self.path} is not proper csv: {error}", hint="restore it") from error
        self._state = state if whole == len(data) else None
        return whole


def _state(handle: int) -> tuple[int, int, int]:
    facts = os.fstat(handle)
    return facts.st_ino, facts.st_size, facts.st_mtime_ns
