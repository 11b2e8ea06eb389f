"""How EspoCRM searches: `where` in the query, an order, and pages by offset."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.helpers.stand_ins.table import Row

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
PARAMETERS = {"where", "maxSize", "offset", "orderBy", "order", "select", "attributeSelect"}


class Invalid(Exception):
    """The search cannot be carried out: why."""


def items(given: Any) -> list[Mapping[str, Any]]:
    """The conditions of a `where`, which numbers them. Raises Invalid."""
    listed = list(given.values()) if isinstance(given, dict) else given
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise Invalid("where is a list of conditions")
    return listed


def holds(rules: Sequence[Mapping[str, Any]], values: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    """Whether all conditions hold of a record. Raises Invalid where one cannot be judged."""
    judged = [_holds(rule, values, known) for rule in rules]
    return all(judged)


def _holds(rule: Mapping[str, Any], values: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    kind, value = rule.get("type"), rule.get("value")
    if kind in ("and", "or"):
        judged = [_holds(each, values, known) for each in items(value)]
        return all(judged) if kind == "and" else any(judged)
    attribute = rule.get("attribute")
    if attribute not in known:
        raise Invalid(f"there is no attribute {attribute}")
    mine = values.get(attribute)
    if kind == "isNull":
        return mine is None
    if kind == "isNotNull":
        return mine is not None
    if kind == "in":
        return mine in (list(value.values()) if isinstance(value, dict) else value or [])
    if not isinstance(value, str):
        raise Invalid(f"{attribute} needs a value")
    if known[attribute] == "datetime" and not STAMP.fullmatch(value):
        raise Invalid(f"{value} is no instant")
    compared: dict[str, Callable[[], bool]] = {
        "equals": lambda: mine == value,
        "notEquals": lambda: mine != value,
        "contains": lambda: value.lower() in (mine or "").lower(),
        "after": lambda: mine is not None and mine > value,
        "before": lambda: mine is not None and mine < value,
        "greaterThan": lambda: mine is not None and mine > value,
        "lessThan": lambda: mine is not None and mine < value,
        "greaterThanOrEquals": lambda: mine is not None and mine >= value,
        "lessThanOrEquals": lambda: mine is not None and mine <= value,
    }
    if kind not in compared:
        raise Invalid(f"there is no condition {kind}")
    return compared[str(kind)]()


def ordered(rows: list[Row], query: Mapping[str, Any], known: Mapping[str, str], told: Callable[[Row], Any]) -> None:
    """Sort as asked for, and by id where that is equal. Raises Invalid."""
    by, direction = query.get("orderBy", "createdAt"), query.get("order", "asc")
    if by not in known or direction not in ("asc", "desc"):
        raise Invalid(f"one cannot order by {by} {direction}")
    rows.sort(key=lambda row: (str(told(row).get(by) or ""), row.id), reverse=direction == "desc")
