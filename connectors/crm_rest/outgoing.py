"""Requests made from templates and data, before they are signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, unquote_plus, urlencode, urljoin, urlsplit

from connectors.crm_rest.expression import as_text
from connectors.crm_rest.json_reply import written
from connectors.crm_rest.settings.base import Request
from connectors.crm_rest.template import Omitted, Tables, plain, render
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


def outgoing(
    request: Request,
    data: Mapping[str, Any],
    tables: Tables,
    *,
    base_url: str,
    headers: Mapping[str, str],
    address: str | None = None,
) -> Outgoing:
    """The request filled in with data. `address`, the link to another page, stands in for its path and query.

    Raises DataError where a template cannot be filled in, Elsewhere where the address is on another host.
    """
    try:
        return _filled(request, data, tables, base_url, headers, address)
    except UnicodeError:  # half a surrogate pair, as a damaged text of another system holds it
        raise DataError("bad_value", "a value holds what is no letter, and cannot be sent") from None


def _filled(
    request: Request,
    data: Mapping[str, Any],
    tables: Tables,
    base_url: str,
    headers: Mapping[str, str],
    address: str | None,
) -> Outgoing:
    base = _text(base_url, data, tables).rstrip("/")
    url = _at(base, _addressed(request, data, tables, base), address)
    sent: dict[str, str | Secret] = {"Accept": "application/json"}
    body = _body(request, data, tables, sent)
    for name, template in (*headers.items(), *request.headers.items()):
        value = render(template, data, tables)
        if isinstance(value, Omitted) or value is None:
            continue
        text = as_text(value)
        if not _HEADER.fullmatch(text):
            raise DataError("bad_value", f"the header {name} would be empty, or hold what a header cannot carry")
        _put(sent, name, text)
    url = url.partition("#")[0]
    target = url[len(base) :] if url.startswith(base) else urlsplit(url).path
    return Outgoing(request.method, url, target.partition("?")[0].lstrip("/"), sent, body)


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


def _addressed(request: Request, data: Mapping[str, Any], tables: Tables, base: str) -> str:
    path = render(request.path, data, tables, quote=_quoted) if request.path else ""
    if isinstance(path, Omitted):
        raise DataError("missing_value", "the path is left out, and is needed")
    if path.startswith(("http://", "https://")):
        url = path
    else:
        url = f"{base}/{path.lstrip('/')}" if path else base
    return with_query(url, _pairs(render(request.query, data, tables))) if request.query else url


def _quoted(text: str) -> str:
    """For one step of a path. Dots alone would name another."""
    if text in (".", ".."):
        raise DataError("bad_value", "a path cannot hold a step of dots alone")
    return quote(text, safe="")


def _pairs(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in table.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, as_text(plain(each))) for each in values if each is not None]
    return pairs


def _body(request: Request, data: Mapping[str, Any], tables: Tables, headers: dict[str, str | Secret]) -> bytes | None:
    if request.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return urlencode(_pairs(render(request.form, data, tables))).encode()
    if request.body is None:
        return None
    body = render(request.body, data, tables)
    if isinstance(body, Omitted):
        return None
    headers["Content-Type"] = "application/json"
    return written(plain(body))


def _text(template: str, data: Mapping[str, Any], tables: Tables) -> str:
    value = render(template, data, tables)
    if isinstance(value, Omitted) or value is None:
        raise DataError("missing_value", "base_url is empty")
    return as_text(value)


def _put(headers: dict[str, str | Secret], name: str, value: str) -> None:
    """A header counts once, however its name is written."""
    for present in headers:
        if present.lower() == name.lower():
            del headers[present]
            break
    headers[name] = value


def _at(base: str, url: str, link: str | None) -> str:
    """The address, or where a link in its reply leads. Raises Elsewhere where that is not on the host of base_url:
    credentials go nowhere else."""
    if link is None and url.startswith(f"{base}/"):
        return url
    try:
        there = url if link is None else urljoin(url, link)
    except ValueError:
        there = ""
    if at_home(base, there):
        return there
    what = "the path" if link is None else "the link to the next page"
    raise Elsewhere(
        f"{what} leads to another host or protocol than base_url, where nothing was sent",
        hint="if that is the right server, write its address as base_url",
    )


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
