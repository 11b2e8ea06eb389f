"""The elements of a reply as the values that expressions see."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Any, cast

from lxml import etree

from connectors.declarative.wire import MISSING
from connectors.soap_erp.namespaces import SOAP_11, SOAP_12, XML, XSI
from connectors.soap_erp.replies.kinds import Booleans, Integers, Kind, Numbers, Texts
from connectors.soap_erp.replies.markup import MOST_VALUES, NotSoap, local
from connectors.soap_erp.replies.shape import ENCODINGS, PLACES, Shape, Shapes

ENVELOPES = (SOAP_11, SOAP_12)
MAPS = "http://xml.apache.org/xml-soap"
_SIZE = re.compile(r"\[([0-9, ]*)\]\s*$")
_FEW, _OFTEN = 100_000, 10
"""Elements that may be read through references: so many, or so many times those of the reply."""
_NO_SCHEMA = Shapes()
_LAST_SCALAR, _TABLE = PLACES["bool"], PLACES["table"]
_SCALAR = ("text", "bool", "int", "number")


class _Marks:
    """What the attributes of an element say: what is data, and what is said about it."""

    __slots__ = ("announced", "data", "item", "map", "nil", "reference", "type")

    def __init__(self, element: etree._Element, shape: Shape, encoded: bool) -> None:
        self.data: dict[str, str] = {}
        self.nil = False
        self.type = self.item = self.reference = ""
        self.announced: int | None = None
        for key, text in cast("list[tuple[str, str]]", element.items()):
            space, _, name = key.rpartition("}")
            match space[1:]:
                case "" if not (encoded and name in ("id", "href") and name not in shape.attributes):
                    self.data[name] = text
                case "" if name == "href":
                    self.reference = text.removeprefix("#")
                case namespace if namespace == XSI:
                    if name == "nil":
                        self.nil = text.strip() in ("true", "1")
                    elif name == "type":
                        self.type = text
                case namespace if namespace in ENCODINGS:
                    self._of_an_array(name, text)
                case namespace if namespace not in ("", XML, *ENVELOPES):
                    self.data[name] = text

    def _of_an_array(self, name: str, text: str) -> None:
        match name:
            case "arrayType":
                found = _SIZE.search(text)
                self.item = text[: text.find("[")] if "[" in text else text
                self.announced = _size(found[1].replace(",", " ")) if found else -1
            case "itemType":
                self.item = text
            case "arraySize":
                self.announced = _size(text.replace("*", " ") if "*" not in text else "")
            case "ref":
                self.reference = text.removeprefix("#")
            case "offset" | "position":
                raise NotSoap("it holds a part of a list, which is not read")


def _size(text: str) -> int:
    """How many items are announced; -1 where it is a list of any length."""
    sizes = text.split()
    if not sizes or not all(size.isdecimal() and len(size) < 12 for size in sizes):
        return -1
    return math.prod(map(int, sizes))


class Values:
    """Reads the elements of one document. Not for use by several threads."""

    def __init__(
        self,
        root: etree._Element,
        shapes: Shapes | None = None,
        *,
        nesting: int,
        encoded: bool = False,
        lists: Collection[str] = (),
    ) -> None:
        """`encoded`: whether elements may refer to others. `lists`: names outside of the schema that always make
        lists."""
        self._root, self._shapes = root, shapes or _NO_SCHEMA
        self._nesting, self._encoded, self._lists = nesting, encoded, frozenset(lists)
        self._texts: dict[Kind, Texts] = {"number": Numbers(), "int": Integers(), "bool": Booleans()}
        self._read = [self._texts.get(kind, Texts()) for kind in PLACES]
        self._parts: dict[str, etree._Element] | None = None
        self._following: list[str] = []
        self._followed = self._most = 0

    def of(self, element: etree._Element, shape: Shape | None = None) -> Any:
        """The value of an element, by the schema where a shape is given. Raises NotSoap."""
        return self._value(element, shape or self._shapes.free, 1)

    def table(self, element: etree._Element, shape: Shape) -> dict[str, Any]:
        """The elements inside of one as a table, whatever its attributes say. Raises NotSoap."""
        return self._table(element, shape, 1)

    def _table(self, element: etree._Element, shape: Shape, depth: int) -> dict[str, Any]:
        if depth > self._nesting:
            raise NotSoap(f"its elements are nested deeper than {self._nesting}")
        known, read = shape.fields.get, self._read
        entries: dict[str, Any] = {name: [] for name in shape.many}
        repeated: set[str] = set()
        for child in element:  # most of the time is spent in here
            field = known(child.tag)
            if field is None:
                self._unknown(entries, child, shape, depth, repeated)
                continue
            name, many, place, inner = field
            value: Any
            if place > _LAST_SCALAR or len(child) or child.keys():
                if place != _TABLE or child.keys():
                    value = self._value(child, inner, depth + 1)
                    if value is None and name in shape.filled and not self._encoded:
                        continue  # nil where the schema allows none: as good as absent
                else:
                    value = self._table(child, inner, depth + 1)
                    if len(child) == 0:
                        self._add_text(value, child, inner)
            elif place:
                value = read[place][child.text or ""]
            else:
                value = child.text or ""
            if many:
                entries[name].append(value)
            elif name in entries:
                _again(entries, name, value, repeated)
            else:
                entries[name] = value
        if not (shape.required <= entries.keys() and all(entries[name] for name in shape.required_many)):
            lacking = [name for name in shape.required_many if not entries[name]]
            entries[MISSING] = sorted(lacking + [name for name in shape.required if name not in entries])
        return entries

    def _unknown(
        self, entries: dict[str, Any], child: etree._Element, shape: Shape, depth: int, repeated: set[str]
    ) -> None:
        """An element in a place, or of a namespace, that the schema does not tell of."""
        name = local(child.tag)
        field = shape.fields.get(name)
        if field is not None:
            value = self._value(child, field[3], depth + 1)
        else:
            value = self._value(child, self._shapes.named_element(child.tag) or self._shapes.free, depth + 1)
        if field[1] if field is not None else name in self._lists:
            entries.setdefault(name, []).append(value)
        elif name in entries:
            _again(entries, name, value, repeated)
        else:
            entries[name] = value

    def _value(self, element: etree._Element, shape: Shape, depth: int) -> Any:
        marks = _Marks(element, shape, self._encoded)
        if marks.nil:
            if len(element) or (element.text or "").strip():
                raise NotSoap("something is said to be nothing (xsi:nil), and holds something")
            return None
        if marks.reference:
            return self._followed_to(marks.reference, element, shape, depth)
        if marks.type and shape.kind not in _SCALAR:
            named = self._shapes.named_type(marks.type, element)
            if named is not None:
                shape = named
            elif shape.kind == "any":
                prefix, _, name = marks.type.rpartition(":")
                if name == "Map" and element.nsmap.get(prefix or None) == MAPS:
                    return self._map(element, depth)
        if shape.kind == "array" or marks.announced is not None or marks.type.rpartition(":")[2] == "Array":
            return self._array(element, shape, marks, depth)
        if shape.kind != "table" and len(element) == 0:
            return self._text(element, shape.kind, marks)
        table = self._table(element, shape if shape.kind == "table" else self._shapes.free, depth)
        for name, text in marks.data.items():
            kind = shape.attributes.get(name, "text")
            table.setdefault(name, self._texts[kind][text] if kind in self._texts else text)
        if len(element) == 0:
            self._add_text(table, element, shape)
        if marks.type:
            table.setdefault("_type", local(marks.type.rpartition(":")[2]))
        return table

    def _text(self, element: etree._Element, kind: Kind, marks: _Marks) -> Any:
        text = element.text or ""
        value = self._texts[kind][text] if kind in self._texts else text
        if not marks.data or kind in _SCALAR:
            return value
        return {**marks.data, "_value": value} if text else dict(marks.data)

    def _add_text(self, table: dict[str, Any], element: etree._Element, shape: Shape) -> None:
        """The text of what has attributes, or of what should have held elements."""
        text = element.text or ""
        if shape.content in self._texts:
            table["_value"] = self._texts[shape.content][text]
        elif shape.content is not None or text.strip():
            table["_value"] = text

    def _array(self, element: etree._Element, shape: Shape, marks: _Marks, depth: int) -> list[Any]:
        if depth > self._nesting:
            raise NotSoap(f"its elements are nested deeper than {self._nesting}")
        if marks.announced not in (None, -1, len(element)):
            raise NotSoap(f"a list of {marks.announced} items is announced, and {len(element)} came")
        item = shape.item if shape.kind in ("array", "table") else self._shapes.free
        if item.kind == "any" and marks.item:
            item = self._shapes.named_type(marks.item, element) or item
        return [self._value(child, item, depth + 1) for child in element]

    def _map(self, element: etree._Element, depth: int) -> dict[str, Any]:
        """A map of Apache SOAP and PHP: items of key and value."""
        entries: dict[str, Any] = {}
        repeated: set[str] = set()
        for item in self._array(element, self._shapes.free, _Marks(element, self._shapes.free, self._encoded), depth):
            if not isinstance(item, dict) or "key" not in item:
                raise NotSoap("it holds a map whose items have no key")
            key = str(item["key"])
            if key in entries:
                _again(entries, key, item.get("value"), repeated)
            else:
                entries[key] = item.get("value")
        return entries

    def _followed_to(self, reference: str, element: etree._Element, shape: Shape, depth: int) -> Any:
        """What stands elsewhere in the reply. Bounded: what is referred to twice counts twice."""
        if self._parts is None:
            self._parts = _parts(self._root)
            self._most = min(max(_FEW, _OFTEN * sum(1 for _ in self._root.iter())), MOST_VALUES)
        target = self._parts.get(reference)
        if target is None or len(element):
            raise NotSoap("it refers to a part of it that is not there")
        if reference in self._following:
            raise NotSoap("its parts refer to each other in a circle")
        self._followed += sum(1 for _ in target.iter())
        if self._followed > self._most:
            raise NotSoap("its parts refer to each other too often")
        if len(self._following) >= self._nesting:
            raise NotSoap(f"its elements are nested deeper than {self._nesting}")
        self._following.append(reference)
        value = self._value(target, shape, depth)
        self._following.pop()
        return value


def _again(entries: dict[str, Any], name: str, value: Any, repeated: set[str]) -> None:
    """What should come once came again: all of it is kept, so that it is seen."""
    if name in repeated:
        entries[name].append(value)
    else:
        entries[name] = [entries[name], value]
        repeated.add(name)


def _parts(root: etree._Element) -> dict[str, etree._Element]:
    """The elements that others refer to, by their id."""
    found: dict[str, etree._Element] = {}
    for element in root.iter():
        name = element.get("id") or element.get(f"{{{ENCODINGS[1]}}}id")
        if name and found.setdefault(name, element) is not element:
            raise NotSoap("two of its parts have the same id")
    return found


def is_referred_to(element: etree._Element) -> bool:
    """Whether an element in the body is there only for others to refer to."""
    return element.get("id") is not None or element.get(f"{{{ENCODINGS[1]}}}id") is not None
