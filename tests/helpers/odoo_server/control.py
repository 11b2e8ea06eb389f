"""Another process's hand on the server: its acts and switches, as POST /control/<name> with args and named in JSON."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.helpers.odoo_server.answers import Answer, json_answer
from tests.helpers.odoo_server.mishaps import Mishap

if TYPE_CHECKING:
    from tests.helpers.odoo_server.server import OdooServer


class Control:
    def __init__(self, server: OdooServer) -> None:
        self._server = server

    def answer(self, path: str, body: bytes) -> Answer:
        name = path.removeprefix("/control/").strip("/")
        if name.startswith("_") or name in ("batch", "start", "stop"):
            return json_answer({"error": f"no act is called {name!r}"}, 404)
        request = json.loads(body or b"{}")
        args, named = request.get("args", []), request.get("named", {})
        try:
            found = getattr(self._server, name)
            result = found(*args, **named) if callable(found) else found
        except Exception as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 500)
        if isinstance(result, Mishap):
            result = result.told()
        return json_answer(result)


class ControlledServer:
    """The same acts and switches on a server in another process: `ControlledServer(url).add_partner("Buyer")`.

    Mishaps come back as dicts; `release(id)` lets a late transaction commit.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def act(*args: Any, **named: Any) -> Any:
            body = json.dumps({"args": args, "named": named}, default=str).encode()
            with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)) as connection:
                connection.request("POST", f"/control/{name}", body, {"Content-Type": "application/json"})
                reply = connection.getresponse()
                told = json.load(reply)
            if reply.status != 200:
                raise RuntimeError(told["error"])
            return told

        return act
