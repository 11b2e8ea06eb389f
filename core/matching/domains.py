"""Domains of websites and mail addresses, without those that many firms share."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.[a-z][a-z0-9-]*[a-z0-9]")
_LONGEST = 253
_SEPARATED = re.compile(r"[;,\s<>]+")
PROVIDERS = frozenset(
    "aol gmail gmx googlemail hotmail icloud live msn outlook proton protonmail yahoo yandex ymail".split()
)
"""Names that are public mail providers under whatever top-level domain."""
SHARED = frozenset(
    """
    126.com 163.com bluewin.ch btinternet.com comcast.net facebook.com fastmail.com free.fr freenet.de instagram.com
    interia.pl laposte.net libero.it linkedin.com mac.com mail.com mail.ru mailbox.org me.com naver.com o2.pl onet.pl
    orange.fr posteo.de qq.com seznam.cz sfr.fr t-online.de telenet.be tiscali.it virgilio.it wanadoo.fr web.de wp.pl
    ziggo.nl zoho.com
    """.split()
)
"""Domains of mail providers and networks, where a domain says nothing of the firm."""


def domains(text: str) -> tuple[str, ...]:
    """The domains in a text of addresses of mail or of websites: lower case, without `www`, in ASCII, sorted."""
    return tuple(sorted({found for part in _SEPARATED.split(text) if (found := _domain(part)) is not None}))


def is_shared(domain: str, ignored: Collection[str] = ()) -> bool:
    """Whether a domain says nothing of the firm: a public mail provider's, or one the configuration ignores."""
    name = domain.partition(".")[0]
    return domain in SHARED or domain in ignored or (name in PROVIDERS and domain.count(".") <= 2)


def _domain(part: str) -> str | None:
    try:
        host = urlsplit(part).netloc if "://" in part else re.split(r"[/?#]", part, maxsplit=1)[0]
        host = host.rpartition("@")[2].partition(":")[0].strip(".").lower()
        if len(host) > _LONGEST:
            return None
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except ValueError:
        return None
    host = host.removeprefix("www.")
    return host if len(host) <= _LONGEST and _DOMAIN.fullmatch(host) else None
