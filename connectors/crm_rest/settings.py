"""Settings of a connection over REST: a preset with a customer's own values over it, or everything by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from connectors.crm_rest.wire import JsonWire
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.auth import Auth, NoAuth
from connectors.declarative.settings.base import TextTemplate
from connectors.declarative.settings.request import Operation, Request


class RestSettings(DeclarativeSettings):
    """A preset, and what differs from it. Tables are laid over those of the preset; everything else replaces."""

    adapter: ClassVar[str] = "crm_rest"
    asks: ClassVar[type[Request] | type[Operation]] = Request

    base_url: TextTemplate = Field(
        min_length=1, max_length=500, description="address all paths start at; may hold ${values...} and ${session...}"
    )
    auth: Auth = Field(default=NoAuth(), description="how requests prove who we are")

    def addresses(self) -> Iterator[tuple[str, Any]]:
        yield "base_url", self.base_url

    def wire(self, base: Path) -> JsonWire:
        return JsonWire(self.base_url, self.headers, self.auth, self.nesting)
