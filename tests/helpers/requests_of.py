"""Requests of the tests, built by the product and checked by lxml's own reading of the schema."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.soap_erp.envelopes.envelope import envelope
from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import Service, service_of
from tests.helpers.stand_ins.soap.description import description

WSDL = Path(__file__).resolve().parent / "wsdl"
SHARED = Path(os.environ.get("REBATED_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
VENDORS = SHARED / "specs" / "wsdl"


def vendor_wsdl(name: str) -> Path:
    """A vendor's WSDL. The test is skipped where it is absent."""
    path = VENDORS / name
    if not path.exists():
        pytest.skip(f"no {path}: REBATED_SHARED names the folder that holds specs/")
    return path


@cache
def service(path: Path, port: str = "") -> Service:
    """The service of a file, read once."""
    return service_of(Documents(path), port=port)


def built(
    path: Path,
    operation: str,
    arguments: Mapping[str, Any],
    headers: Mapping[str, Any] | None = None,
    namespaces: Mapping[str, str] | None = None,
    port: str = "",
) -> etree._Element:
    """The envelope of a request, read back."""
    return etree.fromstring(envelope(service(path, port), operation, arguments, headers, namespaces).body)


def valid(path: Path, operation: str, arguments: Mapping[str, Any], *others: Any) -> etree._Element:
    """The one element in the body of a request, which the schema allows, as are the headers it knows."""
    root = built(path, operation, arguments, *others)
    schema = description(path).validator
    (body,) = root.find("{*}Body")
    assert schema.validate(body), schema.error_log.last_error.message
    return body


def plain(element: etree._Element) -> Any:
    """What an element holds: its text, or its children by local name, in order."""
    if not len(element):
        return element.text or ""
    return [(etree.QName(child).localname, plain(child)) for child in element]


def texts(element: etree._Element) -> dict[str, Any]:
    """The children of an element by local name; the last of each."""
    return dict(plain(element) or [])
