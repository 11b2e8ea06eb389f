"""Connections that know when a whole request must be over, and whether it was ever connected.

`requests` bounds the wait for each piece of a reply, not for all of it, and its errors do not tell whether a
request left this machine. Both are added here, below its adapters: each exchange happens in one thread, so what is
known about it is kept by thread.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# The library logs addresses, whose queries hold what is searched for, and may hold a key: each request as a detail, and
# as a warning those whose reply has a broken header.
for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class Exchange(threading.local):
    """The exchange under way in this thread.

    `deadline` is an instant of the monotonic clock; `unconnected` the error that kept us from connecting, so that
    nothing was sent; `overdue` whether the deadline passed. `sent`, where somebody wants to know, is called when a
    request is on its way and nothing is left to do but wait for the reply.
    """

    deadline: float = 0.0
    unconnected: Exception | None = None
    overdue: bool = False
    sent: Callable[[], None] | None = None


exchange = Exchange()


@contextmanager
def within(seconds: float) -> Iterator[Exchange]:
    """An exchange that ends after `seconds`."""
    exchange.deadline = time.monotonic() + seconds
    exchange.unconnected = None
    exchange.overdue = False
    try:
        yield exchange
    finally:
        exchange.unconnected = None


class _TimedReader(io.RawIOBase):
    """What the other side sends, until the deadline of the exchange."""

    def __init__(self, connected: socket.socket, stream: io.RawIOBase) -> None:
        self._connected = connected
        self._stream = stream
        self._patience = connected.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = exchange.deadline - time.monotonic()
        bounded = self._patience is None or left < self._patience
        if left <= 0:
            exchange.overdue = True
            raise TimeoutError("the reply took too long")
        if not bounded:
            return self._stream.readinto(buffer)
        self._connected.settimeout(left)
        try:
            return self._stream.readinto(buffer)
        except TimeoutError:
            exchange.overdue = True
            raise
        finally:
            self._connected.settimeout(self._patience)  # the next request on this connection has its own deadline

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        # The stream counts as a user of the socket, which stays open for it after the connection let go of it.
        self.fp: io.BufferedReader = io.BufferedReader(_TimedReader(sock, self.fp.detach()))


class _PlainConnection(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            exchange.unconnected = error
            raise

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        if exchange.sent is not None:
            exchange.sent()
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            exchange.unconnected = error
            raise

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        if exchange.sent is not None:
            exchange.sent()
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class TimedAdapter(HTTPAdapter):
    """The adapter of `requests` on connections that keep the deadline of the exchange."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager
