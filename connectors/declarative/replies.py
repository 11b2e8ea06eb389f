"""Replies of a connection: parsed, judged, and turned into answers or into errors by how one recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.declarative.answer import Answer
from connectors.declarative.error_rules import During, ErrorRules
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.request import AnyRequest, requests_of
from connectors.declarative.throttle import Gate
from connectors.declarative.wire import Unreadable, Wire
from connectors.http.redaction import plain
from connectors.http.reply import Reply
from connectors.spi import UnknownOutcome
from core.errors import FatalError, RetryableError


class Throttled(RetryableError):
    """Too much was asked, and nothing was carried out. The gate knows how long to wait."""


class Replies:
    """What replies mean under the settings of one connection. Safe to use from threads."""

    def __init__(
        self, name: str, settings: DeclarativeSettings, wire: Wire, secrets: Callable[[], Iterable[str]]
    ) -> None:
        """`secrets`: what is not shown of what the other system says."""
        self._name = name
        self._wire = wire
        self._rules = ErrorRules(settings.errors, settings.error_message, secrets, wire.meaning)
        self._places = {id(request): place for place, request in requests_of(settings)}

    def answer(
        self, reply: Reply, request: AnyRequest, during: During, also_fine: tuple[int, ...], gate: Gate
    ) -> Answer:
        """The reply, parsed and judged. What cannot be read, though the status is fine, is worth another try.

        Raises Throttled, and for what is broken for now RetryableError, or UnknownOutcome where it was a write.
        """
        body, unreadable = None, ""
        try:
            body = self._wire.read(reply, request)
        except Unreadable as error:
            unreadable = str(error)
        if reply.status in also_fine:
            return Answer(reply.status, reply.headers, body, "fine")
        judged = self._rules.judge(reply.status, reply.headers, body, reply.body, during)
        wait = gate.learn(judged.meaning == "throttle", reply.headers, reply.date, request.route)
        meaning, message = judged
        if meaning == "fine" and unreadable:
            meaning, message = "retry", f"the reply cannot be read: {unreadable}"
        if meaning == "fine":
            why = self._wire.refused(request, body)
            meaning, message = (meaning, message) if why is None else ("refused", self._rules.plain(why))
        if meaning == "throttle":
            raise Throttled(self._said(request, reply.status, message), after=wait)
        if meaning == "empty":
            body = None
        answer = Answer(reply.status, reply.headers, body, meaning, message)
        if meaning == "retry":
            raise self._broken(answer, request, during, reply.retry_after())
        return answer

    def _broken(self, answer: Answer, request: AnyRequest, during: During, after: int | None) -> RetryableError:
        error = UnknownOutcome if during == "write" else RetryableError
        return error(self._said(request, answer.status, answer.message), after=after)

    def judged(self, answer: Answer, request: AnyRequest, during: During) -> Answer:
        """The answer; RetryableError for a conflict, FatalError where a person must act."""
        if answer.meaning == "fine":
            return answer
        said = self._said(request, answer.status, answer.message)
        match answer.meaning:
            case "conflict":
                raise RetryableError(said, hint="another change came between; nothing was carried out")
            case "refresh":
                raise FatalError(
                    said, hint="the credentials are not accepted: check [auth] and where its secrets are kept"
                )
            case "fatal":
                raise FatalError(
                    said, hint="check the rights of the user or token, and that the interface is switched on"
                )
            case "refused" if during == "read":
                raise FatalError(said, hint=f"check {self.place(request)}, and the version of the other system")
            case _:
                return answer

    def _said(self, request: AnyRequest, status: int, message: str) -> str:
        return f"{self._name}: {self.place(request)} was answered {status}" + (f": {message}" if message else "")

    def place(self, request: AnyRequest) -> str:
        """Names the request by where it stands in the settings, never by its address, which may hold private data."""
        place = self._places.get(id(request))
        return f"{place} ({request.verb})" if place else f"{request.verb} {plain(request.what, longest=200)}".strip()
