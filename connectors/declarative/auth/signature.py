"""A signature over each request, by a key that is never sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from requests.utils import requote_uri

from connectors.declarative.auth.base import Proof
from connectors.declarative.auth.surroundings import Surroundings
from connectors.declarative.expression import as_text
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.auth import Hmac
from connectors.secrets import Secret


class Signature:
    """Signs what the settings say. `timestamp` is in whole seconds since 1970; other forms are made of ${now}."""

    def __init__(self, settings: Hmac, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._key: Secret | None = None

    @property
    def exports(self) -> Mapping[str, Any]:
        return {}

    def ready(self) -> None:
        if self._key is None:
            self._key = self._settings.key.resolve(self._around.base)

    def sign(self, request: Outgoing) -> Proof:
        key = self._key
        if key is None:
            self._key = key = self._settings.key.resolve(self._around.base)
        url = requote_uri(request.url)  # as it will be sent
        parts = urlsplit(url)
        now = self._around.clock.now()
        told = {
            "now": now,
            "method": request.method,
            "path": (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            "target": request.target,
            "body_hash": hashlib.new(self._settings.algorithm, request.body or b"").hexdigest(),
            "timestamp": int(now.timestamp()),
            "nonce": secrets.token_hex(16),
            "key_id": self._settings.key_id,
        }
        signed = as_text(self._around.render(self._settings.signed, told))
        digest = hmac.new(key.reveal().encode(), signed.encode(), self._settings.algorithm).digest()
        signature = digest.hex() if self._settings.encoding == "hex" else base64.b64encode(digest).decode()
        told |= {"signature": signature, "pair": f"{self._settings.key_id}:{signature}"}
        headers = {
            name: Secret(as_text(self._around.render(template, told)))
            for name, template in self._settings.headers.items()
        }
        return Proof(url, {**request.headers, **headers}, key)

    def renew(self, refused: Proof) -> bool:
        """True where a person has replaced the key since."""
        self._key = self._settings.key.resolve(self._around.base)
        return self._key != refused.made_by

    def secrets(self) -> Iterator[str]:
        if self._key is not None:
            yield self._key.reveal()

    def close(self) -> None:
        pass
