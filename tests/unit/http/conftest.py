from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.http.session import HttpSession
from connectors.http.settings import HttpSettings
from tests.unit.http.server import Server


@pytest.fixture(autouse=True)
def no_proxies_of_the_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*arguments, **named) -> Server:
        servers.append(Server(*arguments, **named))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., HttpSession]]:
    sessions: list[HttpSession] = []

    def make(base: Path = tmp_path, **settings) -> HttpSession:
        sessions.append(HttpSession(HttpSettings(**settings), base=base))
        return sessions[-1]

    yield make
    for one in sessions:
        one.close()
