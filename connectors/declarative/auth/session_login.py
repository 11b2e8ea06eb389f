"""A log-in that gives a session: by token, or by a cookie that is carried by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from connectors.declarative.answer import Answer
from connectors.declarative.auth.base import Proof, written
from connectors.declarative.auth.surroundings import Surroundings
from connectors.declarative.auth.ticket import CurrentTicket, Ticket, exported, lasting
from connectors.declarative.expression import expression
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.auth import SessionLogin
from connectors.secrets import Secret
from core.errors import DataError, FatalError, RebatedError, RetryableError

_COOKIE_VALUE = r"\"?([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\"?"


class LogIn:
    """A session, begun anew when it ends or is refused."""

    def __init__(self, settings: SessionLogin, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._current = CurrentTicket(self._obtain, around.clock)
        self._shown: set[str] = set()

    @property
    def exports(self) -> Mapping[str, Any]:
        current = self._current.known
        return {} if current is None else current.exports

    def ready(self) -> None:
        self._current.get()

    def sign(self, request: Outgoing) -> Proof:
        return self._with(request, self._current.get())

    def renew(self, refused: Proof) -> bool:
        self._current.renew(refused.made_by)
        return True

    def secrets(self) -> Iterator[str]:
        for secret in tuple(self._shown):
            yield from written(secret)

    def close(self) -> None:
        """Log out, where the settings say how. Whether it works makes no difference: the session ends by itself."""
        ticket, logout = self._current.known, self._settings.logout
        self._current.forget()
        if ticket is not None and logout is not None:
            with suppress(RebatedError):
                told = {"user": self._settings.user, "session": ticket.exports}
                self._around.ask(logout, told, lambda request: self._with(request, ticket))

    def _with(self, request: Outgoing, ticket: Ticket) -> Proof:
        settings = self._settings
        if settings.token and not settings.header:
            return Proof(request.url, request.headers, ticket)
        if settings.token:
            name, text = settings.header, settings.prefix + ticket.value.reveal()
        else:
            name, text = "Cookie", f"{settings.cookie}={ticket.value.reveal()}"
        return Proof(request.url, {**request.headers, name: Secret(text)}, ticket)

    def _obtain(self, refused: Ticket | None) -> Ticket:
        settings = self._settings
        password = settings.password.resolve(self._around.base).reveal()
        self._shown.add(password)
        asked = self._around.clock.now()
        told = {"user": settings.user, "password": password, "session": {}}  # without the one that ended
        answer = self._around.ask(settings.request, told, None)
        if answer.meaning == "conflict":
            raise RetryableError(f"{self._around.name}: the log-in met another: {answer.message}".rstrip(": "))
        if answer.meaning not in ("fine", "empty"):
            raise FatalError(
                f"{self._around.name}: the log-in was answered {answer.status}: {answer.message}".rstrip(": "),
                hint="check auth.user, the password, and auth.request",
            )
        value = self._token(answer) if settings.token else self._cookie(answer)
        self._shown.add(value)
        exports = exported(settings.exports, answer.body)
        if settings.token:
            exports = {"token": value} | exports
        return Ticket(Secret(value), lasting(asked, settings.lifetime), exports)

    def _token(self, answer: Answer) -> str:
        try:
            found = expression(self._settings.token).of(answer.body)
        except DataError:
            found = None
        if not isinstance(found, (str, int)) or isinstance(found, bool) or found == "":
            raise FatalError(
                f"{self._around.name}: the reply to the log-in holds no token", hint="check auth.token and auth.request"
            )
        return str(found)

    def _cookie(self, answer: Answer) -> str:
        pattern = rf"(?:^|[,;]\s*){re.escape(self._settings.cookie)}={_COOKIE_VALUE}(?=[;,\s]|$)"
        values = [value for value in re.findall(pattern, answer.headers.get("Set-Cookie", "")) if value]
        if not values:
            raise FatalError(
                f"{self._around.name}: the reply to the log-in sets no cookie {self._settings.cookie}",
                hint="check auth.cookie and auth.request",
            )
        return str(values[-1])
