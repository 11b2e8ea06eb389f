"""HubSpot's search: filters, one sort, an offset that ends at a limit, over an index that lags behind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import InvalidOperation
from typing import Any

from tests.helpers.stand_ins.hubspot_properties import Property, comparable
from tests.helpers.stand_ins.table import Row

KEYS = {"after", "filterGroups", "limit", "properties", "query", "sorts"}
MOST_GROUPS, MOST_FILTERS, MOST_ON_A_PAGE = 5, 6, 200


class Invalid(Exception):
    """The search cannot be carried out: why."""


def indexed(row: Row, now: datetime, lag: timedelta) -> Row | None:
    """The row as the index has it: the last version older than the lag; None where it is in none."""
    versions: Sequence[tuple[datetime, dict[str, Any]]] = row.extra.get("versions", ())
    past = [values for at, values in versions if at + lag <= now]
    return Row(row.id, past[-1], row.created, row.changed) if past else None


def search(asked: Mapping[str, Any], rows: Sequence[Row], known: Mapping[str, Property], most: int) -> dict[str, Any]:
    """The rows found on the page asked for, with `total` and the next offset. Raises Invalid."""
    if not isinstance(asked, dict) or set(asked) - KEYS or KEYS - {"query"} - set(asked):
        raise Invalid(f"the keys of a search are {', '.join(sorted(KEYS))}")
    limit, after = asked["limit"], asked["after"]
    if type(limit) is not int or not 1 <= limit <= MOST_ON_A_PAGE:
        raise Invalid(f"limit is from 1 to {MOST_ON_A_PAGE}")
    if not isinstance(after, str) or not after.isdecimal():
        raise Invalid("after is no offset")
    if int(after) + limit > max(most, limit):
        raise Invalid(f"paging ends after {most}")
    groups = asked["filterGroups"]
    if not isinstance(groups, list) or len(groups) > MOST_GROUPS:
        raise Invalid(f"there are at most {MOST_GROUPS} groups of filters")
    for group in groups:
        if not isinstance(group, dict) or set(group) != {"filters"} or not 1 <= len(group["filters"]) <= MOST_FILTERS:
            raise Invalid(f"a group has 1 to {MOST_FILTERS} filters")
    found = [row for row in rows if not groups or any(_in_group(group["filters"], row, known) for group in groups)]
    _sort(found, asked["sorts"], known)
    end = int(after) + limit
    page = {"total": len(found), "rows": found[int(after) : end]}
    return page | ({"paging": {"next": {"after": str(end)}}} if end < len(found) else {})


def _in_group(filters: Sequence[Any], row: Row, known: Mapping[str, Property]) -> bool:
    held = [_holds(each, row, known) for each in filters]  # each is looked at, also after one that does not hold
    return all(held)


def _holds(rule: Any, row: Row, known: Mapping[str, Property]) -> bool:
    if not isinstance(rule, dict) or set(rule) - {"propertyName", "operator", "value", "values", "highValue"}:
        raise Invalid("not a filter")
    name, operator = rule.get("propertyName"), rule.get("operator")
    if name not in known:
        raise Invalid(f"there is no property {name!r}")
    prop, has = known[name], row.values.get(name, "") != ""
    if operator == "HAS_PROPERTY":
        return has
    if operator == "NOT_HAS_PROPERTY":
        return not has
    mine = comparable(prop, row.values[name]) if has else None
    if operator in ("IN", "NOT_IN"):
        given = rule.get("values")
        if not isinstance(given, list) or not given:
            raise Invalid(f"{operator} needs values")
        inside = mine in [_value(prop, each) for each in given]
        return has and inside == (operator == "IN")
    value = _value(prop, rule.get("value"))
    high = _value(prop, rule.get("highValue")) if operator == "BETWEEN" else None
    if operator == "CONTAINS_TOKEN":
        return has and re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", mine) is not None
    if operator not in ("EQ", "NEQ", "GT", "GTE", "LT", "LTE", "BETWEEN"):
        raise Invalid(f"there is no operator {operator!r}")
    if not has:
        return False
    compared: dict[str, Any] = {
        "EQ": lambda: mine == value,
        "NEQ": lambda: mine != value,
        "GT": lambda: mine > value,
        "GTE": lambda: mine >= value,
        "LT": lambda: mine < value,
        "LTE": lambda: mine <= value,
        "BETWEEN": lambda: value <= mine <= high,
    }
    return bool(compared[operator]())


def _value(prop: Property, value: Any) -> Any:
    if not isinstance(value, str) or value == "":
        raise Invalid(f"a value for {prop.name} is text")
    try:
        return comparable(prop, value)
    except (ValueError, InvalidOperation):
        raise Invalid(f"{value!r} is no {prop.type}") from None


def _sort(found: list[Row], sorts: Any, known: Mapping[str, Property]) -> None:
    if not isinstance(sorts, list) or len(sorts) > 1 or not all(isinstance(each, str) for each in sorts):
        raise Invalid("sorts holds one text at most")
    name, descending = "createdate" if "createdate" in known else "hs_createdate", False
    if sorts:
        name, descending = sorts[0].removeprefix("-"), sorts[0].startswith("-")
        if sorts[0].startswith("{"):
            told = json.loads(sorts[0])
            name, descending = told.get("propertyName"), told.get("direction") == "DESCENDING"
    if name not in known:
        raise Invalid(f"there is no property {name!r}")
    there = [row for row in found if row.values.get(name, "")]
    there.sort(key=lambda row: comparable(known[name], row.values[name]), reverse=descending)
    found[:] = [*there, *(row for row in found if not row.values.get(name, ""))]
