"""The plainest expressions of JMESPath without its interpreter, which takes most of the time of reading a record.

Those are names, names below names, comparisons of such with a fixed text, and `and`, `or`, `not` over them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[[Any], Any]


def shortcut(node: Mapping[str, Any]) -> Call | None:
    """What does the same as a parsed expression; None where it is not so plain."""
    children = node["children"]
    match node["type"]:
        case "field":
            return _named([node["value"]])
        case "subexpression" if all(child["type"] == "field" for child in children):
            return _named([child["value"] for child in children])
        case "comparator" if node["value"] in ("eq", "ne"):
            return _compared(node)
        case "not_expression":
            return _negated(shortcut(children[0]))
        case "and_expression" | "or_expression":
            return _combined(node["type"] == "and_expression", shortcut(children[0]), shortcut(children[1]))
    return None


def is_false(value: Any) -> bool:
    """What counts as false in JMESPath: null, false, and what is empty; zero does not."""
    return value is None or value is False or value == "" or value == [] or value == {}


def _named(names: list[str]) -> Call:
    if len(names) == 1:
        name = names[0]
        return lambda data: data.get(name) if isinstance(data, dict) else None

    def find(data: Any) -> Any:
        for name in names:
            if not isinstance(data, dict):
                return None
            data = data.get(name)
        return data

    return find


def _compared(node: Mapping[str, Any]) -> Call | None:
    left, right = node["children"]
    found = shortcut(left)
    if found is None or right["type"] != "literal" or type(right["value"]) is not str:
        return None
    text = right["value"]
    if node["value"] == "eq":
        return lambda data: found(data) == text
    return lambda data: found(data) != text


def _negated(call: Call | None) -> Call | None:
    return None if call is None else lambda data: is_false(call(data))


def _combined(both: bool, first: Call | None, second: Call | None) -> Call | None:
    if first is None or second is None:
        return None

    def combine(data: Any) -> Any:
        value = first(data)
        return second(data) if is_false(value) is not both else value

    return combine
