"""What `rebated check` looks at in a system over SOAP before it asks anything: its WSDLs, where they lead, and whether
they have what the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.declarative.settings.request import requests_of
from connectors.declarative.wire import Wire
from connectors.soap_erp.settings import SoapSettings
from connectors.soap_erp.wire import SoapWire
from connectors.soap_erp.wsdl.documents import is_address
from connectors.spi import Finding
from core.errors import RebatedError


def descriptions(wire: Wire) -> Iterator[Finding]:
    """Each WSDL: that it can be used, which port is spoken to, and whether its address is to be trusted with our
    credentials. Loads what is not kept here yet."""
    if not isinstance(wire, SoapWire):
        return
    for name in wire.descriptions.names:
        what = f"wsdl.{name}"
        try:
            found = wire.descriptions.of(name, wire.rendered)
        except RebatedError as error:
            yield Finding("error", what, error.message.removeprefix(f"{what}: "), error.hint or "")
            return
        service, host = found.service, urlsplit(found.address).netloc
        yield Finding("ok", what, f"{service.name}, {service.port} (SOAP {service.version}) at {host}")
        own = urlsplit(found.documents.location).netloc if is_address(found.documents.location) else ""
        if not found.stated and own and own.rpartition("@")[2].lower() != host.lower():
            yield Finding(
                "warning",
                what,
                f"it was loaded from {own.rpartition('@')[2]}, and names {host} as where requests and credentials go",
                f"write the right address as {what}.address",
            )


def operations(wire: Wire, settings: SoapSettings) -> Iterator[Finding]:
    """The operations no other part of a check asks for that the WSDLs do not have: of writes, and of single records."""
    if not isinstance(wire, SoapWire):
        return
    for place, request in requests_of(settings):
        part, _, rest = place.partition(".")
        name, _, rest = rest.partition(".")
        if part not in ("read", "write") or rest == "request":
            continue
        off = part == "write" and next((write.off for kind, write in settings.write.items() if kind == name), False)
        try:
            if not off:
                wire.described(request).service.operation(request.what)
        except RebatedError as error:
            hint = f"correct it, or write off = true in [write.{name}]" if part == "write" else "correct it"
            yield Finding("warning" if part == "write" else "error", f"{place}.operation", error.message, hint)
