"""Health over HTTP: /healthz (the process lives), /readyz (the book can be read, no job failed last), /metrics."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.errors import FatalError, RebatedError
from core.ledger.book import Book
from core.ledger.columns import utc_now
from scheduler.config import Config

_lock = threading.Lock()
_last: dict[str, dict[str, str]] = {}


def succeeded(job: str) -> None:
    """Note that a job ended well."""
    with _lock:
        _last[job] = {"outcome": "done", "at": utc_now().isoformat()}


def failed(job: str, reason: str) -> None:
    """Note that a job failed; /readyz tells until it ends well again."""
    with _lock:
        _last[job] = {"outcome": "failed", "at": utc_now().isoformat(), "reason": reason}


def readiness(config: Config) -> tuple[bool, dict[str, object]]:
    """Whether the daemon can do its work, with what is wrong."""
    with _lock:
        jobs = {name: dict(state) for name, state in _last.items()}
    book = "ok"
    try:
        opened = Book.open(config.book_url().reveal(), create=False)
        try:
            with opened.read() as connection:
                connection.execute(sa.text("select 1"))
        finally:
            opened.close()
    except RebatedError as error:
        book = error.message
    ready = book == "ok" and not any(state["outcome"] == "failed" for state in jobs.values())
    return ready, {"ready": ready, "book": book, "jobs": jobs}


def serve(host: str, port: int, config: Config) -> ThreadingHTTPServer:
    """Answer in a thread of its own until `shutdown`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/healthz":
                self._answer(200, "text/plain; charset=utf-8", b"ok\n")
            elif path == "/readyz":
                ready, body = readiness(config)
                self._answer(200 if ready else 503, "application/json", json.dumps(body).encode())
            elif path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            else:
                self._answer(404, "text/plain; charset=utf-8", b"not found\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise FatalError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", hint="set health.listen to a free address"
        ) from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
