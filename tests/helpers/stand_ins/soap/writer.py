"""Plain data as an element, by the schema: order, namespaces, repeated elements, attributes, derived types, arrays.

It takes what `reader.plain` gives. Decimals, integers, booleans, dates and times are written as XML Schema has them.
None leaves the element out; `{"_nil": True}` writes it as nil. A name the schema does not know is a fault of the
stand-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from tests.helpers.stand_ins.soap.names import ENCODING, XSD, XSI
from tests.helpers.stand_ins.soap.schema import Member, Schemas, Type


class Writer:
    """Writes below a root that declares the prefixes it uses. `encoded`: with types and arrays of the SOAP encoding."""

    def __init__(self, schemas: Schemas, prefixes: Mapping[str, str], encoded: bool = False) -> None:
        self._schemas, self._encoded = schemas, encoded
        self._prefix = {namespace: prefix for prefix, namespace in prefixes.items()}

    def write(self, parent: etree._Element, member: Member, value: Any) -> None:
        """The element, or several where it repeats and the value is a list."""
        if value is None:
            return
        if member.repeats and isinstance(value, list):
            for each in value:
                self._one(etree.SubElement(parent, member.tag), member.type, each)
        else:
            self._one(etree.SubElement(parent, member.tag), member.type, value)

    def fill(self, node: etree._Element, declared: Type, value: Any) -> None:
        """The content of an element that is there."""
        self._one(node, declared, value)

    def _one(self, node: etree._Element, declared: Type, value: Any) -> None:
        if isinstance(value, Mapping) and value.get("_nil"):
            node.set(f"{{{XSI}}}nil", "true")
            return
        if declared.items is not None:
            self._array(node, declared, declared.items, value)
            return
        if isinstance(value, Mapping):
            derived = value.get("_type")
            if derived:
                declared = self._schemas.derived(derived)
            if (derived or self._encoded) and declared.name:
                node.set(f"{{{XSI}}}type", self._named(declared.name))
            self._table(node, declared, {name: each for name, each in value.items() if name != "_type"})
            return
        if self._encoded and declared.name:
            node.set(f"{{{XSI}}}type", self._named(declared.name))
        if isinstance(value, (list, tuple)):
            raise TypeError(f"{node.tag} does not repeat and is given a list")
        if not declared.text and not declared.free and (declared.members or text_of(value)):
            raise TypeError(f"{node.tag} is a table and is given {value!r}")
        node.text = text_of(value)

    def _table(self, node: etree._Element, declared: Type, value: dict[str, Any]) -> None:
        names = {member.name for member in declared.members} | set(declared.attributes) | {"_value"}
        unknown = sorted(set(value) - names)
        if unknown and not declared.free:
            raise KeyError(f"{node.tag} of type {declared.name or 'without name'} has no {', '.join(unknown)}")
        for name, written in declared.attributes.items():
            if value.get(name) is not None and name not in {member.name for member in declared.members}:
                node.set(written, text_of(value[name]))
        if value.get("_value") is not None:
            node.text = text_of(value["_value"])
        for member in declared.members:
            if member.name in value:
                self.write(node, member, value[member.name])
        for name in unknown:
            schemaless(node, name, value[name])

    def _array(self, node: etree._Element, declared: Type, items: Type, value: Iterable[Any]) -> None:
        values = list(value)
        node.set(f"{{{XSI}}}type", self._named(f"{{{ENCODING}}}Array"))
        node.set(f"{{{ENCODING}}}arrayType", f"{self._named(items.name)}[{len(values)}]")
        for each in values:
            self._one(etree.SubElement(node, "item"), items, each)

    def _named(self, name: str) -> str:
        parts = etree.QName(name)
        return f"{self._prefix[parts.namespace]}:{parts.localname}" if parts.namespace else str(parts.localname)


def schemaless(parent: etree._Element, name: str, value: Any) -> None:
    """An element without a schema: tables, repeated ones, text."""
    for each in value if isinstance(value, list) else [value]:
        node = etree.SubElement(parent, name)
        if isinstance(each, Mapping):
            for inner, content in each.items():
                schemaless(node, inner, content)
        elif each is not None:
            node.text = text_of(each)


def text_of(value: Any) -> str:
    """A value as XML Schema writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, float):
        raise TypeError("no float leaves a stand-in: use Decimal")
    return str(value)


def prefixes_of(schemas: Schemas) -> dict[str, str]:
    """A prefix for each namespace that may come."""
    return {
        "xsi": XSI,
        "xsd": XSD,
        "enc": ENCODING,
        **{f"n{number}": each for number, each in enumerate(schemas.namespaces) if each},
    }
