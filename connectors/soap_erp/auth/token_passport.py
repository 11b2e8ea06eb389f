"""The signature NetSuite asks for in the SOAP header `tokenPassport` (token-based authentication)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote

ALGORITHM = "HMAC-SHA256"


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
        "signature": {"algorithm": ALGORITHM, "_value": base64.b64encode(digest).decode("ascii")},
    }


def _quoted(text: str) -> str:
    """As RFC 5849 quotes, section 3.6."""
    return quote(text, safe="")
