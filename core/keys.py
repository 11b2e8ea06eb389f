"""Identity keys of what we write to other systems.

A key says *which* document, never what is in it: the content hash is stored beside it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from core.money import plain_number

KEY_PATTERN = re.compile(r"\bRB-[A-Z2-7]{12}\b")


class SettlementKey(NamedTuple):
    """What one settlement document is for. The program's version is never part of it."""

    program: str
    payee: str
    entity: str
    period: str
    currency: str
    sequence: int = 1


def canonical(value: Any) -> str:
    """One text for one content: sorted keys, no spaces, dates in ISO form, Decimals as plain text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    # Half a surrogate pair has no UTF-8: it stays the escape that JSON has for it.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def content_hash(value: Any) -> str:
    """The SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _key(*parts: object) -> str:
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return "RB-" + base64.b32encode(digest)[:12].decode()


def settlement_key(key: SettlementKey, generation: int = 1) -> str:
    """`RB-` and 12 base32 characters. A re-issue after a void raises the generation, and with it the key."""
    return _key("settlement", *key, generation)


def notice_key(target: str, account: str, event: str, event_id: str) -> str:
    """The key of an account note or tier update: target, account, kind of event, id of the event."""
    return _key("notice", target, account, event, event_id)


def find_keys(*texts: str | None) -> list[str]:
    """Every key of our form in the given texts, in order, once each."""
    return list(dict.fromkeys(key for text in texts if text for key in KEY_PATTERN.findall(text)))
