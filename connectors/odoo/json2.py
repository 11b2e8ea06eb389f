"""Odoo's JSON-2 protocol (from 19 on): the library's connection and model, over our own requests."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from odoolib.json2 import Json2Connection, Json2Connector, Json2SConnector, JsonModel

from connectors.http.session import HttpSession
from connectors.odoo import faults
from connectors.secrets import Secret


class _Sending:
    """Where JSON-2 is spoken, and over which session."""

    def __init__(self, session: HttpSession, address: str) -> None:
        super().__init__(urlsplit(address).hostname or "")  # type: ignore[call-arg]
        self.session = session
        self.url = f"{address}/json/2/"


class PlainConnector(_Sending, Json2Connector):  # type: ignore[misc]
    """JSON-2 over http."""


class SecureConnector(_Sending, Json2SConnector):  # type: ignore[misc]
    """JSON-2 over https."""


class Model(JsonModel):  # type: ignore[misc]
    """A model of the remote. Its methods take named arguments only, as the protocol does."""

    def __getattr__(self, method: str) -> Any:
        def proxy(**named: Any) -> Any:
            return self.connection.post(self.model_name, method, named)

        return proxy

    def read(self, **named: Any) -> Any:
        """All records; the library's own gives one record bare."""
        return self.__getattr__("read")(**named)


class Connection(Json2Connection):  # type: ignore[misc]
    """A database and the key to it. The library's headers carry the key in plain; these do not."""

    def __init__(self, connector: _Sending, database: str, key: Secret) -> None:
        super().__init__(connector, database, "")
        self.bearer_header = {
            "Authorization": Secret(f"bearer {key.reveal()}"),
            "Content-Type": "application/json; charset=utf-8",
            "X-Odoo-Database": database,
        }

    def get_model(self, model_name: str) -> Model:
        return Model(self, model_name)

    def post(self, model: str, method: str, named: dict[str, Any]) -> Any:
        """Call a method. Numbers with a fraction come as Decimal. Raises faults.Fault and what the session raises."""
        url = f"{self.connector.url}{quote(model, safe='')}/{quote(method, safe='')}"
        reply = self.connector.session.request("POST", url, headers=self.bearer_header, body=written(named))
        if reply.status != 200:
            raise faults.of_reply(reply)
        try:
            return read(reply.body)
        except (ValueError, RecursionError):
            pass
        raise faults.unreadable(reply)


def written(value: object) -> bytes:
    """JSON. A Decimal becomes a number."""
    return json.dumps(value, default=_number, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def read(body: bytes) -> Any:
    """The value of a JSON text; numbers with a fraction as Decimal of their very digits. Raises ValueError."""
    return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number)


def _number(value: object) -> float:
    # The nearest binary number is what the server makes of the digits anyhow, and it is written with the same digits.
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is nothing JSON can carry")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def connector(session: HttpSession, address: str) -> PlainConnector | SecureConnector:
    """The connector for an address."""
    return (SecureConnector if address.startswith("https:") else PlainConnector)(session, address)
