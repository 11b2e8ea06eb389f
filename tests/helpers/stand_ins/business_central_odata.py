"""The part of OData filters that Business Central takes: comparisons, `and`, `or`, brackets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.base import Refused

Condition = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<text>'(?:[^']|'')*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+Z)|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<id>[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>\w+))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda own, wanted: bool(own == wanted),
    "ne": lambda own, wanted: bool(own != wanted),
    "gt": lambda own, wanted: bool(own > wanted),
    "ge": lambda own, wanted: bool(own >= wanted),
    "lt": lambda own, wanted: bool(own < wanted),
    "le": lambda own, wanted: bool(own <= wanted),
}


def bad_request(message: str) -> Refused:
    """The request is not understood."""
    return Refused(400, {"error": {"code": "BadRequest", "message": f"Bad Request - {message}"}})


def condition(text: str, known: frozenset[str]) -> Condition:
    """The condition a filter states over these properties."""
    tokens: list[tuple[str, str]] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise bad_request("Error in query syntax.")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        place = match.end()

    def take() -> tuple[str, str]:
        if not tokens:
            raise bad_request("Error in query syntax.")
        return tokens.pop(0)

    def either() -> Condition:
        parts = [both()]
        while tokens[:1] == [("word", "or")]:
            take()
            parts.append(both())
        return lambda values: any(part(values) for part in parts)

    def both() -> Condition:
        parts = [one()]
        while tokens[:1] == [("word", "and")]:
            take()
            parts.append(one())
        return lambda values: all(part(values) for part in parts)

    def one() -> Condition:
        sort, name = take()
        if (sort, name) == ("bracket", "("):
            inner = either()
            if take() != ("bracket", ")"):
                raise bad_request("Error in query syntax.")
            return inner
        operator = take()[1]
        if sort != "word" or name not in known or operator not in _COMPARISONS:
            raise bad_request(f"Could not find a property named '{name}'.")
        wanted = _literal(*take())
        return lambda values: _compared(values[name], operator, wanted)

    if not tokens:
        return lambda values: True
    whole = either()
    if tokens:
        raise bad_request("Error in query syntax.")
    return whole


def _literal(sort: str, text: str) -> Any:
    if sort == "text":
        return text[1:-1].replace("''", "'")
    if sort == "moment":
        return datetime.fromisoformat(text)
    if sort == "day":
        return date.fromisoformat(text)
    if sort == "number":
        return Decimal(text)
    if sort == "word" and text in ("true", "false"):
        return text == "true"
    if sort == "id":
        return text.lower()
    raise bad_request("Error in query syntax.")


def _compared(own: Any, operator: str, wanted: Any) -> bool:
    if own is None:
        return operator == "ne"
    if isinstance(own, str) and isinstance(wanted, str):
        own, wanted = own.casefold(), wanted.casefold()
    alike = isinstance(own, datetime) == isinstance(wanted, datetime) and isinstance(own, str) == isinstance(
        wanted, str
    )
    if not alike:
        raise bad_request("A binary operator with incompatible types was detected.")
    return _COMPARISONS[operator](own, wanted)
