"""A listener on the loopback interface, each connection in a thread of its own."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from connectors.conformance.messages import Broken

LOOPBACK = "127.0.0.1"
_POLL = 0.02


class Connection:
    """One end of a TCP connection and the stream read from it."""

    def __init__(self, end: socket.socket) -> None:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = end
        self.stream = end.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError where the other end has gone."""
        self._socket.sendall(data)

    def has_gone(self) -> bool:
        """Whether the other end has closed; waits a moment to see."""
        try:
            readable, _, _ = select.select([self._socket], [], [], _POLL)
            return bool(readable) and self._socket.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    def reset(self) -> None:
        """End it with a reset, as a router does that has lost the connection."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def interrupt(self) -> None:
        """Wake whoever reads from it: it is over."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it in order."""
        with contextlib.suppress(OSError):
            self.stream.close()
        self._socket.close()


class Listener(ABC):
    """Accepts connections between `start` and `close`, or while it is entered."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._listening: socket.socket | None = None
        self._port = 0
        self._threads: set[threading.Thread] = set()
        self._connections: set[Connection] = set()
        self._stopping = threading.Event()

    @abstractmethod
    def _serve(self, client: Connection) -> None:
        """Talk to a client until it is done. Broken, OSError and ValueError (a closed stream) end the connection."""

    @property
    def port(self) -> int:
        """The port, chosen by the system at the first start and kept."""
        return self._port

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:<port>`."""
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> Self:
        """Listen. Raises OSError where the port has been taken by somebody else meanwhile."""
        self._stopping.clear()
        self._listening = socket.create_server((LOOPBACK, self._port), backlog=128)
        self._port = self._listening.getsockname()[1]
        self._listening.settimeout(_POLL)
        self._thread(self._accept, self._listening)
        return self

    def close(self) -> None:
        """Stop listening, cut every connection, and wait until every thread has ended."""
        self._stopping.set()
        if self._listening is not None:
            with contextlib.suppress(OSError):  # wakes who accepts at once, where the system allows it
                self._listening.shutdown(socket.SHUT_RDWR)
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.interrupt()
        while True:
            with self._lock:
                threads = [thread for thread in self._threads if thread is not threading.current_thread()]
            if not threads:
                break
            threads[0].join()
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    @contextmanager
    def down(self) -> Iterator[None]:
        """While it is entered, connections are refused; those that were open are cut."""
        self.close()
        try:
            yield
        finally:
            self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self, listening: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                accepted, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            accepted.setblocking(True)
            self._thread(self._talk, accepted)

    def _talk(self, accepted: socket.socket) -> None:
        with self._kept(accepted) as client, contextlib.suppress(Broken, OSError, ValueError):
            self._serve(client)

    @contextmanager
    def _kept(self, end: socket.socket) -> Iterator[Connection]:
        """A connection that `close` cuts."""
        connection = Connection(end)
        with self._lock:
            self._connections.add(connection)
        if self._stopping.is_set():
            connection.interrupt()
        try:
            yield connection
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _thread(self, call: Callable[..., None], *given: object) -> threading.Thread:
        def run() -> None:
            try:
                call(*given)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=f"{type(self).__name__} {self._port}", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()
        return thread
