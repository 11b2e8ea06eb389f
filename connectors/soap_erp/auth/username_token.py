"""User name and password in the header Security of each message.

After OASIS Web Services Security: SOAP Message Security 1.0 and UsernameToken Profile 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import secrets as chance
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree

from connectors.declarative.auth import Proof
from connectors.declarative.clock import Clock
from connectors.declarative.outgoing import Outgoing
from connectors.secrets import Secret
from connectors.soap_erp.auth.message import read, writable
from connectors.soap_erp.auth_settings import UsernameToken

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE = f"{_OASIS}wssecurity-secext-1.0.xsd"
_WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
_PASSWORD = f"{_OASIS}username-token-profile-1.0#Password"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
_NONCE_BYTES = 16


class SecurityToken:
    """See connectors.declarative.auth.fixed.Credential."""

    def __init__(self, settings: UsernameToken, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        return writable(base, self._settings.password)

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        message = read(request.body)

        def body() -> bytes:
            return message.with_proof(lambda header: self._prove(_security(header, message.version), secrets[0]))

        return Proof(request.url, request.headers, body=body)

    def _prove(self, security: etree._Element, password: Secret) -> None:
        now = self._clock.now()
        if self._settings.lifetime:
            stamp = etree.SubElement(security, f"{{{_WSU}}}Timestamp")
            _text(stamp, _WSU, "Created", _written(now))
            _text(stamp, _WSU, "Expires", _written(now + timedelta(seconds=self._settings.lifetime)))
        token = etree.SubElement(security, f"{{{_WSSE}}}UsernameToken")
        _text(token, _WSSE, "Username", self._settings.user)
        if not self._settings.digest:
            _text(token, _WSSE, "Password", password.reveal(), Type=f"{_PASSWORD}Text")
            return
        nonce, created = chance.token_bytes(_NONCE_BYTES), _written(now)
        digest = hashlib.sha1(nonce + created.encode() + password.reveal().encode(), usedforsecurity=False).digest()
        _text(token, _WSSE, "Password", base64.b64encode(digest).decode(), Type=f"{_PASSWORD}Digest")
        _text(token, _WSSE, "Nonce", base64.b64encode(nonce).decode(), EncodingType=_BASE64)
        _text(token, _WSU, "Created", created)


def _security(header: etree._Element, version: str) -> etree._Element:
    """The header for the receiver itself, made where there is none."""
    actor, role = f"{{{version}}}actor", f"{{{version}}}role"
    for found in header.iterchildren(f"{{{_WSSE}}}Security"):
        if not found.get(actor) and not found.get(role):
            return found
    security = etree.SubElement(header, f"{{{_WSSE}}}Security", nsmap={"wsse": _WSSE, "wsu": _WSU})
    security.set(f"{{{version}}}mustUnderstand", "1")
    return security


def _text(parent: etree._Element, namespace: str, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}", attributes).text = text


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
