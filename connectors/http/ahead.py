"""Reading ahead: the next page is asked for while the one before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from connectors.http.transport import exchange

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; each is made in another thread while its predecessor is in use, and never more than one.

    A predecessor is handed over once the request for the next item is on its way. Threads take turns: one that computes
    would hold up the other, which has to send before the server can begin.
    """
    end = object()

    def made(sent: Event) -> Item | object:
        exchange.sent = sent.set
        try:
            return next(items, end)
        finally:
            exchange.sent = None
            sent.set()

    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        coming = pool.submit(made, Event())
        while (item := coming.result()) is not end:
            sent = Event()
            coming = pool.submit(made, sent)
            sent.wait()
            yield item  # type: ignore[misc]
