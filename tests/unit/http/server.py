"""A real HTTP server on the loopback interface that answers as a test says and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TLS = Path(__file__).parent / "tls"


@dataclass(frozen=True)
class Asked:
    """A request as it arrived. `connection` tells the connections apart."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Answer:
    """A reply as it should be."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Raw = Callable[[socket.socket], None]
"""What a server does to the connection that is no proper reply."""


class Server:
    """`answer` decides; it may return what breaks the connection. `clients`: whose certificates are asked for."""

    def __init__(
        self, answer: Callable[[Asked], Answer | Raw] = lambda asked: Answer(), *, tls: bool = False, clients: str = ""
    ) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self._over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle(self) -> None:
                # A client that gave up is what many of the tests are about.
                with contextlib.suppress(OSError):
                    try:
                        super().handle()
                    except ssl.SSLError:
                        # To hang up with something unread would take back the alert that says why.
                        plain = socket.socket(fileno=self.connection.detach())
                        with plain:
                            plain.settimeout(2)
                            plain.shutdown(socket.SHUT_WR)
                            while plain.recv(4096):
                                pass

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, self.headers, body, self.client_address[1])
                outer.asked.append(asked)
                answer = outer.answer(asked)
                if not isinstance(answer, Answer):
                    self.close_connection = True
                    answer(self.connection)
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _do

            def log_message(self, *arguments: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

            def handle_error(self, *arguments: object) -> None:
                pass

        self._listener = Listener(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "server.pem")
            if clients:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(TLS / clients)
            self._listener.socket = context.wrap_socket(
                self._listener.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.server_address[1]

    @property
    def url(self) -> str:
        scheme = "https" if isinstance(self._listener.socket, ssl.SSLSocket) else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def wait(self, seconds: float) -> bool:
        """Wait, but not beyond the end of the test. True where it is over."""
        return self._over.wait(seconds)

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


def hang_up(connection: socket.socket) -> None:
    """End the connection in order, without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    """End the connection as a router does that has lost it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def saying(*pieces: bytes) -> Raw:
    """Send these bytes, then hang up."""

    def say(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
        hang_up(connection)

    return say


def dripping(server: Server, head: bytes, drop: bytes, *, pause: float = 0.02) -> Raw:
    """Send the head, then a drop at a time until nobody listens."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while not server.wait(pause):
            connection.sendall(drop)

    return drip


def silent(server: Server) -> Raw:
    """Say nothing and keep the connection."""

    def wait(connection: socket.socket) -> None:
        server.wait(30)

    return wait


def closed_port() -> int:
    """A port of this machine nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
