"""Zoho's query language, as far as a preset uses it: one module, criteria in pairs, ordered by id."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST = 2000
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(>=|<=|!=|[()=<>,])|([A-Za-z_]\w*|\d+))", re.ASCII)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
Holds = Callable[[Mapping[str, Any]], bool]


class Invalid(Exception):
    """The query cannot be carried out: its code, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for."""

    columns: tuple[str, ...]
    module: str
    holds: Holds
    limit: int


def query(text: str, types: Mapping[str, Mapping[str, str]]) -> Query:
    """A query, read. `types`: the fields of each module, with their types. Raises Invalid."""
    return _Reader(text, types).query()


class _Reader:
    def __init__(self, text: str, types: Mapping[str, Mapping[str, str]]) -> None:
        self._tokens: list[str] = []
        end = 0
        for match in _TOKEN.finditer(text):
            if match.start() != end:
                break
            self._tokens.append(match.group().strip())
            end = match.end()
        if text[end:].strip():
            raise Invalid("SYNTAX_ERROR", f"error near {text[end : end + 10]!r}")
        self._types = types
        self._fields: Mapping[str, str] = {}

    def query(self) -> Query:
        self._word("select")
        columns = [self._next()]
        while self._is(","):
            columns.append(self._next())
        self._word("from")
        module = self._next()
        if module not in self._types:
            raise Invalid("INVALID_QUERY", f"the module {module} is not supported")
        self._fields = self._types[module]
        for name in columns:
            self._known(name)
        if len(set(columns)) < len(columns):
            raise Invalid("DUPLICATE_DATA", "a column is there twice")
        self._word("where")
        holds = self._criteria()
        if self._is("order"):
            for word in ("by", "id"):
                self._word(word)
            self._is("asc")
        limit = 200
        if self._is("limit"):
            limit = int(self._next())
        if self._tokens:
            raise Invalid("SYNTAX_ERROR", f"error near {self._tokens[0]!r}")
        if not 1 <= limit <= MOST:
            raise Invalid("LIMIT_EXCEEDED", f"the limit is at most {MOST}")
        return Query(tuple(columns), module, holds, limit)

    def _criteria(self) -> Holds:
        """At most two on each level: more have to stand in pairs."""
        first = self._criterion()
        word = self._tokens[0].lower() if self._tokens else ""
        if word not in ("and", "or"):
            return first
        self._next()
        second = self._criterion()
        if self._tokens and self._tokens[0].lower() in ("and", "or"):
            raise Invalid("SYNTAX_ERROR", "criteria stand in pairs")
        if word == "and":
            return lambda values: first(values) and second(values)
        return lambda values: first(values) or second(values)

    def _criterion(self) -> Holds:
        if self._is("("):
            holds = self._criteria()
            self._word(")")
            return holds
        name = self._next()
        type, operator = self._known(name), self._next().lower()
        if operator == "is":
            empty = not self._is("not")
            self._word("null")
            return lambda values: (values.get(name) in (None, "")) == empty
        wanted = self._value(name, type, self._next())
        if operator not in ("=", "!=", ">", ">=", "<", "<="):
            raise Invalid("INVALID_QUERY", f"the operator {operator} is not supported")
        return lambda values: _compared(values.get(name), operator, wanted)

    def _value(self, name: str, type: str, text: str) -> Any:
        plain = text[1:-1].replace("''", "'") if text.startswith("'") else text
        if type == "bigint":
            if not plain.isdecimal():
                raise Invalid("INVALID_QUERY", f"the value of {name} seems to be invalid")
            return int(plain)
        if not text.startswith("'"):
            raise Invalid("INVALID_QUERY", f"the value of {name} seems to be invalid")
        if type == "datetime":
            if not _STAMP.fullmatch(plain):
                raise Invalid("INVALID_QUERY", f"the value of {name} seems to be invalid")
            return datetime.fromisoformat(plain)
        return plain

    def _known(self, name: str) -> str:
        if name not in self._fields:
            raise Invalid("INVALID_QUERY", f"the column {name} seems to be invalid")
        return self._fields[name]

    def _next(self) -> str:
        if not self._tokens:
            raise Invalid("SYNTAX_ERROR", "the query ends too early")
        return self._tokens.pop(0)

    def _is(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _word(self, word: str) -> None:
        if not self._is(word):
            raise Invalid("SYNTAX_ERROR", f"{word} is missing")


def _compared(mine: Any, operator: str, wanted: Any) -> bool:
    if mine is None:
        return False
    held = {
        "=": lambda: mine == wanted,
        "!=": lambda: mine != wanted,
        ">": lambda: mine > wanted,
        ">=": lambda: mine >= wanted,
        "<": lambda: mine < wanted,
        "<=": lambda: mine <= wanted,
    }
    return bool(held[operator]())
