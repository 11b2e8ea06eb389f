"""What a stand-in is asked, what it answers, and how it refuses."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPMessage
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply. `body`: bytes go out as they are, None as nothing, anything else as JSON; Decimals are JSON numbers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON

    def raw(self) -> bytes:
        """The body as it goes out."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else written(self.body).encode()


class Refused(Exception):
    """Raised by a route: the request is answered with this status and body, and changes nothing more."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.answer = Answer(status, body, headers or {})


class Malformed(Exception):
    """The body or the query cannot be read as what it has to be."""


@dataclass(slots=True)
class Received:
    """A request as it came, and what was answered. `path` is decoded and without its query."""

    method: str
    target: str
    headers: HTTPMessage
    body: bytes
    answer: Answer | None = None

    @property
    def raw_path(self) -> str:
        """The path as it came, without its query."""
        return urlsplit(self.target).path

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query, decoded, in order."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        """The query by name; where a name comes twice its last value stands."""
        return dict(self.pairs)

    @property
    def content_type(self) -> str:
        """The media type of the body, lower case, without its parameters."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """A header; empty text where there is none."""
        return str(self.headers.get(name) or "")

    def json(self) -> Any:
        """The body read as JSON, numbers with a point as Decimal. Raises Malformed where it is none."""
        if self.content_type not in (JSON, "application/vnd.api+json"):
            raise Malformed(f"the content type is {self.content_type or 'not given'}")
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except ValueError as error:
            raise Malformed(str(error)) from None

    def form(self) -> dict[str, str]:
        """The body read as a form. Raises Malformed where it is none, or names something twice."""
        if self.content_type != FORM:
            raise Malformed(f"the content type is {self.content_type or 'not given'}")
        try:
            pairs = parse_qsl(self.body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(self.body))
        except ValueError as error:
            raise Malformed(str(error)) from None
        if len(dict(pairs)) < len(pairs):
            raise Malformed("a field comes twice")
        return dict(pairs)

    def bearer(self, scheme: str = "Bearer") -> str:
        """The token of the Authorization header under that scheme; empty where there is none."""
        given, _, token = self.header("Authorization").partition(" ")
        return token.strip() if given.lower() == scheme.lower() else ""

    def basic(self) -> tuple[str, str]:
        """Name and password of basic authentication; empty where there are none."""
        try:
            name, _, password = base64.b64decode(self.bearer("Basic"), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, password


def same(given: str, wanted: str) -> bool:
    """Whether a secret is the one wanted; an empty one never is."""
    return bool(given) and hmac.compare_digest(given.encode(), wanted.encode())


def written(value: Any) -> str:
    """The value as JSON; a Decimal as a number, with the digits it has."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(name))}:{written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, float):
        raise TypeError("no float leaves a stand-in: use Decimal")
    return json.dumps(value, ensure_ascii=False)


def bracketed(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """A query with names like `where[0][type]` as dictionaries in one another; a name with `[]` gathers a list.

    Raises Malformed where one name is text and holds others.
    """
    whole: dict[str, Any] = {}
    for name, value in pairs:
        *way, last = name.replace("]", "").split("[")
        if last == "" and way:
            last = way.pop()
            value = [*_inside(whole, way).get(last, ()), value]  # type: ignore[assignment]
        _inside(whole, way)[last] = value
    return whole


def _inside(whole: dict[str, Any], way: list[str]) -> dict[str, Any]:
    for step in way:
        whole = whole.setdefault(step, {})
        if not isinstance(whole, dict):
            raise Malformed(f"{step} is text and holds others")
    return whole


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
