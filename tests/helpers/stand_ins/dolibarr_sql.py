"""What a Dolibarr makes of `sqlfilters`, `sortfield`, `limit` and `page`.

It replaces `(column:operator:value)` by SQL and passes the rest on as it stands. Whatever is no plain condition is
refused here, with the 503 that the database's complaint becomes there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

from tests.helpers.stand_ins.base import Refused

Columns = Mapping[str, Any]
Item = TypeVar("Item")
Condition = Callable[[Columns], bool]
_CRITERION = re.compile(r"\(([^:'()]+:[^:'()]+:[^()]+)\)")
_TOKEN = re.compile(r"\s*(\(|\)|and\b|or\b|\x00\d+)", re.IGNORECASE)
_OPERATORS = {"=", "<>", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "IN", "IS"}


def failed(why: str) -> NoReturn:
    """The database does not take the query: permanent, though the status says otherwise."""
    raise Refused(503, {"error": {"code": 503, "message": f"Service Unavailable: Error when retrieve list : {why}"}})


def condition(text: str, known: frozenset[str]) -> Condition:
    """The condition a filter text states, over the columns of a table called `t`."""
    if not text:
        return lambda columns: True
    level = 0
    for character in text:
        level += {"(": 1, ")": -1}.get(character, 0)
        if level < 0:
            raise Refused(
                503,
                {
                    "error": {
                        "code": 503,
                        "message": f"Service Unavailable: Error when validating parameter sqlfilters -> {text}",
                    }
                },
            )
    criteria: list[Condition] = []

    def kept(match: re.Match[str]) -> str:
        criteria.append(_criterion(match.group(1), known))
        return f" \0{len(criteria) - 1} "

    return _parsed(_CRITERION.sub(kept, text), criteria)


def _criterion(text: str, known: frozenset[str]) -> Condition:
    operand, operator, value = text.split(":", 2)
    column = re.sub(r"[^a-zA-Z0-9._]", "", operand.strip()).removeprefix("t.")
    operator = re.sub(r"[^a-zA-Z<>=]", "", operator.strip()).upper().replace("NOTLIKE", "NOT LIKE")
    if column not in known:
        failed(f"unknown column {column!r}")
    if operator not in _OPERATORS:
        failed(f"syntax near {operator!r}")
    value = value.strip()
    quoted = re.fullmatch(r"'(.*)'", value)
    if operator == "IN":
        wanted = [part.strip("'") for part in re.sub(r"[^a-zA-Z0-9_\-.,']", "", value).split(",")]
        return lambda columns: any(_compared(columns[column], "=", part) for part in wanted)
    if quoted is None:
        value = re.sub(r"[^a-zA-Z0-9_\-.,]", "", value)
        if operator == "IS" and value.upper() == "NULL":
            return lambda columns: columns[column] is None
        if not re.fullmatch(r"-?\d+(\.\d+)?", value):
            failed(f"unknown column {value!r}")
    else:
        value = quoted.group(1)
    return lambda columns: _compared(columns[column], operator, value)


def _compared(own: Any, operator: str, value: str) -> bool:
    """As the database compares: a NULL never, numbers as numbers, days and instants as such, text without case."""
    if own is None:
        return False
    if operator in ("LIKE", "NOT LIKE"):
        pattern = "".join({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in value)
        return bool(re.fullmatch(pattern, _text(own), re.IGNORECASE | re.DOTALL)) == (operator == "LIKE")
    left, right = _alike(own, value)
    return {
        "=": left == right,
        "<>": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _alike(own: Any, value: str) -> tuple[Any, Any]:
    try:
        if isinstance(own, datetime):
            return own, datetime.fromisoformat(value)
        if isinstance(own, date):
            return own, date.fromisoformat(value[:10])
        if isinstance(own, (int, Decimal)):
            return Decimal(own), Decimal(value)
    except (ValueError, InvalidOperation):
        failed(f"incorrect value {value!r}")
    return str(own).casefold(), value.casefold()


def _text(own: Any) -> str:
    return own.isoformat(" ") if isinstance(own, datetime) else str(own)


def _parsed(text: str, criteria: list[Condition]) -> Condition:
    """and, or and brackets around the criteria; `and` binds closer."""
    tokens: list[str] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            failed(f"syntax near {text[place:].strip()[:30]!r}")
        tokens.append(match.group(1).lower())
        place = match.end()

    def either() -> Condition:
        parts = [both()]
        while tokens[:1] == ["or"]:
            tokens.pop(0)
            parts.append(both())
        return lambda columns: any(part(columns) for part in parts)

    def both() -> Condition:
        parts = [one()]
        while tokens[:1] == ["and"]:
            tokens.pop(0)
            parts.append(one())
        return lambda columns: all(part(columns) for part in parts)

    def one() -> Condition:
        token = tokens.pop(0) if tokens else failed("syntax at the end")
        if token == "(":
            inner = either()
            if not tokens or tokens.pop(0) != ")":
                failed("a bracket is not closed")
            return inner
        if not token.startswith("\0"):
            failed(f"syntax near {token!r}")
        return criteria[int(token[1:])]

    whole = either()
    if tokens:
        failed(f"syntax near {tokens[0]!r}")
    return whole


def ordered(rows: list[tuple[Columns, Item]], field: str, direction: str, known: frozenset[str]) -> list[Item]:
    """The items in the order asked for; of several fields each in its own direction."""
    directions = direction.split(",")
    for place, name in reversed(list(enumerate(field.split(",")))):
        column = re.sub(r"[^0-9a-zA-Z_.]", "", name).removeprefix("t.")
        if column not in known:
            failed(f"unknown column {column!r}")
        down = directions[min(place, len(directions) - 1)].strip().upper() == "DESC"
        rows.sort(key=lambda row, column=column: _key(row[0][column]), reverse=down)  # type: ignore[misc]
    return [item for _, item in rows]


def _key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else value if value is not None else 0)
