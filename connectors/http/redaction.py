"""A remote's words made fit for a message: plain, short, and without our secrets."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

LONGEST = 600
"""Characters of a remote's message that are kept; enough for the groups Odoo names."""

_MOST_LOOKED_AT = 8_000
"""Characters; hostile text must not make the patterns slow."""

_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def plain(text: str, *, longest: int = LONGEST) -> str:
    """One line of text without mark-up and control characters, cut to `longest` characters."""
    shown = _TAG.sub(" ", _UNSEEN.sub(" ", text[:_MOST_LOOKED_AT]))
    shown = _TAG.sub(" ", html.unescape(shown))  # what was escaped must not come back as mark-up
    shown = _UNPRINTABLE.sub(" ", shown).strip()
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


def without(text: str, secret: str) -> str:
    """`text` with the secret, wherever it stands, shown as `***`."""
    return text.replace(secret, "***") if secret else text


def plain_without(text: str, secrets: Iterable[str], *, longest: int = LONGEST) -> str:
    """One plain line without any of the secrets, also where cutting it short would leave a part of one."""
    hidden = tuple(secrets)
    shown = _without(text[:_MOST_LOOKED_AT], hidden)  # before a part of one is taken for mark-up
    shown = _without(plain(shown, longest=_MOST_LOOKED_AT), hidden)
    return plain(shown, longest=longest)


def _without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = without(text, secret)
    return text
