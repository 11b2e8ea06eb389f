"""The adapter for systems that speak SOAP, described by settings alone."""

from __future__ import annotations

from typing import ClassVar

from connectors.declarative.adapter import DeclarativeAdapter
from connectors.soap_erp.settings import SoapSettings
from connectors.spi import AdapterSettings


class SoapAdapter(DeclarativeAdapter):
    """See docs/connectors/soap.md."""

    Settings: ClassVar[type[AdapterSettings]] = SoapSettings
