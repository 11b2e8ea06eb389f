from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.declarative.client import Client
from connectors.soap_erp.settings import SoapSettings
from tests.unit.crm_rest_client.clock import TestClock
from tests.unit.http.server import Server


@pytest.fixture(autouse=True)
def surroundings_of_the_tests(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET", "s3cret & <value>")


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
    """A connection to the service a WSDL describes, at an address."""
    clients: list[Client] = []

    def make(wsdl: Path | str, address: str, *, port: str = "", base: Path = tmp_path, **settings) -> Client:
        described = {"source": str(wsdl), "address": address, "port": port}
        found = SoapSettings.model_validate({"wsdl": {"only": described}, **settings})
        clients.append(Client("erp", found, base=base, clock=clock))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
