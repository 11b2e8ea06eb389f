"""JMESPath over replies and records: compiled once, exact with decimals, and never an error of the library.

Beside the functions of JMESPath: `total(list)` the exact sum of numbers or of their texts, `times(a, b)` their exact
product, `text(value)` plain text, `before(text, sign)` and `after(text, sign)` the part of a text before or behind the
first sign, `json(text)` what JSON inside a text says, `inherit(list, table)` the tables of the list, each with the
entries of the table that it has not itself, `beside(list, by, others, on)` the same with that table of the other list
whose `on` is its `by`, `unescape(text)` a text in which quotes, ampersands and angle brackets were written as in HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from html import unescape
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

from connectors.declarative.json_reply import read
from connectors.declarative.shortcut import Shortcuts, is_false
from core.errors import DataError

_ESCAPED = re.compile(r"&(?:quot|amp|lt|gt|apos|#0*39|#x0*27);", re.IGNORECASE)
"""What servers write that escape texts as they read them. Other entities are what somebody typed."""

_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_LARGEST_EXPONENT = 400
_NO = frozenset({"", "false", "0", "no", "n"})
_NESTING = 64
"""How deep lists and tables may stand in each other in JSON inside a text."""


class _Functions(functions.Functions):
    """Functions of ours. Amounts stay decimals."""

    @functions.signature({"types": ["array", "null"]})
    def _func_total(self, values: list[Any] | None) -> Decimal:
        total = Decimal(0)
        for value in values or ():
            total = _EXACT.add(total, _number(value))
        return total

    @functions.signature({"types": []}, {"types": []})
    def _func_times(self, first: Any, second: Any) -> Decimal | None:
        return None if first is None or second is None else _EXACT.multiply(_number(first), _number(second))

    @functions.signature({"types": []})
    def _func_to_number(self, value: Any) -> Decimal | int | None:
        """As in JMESPath, where it is a binary fraction."""
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return value
        try:
            return _number(value) if isinstance(value, str) else None
        except DataError:
            return None

    @functions.signature({"types": ["array-number"]})
    def _func_avg(self, values: list[Any]) -> Decimal | None:
        return _EXACT.divide(self._func_total(values), Decimal(len(values))) if values else None

    @functions.signature({"types": []})
    def _func_text(self, value: Any) -> str:
        return as_text(value)

    @functions.signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_before(self, value: str | None, sign: str) -> str:
        return (value or "").partition(sign)[0]

    @functions.signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_after(self, value: str | None, sign: str) -> str:
        return (value or "").partition(sign)[2]

    @functions.signature({"types": ["string", "null"]})
    def _func_json(self, value: str | None) -> Any:
        return None if not value else read(value.encode(), nesting=_NESTING)

    @functions.signature({"types": ["array", "null"]}, {"types": ["object"]})
    def _func_inherit(self, rows: list[Any] | None, table: dict[str, Any]) -> list[Any]:
        return [{**table, **row} for row in rows or () if isinstance(row, dict)]

    @functions.signature(
        {"types": ["array", "null"]}, {"types": ["string"]}, {"types": ["array", "null"]}, {"types": ["string"]}
    )
    def _func_beside(self, rows: list[Any] | None, by: str, others: list[Any] | None, on: str) -> list[Any]:
        known = {as_text(row.get(on)): row for row in others or () if isinstance(row, dict) and row.get(on) is not None}
        return [{**known.get(as_text(row.get(by)), {}), **row} for row in rows or () if isinstance(row, dict)]

    @functions.signature(
        {"types": ["array", "null"]}, {"types": ["string"]}, {"types": ["object", "null"]}, {"types": ["string"]}
    )
    def _func_looked_up(self, rows: list[Any] | None, by: str, table: dict[str, Any] | None, other: str) -> list[Any]:
        """Of each row what the table has under its `by`, else its `other`."""
        kept = table or {}
        return [kept.get(str(row.get(by)), row.get(other)) for row in rows or () if isinstance(row, dict)]

    @functions.signature({"types": ["string", "null"]})
    def _func_unescape(self, value: str | None) -> str | None:
        return None if value is None else _ESCAPED.sub(lambda found: unescape(found.group()), value)


_SHORTCUTS = Shortcuts(_Functions())


_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`""")
_NAME = re.compile(r"[\w:-]*[^\W\d_][\w:-]*")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _unquoted(text: str) -> str:
    """What to do about the first name that has to stand in quotes, if there is one."""
    names = (name for name in _NAME.findall(_QUOTED.sub(" ", text)) if not _PLAIN_NAME.fullmatch(name))
    return next((f'; a name with other letters or signs stands in double quotes: "{name}"' for name in names), "")


class Expression:
    """A compiled expression. Safe to use from threads."""

    __slots__ = ("_call", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError where the text is no JMESPath expression."""
        self.text = text
        try:
            self._call = _SHORTCUTS.call(_exact(jmespath.compile(text or "@").parsed))
        except (JMESPathError, ValueError, DataError) as error:
            why = str(error).splitlines()[0].rstrip(": ")
            raise ValueError(f"{text!r} is not a JMESPath expression: {why}{_unquoted(text)}") from None

    def of(self, data: Any) -> Any:
        """What it finds; None where there is nothing. Raises DataError where the data cannot be so used."""
        try:
            return self._call(data)
        except (JMESPathError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError):
            raise DataError("unexpected_shape", f"`{self.text}` cannot be read here") from None

    def holds(self, data: Any) -> bool:
        """Whether it finds something true: not null, false, or empty. Zero is true, as in JMESPath."""
        return not is_false(self.of(data))

    def affirms(self, data: Any) -> bool:
        """Whether it says that something was done. As `holds`, but a text that says no in so many words is no yes."""
        found = self.of(data)
        return not is_false(found) and not (isinstance(found, str) and found.strip().lower() in _NO)


@lru_cache(maxsize=2000)
def expression(text: str) -> Expression:
    """The expression of a text; empty text stands for the whole. Raises ValueError."""
    return Expression(text)


def as_text(value: Any) -> str:
    """A value as plain text: empty where there is none, `true` or `false`, numbers without exponent."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (list, tuple, Mapping)):
        raise DataError("unexpected_shape", "a list or table stands where text is needed")
    return str(value)


def _number(value: Any) -> Decimal:
    """Bounded: a few letters such as 1e999999 must not become a million digits further on."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise DataError("bad_number", "a number is needed, and something else stands there")
    return number


def _exact(node: Any) -> Any:
    """The parsed expression with decimals for the numbers in it, which the library reads as binary fractions."""
    if isinstance(node, list):
        return [_exact(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "literal":
        return {**node, "value": _decimals(node["value"])}
    return {name: _exact(item) for name, item in node.items()}


def _decimals(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return [_decimals(item) for item in value]
    return {name: _decimals(item) for name, item in value.items()} if isinstance(value, dict) else value
