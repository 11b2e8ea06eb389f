"""Replies of SOAP services as bytes, and what zeep itself knows of the services: for tests of how they are read."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from zeep import Client, Settings
from zeep.transports import Transport

from connectors.soap_erp.replies.shape import Message, Shapes
from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSD, XSI

ROOT = Path(__file__).resolve().parents[2]
WSDL = ROOT / "tests/helpers/wsdl"
ENCODING_SCHEMA = ROOT / "connectors/soap_erp/wsdl/schemas/soap-encoding.xsd"
SHARED = Path(os.environ.get("REBATED_SHARED", ROOT.parent / "shared")) / "specs/wsdl"


class Offline(Transport):  # type: ignore[misc]
    """Loads files, and our own schema of the SOAP encoding; anything else fails."""

    def load(self, url: str) -> bytes:
        if url == ENCODING:
            return ENCODING_SCHEMA.read_bytes()
        assert "://" not in url, f"{url} would have been loaded"
        return Path(url).read_bytes()


@cache
def client(path: Path, **settings: Any) -> Client:
    """What zeep makes of a WSDL."""
    return Client(str(path), transport=Offline(), settings=Settings(**settings))


def operation(path: Path, name: str, **settings: Any) -> Any:
    """An operation of the first port of a WSDL."""
    (service,) = client(path, **settings).wsdl.services.values()
    return next(iter(service.ports.values())).binding._operations[name]


def message(path: Path, name: str, may_lack: tuple[str, ...] = ()) -> Message:
    """What a reply to an operation looks like."""
    return Shapes(client(path).wsdl.types, may_lack=may_lack).reply(operation(path, name))


def shared(name: str) -> Path:
    """A vendor's WSDL, which is not ours. The test is skipped where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {path}: REBATED_SHARED names the folder that holds specs/")
    return path


def envelope(inside: str, version: str = "1.1", *, encoded: bool = False) -> bytes:
    """A reply with something in its body. Prefixes: s, xsi, xsd, t (and none) for urn:reading; c for the SOAP encoding
    where it is encoded."""
    encoding = f' xmlns:c="{ENCODING}"' if encoded else ""
    names = f'xmlns:s="{ENVELOPE[version]}" xmlns:xsi="{XSI}" xmlns:xsd="{XSD}"{encoding}'
    return (
        f'<s:Envelope {names} xmlns:t="urn:reading" xmlns="urn:reading"><s:Header><t:About>x</t:About></s:Header>'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def orders(inside: str) -> bytes:
    """A reply to GetOrders of tests/helpers/wsdl/reading.wsdl."""
    return envelope(f"<GetOrdersResponse>{inside}</GetOrdersResponse>")


def invoices(inside: str) -> bytes:
    """A reply to GetInvoices of the same service."""
    return envelope(f"<GetInvoicesResponse>{inside}</GetInvoicesResponse>")


def zeep_reads(body: bytes, path: Path, name: str, **settings: Any) -> Any:
    """What zeep alone makes of a reply, under settings of its own. It never ends where a sequence of the schema may
    come any number of times and the reply holds something else."""
    return operation(path, name, **settings).process_reply(etree.fromstring(body))
