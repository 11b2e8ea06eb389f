"""REST: requests with JSON or forms, replies in JSON, meanings by status."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import simplejson

from connectors.crm_rest.outgoing import outgoing
from connectors.declarative.auth import Authentication, Surroundings, authentication
from connectors.declarative.error_rules import During, by_status
from connectors.declarative.json_reply import NotJson, read
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.auth import Auth
from connectors.declarative.settings.errors import Meaning
from connectors.declarative.settings.request import AnyRequest, Request
from connectors.declarative.template import Tables
from connectors.declarative.wire import Unreadable
from connectors.http.reply import Reply
from core.errors import FatalError


class JsonWire:
    """See connectors.declarative.wire.Wire."""

    tells_missing = False

    def __init__(self, base_url: str, headers: Mapping[str, str], auth: Auth, nesting: int) -> None:
        """`nesting` is the depth of a reply that is refused as too deep."""
        self._base_url, self._headers, self._auth, self._nesting = base_url, headers, auth, nesting

    def authentication(self, around: Surroundings) -> Authentication:
        return authentication(self._auth, around)

    def home(self, render: Callable[[Any], Any], request: AnyRequest) -> str:
        return str(render(self._base_url)).rstrip("/")

    def outgoing(
        self, request: AnyRequest, data: Mapping[str, Any], tables: Tables, *, address: str | None = None
    ) -> Outgoing:
        if not isinstance(request, Request):
            raise FatalError("an operation of a SOAP service cannot be asked over REST")
        return outgoing(request, data, tables, base_url=self._base_url, headers=self._headers, address=address)

    def read(self, reply: Reply, request: AnyRequest) -> Any:
        try:
            return read(reply.body, nesting=self._nesting, kind=reply.headers.get("Content-Type", ""))
        except NotJson as error:
            reason = str(error)
        raise Unreadable(reason)

    def doubts(self, request: AnyRequest, body: Any, found: Sequence[Any] | None) -> str:
        return ""

    def meaning(self, status: int, headers: Mapping[str, str], body: Any, during: During) -> Meaning:
        return by_status(status, headers, during)

    def refused(self, request: AnyRequest, body: Any) -> str | None:
        return None

    def shown(self, body: bytes) -> str:
        text = body.decode("utf-8", "replace")
        with suppress(ValueError):
            value = json.loads(text, parse_float=Decimal)
            text = str(simplejson.dumps(value, indent=2, ensure_ascii=False, use_decimal=True))
        return text
