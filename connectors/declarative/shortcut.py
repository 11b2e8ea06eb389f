"""Expressions of JMESPath made into calls once, since its interpreter takes most of the time of reading a record.

What the settings of most systems are made of is done here: names, fixed values, comparisons for being equal, `and`,
`or`, `not`, functions, tables and lists made anew. Whatever else stands in an expression is left to the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jmespath import Options
from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter

Call = Callable[[Any], Any]
Node = Any
"""A part of a parsed expression: a table with its type, its value, and its children."""
_COMPARED = TreeInterpreter.COMPARATOR_FUNC


class Shortcuts:
    """Makes calls of parsed expressions that may use `functions`. Calls are safe to use from threads, and raise what
    the library raises."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._interpreter = TreeInterpreter(Options(custom_functions=functions))

    def call(self, node: Node) -> Call:
        """What finds what the expression does."""
        match node["type"]:
            case "field":
                return _named([node["value"]])
            case "identity" | "current":
                return lambda data: data
            case "literal":
                return partial(_always, node["value"])
            case "subexpression" | "pipe":
                return self._chained(node["children"])
            case "comparator" if node["value"] in ("eq", "ne"):
                return self._compared(node)
            case "not_expression":
                negated = self.call(node["children"][0])
                return lambda data: is_false(negated(data))
            case "and_expression" | "or_expression":
                return self._combined(node)
            case "function_expression":
                return self._function(node)
            case "multi_select_dict":
                return self._table(node)
            case "multi_select_list":
                calls = [self.call(child) for child in node["children"]]
                return lambda data: None if data is None else [call(data) for call in calls]
        return partial(self._interpreter.visit, node)

    def _chained(self, nodes: Sequence[Node]) -> Call:
        if all(node["type"] == "field" for node in nodes):
            return _named([node["value"] for node in nodes])
        calls = [self.call(node) for node in nodes]

        def chain(data: Any) -> Any:
            for call in calls:
                data = call(data)
            return data

        return chain

    def _compared(self, node: Node) -> Call:
        left, right = node["children"]
        first, second, equal = self.call(left), self.call(right), node["value"] == "eq"
        if right["type"] != "literal" or type(right["value"]) is not str:
            compared = _COMPARED[node["value"]]
            return lambda data: compared(first(data), second(data))
        text = right["value"]
        if equal:
            return lambda data: first(data) == text
        return lambda data: first(data) != text

    def _combined(self, node: Node) -> Call:
        first, second = (self.call(child) for child in node["children"])
        both = node["type"] == "and_expression"

        def combine(data: Any) -> Any:
            value = first(data)
            return second(data) if is_false(value) is not both else value

        return combine

    def _function(self, node: Node) -> Call:
        arguments = [self.call(child) for child in node["children"]]
        known = self._functions.FUNCTION_TABLE.get(node["value"])
        if known is not None and len(arguments) == 1 and known["signature"] == ({"types": []},):
            function, argument = partial(known["function"], self._functions), arguments[0]
            return lambda data: function(argument(data))
        call = partial(self._functions.call_function, node["value"])
        return lambda data: call([argument(data) for argument in arguments])

    def _table(self, node: Node) -> Call:
        calls = [(child["value"], self.call(child["children"][0])) for child in node["children"]]
        return lambda data: None if data is None else {name: call(data) for name, call in calls}


def is_false(value: Any) -> bool:
    """What counts as false in JMESPath: null, false, and what is empty; zero does not."""
    return value is None or value is False or value == "" or value == [] or value == {}


def _always(value: Any, data: Any) -> Any:
    return value


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
