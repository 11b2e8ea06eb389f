"""Requests of a connection: filled in, signed, in their turn, read, and judged by how one recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from connectors.declarative.answer import Answer
from connectors.declarative.auth import Proof, Surroundings
from connectors.declarative.clock import SYSTEM_CLOCK, Clock
from connectors.declarative.derived import Derived
from connectors.declarative.error_rules import During
from connectors.declarative.hook import hook_of
from connectors.declarative.hooked import answered, prepared
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.replies import Replies, Throttled
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.request import AnyRequest
from connectors.declarative.template import Tables, render
from connectors.declarative.throttle import Deferred, Gate, traffic
from connectors.http.redaction import without
from connectors.http.reply import Reply
from connectors.http.session import HttpSession, NotSent, ReplyLost, TooLarge
from connectors.spi import UnknownOutcome, WriteRefused
from core.errors import DataError, FatalError, RebatedError, RetryableError

__all__ = ["Answer", "Client", "During"]

_ATTEMPTS = 3
_BACKOFF = wait_exponential(multiplier=0.5, max=5)


class _NoTables:
    """For what is sent before there is a token, and until the adapter assigns its own."""

    def map(self, name: str, key: str) -> Any:
        raise DataError("bad_template", f"there is no table {name} here")

    lookup = map


_NO_TABLES = _NoTables()


class Client:
    """One connection to one system. Safe to use from threads."""

    def __init__(self, name: str, settings: DeclarativeSettings, *, base: Path, clock: Clock | None = None) -> None:
        """Makes no request. Raises ConfigError where a file that `http` names, or the hook, cannot be used."""
        self.name = name
        self._hook = hook_of(settings.hook)
        self.tables: Tables = _NO_TABLES
        self.settings = settings
        self.clock = clock or SYSTEM_CLOCK
        told = {status for rule in settings.errors for status in rule.status}
        self._http = HttpSession(settings.http, base=base, answers=told)
        self._gates: dict[str, Gate] = {}
        self._tell: Callable[[AnyRequest, Outgoing, Reply], None] | None = None
        self._identity = sha256(settings.model_dump_json(include={"auth"}).encode() + str(base).encode()).hexdigest()
        self.wire = settings.wire(base)
        around = Surroundings(name, base, self._http, self.clock, self._asked, self._rendered)
        self._auth = self.wire.authentication(around)
        self._replies = Replies(name, settings, self.wire, self._auth.secrets)
        self._retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_pause,
            retry=retry_if_exception(_passes),
            sleep=self.clock.sleep,
            reraise=True,
        )

    @property
    def server_date(self) -> datetime | None:
        """The server's clock at its last reply, UTC; None before the first."""
        return self._http.server_date

    def roots(self) -> dict[str, Any]:
        """What every template can name: values, derived, session, connection, now (UTC)."""
        known: dict[str, Any] = {
            "values": self.settings.values,
            "session": self._auth.exports,
            "connection": self.name,
            "now": self.clock.now(),
        }
        return known | {"derived": Derived(self.settings.derived, known, self.tables)}

    @contextmanager
    def watched(self, tell: Callable[[AnyRequest, Outgoing, Reply], None]) -> Iterator[None]:
        """While it is entered, each request is told with its reply, and without its credentials; those that are made
        to get a token or session not at all. A reply may repeat a credential: `without_secrets`."""
        self._tell = tell
        try:
            yield
        finally:
            self._tell = None

    def without_secrets(self, text: str) -> str:
        """The text with each secret that is known by now shown as `***`."""
        for secret in self._auth.secrets():
            text = without(text, secret)
        return text

    def call(
        self,
        request: AnyRequest,
        data: Mapping[str, Any] | None = None,
        *,
        during: During = "read",
        address: str | None = None,
        also_fine: tuple[int, ...] = (),
    ) -> Answer:
        """Send a request filled in with `data` beside `roots()`, and read the reply.

        `address`, a link from a reply, stands in for path and query, and must be on the host of base_url. A status in
        `also_fine` is fine whatever the rules say. A read is tried three times; a write is sent once, and once more
        only where it was refused for an ended token or session.

        Raises RetryableError where nothing was carried out or it only read (`after`: seconds to wait, throttle.Deferred
        where longer than is waited here), UnknownOutcome where a write may have been carried out, WriteRefused where it
        could not be filled in, FatalError where a person must act, and for a read that was refused.
        """
        try:
            return self._once(request, data, during, address, also_fine)
        except RetryableError as error:
            if during == "write" or not _passes(error):
                raise
            failed = [error]

        def again() -> Answer:
            if failed:
                raise failed.pop()  # counts as the first try
            return self._once(request, data, during, address, also_fine)

        return self._retrying(again)

    def log_in(self) -> None:
        """Get a token or session, where one is needed and there is none. Raises what that raises."""
        self._auth.ready()

    def outgoing(
        self,
        request: AnyRequest,
        data: Mapping[str, Any] | None = None,
        *,
        during: During = "read",
        address: str | None = None,
    ) -> Outgoing:
        """The request as it would be sent, without credentials. Logs in first where that has not been done.

        Raises WriteRefused or FatalError where it cannot be filled in, and what getting a token raises.
        """
        self._auth.ready()
        return self._prepared(request, self._outgoing(request, data, during, address))

    def close(self) -> None:
        """End the session, if there is one, and close the connections kept alive. The client can be used again."""
        self._auth.close()
        self._http.close()

    def _outgoing(
        self,
        request: AnyRequest,
        data: Mapping[str, Any] | None,
        during: During,
        address: str | None,
        tables: Tables | None = None,
    ) -> Outgoing:
        failure: RebatedError
        try:
            known = self.roots() | dict(data or {})
            return self.wire.outgoing(request, known, tables or self.tables, address=address)
        except (DataError, FatalError) as error:
            failure = error
        message = f"{self.name}: {self._replies.place(request)}: {failure.message}"
        if during == "write" and isinstance(failure, DataError):
            raise WriteRefused(message, hint=failure.hint)
        raise FatalError(message, hint=failure.hint)

    def _once(
        self,
        request: AnyRequest,
        data: Mapping[str, Any] | None,
        during: During,
        address: str | None,
        also_fine: tuple[int, ...],
    ) -> Answer:
        sent, proof = self._signed(request, data, during, address)
        answer = self._sent(request, sent, proof, during, also_fine)
        if answer.meaning == "refresh" and self._auth.renew(proof):
            answer = self._sent(request, *self._signed(request, data, during, address), during, also_fine)
        return self._replies.judged(answer, request, during)

    def _signed(
        self, request: AnyRequest, data: Mapping[str, Any] | None, during: During, address: str | None
    ) -> tuple[Outgoing, Proof]:
        """The request, filled in and signed with one and the same session, whatever other threads do meanwhile: one
        that was filled in with another than `made_by` tells would end the good one when it is refused."""
        while True:
            self._auth.ready()
            session = self._auth.exports
            sent = self._prepared(request, self._outgoing(request, data, during, address))
            proof = self._auth.sign(sent)
            if self._auth.exports == session:
                return sent, proof

    def _sent(
        self, request: AnyRequest, sent: Outgoing, proof: Proof, during: During, also_fine: tuple[int, ...] = ()
    ) -> Answer:
        host = urlsplit(proof.url).netloc
        gate = self._gate(host)
        failure: RebatedError
        try:
            with gate.passing(request.route, request.cost):
                reply = self._http.request(
                    sent.method,
                    proof.url,
                    headers=proof.headers,
                    body=proof.body or sent.body,
                    account=proof.account,
                )
        except ReplyLost as lost:
            if during == "read":
                raise
            failure = UnknownOutcome(f"{lost.message}, after {self._replies.place(request)} was sent", hint=lost.hint)
        else:
            if self._tell is not None and not proof.hidden:
                self._tell(request, sent, reply)
            if not proof.hidden:
                reply = self._answered(reply, request, during)
            return self._replies.answer(reply, request, during, also_fine, gate)
        raise failure

    def _prepared(self, request: AnyRequest, sent: Outgoing) -> Outgoing:
        """The request as the hook wants it, where there is one."""
        if not self._hook:
            return sent
        return prepared(self._hook, sent, self.wire.home(self._rendered, request))

    def _answered(self, reply: Reply, request: AnyRequest, during: During) -> Reply:
        """The reply as the hook reads it, where there is one."""
        failure: FatalError
        try:
            return answered(self._hook, reply)
        except FatalError as error:
            failure = error
        if during == "write":
            raise UnknownOutcome(f"{failure.message}, after {self._replies.place(request)} was sent", hint=failure.hint)
        raise failure

    def _asked(self, request: AnyRequest, data: Mapping[str, Any], sign: Callable[[Outgoing], Proof] | None) -> Answer:
        """The answer to a request of the authentication itself. A lost reply did no harm there."""
        sent = self._outgoing(request, data, "read", None, _NO_TABLES)
        proof = sign(sent) if sign is not None else Proof(sent.url, sent.headers)
        return self._sent(request, sent, proof._replace(hidden=True), "read")

    def _rendered(self, template: Any, data: Mapping[str, Any] = MappingProxyType({})) -> Any:
        failure: DataError
        try:
            return render(template, {**self.roots(), **data}, _NO_TABLES)
        except DataError as error:
            failure = error
        raise FatalError(f"{self.name}: auth: {failure.message}", hint=failure.hint)

    def _gate(self, host: str) -> Gate:
        gate = self._gates.get(host)
        if gate is None:
            shared = traffic(host.lower(), self._identity, self.clock)
            gate = self._gates[host] = Gate(self.settings.throttle, shared, self.clock, host)
        return gate


def _passes(error: BaseException) -> bool:
    """Whether a read is worth another try now."""
    if not isinstance(error, RetryableError) or isinstance(error, (Deferred, TooLarge, UnknownOutcome)):
        return False
    return isinstance(error, (Throttled, NotSent)) or error.after is None


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    # After a refusal for too much the gate does the waiting, for all threads at once.
    return 0 if isinstance(error, Throttled) else _BACKOFF(state)
