"""Credit notes as drafts of a small ERP whose state a test can look into and break."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.conformance import sample_request
from connectors.spi import DocumentRequest
from tests.unit.crm_rest_writing.conversation import Answer, Conversation, Received, Refused

_SAMPLE = sample_request("credit_note")
assert isinstance(_SAMPLE, DocumentRequest)
CREDIT: DocumentRequest = _SAMPLE

WRITE: dict[str, Any] = {
    "idempotency": "search",
    "lookup_lag": 0,
    "create": {
        "save": {"id": "id"},
        "request": {
            "method": "POST",
            "path": "/vouchers",
            "body": {
                "key": "${document.key}",
                "account": "${document.account}",
                "lines": {
                    "$each": "document.lines",
                    "$as": "line",
                    "$item": {"net": "${line.net}", "rate": "${line.rate}", "tax": "${line.tax}"},
                },
            },
        },
    },
    "post": {"request": {"method": "POST", "path": "/vouchers/${id}/book"}},
    "discard": {"request": {"method": "DELETE", "path": "/vouchers/${id}"}},
    "find": {"request": {"path": "/vouchers", "query": {"key": "${key}"}}},
    "one": {"request": {"path": "/vouchers/${id}"}},
    "remote": {
        "fields": {
            "id": "id",
            "key": "key",
            "state": {"path": "state", "map": {"open": "draft", "booked": "posted", "void": "cancelled"}},
            "account": "account",
            "currency": {"value": "EUR"},
            "net": "total(lines[].net)",
            "tax": "total(lines[].tax)",
        },
        "lines": {
            "records": "lines",
            "net": "net",
            "tax": "tax",
            "rate": "rate",
            "category": {"path": "code", "default": "S"},
        },
    },
}


class Vouchers(Conversation):
    """`refusing` holds words for what is refused: the name of a route, then what is said."""

    def __init__(self) -> None:
        super().__init__(self.route)
        self.kept: dict[int, dict[str, Any]] = {}
        self.refusing: dict[str, str] = {}
        self.falsify: dict[str, Any] = {}
        self.doubled = False

    def add(self, number: int, state: str = "open", **more: Any) -> None:
        """Put a voucher there."""
        given = {"id": number, "state": state, "key": CREDIT.key, "account": "C-1001", "lines": like_the_request()}
        self.kept[number] = given | more

    def states(self) -> dict[int, str]:
        """What is there."""
        return {number: voucher["state"] for number, voucher in self.kept.items()}

    def route(self, asked: Received) -> Any:
        match asked.method, asked.raw_path.removeprefix("/api/vouchers").strip("/").split("/"):
            case "GET", [""]:
                return [each for each in self.kept.values() if asked.query["key"] in each["key"]]
            case "POST", [""]:
                self._refuse("create")
                for _ in range(2 if self.doubled else 1):
                    number = max(self.kept, default=0) + 1
                    self.kept[number] = {"id": number, "state": "open", **asked.json(), **self.falsify}
                return Answer(201, {"id": number})
            case "GET", [number]:
                return self._voucher(number)
            case "DELETE", [number]:
                self._voucher(number)
                self._refuse("discard")
                del self.kept[int(number)]
                return Answer(204)
            case "POST", [number, "book"]:
                self._refuse("post")
                voucher = self._voucher(number)
                if voucher["state"] != "open":
                    raise Refused(409, {"problem": "it is no draft"})
                voucher["state"] = "booked"
                return voucher
        raise Refused(405)

    def _voucher(self, number: str) -> dict[str, Any]:
        if int(number) not in self.kept:
            raise Refused(404, {"problem": "gone"})
        return self.kept[int(number)]

    def _refuse(self, what: str) -> None:
        if what in self.refusing:
            raise Refused(422, {"problem": self.refusing[what]})


def lines(*nets: str) -> list[dict[str, Any]]:
    """Lines of a voucher by their net amounts, taxed with 20 %."""
    return [
        {"net": Decimal(net), "rate": Decimal(20), "tax": (Decimal(net) / 5).quantize(Decimal("0.01"))} for net in nets
    ]


def like_the_request() -> list[dict[str, Any]]:
    """Lines that are what CREDIT asks for."""
    return [
        {"net": Decimal("10.00"), "rate": Decimal(20), "tax": Decimal("2.00")},
        {"net": Decimal("5.05"), "rate": Decimal(10), "tax": Decimal("0.51")},
    ]
