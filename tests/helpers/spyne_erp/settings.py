"""The settings of a connection to Faktura: those of the file beside, with what differs from test to test."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.declarative.preset import laid_over
from tests.helpers.spyne_erp.server import Faktura

FILE = Path(__file__).with_name("erp.toml")
WSDL, PASSWORD = "faktura.wsdl", "faktura.password"
MORE_TAXES = {f"S {rate}": f"V{rate}" for rate in (10, 20)}


def by_hand() -> dict[str, Any]:
    """The file."""
    read = tomllib.loads(FILE.read_text("utf-8"), parse_float=Decimal)
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
