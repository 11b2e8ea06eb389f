from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.client import Client
from tests.unit.crm_rest_client.clock import TestClock
from tests.unit.http.server import Answer, Server


@pytest.fixture(autouse=True)
def secrets_of_the_tests(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET", "s3cret-value")
    monkeypatch.setenv("SECOND", "s3cond-value")


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
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def connect(tmp_path: Path, clock) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(server: Server | None = None, *, base: Path = tmp_path, **settings) -> Client:
        if server is not None:
            settings.setdefault("base_url", server.url)
        clients.append(Client("crm", RestSettings.model_validate(settings), base=base, clock=clock))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def reply(body: object = None, status: int = 200, **headers: str) -> Answer:
    """A JSON reply; names of headers with `_` for `-`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    text = b"" if body is None else json.dumps(body).encode()
    return Answer(status, text, {"Content-Type": "application/json", **sent})
