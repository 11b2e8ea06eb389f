"""Answers as bytes: what the protocols wrap results and refusals in, and the pages of proxies."""

from __future__ import annotations

import json
import xmlrpc.client
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.odoo_server.faults import OdooFault, UnknownModel, described, traceback_text
from tests.helpers.odoo_server.marshal import response

NO_DATABASE = """<!DOCTYPE html>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>
<p>Please verify the hostname, <a href=/web/login>login</a> and try again.</p>
"""
PAGES = {
    200: "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form action='/login'></form></body></html>",
    404: NO_DATABASE,
    502: "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
}


@dataclass(slots=True)
class Answer:
    """`fault` is the XML-RPC fault code, 0 for none."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    fault: int | str = 0


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode())


def json_fault(error: Exception, secret: str) -> Answer:
    """An error as JSON-2 tells it, with a traceback in `debug`."""
    status, name, message, arguments = described(error)
    body = {"name": name, "message": message, "arguments": arguments, "context": {}}
    answer = json_answer({**body, "debug": traceback_text(error, secret)}, status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer "
    return answer


def page(status: int) -> Answer:
    """An HTML page, as a proxy or a server without a database sends."""
    text = PAGES.get(status, f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>")
    return Answer(status, text.encode(), "text/html; charset=utf-8")


def xml_answer(value: Any, secret: str) -> Answer:
    """A result as XML-RPC tells it. One that holds None cannot be told: a fault, though the work is done."""
    try:
        text = response(value)
    except (TypeError, OverflowError) as error:
        return xml_fault(error, secret)
    return _xml(text)


def xml_fault(error: Exception, secret: str, *, old: bool = False) -> Answer:
    """An error as XML-RPC tells it: code and message, the traceback where the code is 1. The old paths tell the kind
    of error in the place of the code."""
    code: int | str = error.code if isinstance(error, OdooFault) else 1
    message = error.message if isinstance(error, OdooFault) else str(error)
    if code == 3:
        text = "Access Denied"
    elif isinstance(error, UnknownModel):
        text = message = f"Object {error.model} doesn't exist"
    else:
        text = traceback_text(error, secret) if code == 1 else message
    if old:
        kind = type(error).__name__.replace("UnknownModel", "UserError")
        code = "AccessDenied" if code == 3 else f"warning -- {kind}\n\n{message}" if code in (2, 4) else message
        text = text if code == message or code == "AccessDenied" else ""
    fault = xmlrpc.client.Fault(code, text)  # type: ignore[arg-type]
    answer = _xml(xmlrpc.client.dumps(fault, methodresponse=True, encoding="utf-8"))
    answer.fault = code
    return answer


def _xml(text: str) -> Answer:
    return Answer(200, text.encode("utf-8"), "text/xml; charset=utf-8")
