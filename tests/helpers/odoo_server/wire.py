"""HTTP: one request in, one answer out, and the mishaps on the way."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.helpers.odoo_server.answers import Answer, page
from tests.helpers.odoo_server.faults import AccessError, MissingError, UserError
from tests.helpers.odoo_server.mishaps import Mishap
from tests.helpers.odoo_server.rpc import Failed, Prepared, version_answer

if TYPE_CHECKING:
    from tests.helpers.odoo_server.server import OdooServer

PIECES = 20


class Dropped(Exception):
    """Close the connection without an answer."""


class Listener(ThreadingHTTPServer):
    """Knows its open connections, so that stopping ends them."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, server: OdooServer, port: int) -> None:
        self.odoo = server
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""

    def disconnect(self) -> None:
        with self._lock:
            connections = list(self._open)
        for one in connections:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Werkzeug/3.0.1", "Python/3.11"
    disable_nagle_algorithm = True
    server: Listener

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at `requests`."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer, mishaps = self._answered(body)
        except Dropped:
            self.close_connection = True
            return
        self._send(answer, mishaps)

    def _answered(self, body: bytes) -> tuple[Answer, list[Mishap]]:
        odoo, path = self.server.odoo, self.path.partition("?")[0]
        if path.startswith("/control/"):
            return odoo.control.answer(path, body), []
        odoo.warm_up()
        prepared: Prepared | Answer | None = None
        if path.startswith("/json/2") and self.command == "POST":
            prepared = odoo.rpc.json2(path, {name.lower(): value for name, value in self.headers.items()}, body)
        elif path.startswith("/xmlrpc/") and self.command == "POST":
            prepared = odoo.rpc.xmlrpc(path, body)
        elif path.startswith("/web/"):
            prepared = version_answer(odoo.version, path, body)
        if not isinstance(prepared, Prepared):
            return self._plain(prepared, path)
        return self._called(prepared)

    def _plain(self, answer: Answer | None, path: str) -> tuple[Answer, list[Mishap]]:
        """No call of a method: the version, a login, or a request nobody understood."""
        odoo = self.server.odoo
        mishaps = odoo.mishaps.take("", path, writes=False)
        spoiled = before(mishaps, lambda error: page(500))
        answer = spoiled or answer or page(404)
        odoo.saw("", path, answer.status, answer.fault)
        return answer, mishaps

    def _called(self, prepared: Prepared) -> tuple[Answer, list[Mishap]]:
        odoo, call = self.server.odoo, prepared.call
        mishaps = odoo.mishaps.take(call.model, call.method, writes=call.writes)
        try:
            answer = before(mishaps, prepared.failed)
            if answer is None:
                answer = self._carried_out(prepared, mishaps)
        except Dropped:
            odoo.saw(call.model, call.method, 0, 0)
            raise
        odoo.saw(call.model, call.method, answer.status, answer.fault)
        return answer, mishaps

    def _carried_out(self, prepared: Prepared, mishaps: list[Mishap]) -> Answer:
        late = next((one for one in mishaps if one.kind == "late"), None)
        try:
            result = self.server.odoo.calls.carry_out(prepared.call, None if late is None else late.wait)
        except Exception as error:
            return prepared.failed(error)
        answer = prepared.told(result)
        for one in mishaps:
            if one.kind == "fault_after":
                return prepared.failed(RuntimeError(one.message))
            if one.kind == "html_after":
                return page(one.status)
            if one.kind == "drop_after":
                raise Dropped
            if one.kind == "hang":
                one.wait()
        return answer

    # ---------------------------------------------------------------- sending

    def _send(self, answer: Answer, mishaps: list[Mishap]) -> None:
        body = answer.body
        head = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        head.append(f"Server: {self.server_version} {self.sys_version}")
        head.append(f"Date: {format_datetime(self.server.odoo.now().replace(tzinfo=UTC), usegmt=True)}")
        head.append(f"Content-Type: {answer.content_type}")
        head.append(f"Content-Length: {len(body)}")
        head.extend(f"{name}: {value}" for name, value in answer.headers.items())
        raw = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        kinds = {one.kind: one for one in mishaps}
        if "truncate" in kinds:
            self.wfile.write(raw + body[: len(body) // 2])
            self.close_connection = True
        elif "drip" in kinds:
            self._drip(raw, body, kinds["drip"].seconds or 1.0)
        else:
            self.wfile.write(raw + body)

    def _drip(self, raw: bytes, body: bytes, seconds: float) -> None:
        self.wfile.write(raw)
        size = max(1, -(-len(body) // PIECES))
        starts = range(0, len(body), size)
        for start in starts:
            time.sleep(seconds / len(starts))
            self.wfile.write(body[start : start + size])
            self.wfile.flush()


def before(mishaps: list[Mishap], failed: Failed) -> Answer | None:
    """What goes wrong before any work is done. Raises Dropped."""
    for one in mishaps:
        if one.kind == "delay":
            one.wait()
        elif one.kind == "drop_before":
            raise Dropped
        elif one.kind == "html":
            return page(one.status)
        elif one.kind == "status":
            answer = page(one.status)
            if one.retry_after is not None:
                answer.headers["Retry-After"] = one.retry_after
            return answer
        elif one.kind == "fail":
            return failed(_error(one))
    return None


def _error(one: Mishap) -> Exception:
    if one.error == "user":
        return UserError(one.message)
    if one.error == "access":
        return AccessError(one.message)
    if one.error == "missing":
        return MissingError(one.model or "res.partner", 0, 0)
    return RuntimeError(one.message)
