"""The part of SuiteQL the preset uses: one table, columns and TO_CHAR of them, conditions joined by AND, one order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tests.helpers.stand_ins.base import Refused

_QUERY = re.compile(r"\s*SELECT\s+(.+?)\s+FROM\s+(\w+)(?:\s+WHERE\s+(.+?))?(?:\s+ORDER\s+BY\s+(\w+))?\s*", re.I | re.S)
_COLUMN = re.compile(r"(?:TO_CHAR\(\s*(\w+)\s*,\s*'([^']+)'\s*\)|(\w+))(?:\s+AS\s+(\w+))?", re.I)
_CONDITION = re.compile(
    r"\s*(\w+)\s*(=|!=|<>|<=|>=|<|>|IN)\s*"
    r"(\((?:\s*'(?:[^']|'')*'\s*,?)+\)|TO_TIMESTAMP\(\s*'([^']*)'\s*,\s*'([^']*)'\s*\)|'(?:[^']|'')*'|\d+)\s*",
    re.I,
)
_PATTERNS = {"YYYY-MM-DD HH24:MI:SS": "%Y-%m-%d %H:%M:%S", "YYYY-MM-DD": "%Y-%m-%d"}


def invalid(detail: str) -> Refused:
    """The query is not understood."""
    details = [
        {"detail": f"Invalid search query. {detail}", "o:errorCode": "INVALID_PARAMETER", "o:errorQueryParam": "q"}
    ]
    return Refused(400, {"title": "Bad Request", "status": 400, "o:errorDetails": details})


def answered(text: str, tables: Mapping[str, list[Mapping[str, Any]]]) -> list[dict[str, str]]:
    """The rows a query finds: every value text, and what is empty left out."""
    match = _QUERY.fullmatch(text)
    if match is None:
        raise invalid("syntax")
    columns, table, where, order = match.groups()
    if table.lower() not in tables:
        raise invalid(f"Record '{table}' was not found.")
    rows = [row for row in tables[table.lower()] if all(_holds(part, row) for part in _conditions(where))]
    if order is not None:
        rows.sort(key=lambda row: _own(row, order))
    return [dict(_chosen(columns, row)) for row in rows]


def _conditions(where: str | None) -> list[re.Match[str]]:
    found, place = [], 0
    while where and place < len(where):
        match = _CONDITION.match(where, place)
        if match is None:
            raise invalid(f"near {where[place : place + 20]!r}")
        found.append(match)
        place = match.end()
        joined = re.compile(r"AND\b", re.I).match(where, place)
        if place < len(where) and joined is None:
            raise invalid(f"near {where[place : place + 20]!r}")
        place = joined.end() if joined else place
    return found


def _own(row: Mapping[str, Any], name: str) -> Any:
    if name.lower() not in row:
        raise invalid(f"Field '{name}' was not found.")
    return row[name.lower()]


def _holds(match: re.Match[str], row: Mapping[str, Any]) -> bool:
    name, operator, literal, moment, pattern = match.groups()
    own = _own(row, name)
    if operator.upper() == "IN":
        return own is not None and str(own) in [
            text.replace("''", "'") for text in re.findall(r"'((?:[^']|'')*)'", literal)
        ]
    if own is None:
        return False
    wanted: Any = literal[1:-1].replace("''", "'") if literal.startswith("'") else literal
    if moment is not None:
        if not isinstance(own, datetime) or pattern not in _PATTERNS:
            raise invalid("not a timestamp")
        wanted = datetime.strptime(moment, _PATTERNS[pattern])  # noqa: DTZ007 - in the zone of the account
    elif isinstance(own, datetime):
        raise invalid("a timestamp is compared with a text")
    elif isinstance(own, int):
        wanted = int(wanted)
    return bool(
        {"=": own == wanted, "!=": own != wanted, "<>": own != wanted}.get(operator)
        if operator in ("=", "!=", "<>")
        else {"<": own < wanted, "<=": own <= wanted, ">": own > wanted, ">=": own >= wanted}[operator]
    )


def _chosen(columns: str, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    chosen, place = [], 0
    while place < len(columns):
        match = _COLUMN.match(columns, place)
        if match is None:
            raise invalid(f"near {columns[place : place + 20]!r}")
        place = match.end()
        shaped, pattern, plain, alias = match.groups()
        value = _own(row, shaped or plain)
        if value is not None:
            if isinstance(value, date):
                if pattern not in _PATTERNS:
                    pattern = "YYYY-MM-DD" if pattern is None else pattern
                shown = value.strftime(_PATTERNS[pattern] if shaped else "%m/%d/%Y")
            else:
                shown = str(value)
            chosen.append(((alias or plain).lower(), shown))
        place += len(re.compile(r"\s*,?\s*").match(columns, place).group())  # type: ignore[union-attr]
    return chosen
