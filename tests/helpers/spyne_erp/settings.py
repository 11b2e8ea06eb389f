"""The settings of a connection to Faktura: those of docs/connectors/soap.md, with what differs from test to test."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.declarative.preset import laid_over
from tests.helpers.spyne_erp.server import Faktura

PAGE = Path(__file__).parents[3] / "docs" / "connectors" / "soap.md"
WSDL, PASSWORD = "faktura.wsdl", "faktura.password"
MORE_TAXES = {f"S {rate}": f"V{rate}" for rate in (10, 20)}
_TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def on_the_page() -> str:
    """The whole example of docs/connectors/soap.md: the first configuration there."""
    return _TOML.findall(PAGE.read_text("utf-8"))[0]  # type: ignore[no-any-return]


def by_hand() -> dict[str, Any]:
    """The settings of the connection in it."""
    read = tomllib.loads(on_the_page(), parse_float=Decimal)
    settings: dict[str, Any] = read["connections"]["faktura"]["settings"]
    return settings


def put_beside(folder: Path, wsdl: bytes) -> None:
    """What the settings name beside them: the WSDL, and the password only its owner may read."""
    (folder / WSDL).write_bytes(wsdl)
    (folder / PASSWORD).write_text(Faktura.password)
    (folder / PASSWORD).chmod(0o600)


def settings_of(url: str, **more: Any) -> dict[str, Any]:
    """Settings of a connection by way of `url`, in a folder with what `put_beside` puts there."""
    own = {
        "wsdl": {"faktura": {"source": WSDL, "address": url}},
        "auth": {"password": {"file": PASSWORD}},
        "maps": {"taxes": MORE_TAXES},
    }
    return laid_over(laid_over(by_hand(), own), more)
