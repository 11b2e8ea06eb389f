"""What Odoo's refusals mean, named by how one recovers from them.

Both protocols say the same things differently: JSON-2 by status and the name of an exception, XML-RPC by a fault code
and, for code 1, a traceback whose end names the exception. Each is first read as a `Fault` with one of a few meanings;
`recovery` then turns the meaning into an error, which for some depends on whether the call wrote.

Recorded on Odoo 19.0. Names and texts are matched only where they are not translated.
"""

from __future__ import annotations

import json
import re
from typing import Literal

from connectors.http.redaction import plain
from connectors.http.reply import Reply
from connectors.spi import UnknownOutcome, WriteRefused
from core.errors import FatalError, RebatedError, RetryableError

Meaning = Literal[
    "credentials",
    "rights",
    "missing",
    "refused",
    "absent",
    "database",
    "no_database",
    "throttled",
    "contended",
    "unclear",
    "failed",
    "empty",
    "wrong",
]
"""credentials: key or login not accepted. rights: the user may not. missing: the record is not there. refused: a rule
of the business says no. absent: no such model or method. database: no such database. no_database: none could be
opened for the request, for now or for good. throttled: asked to wait, not carried out. contended: rolled back because
of another transaction. unclear: nothing readable about the call came back. failed: an exception in the server. empty:
carried out, and its result was nothing, which XML-RPC cannot say. wrong: not carried out, as we asked wrongly or in
the wrong place."""


class Missing(WriteRefused):
    """The record does not exist."""


class Unauthorised(FatalError):
    """The credentials are not accepted."""


class Forbidden(FatalError):
    """The user does not have the rights to this."""


class Absent(FatalError):
    """The server does not have this model or method."""


class Fault(Exception):
    """A refusal as read. `words`: what the remote says, in plain text. `after`: seconds it asks us to wait."""

    def __init__(self, meaning: Meaning, words: str = "", *, after: int | None = None) -> None:
        super().__init__(meaning, words)
        self.meaning = meaning
        self.words = plain(words)
        self.after = after


_THROTTLED_SECONDS = 10
_NOT_TAKEN_IN = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 417, 422, 426, 431})
"""Statuses that say the request itself was not acceptable, so that nothing was carried out."""
_CONTENDED = re.compile(r"could not serialize access|could not obtain lock|deadlock detected")
_CONTENDED_NAMES = (
    "SerializationFailure",
    "LockNotAvailable",
    "DeadlockDetected",
    "TransactionRollbackError",
    "ConcurrencyError",
    "LockError",
)
_PASSING_NAMES = ("OperationalError", "InterfaceError", "PoolError", "QueryCanceled", "AdminShutdown", "MemoryError")
_NO_SUCH_DATABASE = re.compile(r'FATAL: +database ".*" does not exist')
_GONE = re.compile(r"does not exist or has been deleted|\([^()]*: [a-z_0-9.]+\(\d[\d, ]*\), [^()]*: \d+\)\s*$")
_NO_SUCH_MODEL = re.compile(r"^Object \S+ doesn't exist")
_NO_SUCH_METHOD = re.compile(r"^The method '[^']*' does not exist|^type object '[^']*' has no attribute '[^']*'$")
_NOTHING = "cannot marshal None unless allow_none is enabled"
_NO_DATABASE = "No database is selected"
_FRAME = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*")
_EXCEPTION = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?:: (?P<words>.*))?", re.DOTALL)


def of_reply(reply: Reply) -> Fault:
    """What a reply other than 200 means, over either protocol."""
    name, words = _told(reply)
    status, after = reply.status, reply.retry_after()
    short = name.rpartition(".")[2]
    if status == 429:
        return Fault("throttled", words, after=_THROTTLED_SECONDS if after is None else after)
    if _is_contended(short, words):
        return Fault("contended", words, after=after)
    if status == 401 or short == "AccessDenied":
        return Fault("credentials", words)
    if status == 403:
        return Fault("rights", words)
    if status == 404:
        if not name:
            if _NO_DATABASE in words:
                return Fault("no_database", words, after=after)
            return Fault("wrong", _answered(reply, words))
        return Fault("missing" if short == "MissingError" else "absent", words)
    if status == 422 and not name.startswith("werkzeug."):
        return Fault("refused", words)
    if status >= 500:
        return (
            of_exception(name, words, after=after) if name else Fault("unclear", _answered(reply, words), after=after)
        )
    return Fault("wrong" if status in _NOT_TAKEN_IN else "unclear", _answered(reply, words), after=after)


def of_code(code: object, text: str) -> Fault:
    """What an XML-RPC fault means."""
    if code == 2:
        if _CONTENDED.search(text):
            return Fault("contended", text)
        if _NO_SUCH_MODEL.search(text):
            return Fault("absent", text)
        return Fault("missing" if _GONE.search(text) else "refused", text)
    if code == 3:
        return Fault("credentials", text)
    if code == 4:
        return Fault("rights", text)
    name, words = last_exception(text)
    return of_exception(name, words)


def of_exception(name: str, words: str, *, after: int | None = None) -> Fault:
    """What an exception in the server means. `name` may be qualified by its module."""
    short = name.rpartition(".")[2]
    shown = f"{short}: {words}" if short else words
    if _is_contended(short, words):
        return Fault("contended", shown, after=after)
    if _NO_SUCH_DATABASE.search(words):
        return Fault("database", words)
    if short == "TypeError" and words.strip() == _NOTHING:
        return Fault("empty", words)
    if short == "AttributeError" and _NO_SUCH_METHOD.search(words.strip()):
        return Fault("absent", words)
    if short in _PASSING_NAMES:
        return Fault("unclear", shown, after=after)
    return Fault("failed", shown, after=after)


def unreadable(reply: Reply) -> Fault:
    """A reply of 200 whose body is not what the protocol says."""
    return Fault("unclear", _answered(reply, reply.body[:5000].decode("utf-8", "replace")))


def last_exception(text: str) -> tuple[str, str]:
    """Name and words of the exception a traceback ends with; no name where the text is no traceback."""
    _, found, _ = text.rpartition("Traceback (most recent call last):")
    if not found:
        return "", text.strip()
    end = _FRAME.sub("", text[text.rindex(found) :], count=1)
    match = _EXCEPTION.match(end.strip())
    return (match["name"], (match["words"] or "").strip()) if match else ("", "")


def recovery(fault: Fault, what: str, *, writes: bool, database: str) -> RebatedError:
    """The error to raise for `what` (host, model and method)."""
    message = f"{what}: {fault.words}" if fault.words else what
    match fault.meaning:
        case "credentials":
            return Unauthorised(
                f"{what}: Odoo does not accept the credentials ({fault.words or 'no reason given'})",
                hint="check api_key and login, that the key has not expired and that its user is active",
            )
        case "rights":
            return Forbidden(message, hint="give the user of the API key one of the groups named, or a role with them")
        case "missing":
            return Missing(message)
        case "refused":
            return WriteRefused(message)
        case "absent":
            return Absent(message, hint="check the version of Odoo and its installed apps")
        case "database":
            return FatalError(
                f"{what}: there is no database {database!r}", hint="check the setting database; it is case-sensitive"
            )
        case "no_database":
            return RetryableError(
                f"{what}: Odoo could not open the database {database!r}",
                hint="it may be out of connections for a moment; if this stays, check the settings database and url",
                after=fault.after,
            )
        case "throttled" | "contended":
            return RetryableError(message, after=fault.after)
        case "wrong":
            return FatalError(message, hint="check url, the version of Odoo, and what stands in between")
        case "empty" | "failed" if not writes:
            return FatalError(message, hint="Odoo's log has the details")
        case _ if writes:
            return UnknownOutcome(message, after=fault.after)
        case _:
            return RetryableError(message, after=fault.after)


def _is_contended(short: str, words: str) -> bool:
    return short in _CONTENDED_NAMES or bool(_CONTENDED.search(words))


def _told(reply: Reply) -> tuple[str, str]:
    """Name of the exception and the message; only text where the body is not one of Odoo's. Never the traceback."""
    text = reply.body.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return "", plain(text)
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        return "", ""
    return body["name"], str(body.get("message") or "")


def _answered(reply: Reply, words: str) -> str:
    kind = reply.headers.get("Content-Type", "").partition(";")[0]
    return f"answered {reply.status} {kind}".rstrip() + (f": {plain(words, longest=120)}" if words else "")
