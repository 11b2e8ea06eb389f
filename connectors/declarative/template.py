"""Templates: data with `${...}` in it, filled in without changing its shape.

A text that is exactly `${a.b}` becomes the value itself, of its own type; inside other text the value is written out.
`${a.b | filter:argument | ...}` passes it through filters. A reference with `?`, as `${a.b?}`, that finds nothing (null
or empty text) leaves out what it stands in: the whole text, and with it the entry of the table or list. Without `?`,
null stays null where it is the whole text, and is an error inside other text. Keys of tables are templates too.

A table `{"$each": "document.lines", "$as": "line", "$item": ...}` becomes a list: the item once for each, in which
`${line...}` is the element; with `"$only": "${line...}"` only where that finds something, zero being nothing. A table
`{"$merge": [..., ...]}` becomes one table: later ones are laid over earlier ones, and what is no table is left out.
Templates reach the data they are given and nothing else: no attributes, no calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Protocol

from connectors.declarative.expression import as_text
from connectors.declarative.filters import FILTERS
from connectors.declarative.references import Reference, parse
from core.errors import DataError


class Omitted:
    """What stands for an entry that is left out."""

    def __repr__(self) -> str:
        return "OMITTED"


OMITTED: Final = Omitted()


class Tables(Protocol):
    """What the filters `map` and `lookup` look into. Both raise DataError where the key is unknown."""

    def map(self, name: str, key: str) -> Any:
        """What stands for a key in [maps.name]."""

    def lookup(self, name: str, key: str) -> Any:
        """What the other system has under a key in [lookups.name]."""


Quote = Callable[[str], str]
Value = Callable[[Mapping[str, Any], Tables], Any]


def render(template: Any, data: Mapping[str, Any], tables: Tables, *, quote: Quote | None = None) -> Any:
    """The template filled in with data; OMITTED where it is left out. `quote` is put on what is written into text.

    Raises DataError where a name is unknown, a value is missing, or a filter cannot use it.
    """
    if isinstance(template, str):
        return (_filled(template) if quote is None else _together(template, quote))(data, tables)
    if type(template) is dict or isinstance(template, Mapping):
        if "$each" in template:
            return list(_each(template, data, tables))
        if "$merge" in template:
            given = render(template["$merge"], data, tables)
            return {name: value for each in given if isinstance(each, Mapping) for name, value in each.items()}
        filled = {}
        for key, item in template.items():
            name = _filled(key)(data, tables)
            value = _filled(item)(data, tables) if type(item) is str else render(item, data, tables)
            if name is not OMITTED and value is not OMITTED:
                filled[name if type(name) is str else as_text(name)] = value
        return filled
    if isinstance(template, (list, tuple)):
        items = (render(item, data, tables) for item in template)
        return [item for item in items if item is not OMITTED]
    return template


def path_with(path: str, name: Callable[[Reference], Any]) -> str:
    """A JMESPath expression whose references are put in as quoted names; empty where one of them is left out."""
    if "${" not in path:
        return path
    written = []
    for part in parse(path):
        value = name(part) if isinstance(part, Reference) else part
        if isinstance(value, Omitted) or value is None:
            return ""
        written.append(json.dumps(as_text(value)) if isinstance(part, Reference) else value)
    return "".join(written)


def render_path(path: str, data: Mapping[str, Any], tables: Tables) -> str:
    """A JMESPath expression with its names filled in; empty where one of them is. Raises DataError as `render` does."""
    return path_with(path, lambda reference: _value_of(reference)(data, tables))


def _each(template: Mapping[str, Any], data: Mapping[str, Any], tables: Tables) -> Iterator[Any]:
    found = find(data, template["$each"])
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise DataError("bad_template", f"{template['$each']} is no list")
    name = template.get("$as", "item")
    item_of: Value | None = None
    for element in found:
        own = {**data, name: element}
        if "$only" in template and render(template["$only"], own, tables) in (None, "", 0, False, OMITTED):
            continue
        item_of = item_of or _same_for_each(template["$item"], name, own, tables)
        item = item_of(own, tables)
        if item is not OMITTED:
            yield item


def _same_for_each(template: Any, name: str, data: Mapping[str, Any], tables: Tables) -> Value:
    """What fills a template in for one element after the other: what does not name it is filled in now."""
    if isinstance(template, str):
        parts = (part for part in parse(template) if isinstance(part, Reference))
        if any(part.path.partition(".")[0] == name for part in parts):
            return _filled(template)
        same = _filled(template)(data, tables)
        return lambda data, tables: same
    if not isinstance(template, Mapping) or "$each" in template or "$merge" in template:
        return lambda data, tables: render(template, data, tables)
    entries = [
        tuple(_same_for_each(each, name, data, tables) for each in (key, item)) for key, item in template.items()
    ]

    def table(data: Mapping[str, Any], tables: Tables) -> Any:
        filled = {}
        for key_of, value_of in entries:
            key = key_of(data, tables)
            value = value_of(data, tables)
            if key is not OMITTED and value is not OMITTED:
                filled[as_text(key)] = value
        return filled

    return table


@lru_cache(maxsize=5000)
def _filled(text: str) -> Value:
    """What fills a text in, made once for each."""
    parts = parse(text)
    if len(parts) == 1 and isinstance(parts[0], Reference):
        return _value_of(parts[0])
    if not any(isinstance(part, Reference) for part in parts):
        return lambda data, tables: text
    return _together(text, as_text)


@lru_cache(maxsize=5000)
def _together(text: str, quote: Quote) -> Value:
    """What fills a text in and puts `quote` on each value."""
    parts = [(part, _value_of(part)) if isinstance(part, Reference) else part for part in parse(text)]

    def together(data: Mapping[str, Any], tables: Tables) -> Any:
        written = []
        for part in parts:
            if isinstance(part, str):
                written.append(part)
                continue
            reference, value_of = part
            value = value_of(data, tables)
            if value is OMITTED:
                return OMITTED
            if value is None:
                raise DataError("missing_value", f"{reference.path} is empty, and is needed")
            written.append(quote(as_text(value.isoformat() if isinstance(value, date) else value)))
        return "".join(written)

    return together


@lru_cache(maxsize=5000)
def _value_of(reference: Reference) -> Value:
    """What finds a reference and passes it through its filters, made once for each."""
    found, optional = _found(reference.path), reference.optional
    if not reference.filters and not optional:
        return lambda data, tables: found(data)
    changes = [_change(reference.path, name, argument) for name, argument in reference.filters]

    def value_of(data: Mapping[str, Any], tables: Tables) -> Any:
        value = found(data)
        for change in changes:
            if optional and (value is None or value == ""):
                return OMITTED
            value = change(value, tables)
        return OMITTED if optional and (value is None or value == "") else value

    return value_of


def _change(path: str, name: str, argument: str) -> Callable[[Any, Tables], Any]:
    """What one filter does to a value."""
    if name == "map":
        return lambda value, tables: tables.map(argument, as_text(value))
    if name == "lookup":
        return lambda value, tables: tables.lookup(argument, as_text(value))
    call = FILTERS[name]

    def change(value: Any, tables: Tables) -> Any:
        try:
            return call(value, argument)
        except (ValueError, TypeError, ArithmeticError):
            raise DataError("bad_value", f"{path}: the filter {name} cannot use it") from None

    return change


def find(data: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path of tables and lists; null where a table on the way has no such entry.

    Raises DataError where the first name is unknown.
    """
    return _found(path)(data)


@lru_cache(maxsize=5000)
def _found(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """What finds a path, made once for each."""
    first, *rest = path.split(".")

    def found(data: Mapping[str, Any]) -> Any:
        try:
            value: Any = data[first]
        except KeyError:
            known = ", ".join(sorted(data))
            raise DataError("bad_template", f"nothing here is called {first}; there are: {known}") from None
        for name in rest:
            if type(value) is dict or isinstance(value, Mapping):  # the first is much quicker to tell
                value = value.get(name)
            elif isinstance(value, (list, tuple)) and name.isdecimal():
                value = value[int(name)] if int(name) < len(value) else None
            else:
                return None
        return value

    return found


def plain(value: Any) -> Any:
    """Data as JSON takes it: dates as text, decimals as they are."""
    if value is None or isinstance(value, (str, bool, int, Decimal)):
        return value
    if type(value) is dict or isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    raise DataError("bad_template", f"a {type(value).__name__} cannot be sent")


def structure(body: Any) -> Any:
    """The template of a body: JSON text in a string becomes what it says. Raises ValueError."""
    if isinstance(body, str) and body.lstrip()[:1] in ("{", "["):
        if body.lstrip().startswith("${"):
            return body
        return json.loads(body, parse_float=Decimal)
    return body
