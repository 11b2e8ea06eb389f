"""A harness for adapters that speak HTTP: its proxy is there all the time."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.conformance.faults import INTERNAL_ERROR, REPLY_LOST, instead
from connectors.conformance.harness import Harness, cannot
from connectors.conformance.messages import Request
from connectors.conformance.proxy import Proxy


class NetworkHarness(Harness):
    """The server at `host` and `port` behind a proxy. `build` connects the adapter to `self.proxy.url`.

    Close it when the test is over. Replies are kept back for as long as the adapter waits: give it `self.patience` as
    its timeout, or keep it below a second.
    """

    def __init__(self, host: str, port: int) -> None:
        self.proxy = Proxy(host, port).start()

    def close(self) -> None:
        """Close the proxy."""
        self.proxy.close()

    @abstractmethod
    def is_write(self, request: Request) -> bool:
        """Whether a request creates or posts something."""

    def is_posting(self, request: Request) -> bool:
        """Whether a request posts a draft; false for all where the remote has no drafts."""
        cannot("the harness cannot tell which requests post a draft")

    def wait(self, seconds: float) -> None:
        """Wait for what is under way: when the server has answered it, nothing takes effect any more."""
        self.proxy.settle()
        time.sleep(self.build().capabilities.lookup_lag)

    @contextmanager
    def proxied(self) -> Iterator[Proxy]:
        """The proxy; all faults are taken out of it in the end."""
        with self._cleared():
            yield self.proxy

    @contextmanager
    def lost_reply(self) -> Iterator[None]:
        """Replies to writes are lost."""
        with self._cleared():
            self.proxy.inject(REPLY_LOST, when=self.is_write, count=None)
            yield

    @contextmanager
    def remote_down(self) -> Iterator[None]:
        """Connections are refused."""
        with self.proxy.down():
            yield

    @contextmanager
    def post_fails(self) -> Iterator[None]:
        """Requests that post a draft are answered with 500 and do not reach the server."""
        with self._cleared():
            self.proxy.inject(instead(INTERNAL_ERROR), when=self.is_posting, count=None)
            yield

    @contextmanager
    def _cleared(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.proxy.clear()
            self.proxy.settle()
