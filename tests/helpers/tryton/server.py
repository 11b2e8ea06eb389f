"""A real Tryton on a copy of the seeded database, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.helpers.tryton.acts import Acts
from tests.helpers.tryton.books import Books
from tests.helpers.tryton.place import DATABASE, environment, file_of
from tests.helpers.tryton.template import copy_into, pour, seeded
from tests.helpers.workspace import REPOSITORY


class TrytonServer:
    """Listens while it is entered. `acts`: what people do in it; `books`: what it holds, counted without HTTP.

    with TrytonServer(tmp_path / "tryton") as tryton:
        tryton.acts.invoice("C-1001", [("TOOL-1", 10, "100")], "2026-02-03")
    """

    database = DATABASE

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ground: Mapping[str, Any] = copy_into(folder)
        self.port = 0
        self.books = Books(file_of(folder))
        self._marked: Path | None = None
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """The key of the user with least rights."""
        return self.key_of("rebated")

    def key_of(self, login: str) -> str:
        """The key of `rebated`, of `stranger`, who has no rights, or of `admin`."""
        key: str = self.ground["keys"][login]
        return key

    @property
    def acts(self) -> Acts:
        """What people do, by the administrator's key."""
        return Acts(self.url, self.key_of("admin"), self.ground, file_of(self.folder))

    def start(self) -> Self:
        """Listen: on the port of before where there was one."""
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.helpers.tryton", str(self.port)],
                cwd=REPOSITORY,
                env=environment(self.folder),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.folder / "server.log").read_text()[-4000:]
        self.port = urlsplit(line.strip()).port or 0
        return self

    def mark(self) -> None:
        """Let `restore` come back to what there is now."""
        self._marked = self.folder / "marked.sqlite"
        self._marked.unlink(missing_ok=True)
        pour(file_of(self.folder), self._marked)

    def restore(self) -> Self:
        """Forget what was done since `mark`, or else since the seed: cheaper than another server."""
        pour(self._marked or seeded(), file_of(self.folder))
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
