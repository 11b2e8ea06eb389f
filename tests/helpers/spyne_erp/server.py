"""The server in a process that is started, killed and started again on the same port and the same books."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pytest

from tests.helpers.spyne_erp.books import Books
from tests.helpers.spyne_erp.ledger import Ledger
from tests.helpers.spyne_erp.store import NAME, Store
from tests.helpers.workspace import REPOSITORY, environment_of

NEEDED = ("spyne", "werkzeug")


class Faktura:
    """Listens while it is entered. `ledger`: what people do in it; `books`: what it holds, counted in the file.

    `later`: a version the people of the ERP have changed: a field more, and taxes of zero left out. `soap_12`: it
    speaks SOAP 1.2 and nothing else.

    Skips the test where spyne is not installed, or does not run on this Python.
    """

    user, password = "rebated", "faktura-password-4711"

    def __init__(self, folder: Path, *, later: bool = False, soap_12: bool = False) -> None:
        for name in NEEDED:
            if find_spec(name) is None:
                pytest.skip(f"{name} is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, 0
        variants = {"FAKTURA_LATER": later, "FAKTURA_SOAP_12": soap_12}
        self._environment = environment_of({name: "1" for name, wanted in variants.items() if wanted})
        store = Store(folder / NAME)
        store.prepare()
        self.ledger, self.books = Ledger(store), Books(store.file)
        self._marked = folder / "marked.sqlite"
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self.port}"

    def wsdl(self) -> bytes:
        """The WSDL as the server tells it."""
        with urllib.request.urlopen(f"{self.url}/?wsdl", timeout=60) as reply:  # noqa: S310 - our own address
            text: bytes = reply.read()
        return text

    def start(self) -> Self:
        """Listen: on the port of before where there was one."""
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "tests.helpers.spyne_erp", str(self.folder / NAME), str(self.port),
                    self.user, self.password,
                ],
                cwd=REPOSITORY,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            told = (self.folder / "server.log").read_text()[-4000:]
            if "ModuleNotFoundError" in told:
                pytest.skip(f"spyne does not run on this Python: {told.strip().splitlines()[-1]}")
            raise AssertionError(told)
        self.port = urlsplit(line.strip()).port or 0
        return self

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate(timeout=60)

    def mark(self) -> None:
        """Let `restore` come back to what there is now."""
        self._marked.unlink(missing_ok=True)
        _pour(self.ledger.store.file, self._marked)

    def restore(self) -> Self:
        """Forget what was done since `mark`: cheaper than another server."""
        _pour(self._marked, self.ledger.store.file)
        return self

    def close(self) -> None:
        """End it. What it has committed stays in the folder."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=60)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _pour(source: Path, target: Path) -> None:
    """Put what one database holds into another, as one transaction: also while the server works on it."""
    with closing(sqlite3.connect(source, timeout=30)) as full, closing(sqlite3.connect(target, timeout=30)) as database:
        database.execute("pragma synchronous = off")
        full.backup(database)
