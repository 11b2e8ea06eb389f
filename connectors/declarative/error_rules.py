"""What a reply means: by the rules of the settings, in their order, else by its status."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from connectors.declarative.expression import as_text, expression
from connectors.declarative.json_reply import written
from connectors.declarative.settings.errors import ErrorRule, Meaning
from connectors.http.redaction import LONGEST, plain_without
from core.errors import DataError

During = Literal["read", "write"]

_ENVELOPE = re.compile(rb"<(?:[\w.-]+:)?Envelope\b")
_LOOKED_AT = 8_000
"""Characters of hostile text that patterns are tried on."""

_MOST_WORDS = 5
_REFUSED = frozenset({400, 405, 406, 409, 410, 412, 415, 422})


Otherwise = Callable[[int, Mapping[str, str], Any, During], Meaning]


class Judgement(NamedTuple):
    """What a reply means, and what it says about it: one short plain line, or nothing."""

    meaning: Meaning
    message: str


class _Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


class ErrorRules:
    """The rules of one connection. Safe to use from threads."""

    def __init__(
        self,
        rules: tuple[ErrorRule, ...],
        error_message: str,
        secrets: Callable[[], Iterable[str]] = tuple,
        otherwise: Otherwise | None = None,
    ) -> None:
        """`secrets`: what is not shown of what the other system says. `otherwise` says what a reply means that no rule
        knows; else its status does."""
        self._otherwise = otherwise or _by_status
        self._secrets = secrets
        self._rules = tuple((rule, re.compile(rule.matches)) for rule in rules)
        self._message = error_message

    def judge(self, status: int, headers: Mapping[str, str], body: Any, raw: bytes, during: During) -> Judgement:
        """What the reply means. `body` is what was parsed of `raw`; None where it is empty or cannot be read."""
        reply = _Reply(status, headers, body, "")
        for rule, pattern in self._rules:
            if (not rule.status or status in rule.status) and rule.during in ("any", during):
                if not reply.text:
                    reply = reply._replace(text=raw[:_LOOKED_AT].decode("utf-8", "replace"))
                if _holds(rule, pattern, reply):
                    told = headers.get(rule.header, "") if rule.matches else ""
                    return Judgement(rule.then, self.message(body, raw, rule.message) or self.plain(told))
        meaning = self._otherwise(status, headers, body, during)
        return Judgement(meaning, "" if meaning in ("fine", "empty") else self.message(body, raw))

    def message(self, body: Any, raw: bytes, path: str = "") -> str:
        """What a body says about what went wrong, where the rule or else the settings say it does. Only of a body that
        cannot be read and is no SOAP anything else is shown, since it holds no record and no session."""
        for place in (path, self._message):
            said = words(body, place) if place else ""
            if said:
                return self.plain(said)
        if body is None and not _ENVELOPE.search(raw[:_LOOKED_AT].replace(b"\0", b"")):
            return self.plain(raw[:_LOOKED_AT].decode("utf-8", "replace"), longest=120)
        return ""

    def plain(self, text: str, longest: int = LONGEST) -> str:
        """What the other system says, as one short plain line without secrets."""
        return plain_without(text, self._secrets(), longest=longest) if text else ""


def by_status(status: int, headers: Mapping[str, str], during: During) -> Meaning:
    """What a status means where no rule says otherwise."""
    if status in (204, 304):
        return "empty"
    if 200 <= status < 300:
        return "fine"
    if status == 401:
        return "refresh"
    if status == 403:
        return "fatal"
    if status == 404:
        return "missing"
    if status == 409 and during == "read":
        return "conflict"
    if status == 429 or (status == 503 and headers.get("Retry-After")):
        return "throttle"
    if status in (408, 425) or status >= 500:
        return "retry"
    return "refused"


def _by_status(status: int, headers: Mapping[str, str], body: Any, during: During) -> Meaning:
    return by_status(status, headers, during)


def _holds(rule: ErrorRule, pattern: re.Pattern[str], reply: _Reply) -> bool:
    header = reply.headers.get(rule.header) if rule.header else None
    if rule.header and header is None:
        return False
    if rule.path:
        try:
            found = expression(rule.path).of(reply.body)
        except DataError:
            return False
        if found is None or found is False or found in ("", [], {}):
            return False
        return not rule.matches or pattern.search(_shown(found)) is not None
    if not rule.matches:
        return True
    looked_at = reply.text if header is None else header[:_LOOKED_AT]
    return pattern.search(looked_at) is not None


def _shown(found: Any) -> str:
    if isinstance(found, (list, dict)):
        return written(found).decode()[:_LOOKED_AT]
    return as_text(found)[:_LOOKED_AT]


def words(body: Any, path: str) -> str:
    """The texts a path finds: one, or the first few of a list."""
    try:
        found = expression(path).of(body)
    except DataError:
        return ""
    texts = found if isinstance(found, list) else [found]
    return "; ".join(
        as_text(text)[:_LOOKED_AT] for text in texts[:_MOST_WORDS] if isinstance(text, (str, int)) and text
    )
