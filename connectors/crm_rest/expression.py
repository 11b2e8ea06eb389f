"""JMESPath over replies and records: compiled once, exact with decimals, and never an error of the library.

Beside the functions of JMESPath: `total(list)` the exact sum of numbers or of their texts, `times(a, b)` their exact
product, `text(value)` plain text, `before(text, sign)` and `after(text, sign)` the part of a text before or behind the
first sign, `json(text)` what JSON inside a text says, `inherit(list, table)` the tables of the list, each with the
entries of the table that it has not itself, `unescape(text)` a text in which quotes, ampersands and angle brackets were
written as in HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from html import unescape
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

from connectors.crm_rest.shortcut import Shortcuts, is_false
from core.errors import DataError

_ESCAPED = re.compile(r"&(?:quot|amp|lt|gt|apos|#0*39|#x0*27);", re.IGNORECASE)
"""What servers write that escape texts as they read them. Other entities are what somebody typed."""


class _Functions(functions.Functions):
    """Functions of ours. Amounts stay decimals."""

    @functions.signature({"types": ["array", "null"]})
    def _func_total(self, values: list[Any] | None) -> Decimal:
        return sum((_number(value) for value in values or ()), Decimal(0))

    @functions.signature({"types": []}, {"types": []})
    def _func_times(self, first: Any, second: Any) -> Decimal | None:
        return None if first is None or second is None else _number(first) * _number(second)

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
        return None if not value else json.loads(value, parse_float=Decimal)

    @functions.signature({"types": ["array", "null"]}, {"types": ["object"]})
    def _func_inherit(self, rows: list[Any] | None, table: dict[str, Any]) -> list[Any]:
        return [{**table, **row} for row in rows or () if isinstance(row, dict)]

    @functions.signature({"types": ["string", "null"]})
    def _func_unescape(self, value: str | None) -> str | None:
        return None if value is None else _ESCAPED.sub(lambda found: unescape(found.group()), value)


_SHORTCUTS = Shortcuts(_Functions())


class Expression:
    """A compiled expression. Safe to use from threads."""

    __slots__ = ("_call", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError where the text is no JMESPath expression."""
        self.text = text
        try:
            self._call = _SHORTCUTS.call(jmespath.compile(text or "@").parsed)
        except (JMESPathError, ValueError) as error:
            raise ValueError(f"{text!r} is not a JMESPath expression: {str(error).splitlines()[0]}") from None

    def of(self, data: Any) -> Any:
        """What it finds; None where there is nothing. Raises DataError where the data cannot be so used."""
        try:
            return self._call(data)
        except (JMESPathError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError):
            raise DataError("unexpected_shape", f"`{self.text}` cannot be read here") from None

    def holds(self, data: Any) -> bool:
        """Whether it finds something true: not null, false, or empty. Zero is true, as in JMESPath."""
        return not is_false(self.of(data))


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
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise DataError("bad_number", "a number is needed, and something else stands there") from None
