"""Plain calls to a server over both protocols, for tests of the server itself and for looking around."""

from __future__ import annotations

import http.client
import json
import xmlrpc.client
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.helpers.odoo_server.options import REBATED
from tests.helpers.odoo_server.server import OdooServer


class Reply(NamedTuple):
    """`body` is the JSON value, or the text where it is none."""

    status: int
    body: Any
    headers: dict[str, str]


def json2(server: OdooServer, model: str, method: str, *, key: str | None = None, **named: Any) -> Reply:
    """One call over JSON-2, over a connection of its own. Raises what http.client does where it is cut."""
    headers = {"Content-Type": "application/json", "X-Odoo-Database": server.database}
    headers["Authorization"] = f"bearer {server.key if key is None else key}"
    return request(server, "POST", f"/json/2/{model}/{method}", json.dumps(named).encode(), headers)


def request(
    server: OdooServer, verb: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Reply:
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)) as connection:
        connection.request(verb, path, body, headers or {})
        reply = connection.getresponse()
        text = reply.read().decode()
        plain = {name.lower(): value for name, value in reply.getheaders()}
        told = json.loads(text) if "json" in plain["content-type"] else text
        return Reply(reply.status, told, plain)


def xml(server: OdooServer, model: str, method: str, *args: Any, path: str = "/xmlrpc/2/object", **named: Any) -> Any:
    """The result of one call over XML-RPC. Raises xmlrpc.client.Fault."""
    with xmlrpc.client.ServerProxy(server.url + path, use_builtin_types=True) as proxy:
        return proxy.execute_kw(server.database, REBATED, server.key, model, method, list(args), named)


REFUND = (
    "id move_type partner_id/.id journal_id/.id invoice_date currency_id/.id ref invoice_line_ids/id "
    "invoice_line_ids/name invoice_line_ids/quantity invoice_line_ids/price_unit invoice_line_ids/tax_ids/.id "
    "invoice_line_ids/account_id/.id"
).split()


def refund_rows(key: str, *lines: tuple[str, str], partner: int | str = 8, day: str = "2026-02-03") -> list[list[str]]:
    """Rows of `load` for a credit note: lines are (price, tax id). For the columns of REFUND."""
    rows = []
    for place, (price, tax) in enumerate(lines or (("10.00", "18"), ("5.05", "19")), 1):
        head = ["rebated." + key, "out_refund", str(partner), "7", day, "126", f"{key} rebate"]
        line = [f"rebated.{key}-{place}", f"Bonus {place}", "1", price, tax, "1243"]
        rows.append((head if place == 1 else [""] * len(head)) + line)
    return rows
