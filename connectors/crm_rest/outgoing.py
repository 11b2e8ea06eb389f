"""Requests over HTTP made from templates and data, before they are signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from connectors.declarative.expression import as_text
from connectors.declarative.json_reply import written
from connectors.declarative.outgoing import Elsewhere, Outgoing, add_headers, at_home, with_query
from connectors.declarative.settings.request import Request
from connectors.declarative.template import Omitted, Tables, plain, render
from connectors.secrets import Secret
from core.errors import DataError


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
    add_headers(sent, headers, data, tables)
    add_headers(sent, request.headers, data, tables)
    url = url.partition("#")[0]
    target = url[len(base) :] if url.startswith(base) else urlsplit(url).path
    return Outgoing(request.method, url, target.partition("?")[0].lstrip("/"), sent, body)


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
