"""Carrying out one call: its transaction, its conflicts with others, and the mishaps that were asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.helpers.odoo_server.faults import (
    SerializationFailure,
    UnknownModel,
    WrongArguments,
)
from tests.helpers.odoo_server.fields import Registry
from tests.helpers.odoo_server.methods import READING, method_of
from tests.helpers.odoo_server.options import Options
from tests.helpers.odoo_server.rights import check_companies
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Held, Store

TRIES = 5


@dataclass(slots=True)
class Call:
    """One call as both protocols bring it: `ids` and `named` over JSON-2, `positional` over XML-RPC."""

    uid: int
    model: str
    method: str
    named: dict[str, Any] = field(default_factory=dict)
    positional: Sequence[Any] | None = None
    ids: Sequence[int] = ()
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return self.method not in READING


class Calls:
    """Runs calls on the store, one transaction at a time."""

    def __init__(self, store: Store, registry: Registry, options: Options) -> None:
        self.store, self.registry, self.options = store, registry, options
        self.offset = timedelta(0)
        self.frozen: datetime | None = None
        self.waiting = 0
        self._counting = threading.Lock()

    def now(self) -> datetime:
        """The server's clock, UTC without a zone."""
        return self.frozen or datetime.now(UTC).replace(tzinfo=None) + self.offset

    def session(self, uid: int, context: Mapping[str, Any] | None = None) -> Session:
        return Session(self.store, self.registry, self.options, uid, self.now(), self.store.commits, context or {})

    def carry_out(self, call: Call, late: Callable[[], None] | None = None) -> Any:
        """The result of the call, committed. `late` waits between the work and its commit, and holds up no one but
        those who touch the same rows."""
        work = self._bound(call)
        session = self.session(call.uid, call.context)
        if late is not None:
            return self._late(session, work, late)
        return self._run(session, work)

    def _run(self, session: Session, work: Callable[[Session], Any]) -> Any:
        tries = 0
        while True:
            try:
                with self.store.lock:
                    return self._try(session, work)
            except Held as held:
                self._wait(held)
            except SerializationFailure:
                tries += 1
                if tries == TRIES:
                    raise
                session.snapshot, session.now = self.store.commits, self.now()
            session.names.clear()

    def _wait(self, held: Held) -> None:
        with self._counting:
            self.waiting += 1
        held.free.wait(timeout=600)
        with self._counting:
            self.waiting -= 1

    def _try(self, session: Session, work: Callable[[Session], Any]) -> Any:
        try:
            result = work(session)
        except BaseException:
            self.store.abandon()
            raise
        self.store.commit()
        return result

    def _late(self, session: Session, work: Callable[[Session], Any], wait: Callable[[], None]) -> Any:
        """Work once to learn which rows it touches, take it back, hold those rows, and work again when it may commit:
        to the others it is a transaction in flight, with the ids and the `write_date` of its start."""
        free = threading.Event()
        made = self._begin(session, work, free)
        wait()
        with self.store.lock:
            self.store.held = {key: event for key, event in self.store.held.items() if event is not free}
            session.names.clear()
            self.store.reserve(made)
            try:
                return self._try(session, work)
            finally:
                free.set()

    def _begin(self, session: Session, work: Callable[[Session], Any], free: threading.Event) -> dict[str, list[int]]:
        """Hold the rows the work touches until `free`; the ids it was given, by model."""
        while True:
            try:
                with self.store.lock:
                    try:
                        work(session)
                        touched, made = self.store.touched(), self.store.created()
                    finally:
                        self.store.abandon()
                    self.store.held |= dict.fromkeys(touched, free)
                    return made
            except Held as held:
                self._wait(held)
            session.names.clear()

    def _bound(self, call: Call) -> Callable[[Session], Any]:
        """The call with its arguments put in place. Raises what a wrong one would."""
        if call.model not in self.registry:
            raise UnknownModel(call.model)
        method = method_of(self.registry.version, call.model, call.method)
        named, positional = dict(call.named), list(call.positional or ())
        ids = list(call.ids)
        if call.positional is not None and method.of_records:
            first = positional.pop(0)
            ids = [first] if isinstance(first, int) else list(first or [])
        elif ids and not method.of_records:
            raise WrongArguments(f"cannot call {call.model}.{call.method} with ids")
        try:
            bound = method.signature.bind(*positional, **named)
        except TypeError as error:
            if call.positional is None:
                raise WrongArguments(str(error)) from None
            said = str(error).replace("missing a required argument:", "missing 1 required positional argument:")
            raise TypeError(f"BaseModel.{call.method}() {said}") from None
        lead = (ids,) if method.of_records else ()

        def work(session: Session) -> Any:
            check_companies(session, call.model, ids)
            return method.call(session, call.model, *lead, *bound.args, **bound.kwargs)

        return work
