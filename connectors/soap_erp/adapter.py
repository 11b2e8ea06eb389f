"""The adapter for systems that speak SOAP, described by settings alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from connectors.declarative.adapter import DeclarativeAdapter
from connectors.soap_erp.probing import descriptions, operations
from connectors.soap_erp.settings import SoapSettings
from connectors.spi import AdapterSettings, Finding


class SoapAdapter(DeclarativeAdapter):
    """See docs/connectors/soap.md."""

    Settings: ClassVar[type[AdapterSettings]] = SoapSettings

    def check(self) -> Iterator[Finding]:
        for found in descriptions(self.client.wire):
            yield found
            if found.level == "error":
                return
        if isinstance(self.settings, SoapSettings):
            yield from operations(self.client.wire, self.settings)
        yield from super().check()
