"""How Twenty's REST interface filters: `and(updatedAt[gte]:"...",id[eq]:"...")`, nested, one field each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

COMPARATORS = ("eq", "neq", "in", "is", "gt", "gte", "lt", "lte", "startsWith", "like", "ilike")
_BASE = re.compile(r"([A-Za-z][\w.]*)\[(\w+)\]:(.+)", re.ASCII | re.DOTALL)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class Invalid(Exception):
    """The filter cannot be carried out: why."""


def holds(text: str, values: Mapping[str, Any], types: Mapping[str, str]) -> bool:
    """Whether a filter holds of a record's values. Raises Invalid where it cannot be judged."""
    judged = [_one(part, values, types) for part in _parts(text)]
    return all(judged)


def _one(text: str, values: Mapping[str, Any], types: Mapping[str, str]) -> bool:
    for name, judge in (("and", all), ("or", any), ("not", lambda judged: not any(judged))):
        if text.startswith(f"{name}(") and text.endswith(")"):
            return judge([_one(part, values, types) for part in _parts(text[len(name) + 1 : -1])])
    match = _BASE.fullmatch(text)
    if match is None:
        raise Invalid(f"'filter' invalid for '{text}'")
    name, comparator, given = match.groups()
    if comparator not in COMPARATORS:
        raise Invalid(f"'filter' invalid for '{text}', comparator {comparator} is none")
    if name not in types:
        raise Invalid(f"there is no field {name}")
    return _compared(values.get(name), comparator, given, types[name])


def _compared(mine: Any, comparator: str, given: str, type: str) -> bool:
    if comparator == "is":
        if given not in ("NULL", "NOT_NULL"):
            raise Invalid("`is` takes NULL or NOT_NULL")
        return (mine is None) == (given == "NULL")
    if comparator == "in":
        if not (given.startswith("[") and given.endswith("]")):
            raise Invalid("`in` takes a list")
        return mine in [_value(each, type) for each in given[1:-1].split(",")]
    wanted = _value(given, type)
    if mine is None:
        return False
    compared = {
        "eq": lambda: mine == wanted,
        "neq": lambda: mine != wanted,
        "gt": lambda: mine > wanted,
        "gte": lambda: mine >= wanted,
        "lt": lambda: mine < wanted,
        "lte": lambda: mine <= wanted,
    }
    if comparator not in compared or (type == "UUID" and comparator not in ("eq", "neq")):
        raise Invalid(f"this stand-in does not compare a {type} by {comparator}")
    return bool(compared[comparator]())


def _value(text: str, type: str) -> Any:
    plain = text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
    if type == "DATE_TIME":
        if not _STAMP.fullmatch(plain):
            raise Invalid(f"{plain} is no instant")
        return datetime.fromisoformat(plain)
    if type == "UUID" and not _UUID.fullmatch(plain):
        raise Invalid(f"{plain} is no UUID")
    return plain


def _parts(text: str) -> Iterator[str]:
    """What stands between commas that are neither in brackets nor in quotes."""
    depth, quoted, part = 0, "", ""
    for sign in text:
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "\"'":
            quoted = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "," and depth == 0:
            yield part
            part = ""
            continue
        part += sign
    if depth or quoted:
        raise Invalid("the brackets or quotes of the filter do not end")
    yield part
