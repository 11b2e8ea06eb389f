"""The adapter for systems that speak REST: a CRM, an ERP or anything else, described by settings alone."""

from __future__ import annotations

from typing import ClassVar

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.adapter import DeclarativeAdapter
from connectors.spi import AdapterSettings


class RestAdapter(DeclarativeAdapter):
    """See docs/connectors/rest.md."""

    Settings: ClassVar[type[AdapterSettings]] = RestSettings
