from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.helpers.odoo_server import OdooServer
from tests.unit.odoo_writing.installation import Installation

SPOKEN = {
    "19": ((19, 0), "json2"),
    "19-xmlrpc": ((19, 0), "xmlrpc"),
    "18": ((18, 0), "xmlrpc"),
    "16": ((16, 0), "xmlrpc"),
    "14": ((14, 0), "xmlrpc"),
}
Install = Callable[..., Installation]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxies of the machine, and no pauses between attempts."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def install(tmp_path) -> Iterator[Install]:
    """Start an Odoo: `install("16", price_digits=1)`."""
    started: list[OdooServer] = []

    def make(spoken: str = "19", **options) -> Installation:
        version, protocol = SPOKEN[spoken]
        started.append(OdooServer(version, **options).start())
        return Installation(started[-1], tmp_path, protocol)

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def odoo(install) -> Installation:
    """Odoo 19 over JSON-2."""
    return install()


@pytest.fixture(params=["19", "19-xmlrpc"])
def spoken(request, install) -> Installation:
    """Odoo 19 over either protocol."""
    return install(request.param)


@pytest.fixture(params=["19", "14"])
def ends(request, install) -> Installation:
    """The newest and the oldest version, for what is the same in between."""
    return install(request.param)


@pytest.fixture(params=list(SPOKEN))
def each(request, install) -> Installation:
    """Every version that differs, and 19 over both protocols."""
    return install(request.param)
