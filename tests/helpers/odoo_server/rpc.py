"""The two protocols: from a request's path and body to a call, and from its result to an answer."""

from __future__ import annotations

import json
import xmlrpc.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from tests.helpers.odoo_server.answers import Answer, json_answer, json_fault, page, xml_answer, xml_fault
from tests.helpers.odoo_server.calls import Call, Calls
from tests.helpers.odoo_server.faults import BadRequest, MissingError, NotFound, Unauthorized

Told = Callable[[Any], Answer]
Failed = Callable[[Exception], Answer]


@dataclass(slots=True)
class Prepared:
    """A call that was understood: what carries it out, and how result and error are told."""

    call: Call
    told: Told
    failed: Failed
    protocol: str


class Rpc:
    def __init__(self, calls: Calls) -> None:
        self._calls, self._options = calls, calls.options
        self._version = calls.registry.version

    # ---------------------------------------------------------------- JSON-2

    def json2(self, path: str, headers: Mapping[str, str], body: bytes) -> Prepared | Answer:
        """POST /json/2/<model>/<method>; names of headers in lower case."""
        secret = headers.get("authorization", "").partition(" ")[2]
        failed: Failed = lambda error: json_fault(error, secret)  # noqa: E731
        database = headers.get("x-odoo-database")
        if self._version < (19, 0) or database != self._options.database:
            return page(404)
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return page(415)
        parts = path.removeprefix("/json/2").strip("/").split("/")
        if len(parts) != 2:
            return failed(NotFound("Did you mean POST /json/2/<model>/<method>?"))
        if not secret:
            return failed(Unauthorized("User not authenticated, use an API Key with a Bearer Authorization header."))
        uid = self._options.user_of(secret)
        if uid is None:
            return failed(Unauthorized("Invalid apikey"))
        try:
            named = json.loads(body or b"{}")
        except ValueError as error:
            return failed(BadRequest(f"could not parse the body as json: {error}"))
        if not isinstance(named, dict):
            return failed(BadRequest("could not parse the body as json: not an object"))
        ids, context = named.pop("ids", ()), named.pop("context", {})
        call = Call(uid, parts[0], parts[1], named=named, ids=ids, context=context or {})
        return Prepared(call, json_answer, failed, "json2")

    # ---------------------------------------------------------------- XML-RPC

    def xmlrpc(self, path: str, body: bytes) -> Prepared | Answer:
        """POST /xmlrpc/2/<service>, or /xmlrpc/<service> with faults of the old kind."""
        service = path.rstrip("/").rpartition("/")[2]
        old = not path.startswith("/xmlrpc/2/")
        try:
            params, name = xmlrpc.client.loads(body, use_builtin_types=True)
        except (ExpatError, ValueError, TypeError, xmlrpc.client.Error) as error:
            return xml_fault(error, "", old=old)
        if service == "common":
            return self._common(name or "", params, old=old)
        if service != "object" or name not in ("execute_kw", "execute"):
            return xml_fault(NameError(f"Method not available {name}"), "", old=old)
        return self._object(name, params, old=old)

    def _common(self, name: str, params: tuple[Any, ...], *, old: bool) -> Answer:
        if name == "version":
            return xml_answer(version_info(self._version), "")
        if name in ("authenticate", "login"):
            database, login, secret = params[:3]
            if database != self._options.database:
                return xml_fault(_no_database(database), secret, old=old)
            uid = self._options.uid_of(login)
            return xml_answer(uid if uid and self._options.user_of(secret) == uid else False, secret)
        return xml_fault(Exception(f"Method not found: {name}"), "", old=old)

    def _object(self, name: str, params: tuple[Any, ...], *, old: bool) -> Prepared | Answer:
        try:
            database, uid, secret, model, method, *rest = params
        except ValueError as error:
            return xml_fault(error, "", old=old)
        failed: Failed = lambda error: xml_fault(error, secret, old=old)  # noqa: E731
        if database != self._options.database:
            return failed(_no_database(database))
        known = self._options.user_of(secret)
        if known is None:
            return failed(Unauthorized("Access Denied"))
        if known != uid:
            return failed(MissingError("res.users", uid, uid))
        if name == "execute":
            rest = [rest, {}]
        positional = list(rest[0]) if rest else []
        named = dict(rest[1] or {}) if len(rest) > 1 else {}
        context = named.pop("context", None) or {}
        single = method == "create" and positional and isinstance(positional[0], dict)
        call = Call(known, model, method, named, positional, context=context)
        told: Told = lambda result: xml_answer(result[0] if single else result, secret)  # noqa: E731
        return Prepared(call, told, failed, "xmlrpc")


def version_info(version: tuple[int, int]) -> dict[str, Any]:
    text = f"{version[0]}.{version[1]}"
    return {
        "server_version": text,
        "server_version_info": [*version, 0, "final", 0, ""],
        "server_serie": text,
        "protocol_version": 1,
    }


def version_answer(version: tuple[int, int], path: str, body: bytes) -> Answer | None:
    """What the paths that tell the version answer; None for other paths."""
    if path == "/web/version" and version >= (18, 0):
        info = version_info(version)
        return json_answer({"version_info": info["server_version_info"], "version": info["server_version"]})
    if path == "/web/webclient/version_info":
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return page(400)
        identifier = request.get("id") if isinstance(request, dict) else None
        return json_answer({"jsonrpc": "2.0", "id": identifier, "result": version_info(version)})
    return None


def _no_database(database: str) -> Exception:
    return RuntimeError(f'connection to server failed: FATAL:  database "{database}" does not exist\n')
