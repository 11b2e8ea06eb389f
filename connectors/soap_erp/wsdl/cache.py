"""The folder in which descriptions of services are kept that were fetched from a server."""

from __future__ import annotations

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from core.errors import FatalError

_HINT = "check that the folder exists or can be made, and that the service account may read and write there"


class Cache:
    """Documents by their address. Files are mode 0600 in a folder of mode 0700; each is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, address: str, *, most: int) -> bytes | None:
        """What is kept of that address, of at most that many bytes and one; None where nothing is.

        Raises FatalError where the file cannot be read.
        """
        try:
            with self.path(address).open("rb") as file:
                return file.read(most + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FatalError(f"{self._folder}: cannot be read: {error.strerror}", hint=_HINT) from error

    def write(self, address: str, content: bytes) -> None:
        """Keep it. Raises FatalError where it cannot be written."""
        draft = ""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.path(address))
        except OSError as error:
            if draft:
                Path(draft).unlink(missing_ok=True)
            raise FatalError(f"{self._folder}: cannot be written: {error.strerror}", hint=_HINT) from error

    def path(self, address: str) -> Path:
        """The file of an address, named by its digest: an address may hold what no file name can."""
        return self._folder / f"{sha256(address.encode()).hexdigest()[:40]}.xml"
