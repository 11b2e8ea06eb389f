"""Settings of a connection to a SOAP service: a preset with a customer's own values over it, or everything by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.auth import NoAuth
from connectors.declarative.settings.base import Path as Expression
from connectors.declarative.settings.base import Section, Template, TextTemplate
from connectors.declarative.settings.request import Operation, Request, requests_of
from connectors.soap_erp.auth_settings import SoapAuth
from connectors.soap_erp.wire import SoapWire


class WsdlSettings(Section):
    """One WSDL, and the port of it that is spoken to."""

    source: TextTemplate = Field(
        min_length=1,
        max_length=500,
        description="file, or URL it is loaded from once and kept in `wsdl_cache`; may hold ${values...}",
    )
    sha256: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="digest of it with its schemas, as `rebated connector inspect` tells it; another one is refused",
    )
    service: str = Field(default="", max_length=200, description="service in it; empty: the only one")
    port: str = Field(
        default="", max_length=200, description="port of the service; empty: its first for SOAP 1.1, else for 1.2"
    )
    address: TextTemplate = Field(
        default="",
        max_length=500,
        description="address requests go to, instead of the one in the WSDL, which is often an internal one",
    )
    may_lack: tuple[str, ...] = Field(
        default=(),
        description="elements the schema asks for and the server leaves out: their absence is no fault; `*` in a name "
        "stands for any text",
    )


class SoapSettings(DeclarativeSettings):
    """A preset, and what differs from it. Tables are laid over those of the preset; everything else replaces."""

    adapter: ClassVar[str] = "soap_erp"
    asks: ClassVar[type[Request] | type[Operation]] = Operation

    wsdl: dict[str, WsdlSettings] = Field(min_length=1, description="the WSDLs, by name")
    wsdl_cache: Path = Field(default=Path("var/wsdl"), description="folder in which loaded WSDLs and schemas are kept")
    namespaces: dict[str, str] = Field(
        default={}, description="prefixes that names of types and elements are given with"
    )
    soap_headers: dict[str, Template] = Field(
        default={}, description="SOAP headers of every request, by the name of their element"
    )
    auth: SoapAuth = Field(default=NoAuth(), description="how requests prove who we are")
    error_message: Expression = Field(
        default="fault.text", max_length=300, description="where a body says what went wrong"
    )

    def addresses(self) -> Iterator[tuple[str, Any]]:
        for name, wsdl in self.wsdl.items():
            yield f"wsdl.{name}.source", wsdl.source
            yield f"wsdl.{name}.address", wsdl.address

    def envelope(self) -> Iterator[tuple[str, Any]]:
        yield from super().envelope()
        for name, template in self.soap_headers.items():
            yield f"soap_headers.{name}", template

    def wire(self, base: Path) -> SoapWire:
        return SoapWire(self, base)

    @model_validator(mode="after")
    def _wsdls_are_there(self) -> Self:
        for place, request in requests_of(self):
            named = request.wsdl if isinstance(request, Operation) else ""
            if named not in self.wsdl and (named or len(self.wsdl) > 1):
                wrong = f"there is no [wsdl.{named}]" if named else "of several, one is to be named"
                raise ValueError(f"{place}.wsdl: {wrong}; there are: {', '.join(self.wsdl)}")
        return self
