"""Calls of Odoo's methods, the same over JSON-2 and XML-RPC, with failures named by how one recovers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from connectors.http.redaction import without
from connectors.http.session import HttpSession, ReplyLost, TooLarge
from connectors.odoo import json2, xmlrpc
from connectors.odoo.faults import Absent, Fault, Unauthorised, recovery
from connectors.odoo.settings import OdooSettings
from connectors.odoo.version import databases, probe
from connectors.secrets import Secret
from connectors.spi import UnknownOutcome
from core.errors import ConfigError, RebatedError, RetryableError

# The library logs arguments and results.
logging.getLogger("odoolib").setLevel(logging.CRITICAL + 1)

_FIRST_JSON2 = (19, 0)
_ATTEMPTS = 3
_ATTRIBUTES = ["type", "string", "relation", "required", "readonly", "store", "selection"]

Answer = TypeVar("Answer")
Connection = json2.Connection | xmlrpc.Connection


class OdooClient:
    """One user of one database. Safe to use from threads."""

    def __init__(self, settings: OdooSettings, *, base: Path) -> None:
        """Makes no request. Raises ConfigError where http.ca_file cannot be used."""
        self._settings = settings
        self._base = base
        self._session = HttpSession(settings.http, base=base)
        self._host = urlsplit(settings.url).netloc
        self._turn = threading.RLock()
        self._version: tuple[int, int] | None = None
        self._key: Secret | None = None
        self._connection: Connection | None = None
        self._fields_turn = threading.Lock()
        self._fields: dict[str, Mapping[str, Mapping[str, Any]] | None] = {}

    @property
    def version(self) -> tuple[int, int]:
        """The server's version, such as (19, 0); asked once. Raises RetryableError, FatalError where it is no Odoo."""
        with self._turn:
            if self._version is None:
                self._version = self._patiently(lambda: probe(self._session, self._settings.url))
            return self._version

    @property
    def speaks(self) -> Literal["json2", "xmlrpc"]:
        """The protocol in use: that of the settings, else JSON-2 from Odoo 19 on."""
        if self._settings.protocol != "auto":
            return self._settings.protocol
        return "json2" if self.version >= _FIRST_JSON2 else "xmlrpc"

    def call(
        self, model: str, method: str, /, *, ids: Sequence[int] | None = None, writes: bool = False, **named: Any
    ) -> Any:
        """What a method of a model answers; numbers with a fraction as Decimal, dates as text in UTC, nothing as False.

        Arguments are JSON values and Decimals. `context` is one of them. A call that does not write is tried three
        times where the server is down; one that does, once.

        Raises RetryableError where it was certainly not carried out, or only read; UnknownOutcome where it `writes`
        and may have been carried out; WriteRefused (faults.Missing among them), faults.Unauthorised,
        faults.Forbidden, faults.Absent and other FatalErrors.
        """
        what = f"{model}.{method}"
        _ = self.speaks  # asked of the server here, so that attempts are not multiplied by attempts
        if not writes:
            return self._patiently(lambda: self._judged(what, lambda: self._sent(model, method, ids, named)))
        self._patiently(lambda: self._judged(f"login for {what}", self._connected))
        return self._judged(what, lambda: self._sent(model, method, ids, named), writes=True)

    def has(self, model: str, field: str) -> bool:
        """Whether the user's server has the field; False for an unknown model too."""
        try:
            return field in self.fields(model)
        except Absent:
            return False

    def fields(self, model: str) -> Mapping[str, Mapping[str, Any]]:
        """The model's fields with type, string, relation, required, readonly, store and selection; asked once.

        Raises faults.Absent for an unknown model.
        """
        with self._fields_turn:
            if model not in self._fields:
                try:
                    self._fields[model] = self.call(model, "fields_get", attributes=_ATTRIBUTES)
                except Absent:
                    self._fields[model] = None
            known = self._fields[model]
        if known is None:
            raise Absent(f"{self._host}: there is no model {model}")
        return known

    def server_time(self) -> datetime | None:
        """The server's clock at its last reply, UTC; None before the first."""
        return self._session.server_date

    def close(self) -> None:
        """Close the connections kept alive. The client can be used again."""
        self._session.close()

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        attempts = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=0.2, max=2) + wait_random(0, 0.2),
            retry=retry_if_exception(_passing),
            reraise=True,
        )
        return attempts(ask)

    def _judged(self, what: str, ask: Callable[[], Answer], *, writes: bool = False) -> Answer | None:
        """The answer; refusals and lost replies as errors of ours. None where it was carried out and has no result."""
        failure: RebatedError
        try:
            return ask()
        except Fault as fault:
            if fault.meaning == "empty" and writes:
                return None
            failure = self._error(fault, f"{self._host}: {what}", writes=writes)
        except ReplyLost as lost:
            if not writes:
                raise
            failure = UnknownOutcome(f"{lost.message}, after {what} was sent", hint=lost.hint)
        raise failure

    def _sent(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> Any:
        connection = self._connected()
        remote = connection.get_model(model)
        if isinstance(connection, json2.Connection):
            return getattr(remote, method)(**named) if ids is None else getattr(remote, method)(ids=list(ids), **named)
        arguments: list[Any] = [] if ids is None else [list(ids)]
        rest = dict(named)
        if method == "create" and "vals_list" in rest:
            # The server tells one record from several by looking at the first argument, which must not be a named one.
            arguments.append(rest.pop("vals_list"))
        return getattr(remote, method)(*arguments, **rest)

    def _connected(self) -> Connection:
        """The connection, logged in where the protocol has a login."""
        speaks = self.speaks
        with self._turn:
            if self._connection is None:
                settings = self._settings
                if speaks == "xmlrpc" and not settings.login:
                    raise ConfigError(
                        f"{self._host}: XML-RPC needs the login of the user the API key belongs to",
                        hint="set login; Odoo 19 and later do without it over JSON-2",
                    )
                self._key = settings.api_key.resolve(self._base)
                if speaks == "json2":
                    over_json = json2.connector(self._session, settings.url)
                    self._connection = json2.Connection(over_json, settings.database, self._key)
                else:
                    over_xml = xmlrpc.connector(self._session, settings.url)
                    self._connection = xmlrpc.Connection(over_xml, settings.database, settings.login, self._key)
            connection = self._connection
        if isinstance(connection, xmlrpc.Connection):
            connection.check_login(force=False)
        return connection

    def _error(self, fault: Fault, what: str, *, writes: bool) -> RebatedError:
        if fault.meaning == "no_database":
            fault = self._looked_into(fault)
        if self._key is not None:
            fault.words = without(fault.words, self._key.reveal())
        failure = recovery(fault, what, writes=writes, database=self._settings.database)
        if isinstance(failure, Unauthorised):
            with self._turn:
                self._connection = None  # the secret is read anew, as it may have been replaced
        return failure

    def _looked_into(self, fault: Fault) -> Fault:
        """Odoo says the same of a path that is not its own, of a database that is not there, and of one that cannot be
        opened just now. Raises FatalError where no Odoo answers at the address."""
        _ = self.version
        offered = databases(self._session, self._settings.url)
        if offered is not None and self._settings.database not in offered:
            return Fault("database")
        return fault


def _passing(error: BaseException) -> bool:
    return isinstance(error, RetryableError) and error.after is None and not isinstance(error, TooLarge)
