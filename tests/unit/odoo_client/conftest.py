from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connectors.odoo.client import OdooClient
from connectors.odoo.settings import OdooSettings
from tests.unit.odoo_client.remote import DATABASE, KEY, LOGIN, Remote


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No proxies of the machine, and no pauses between attempts."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def remotes() -> Iterator[Callable[..., Remote]]:
    started: list[Remote] = []

    def start(protocol: str, **named) -> Remote:
        started.append(Remote(protocol, **named))
        return started[-1]

    yield start
    for one in started:
        one.server.close()


@pytest.fixture(params=["json2", "xmlrpc"])
def remote(request, remotes) -> Remote:
    return remotes(request.param)


@pytest.fixture
def connect(tmp_path) -> Iterator[Callable[..., OdooClient]]:
    clients: list[OdooClient] = []
    (tmp_path / "key").write_text(KEY + "\n")

    def make(remote: Remote | None = None, **settings) -> OdooClient:
        given = {"database": DATABASE, "login": LOGIN, "api_key": {"file": "key"}, **settings}
        if remote is not None:
            given = {"url": remote.url, "protocol": remote.protocol, **given}
        clients.append(OdooClient(OdooSettings(**given), base=tmp_path))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect, remote) -> OdooClient:
    return connect(remote)
