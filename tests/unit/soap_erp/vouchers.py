"""A connection to vouchers.wsdl, and replies of its server to the letter: whole, or wrong in one way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.declarative.preset import laid_over
from connectors.soap_erp.adapter import SoapAdapter
from connectors.soap_erp.settings import SoapSettings
from tests.helpers.stand_ins.harness import HurriedClock
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER
from tests.unit.http.server import Answer, Asked, Server

WSDL = WSDL_FOLDER / "vouchers.wsdl"
KEY = "RB-ABCDEFGHIJKL"
_ASKED = re.compile(rb"Body><(?:\w+:)?(\w+)")
_SETTINGS: dict[str, Any] = {
    "throttle": {"rate": {"per_second": 10_000, "burst": 10_000}},
    "longest_request": 1,
    "read": {
        "vouchers": {
            "kind": "invoice",
            "records": "Vouchers.Voucher",
            "request": {"operation": "List", "arguments": {"Page": "${page.cursor?}"}},
            "pages": {"kind": "cursor", "path": "Bookmark"},
            "one": {"request": {"operation": "Get", "arguments": {"Id": "${id | integer}"}}, "record": "Voucher"},
            "fields": {"id": "Id", "account": "Customer", "total_net": "Net"},
        }
    },
    "write": {
        "credit_note": {
            "idempotency": "search",
            "lookup_lag": 0,
            "create": {
                "request": {"operation": "Create", "arguments": {"Reference": "${document.key}"}},
                "save": {"id": "Id"},
            },
            "post": {"request": {"operation": "Post", "arguments": {"Id": "${id | integer}"}}},
            "discard": {"request": {"operation": "Post", "arguments": {"Id": "${id | integer}"}}},
            "find": {
                "records": "Vouchers.Voucher",
                "request": {"operation": "Find", "arguments": {"Reference": "${key}"}},
            },
            "one": {"record": "Voucher", "request": {"operation": "Get", "arguments": {"Id": "${id | integer}"}}},
            "remote": {
                "fields": {
                    "id": "Id",
                    "key": "Reference",
                    "state": "State",
                    "account": "Customer",
                    "currency": {"value": "EUR"},
                    "net": "Net",
                }
            },
        }
    },
}


def envelope(inside: str) -> bytes:
    """A reply with something in its body; without a prefix names are the service's."""
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:vouchers"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{inside}</s:Body></s:Envelope>'
    ).encode()


def voucher(id: int = 7, reference: str = KEY, state: str = "posted", more: str = "") -> str:
    """A voucher as a reply holds it."""
    told = f"<Reference>{reference}</Reference>" if reference else ""
    return f"<Voucher><Id>{id}</Id><State>{state}</State>{told}<Customer>C</Customer><Net>-5</Net>{more}</Voucher>"


def operation_of(asked: Asked) -> str:
    """What a request asks for."""
    found = _ASKED.search(asked.body)
    assert found is not None, asked.body
    return found[1].decode()


class Vouchers:
    """A server that gives, by operation, the reply that was put there: bytes, an Answer, or a list of them in turn."""

    def __init__(self, server: Server, base: Path) -> None:
        self._server, self._base = server, base
        self.replies: dict[str, Any] = {}
        server.answer = self._answer

    @property
    def asked(self) -> list[str]:
        """The operations that were asked for."""
        return [operation_of(one) for one in self._server.asked]

    def adapter(self, *, pages: Mapping[str, Any] | None = None, **more: Any) -> SoapAdapter:
        """`pages` take the place of those of the one stream."""
        own: Mapping[str, Any] = {"wsdl": {"only": {"source": str(WSDL), "address": self._server.url}}}
        given = laid_over(laid_over(_SETTINGS, own), more)
        if pages is not None:
            given["read"]["vouchers"]["pages"] = dict(pages)
        settings = SoapSettings.model_validate(given)
        return SoapAdapter("erp", settings, self._base, clock=HurriedClock())

    def _answer(self, asked: Asked) -> Any:
        reply = self.replies[operation_of(asked)]
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return Answer(200, reply, {"Content-Type": "text/xml"}) if isinstance(reply, bytes) else reply
