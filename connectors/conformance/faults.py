"""What can happen to a request on its way: the faults the proxy knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal

from connectors.conformance.messages import Headers, Reply

Ending = Literal["whole", "reset", "midway", "truncated", "silent", "drip"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody on the way answers in the server's place."""

    name: str
    status: int
    body: bytes = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
    content_type: str = "text/html; charset=utf-8"
    headers: Headers = ()

    def reply(self, method: str) -> Reply:
        """The reply to a request of that method."""
        headers = (("Content-Type", self.content_type), ("Content-Length", str(len(self.body))), *self.headers)
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(": ".join(pair) for pair in headers)]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if method == "HEAD" else self.body
        return Reply(self.status, headers, body, head + body, len(head), lasting=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request.

    forwards: how often the server gets it. late: only once the client has given up. together: both at a time, else
    one after the other. first: of two replies the client gets the first, else the second. answer: what the client
    gets instead of the server's reply. ending: how it gets it.

        whole       all of it
        reset       nothing: the connection is reset
        midway      half of it, then the connection is reset
        truncated   all headers, half of the body, then an orderly end
        silent      nothing, until the proxy is told to release it or the client has gone
        drip        a byte at a time for the first `drops` bytes, `pause` seconds apart
    """

    name: str
    forwards: int = 1
    late: bool = False
    together: bool = False
    first: bool = False
    answer: Answer | None = None
    ending: Ending = "whole"
    pause: float = 0.005
    drops: int = 40


INTERNAL_ERROR = Answer("500", 500)
BAD_GATEWAY = Answer("502", 502)
UNAVAILABLE = Answer("503", 503, headers=(("Retry-After", "1"),))
THROTTLED = Answer("429", 429, headers=(("Retry-After", "1"),))
UNAUTHORISED = Answer("401", 401)
HTML_PAGE = Answer("200_html", 200)


def redirect(url: str, status: int = 302) -> Answer:
    """Somebody sends the client elsewhere. 307 and 308 ask it to repeat method and body there."""
    return Answer(str(status), status, headers=(("Location", url),))


def instead(answer: Answer) -> Fault:
    """The answer comes and the server never sees the request."""
    return Fault(f"{answer.name}_before", forwards=0, answer=answer)


def afterwards(answer: Answer) -> Fault:
    """The server carries the request out, and the answer comes in place of its reply."""
    return Fault(f"{answer.name}_after", answer=answer)


PASS = Fault("pass")
RESET_BEFORE = Fault("reset_before", forwards=0, ending="reset")
REPLY_LOST = Fault("reply_lost", ending="reset")
RESET_MIDWAY = Fault("reset_midway", ending="midway")
TRUNCATED = Fault("truncated", ending="truncated")
HANG = Fault("hang", ending="silent")
LATE = Fault("late", late=True, ending="silent")
DRIP = Fault("drip", ending="drip")
TWICE_FIRST = Fault("twice_first", forwards=2, first=True)
TWICE_SECOND = Fault("twice_second", forwards=2)
TWICE_TOGETHER = Fault("twice_together", forwards=2, together=True)

ANSWERS = (INTERNAL_ERROR, BAD_GATEWAY, UNAVAILABLE, THROTTLED, UNAUTHORISED, HTML_PAGE)
FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        RESET_BEFORE,
        REPLY_LOST,
        RESET_MIDWAY,
        TRUNCATED,
        HANG,
        LATE,
        DRIP,
        TWICE_FIRST,
        TWICE_SECOND,
        TWICE_TOGETHER,
        *map(instead, ANSWERS),
        *map(afterwards, ANSWERS),
    )
}
"""Every fault by its name; redirects need an address."""


def dripping(pause: float, drops: int) -> Fault:
    """A drip of another speed and length: `drops` bytes, `pause` seconds apart."""
    return replace(DRIP, pause=pause, drops=drops)
