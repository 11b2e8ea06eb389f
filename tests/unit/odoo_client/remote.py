"""A server that speaks Odoo's two protocols as a test says; the standard library reads and writes its bodies."""

from __future__ import annotations

import json
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.unit.http.server import Answer, Asked, Raw, Server

KEY = "k3y-0f-the-user"
LOGIN = "robot"
DATABASE = "sales"
UID = 42
JSON = {"Content-Type": "application/json; charset=utf-8"}
XML = {"Content-Type": "text/xml"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
NO_DATABASE = b"<!DOCTYPE html><title>404 Not Found</title><p>No database is selected and the URL was not found.</p>"


@dataclass(frozen=True)
class Call:
    """A call of a model's method as it arrived, in the terms of its protocol."""

    model: str
    method: str
    positional: list[Any]
    named: dict[str, Any]


class Remote:
    """`answers` decides on calls of models, `version` and `databases` are told to who asks, `login` may refuse."""

    def __init__(self, protocol: str, *, prefix: str = "", tls: bool = False) -> None:
        self.protocol = protocol
        self.calls: list[Call] = []
        self.logins: list[list[Any]] = []
        self.answers: Callable[[Call], Answer | Raw] = lambda call: self.result(True)
        self.login: Callable[[], Answer | Raw] = lambda: self.xml(UID)
        self.version: tuple[Any, ...] = (19, 0) if protocol == "json2" else (17, 0)
        self.databases: list[str] | None = [DATABASE]
        self.prefix = prefix
        self.server = Server(self._answer, tls=tls)

    @property
    def url(self) -> str:
        return self.server.url + self.prefix

    def result(self, value: Any) -> Answer:
        return self.json(value) if self.protocol == "json2" else self.xml(value)

    @staticmethod
    def json(value: Any, status: int = 200) -> Answer:
        return Answer(status, json.dumps(value).encode(), JSON)

    @staticmethod
    def xml(value: Any) -> Answer:
        return Answer(200, xmlrpc.client.dumps((value,), methodresponse=True).encode(), XML)

    @staticmethod
    def error(status: int, name: str, message: str) -> Answer:
        """JSON-2's way to refuse; the traceback is there and must not be shown."""
        return Remote.json({"name": name, "message": message, "debug": "Traceback: s3cret-debug"}, status)

    @staticmethod
    def fault(code: int, text: str) -> Answer:
        """XML-RPC's way to refuse."""
        return Answer(200, xmlrpc.client.dumps(xmlrpc.client.Fault(code, text)).encode(), XML)

    def _answer(self, asked: Asked) -> Answer | Raw:
        if not asked.path.startswith(self.prefix + "/"):
            return Answer(404, NO_DATABASE, HTML)
        path = asked.path.removeprefix(self.prefix)
        if path == "/web/version" and self.version[0] == 19:
            return self.json({"version_info": [*self.version, 0, "final", 0, ""], "version": "19.0"})
        if path == "/web/webclient/version_info":
            return self.json({"jsonrpc": "2.0", "result": {"server_version_info": [*self.version, 0, "final", 0, ""]}})
        if path == "/web/database/list" and self.databases is not None:
            return self.json({"jsonrpc": "2.0", "result": self.databases})
        if path.startswith("/json/2/"):
            _, _, _, model, method = path.split("/")
            return self._call(Call(model, method, [], json.loads(asked.body)))
        if path == "/xmlrpc/2/common":
            arguments, method = xmlrpc.client.loads(asked.body)
            if method == "version":
                return self.xml({"server_version_info": [*self.version, 0, "final", 0, ""]})
            self.logins.append(list(arguments))
            return self.login()
        if path == "/xmlrpc/2/object":
            (_, _, _, model, method, positional, named), _ = xmlrpc.client.loads(asked.body)
            return self._call(Call(model, method, positional, named))
        return Answer(404, NO_DATABASE, HTML)

    def _call(self, call: Call) -> Answer | Raw:
        self.calls.append(call)
        return self.answers(call)


def traceback_text(*exceptions: str) -> str:
    """A traceback as the server tells it; several exceptions follow from one another."""
    frames = '  File "/opt/odoo/service.py", line 12, in dispatch\n    return call(**s3cret_locals)\n           ^^^^\n'
    texts = [f"Traceback (most recent call last):\n{frames}{exception}\n" for exception in exceptions]
    return "\nDuring handling of the above exception, another exception occurred:\n\n".join(texts)
