"""The part of SOQL the preset uses: columns of one object, conditions, one order, a limit.

Strict where Salesforce is: AND and OR are not mixed without brackets, no column comes twice, a value has to be written
as its column wants it, and long text is not filtered.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Condition = Callable[[Mapping[str, Any]], bool]
_QUERY = re.compile(
    r"\s*SELECT\s+(?P<columns>[\w\s,]+?)\s+FROM\s+(?P<object>\w+)(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>\w+)(?:\s+ASC)?)?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.I | re.S,
)
_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<text>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"
    r"|(?P<operator><=|>=|!=|=|<|>)|(?P<word>[A-Za-z]\w*))",
    re.S,
)
_ESCAPE = re.compile(r"\\(.)", re.S)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_IDS = ("id", "reference")
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Invalid(Exception):
    """The query is refused: the code of the error, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood. `order`: the column it is sorted by, empty where the order is any."""

    object: str
    columns: tuple[str, ...]
    holds: Condition
    order: str
    limit: int | None


def parsed(text: str, objects: Mapping[str, Mapping[str, str]]) -> Query:
    """The query; `objects` are the types of columns by object, of those the user may see. Raises Invalid."""
    match = _QUERY.fullmatch(text)
    if match is None:
        raise Invalid("MALFORMED_QUERY", "unexpected token")
    name = match["object"]
    if name not in objects:
        raise Invalid("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    types = objects[name]
    columns = tuple(column.strip() for column in match["columns"].split(","))
    for column in (*columns, *filter(None, [match["order"]])):
        if column not in types:
            raise Invalid("INVALID_FIELD", f"No such column '{column}' on entity '{name}'")
    if len(set(columns)) < len(columns):
        raise Invalid("MALFORMED_QUERY", f"duplicate field selected: {columns[0]}")
    holds = _Conditions(match["where"], types).whole() if match["where"] else lambda values: True
    return Query(name, columns, holds, match["order"] or "", int(match["limit"]) if match["limit"] else None)


class _Conditions:
    """Reads a WHERE clause, token by token."""

    def __init__(self, text: str, types: Mapping[str, str]) -> None:
        self._types = types
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise Invalid("MALFORMED_QUERY", "unexpected token")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def whole(self) -> Condition:
        condition = self._joined()
        if self._tokens:
            raise Invalid("MALFORMED_QUERY", f"unexpected token: '{self._tokens[0][1]}'")
        return condition

    def _joined(self) -> Condition:
        parts, joins = [self._one()], set[str]()
        while self._tokens and self._tokens[0][0] == "word" and self._tokens[0][1].upper() in ("AND", "OR"):
            joins.add(self._take()[1].upper())
            parts.append(self._one())
        if len(joins) > 1:
            raise Invalid("MALFORMED_QUERY", "unexpected token: AND and OR need brackets")
        every = all if joins != {"OR"} else any
        return lambda values: every([part(values) for part in parts])

    def _one(self) -> Condition:
        sort, name = self._take()
        if (sort, name) == ("bracket", "("):
            inner = self._joined()
            if self._take() != ("bracket", ")"):
                raise Invalid("MALFORMED_QUERY", "expecting a right parentheses")
            return inner
        if sort != "word" or name not in self._types:
            raise Invalid("INVALID_FIELD", f"No such column '{name}'")
        compared = _COMPARED.get(self._take()[1])
        if compared is None:
            raise Invalid("MALFORMED_QUERY", f"expecting an operator behind '{name}'")
        wanted = self._literal(self._types[name], name)
        shown = _shown(self._types[name])

        def holds(values: Mapping[str, Any]) -> bool:
            own = values[name]
            if own is None or wanted is None:
                return compared in (operator.eq, operator.ne) and compared(own, wanted)
            return compared(shown(own), shown(wanted))

        return holds

    def _literal(self, type: str, name: str) -> Any:
        sort, literal = self._take()
        if type == "textarea":
            raise Invalid("INVALID_FIELD", f"field '{name}' can not be filtered in a query call")
        if (sort, literal.upper()) == ("word", "NULL"):
            return None
        if type == "boolean" and sort == "word" and literal.upper() in ("TRUE", "FALSE"):
            return literal.upper() == "TRUE"
        if type == "datetime" and sort == "moment":
            return datetime.fromisoformat(literal)
        if type not in ("boolean", "datetime", "date", "double") and sort == "text":
            text = _ESCAPE.sub(_unescaped, literal[1:-1])
            if type in _IDS and not _ID.fullmatch(text):
                raise Invalid("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
            return text
        raise Invalid("INVALID_FIELD", f"filter criteria for field '{name}' must be of type {type}")

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise Invalid("MALFORMED_QUERY", "unexpected end of the query")
        return self._tokens.pop(0)


def _shown(type: str) -> Callable[[Any], Any]:
    """How two values of a type are compared: ids by their first 15 characters, text without regard to case."""
    if type in _IDS:
        return lambda value: value[:15]
    return (lambda value: value.casefold()) if type in ("string", "picklist", "url") else (lambda value: value)


def _unescaped(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPED:
        raise Invalid("MALFORMED_QUERY", "Invalid string literal. Illegal character sequence")
    return _ESCAPED[match[1]]


def found(query: Query, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows the query finds, sorted and cut."""
    held = [row for row in rows if query.holds(row)]
    if query.order:
        held.sort(key=lambda row: row[query.order])
    return held[: query.limit]
