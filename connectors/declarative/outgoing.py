"""Requests as they will be sent, before they are signed; and whether an address is one they may go to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, unquote_plus, urlencode, urlsplit

from connectors.declarative.expression import as_text
from connectors.declarative.template import Omitted, Tables, render
from connectors.secrets import Secret
from core.errors import DataError, FatalError

_STRANGE = re.compile(r"[\x00-\x1f\\\x7f-\x9f]")
_HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_PORTS = {"http": 80, "https": 443}
_PLAIN_IN_QUERY = "$:,"


class Elsewhere(FatalError):
    """The address is on another host than base_url."""


@dataclass(slots=True)
class Outgoing:
    """A request as it will be sent. `target` is the path below the base address, without its first slash and without
    a query; what signs the request adds its headers. Nothing of it is shown, since all of it may hold private data.
    """

    method: str
    url: str = field(repr=False)
    target: str = field(repr=False)
    headers: dict[str, str | Secret] = field(repr=False)
    body: bytes | None = field(repr=False)


def add_headers(
    sent: dict[str, str | Secret], templates: Mapping[str, str], data: Mapping[str, Any], tables: Tables
) -> None:
    """Put the headers filled in with data into those that are sent; a name counts once, however it is written.

    Raises DataError where a value is one that no header can carry.
    """
    for name, template in templates.items():
        value = render(template, data, tables)
        if isinstance(value, Omitted) or value is None:
            continue
        text = as_text(value)
        if not _HEADER.fullmatch(text):
            raise DataError("bad_value", f"the header {name} would be empty, or hold what a header cannot carry")
        _put(sent, name, text)


def _put(headers: dict[str, str | Secret], name: str, value: str) -> None:
    for present in headers:
        if present.lower() == name.lower():
            del headers[present]
            break
    headers[name] = value


def with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    """The address with further query parameters."""
    if not pairs:
        return url
    sign = "&" if "?" in url else "?"
    return url + sign + urlencode(pairs, quote_via=quote, safe=_PLAIN_IN_QUERY)


def replacing_query(url: str, name: str, value: str) -> str:
    """The address with one query parameter, in place of one of that name it may have."""
    head, sign, query = url.partition("?")
    others = [part for part in query.split("&") if part and unquote_plus(part.partition("=")[0]) != name]
    rest = head + sign + "&".join(others) if others else head
    return with_query(rest, [(name, value)])


def at_home(base: str, url: str) -> bool:
    """Whether an address is on the host, port and protocol of the base address."""
    try:
        return _STRANGE.search(url) is None and _place(urlsplit(base)) == _place(urlsplit(url))
    except ValueError:
        return False


def _place(parts: SplitResult) -> tuple[str, str, int | None]:
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials do not stand in a URL")
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
