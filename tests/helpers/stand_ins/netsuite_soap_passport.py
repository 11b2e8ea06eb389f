"""Token-based authentication as NetSuite checks it: a signature over five values, each nonce once, a clock that agrees.

Reckoned apart from the product, from Oracle's description.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_MOST_SECONDS = 300


@dataclass(slots=True)
class Passports:
    """One integration with one token. `audit`: why log-ins were refused; the client is not told."""

    account: str = "1234567_SB1"
    consumer_key: str = "c3f1a2d05b7e"
    consumer_secret: str = "consumer-secret-51f0"
    token: str = "t0k3n9a8b7c6"
    token_secret: str = "token-secret-77ab"
    audit: list[str] = field(default_factory=list)
    _nonces: set[str] = field(default_factory=set)

    def admits(self, headers: Mapping[str, Any], now: datetime) -> bool:
        """Whether the header of a call proves who asks."""
        why = self._refusal(headers, now)
        if why:
            self.audit.append(why)
        return not why

    def _refusal(self, headers: Mapping[str, Any], now: datetime) -> str:
        given = headers.get("tokenPassport")
        if not isinstance(given, Mapping):
            return "NoPassport"
        if "applicationInfo" in headers:
            return "ApplicationId"
        known = (given["account"], given["consumerKey"], given["token"])
        if known != (self.account, self.consumer_key, self.token):
            return "UnknownToken"
        signature = given["signature"]
        if signature.get("algorithm") != "HMAC-SHA256":
            return "UnknownAlgorithm"
        nonce, timestamp = given["nonce"], given["timestamp"]
        if not re.fullmatch(r"[A-Za-z0-9]{6,64}", nonce):
            return "InvalidNonce"
        signed = "&".join((*known, nonce, timestamp)).encode()
        key = f"{self.consumer_secret}&{self.token_secret}".encode()
        wanted = b64encode(hmac.digest(key, signed, "sha256"))
        if not hmac.compare_digest(signature["_value"].encode(), wanted):
            return "InvalidSignature"
        if abs(int(timestamp) - now.timestamp()) > _MOST_SECONDS:
            return "InvalidTimestamp"
        if nonce in self._nonces:
            return "NonceUsed"
        self._nonces.add(nonce)
        return ""
