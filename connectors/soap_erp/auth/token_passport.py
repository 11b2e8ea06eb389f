"""The SOAP header `tokenPassport`, by which NetSuite knows who asks, in the version of the message it goes with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as chance
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lxml import etree

from connectors.declarative.auth import Proof
from connectors.declarative.clock import Clock
from connectors.declarative.outgoing import Outgoing
from connectors.secrets import Secret
from connectors.soap_erp.auth.message import Message, read, writable
from connectors.soap_erp.auth_settings import TokenPassport
from core.errors import FatalError

_MESSAGES = re.compile(r"urn:messages_(\w+)\.platform\.webservices\.netsuite\.com")
_NONCE_BYTES = 16
_ALGORITHM = "HMAC-SHA256"


class Passport:
    """See connectors.declarative.auth.fixed.Credential."""

    def __init__(self, settings: TokenPassport, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        kept = self._settings
        return writable(base, kept.consumer_key, kept.consumer_secret, kept.token_id, kept.token_secret)

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        message = read(request.body)
        messages, core = _namespaces(message)

        def body() -> bytes:
            return message.with_proof(lambda header: self._prove(header, secrets, messages, core))

        return Proof(request.url, request.headers, body=body)

    def _prove(self, header: etree._Element, secrets: tuple[Secret, ...], messages: str, core: str) -> None:
        consumer_key, consumer_secret, token_id, token_secret = (secret.reveal() for secret in secrets)
        passport = token_passport(
            self._settings.account,
            consumer_key,
            consumer_secret,
            token_id,
            token_secret,
            nonce=chance.token_hex(_NONCE_BYTES),
            timestamp=int(self._clock.now().timestamp()),
        )
        element = etree.SubElement(header, f"{{{messages}}}tokenPassport")
        for name, value in passport.items():
            member = etree.SubElement(element, f"{{{core}}}{name}")
            if isinstance(value, dict):
                member.set("algorithm", value["algorithm"])
                value = value["_value"]
            member.text = str(value)


def _namespaces(message: Message) -> tuple[str, str]:
    """Those of the header and of its members, of the version whose operation is asked for. Raises FatalError."""
    namespace = message.asked[1:].partition("}")[0]
    found = _MESSAGES.fullmatch(namespace)
    if found is None:
        raise FatalError(
            "auth: a token passport goes with a message of NetSuite's SuiteTalk, which this is not",
            hint="check auth.kind, and [wsdl] source",
        )
    return namespace, f"urn:core_{found[1]}.platform.webservices.netsuite.com"


def token_passport(
    account: str,
    consumer_key: str,
    consumer_secret: str,
    token_id: str,
    token_secret: str,
    nonce: str,
    timestamp: int,
) -> dict[str, Any]:
    """The members of the header element, in the order of the schema; `signature` has its attribute beside `_value`.

    `nonce` is 6 to 64 letters and digits, never sent before; `timestamp` is in whole seconds since 1970. Both are made
    anew for each attempt: what is sent a second time is refused.
    """
    signed = "&".join(map(_quoted, (account, consumer_key, token_id, nonce, str(timestamp))))
    key = f"{_quoted(consumer_secret)}&{_quoted(token_secret)}"
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return {
        "account": account,
        "consumerKey": consumer_key,
        "token": token_id,
        "nonce": nonce,
        "timestamp": timestamp,
        "signature": {"algorithm": _ALGORITHM, "_value": base64.b64encode(digest).decode("ascii")},
    }


def _quoted(text: str) -> str:
    """As RFC 5849 quotes, section 3.6."""
    return quote(text, safe="")
