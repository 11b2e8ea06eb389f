"""What the stand-ins share: a server over real HTTP whose routes are methods.

    class Shop(StandIn):
        def authenticate(self, asked: Received) -> None:
            if not same(asked.bearer(), self.token):
                raise Refused(401, {"message": "who are you?"})

        @route("GET", "/api/companies/{id}")
        def company(self, asked: Received, id: str) -> dict[str, Any]:
            return self.companies.get(id).values

    with Shop() as shop:
        requests.get(f"{shop.url}/api/companies/7", headers=...)
        shop.requests  # what came, and what was answered

A route returns an Answer, None (204), or what is sent as JSON with status 200. Each runs alone: `self.lock` is held.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import unquote

from tests.helpers.stand_ins.clock import TICK, Clock, cut
from tests.helpers.stand_ins.exchange import FORM, JSON, Answer, Malformed, Received, Refused, bracketed, same

__all__ = ["FORM", "JSON", "Answer", "Malformed", "Received", "Refused", "StandIn", "bracketed", "route", "same"]


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    parts: int
    open: bool


def route(method: str, path: str, *, open: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The method answers this; `{name}` stands for text without a slash, given decoded under that name.

    Where several match, the one with the fewest names does. `open`: `authenticate` is not asked.
    """
    pieces = re.split(r"\{(\w+)\}", path)
    pattern = "".join(f"(?P<{piece}>[^/]+)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))
    rule = _Route(method, re.compile(pattern), len(pieces), open)

    def mark(call: Callable[..., Any]) -> Callable[..., Any]:
        call.routes = [*getattr(call, "routes", ()), rule]  # type: ignore[attr-defined]
        return call

    return mark


@dataclass(slots=True)
class Failure:
    """An answer in place of the right one. `after`: the request is carried out all the same. `left`: how often yet."""

    answer: Answer
    when: Callable[[Received], bool]
    after: bool
    left: int


class StandIn:
    """The server; it listens while it is entered. Subclasses keep their state under `lock`."""

    precision: ClassVar[timedelta] = TICK
    """What change stamps are cut to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lock = threading.RLock()
        self.requests: list[Received] = []
        self.failures: list[Failure] = []
        self._listener: _Listener | None = None
        calls = (getattr(type(self), name) for name in dir(type(self)))
        self._routes = sorted(
            ((rule, call.__name__) for call in calls if callable(call) for rule in getattr(call, "routes", ())),
            key=lambda item: item[0].parts,
        )

    # ------------------------------------------------------------ for subclasses

    def authenticate(self, asked: Received) -> None:
        """Raise Refused where the request may not be answered. Called before each route that is not open."""

    def unknown(self, asked: Received) -> Answer:
        """What is answered where no route matches."""
        return Answer(404, b"<html><body>Not Found</body></html>", content_type="text/html")

    def wrong_method(self, asked: Received) -> Answer:
        """What is answered where the path is known under other methods only."""
        return Answer(405, b"<html><body>Method Not Allowed</body></html>", content_type="text/html")

    def malformed(self, asked: Received, why: str) -> Answer:
        """What is answered where a body cannot be read: Malformed by `json`, `form` or `bracketed`."""
        return Answer(400, {"message": why})

    def stamp(self) -> datetime:
        """The instant of a change, with the precision the vendor has."""
        return cut(self.clock.now(), self.precision)

    # ------------------------------------------------------------ for tests

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._listener is not None, "it listens only while it is entered"
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def boundary(self) -> datetime:
        """An instant after all stamps so far and before all from now on, also as the vendor cuts them."""
        return self.clock.boundary(self.precision)

    def fail(
        self,
        status: int,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        times: int = 1,
        when: Callable[[Received], bool] = lambda asked: True,
        after: bool = False,
        content_type: str = JSON,
    ) -> Failure:
        """Let the next `times` requests that `when` names fail with this answer, carried out (`after`) or not."""
        failure = Failure(Answer(status, body, headers or {}, content_type), when, after, times)
        with self.lock:
            self.failures.append(failure)
        return failure

    def __enter__(self) -> Self:
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.stand_in = self
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()
        self._listener = None

    def answer(self, asked: Received) -> Answer:
        """Answer a request, and remember both."""
        with self.lock:
            self.requests.append(asked)
            failure = next((each for each in self.failures if each.left > 0 and each.when(asked)), None)
            if failure is not None:
                failure.left -= 1
            if failure is None or failure.after:
                asked.answer = self._answer(asked)
            if failure is not None:
                asked.answer = failure.answer
            assert asked.answer is not None
            return asked.answer

    def _answer(self, asked: Received) -> Answer:
        matching = [(rule, name, rule.pattern.fullmatch(asked.raw_path)) for rule, name in self._routes]
        found = [(rule, name, match) for rule, name, match in matching if match is not None]
        try:
            if not found:
                return self.unknown(asked)
            for rule, name, match in found:
                if rule.method == asked.method:
                    if not rule.open:
                        self.authenticate(asked)
                    given = {part: unquote(value) for part, value in match.groupdict().items()}
                    return _as_answer(getattr(self, name)(asked, **given))
            return self.wrong_method(asked)
        except Refused as refused:
            return refused.answer
        except Malformed as error:
            return self.malformed(asked, str(error))


def _as_answer(result: Any) -> Answer:
    if isinstance(result, Answer):
        return result
    return Answer(204) if result is None else Answer(200, result)


class _Listener(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True
    stand_in: StandIn

    def handle_error(self, *_: object) -> None:
        """A client that went away is what many tests are about; what a route raises is told by `_Handler`."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def _answer(self) -> None:
        stand_in = self.server.stand_in
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = stand_in.answer(Received(self.command, self.path, self.headers, body))
        except Exception as error:  # a fault of the stand-in: the test has to see which
            answer = Answer(500, f"the stand-in broke: {error!r}".encode(), content_type="text/plain")
        raw = answer.raw()
        self.send_response_only(answer.status)
        self.send_header("Date", format_datetime(stand_in.clock.now(), usegmt=True))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if answer.status not in (204, 304):
            self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass
