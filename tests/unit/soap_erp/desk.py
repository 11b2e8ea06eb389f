"""A small SOAP service that first wants to know who asks, and what it knows people by."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from tests.helpers.stand_ins.base import Received
from tests.helpers.stand_ins.soap import Call, Served, SoapFault, SoapStandIn, operation
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER

WSDL = WSDL_FOLDER / "desk.wsdl"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSS = {"sec": f"{_OASIS}wssecurity-secext-1.0.xsd", "util": f"{_OASIS}wssecurity-utility-1.0.xsd"}
_SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}


class Desk(SoapStandIn):
    """`guard` raises SoapFault where who asks may not; LogIn is open. `added`: the texts of Add."""

    def __init__(self, guard: Callable[[Call], None] = lambda call: None) -> None:
        self.services = {"desk": Served(WSDL, "/desk")}
        super().__init__()
        self.guard = guard
        self.added: list[str] = []
        self.sessions: list[str] = []
        self.log_ins = 0
        self.door: Callable[[Received], None] = lambda asked: None

    def authenticate(self, asked: Received) -> None:
        self.door(asked)

    def admit(self, asked: Call) -> None:
        if asked.operation != "LogIn":
            self.guard(asked)

    @operation("LogIn")
    def log_in(self, asked: Call) -> dict[str, Any]:
        if asked.arguments != {"User": "me", "Password": "s3cret & <value>"}:
            raise SoapFault("Client.LogIn", f"not {asked.arguments}")
        self.log_ins += 1
        self.sessions = [f"sess&ion<{self.log_ins}>"]
        return {"Id": self.sessions[0], "Company": "ACME"}

    @operation("LogOut")
    def log_out(self, asked: Call) -> dict[str, Any]:
        self.sessions.remove(asked.arguments["Id"])
        return {}

    @operation("Count")
    def count(self, asked: Call) -> dict[str, Any]:
        return {"Number": len(self.added)}

    @operation("Add")
    def add(self, asked: Call) -> dict[str, Any]:
        self.added.append(asked.arguments["Text"])
        return {}


class UsernameTokens:
    """Knows one user by WS-Security; each nonce once, and no message that is over five minutes old or over its time.

    `seen`: of each message (nonce, created).
    """

    def __init__(self, now: Callable[[], datetime], password: str) -> None:
        self._now, self._password = now, password
        self.seen: list[tuple[str, str]] = []

    def __call__(self, asked: Call) -> None:
        head = asked.headers_element
        found = [] if head is None else head.findall("sec:Security", WSS)
        if len(found) != 1 or found[0].get(f"{{{_SOAP[asked.version]}}}mustUnderstand") != "1":
            raise SoapFault(f"{{{WSS['sec']}}}InvalidSecurity", "one header Security is wanted")
        nonce, created = _text(found[0], "sec:Nonce"), _text(found[0], "util:Created", last=True)
        if found[0].findtext("sec:UsernameToken/sec:Username", None, WSS) != "бухгалтер" or not self._knows(found[0]):
            raise SoapFault(f"{{{WSS['sec']}}}FailedAuthentication", f"not {_text(found[0], 'sec:Password')}")
        if nonce and (nonce, created) in self.seen:
            raise SoapFault(f"{{{WSS['sec']}}}FailedAuthentication", "the nonce was used")
        self.seen.append((nonce, created))

    def _knows(self, security: etree._Element) -> bool:
        told = security.find("sec:UsernameToken/sec:Password", WSS)
        assert told is not None
        if str(told.get("Type")).endswith("username-token-profile-1.0#PasswordText"):
            return told.text == self._password
        assert str(told.get("Type")).endswith("username-token-profile-1.0#PasswordDigest")
        nonce = security.find("sec:UsernameToken/sec:Nonce", WSS)
        created = _text(security, "util:Created", last=True)
        assert nonce is not None
        assert str(nonce.get("EncodingType")).endswith("soap-message-security-1.0#Base64Binary")
        expires = security.findtext("util:Timestamp/util:Expires", "9999-01-01T00:00:00Z", WSS)
        if abs(_instant(created) - self._now()) > timedelta(minutes=5) or _instant(expires) <= self._now():
            return False
        return told.text == digest_of(str(nonce.text), created, self._password)


def digest_of(nonce: str, created: str, password: str) -> str:
    """As UsernameToken Profile 1.0 has it, section 3.1: Base64(SHA-1(nonce + created + password))."""
    hashed = hashlib.new("sha1", usedforsecurity=False)
    for part in (base64.b64decode(nonce), created.encode(), password.encode()):
        hashed.update(part)
    return base64.b64encode(hashed.digest()).decode()


def _text(security: etree._Element, name: str, *, last: bool = False) -> str:
    found = security.findall(f".//{name}", WSS)
    return str(found[-1 if last else 0].text) if found else ""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
