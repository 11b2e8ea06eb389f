"""Which Odoo answers at an address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from connectors.http.reply import Reply
from connectors.http.session import HttpSession
from connectors.odoo import faults, xmlrpc
from core.errors import FatalError, RebatedError, RetryableError

_JSON = {"Content-Type": "application/json"}


def probe(session: HttpSession, address: str) -> tuple[int, int]:
    """The server's version, such as (19, 0). Asks in the three ways different versions know, the newest first.

    Raises what the session raises where nothing answers, RetryableError where the server is not well, FatalError
    where what answers is not Odoo.
    """
    where = urlsplit(address).netloc
    unwell: RebatedError | None = None
    redirected: RebatedError | None = None
    for ask in _ways(session, address):
        try:
            reply, told = ask()
        except RetryableError:
            raise
        except FatalError as error:
            redirected = redirected or error
            continue
        version = _version(told)
        if version is not None:
            return version
        if reply is not None and (reply.status >= 500 or reply.status in (408, 429)):
            unwell = RetryableError(f"{where}: the server answers {reply.status}", after=reply.retry_after())
    if unwell is not None:
        raise unwell
    if redirected is not None:
        raise redirected
    raise FatalError(
        f"{where}: what answers there is not Odoo",
        hint="check url: the address people open in the browser, without /web or /odoo behind it",
    )


def _ways(session: HttpSession, address: str) -> Iterator[Callable[[], tuple[Reply | None, object]]]:
    def page() -> tuple[Reply, object]:
        reply = session.request("GET", f"{address}/web/version")
        return reply, _json(reply).get("version_info")

    def client_page() -> tuple[Reply, object]:
        reply = session.request("POST", f"{address}/web/webclient/version_info", headers=_JSON, body=b"{}")
        result = _json(reply).get("result")
        return reply, result.get("server_version_info") if isinstance(result, dict) else None

    def service() -> tuple[Reply | None, object]:
        try:
            told = xmlrpc.connector(session, address).get_service("common").version()
        except faults.Fault:
            return None, None
        return None, told.get("server_version_info") if isinstance(told, dict) else None

    yield page
    yield client_page
    yield service


def databases(session: HttpSession, address: str) -> frozenset[str] | None:
    """The databases the server offers at this address; None where it does not tell."""
    try:
        reply = session.request("POST", f"{address}/web/database/list", headers=_JSON, body=b"{}")
    except (RetryableError, FatalError):
        return None
    result = _json(reply).get("result")
    if not isinstance(result, list) or not result:
        return None
    return frozenset(name for name in result if isinstance(name, str))


def _json(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {}
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _version(told: object) -> tuple[int, int] | None:
    """`[19, 0, 0, 'final', 0, '']` and `['saas~18', 3, ...]` alike."""
    if not isinstance(told, list) or len(told) < 2:
        return None
    major, minor = (re.search(r"\d{1,4}", str(part), re.ASCII) for part in told[:2])
    return (int(major[0]), int(minor[0])) if major and minor else None
