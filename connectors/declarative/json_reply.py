"""JSON as it comes and as it goes: exact numbers, and nothing that hurts to read."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

_LONGEST_NUMBER = 200
_LARGEST_EXPONENT = 400
_MOST_VALUES = 5_000_000
"""Of lists, tables and what stands in them: each takes many times the memory of its few letters."""
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class NotJson(ValueError):
    """The body is no JSON that can be used; the message says why, without quoting it."""


def read(body: bytes, *, nesting: int, kind: str = "") -> Any:
    """The value of a JSON text: numbers with a point or an exponent as Decimal of their very digits, None where empty.

    `nesting` is how deep lists and tables may stand in each other; `kind` the content type the reply states. Of keys
    that come twice the last counts. Half a surrogate pair, which is no letter, becomes U+FFFD. Raises NotJson.
    """
    text = body.strip()
    if not text:
        return None
    if text[:1] == b"<" or kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
        raise NotJson("it is a web page, not JSON")
    if _is_deep(text, nesting):
        raise NotJson(f"its lists and tables are nested deeper than {nesting}, or do not end")
    if len(text) > _MOST_VALUES and sum(map(text.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise NotJson(f"it holds more than {_MOST_VALUES:,} values; ask for less at once")
    try:
        written = text.decode("utf-8-sig")
        if _HALF.search(text):
            written = _ESCAPE.sub(_whole, written)
        return json.loads(written, parse_float=_number, parse_constant=_no_number)
    except NotJson:
        raise
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except (ValueError, RecursionError):
        reason = "it is not JSON"
    raise NotJson(reason)


def written(value: Any) -> bytes:
    """JSON of data that holds text, numbers, decimals, lists and tables. A Decimal becomes a number, exactly."""
    text = simplejson.dumps(value, use_decimal=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _is_deep(text: bytes, nesting: int) -> bool:
    """Whether brackets stand deeper in each other than that. Innermost pairs are taken away, level by level; whether
    they are of one kind is for the parser to see."""
    if text.count(b"[") + text.count(b"{") <= nesting:
        return False
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = text.translate(_SQUARE, delete=_OTHERS).replace(b'""', b"")
    if b'"' in outside:  # brackets inside of text
        outside = b"".join(outside.split(b'"')[::2])
    for _ in range(nesting):
        if not outside:
            break
        outside = outside.replace(b"[]", b"")
    return bool(outside)


_SQUARE = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(code for code in range(256) if code not in b'[]{}"')


def _number(text: str) -> Decimal:
    """Bounded: a few bytes such as 1e999999 must not become a million digits further on."""
    if len(text) > _LONGEST_NUMBER:
        raise NotJson("it holds a number of too many digits")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NotJson("it holds a number that is too large") from None
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise NotJson("it holds a number that is too large, or too small")
    return number


def _no_number(text: str) -> Any:
    raise NotJson(f"{text} is not a number")


def _whole(escape: re.Match[str]) -> str:
    return "�" if escape.group(1) else escape.group(0)
