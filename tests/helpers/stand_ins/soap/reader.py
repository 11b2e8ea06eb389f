"""An element as plain data: tables, lists and text, read by the schema; and what is wrong with one that is encoded.

A table has its elements by name without namespace, its attributes beside them, `_type` where the type was named, and
`_value` for text beside attributes. What may come several times is always a list. Nothing is made of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSD, XSI, full, local
from tests.helpers.stand_ins.soap.schema import Schemas, Type

_FORMS = {
    "boolean": r"true|false|0|1",
    "int": r"[+-]?[0-9]+",
    "integer": r"[+-]?[0-9]+",
    "long": r"[+-]?[0-9]+",
    "short": r"[+-]?[0-9]+",
    "decimal": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)",
    "float": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN",
    "double": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN",
    "date": r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?",
    "dateTime": r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?",
}
_META = (XSI, ENCODING, *ENVELOPE.values())


def plain(node: etree._Element, declared: Type | None, schemas: Schemas) -> Any:
    """The element as table, list or text; None where it is nil."""
    if node.get(f"{{{XSI}}}nil") in ("true", "1"):
        return None
    named = node.get(f"{{{XSI}}}type")
    if named and not full(node, named).startswith((f"{{{XSD}}}", f"{{{ENCODING}}}")):
        declared = schemas.type(full(node, named))
    children = [child for child in node if isinstance(child.tag, str)]
    if declared is not None and declared.items is not None:
        return [plain(child, declared.items, schemas) for child in children]
    attributes = {
        str(etree.QName(name).localname): value
        for name, value in node.attrib.items()
        if etree.QName(name).namespace not in _META
    }
    if not children and (declared is None or declared.text or not declared.members):
        text = node.text or ""
        return {**attributes, "_value": text} if attributes else text
    value: dict[str, Any] = dict(attributes)
    if named:
        value["_type"] = named.rpartition(":")[2]
    members = {member.name: member for member in declared.members} if declared is not None else {}
    for member in members.values():
        if member.repeats:
            value[member.name] = []
    for child in children:
        member_of = members.get(local(child))
        one = plain(child, member_of.type if member_of else None, schemas)
        if member_of is not None and member_of.repeats:
            value[member_of.name].append(one)
        elif local(child) in value and local(child) not in attributes:
            before = value[local(child)]
            value[local(child)] = [*before, one] if isinstance(before, list) else [before, one]
        else:
            value[local(child)] = one
    return value


def wrong(node: etree._Element, declared: Type, schemas: Schemas, where: str) -> Iterator[str]:
    """What is wrong with an element of an rpc message. Members may be left out; none may be unknown."""
    if node.get("href"):
        yield f"{where}: references are not understood"
        return
    if node.get(f"{{{XSI}}}nil") in ("true", "1"):
        return
    named = node.get(f"{{{XSI}}}type")
    if named:
        try:
            given = schemas.type(full(node, named))
        except ValueError as error:
            yield f"{where}: {error}"
            return
        array = declared.items is not None and given.name == f"{{{ENCODING}}}Array"
        if (
            not array
            and not given.is_a(declared)
            and not (given.simple and declared.simple and _alike(given, declared))
        ):
            yield f"{where} is of type {given.name}, not {declared.name}"
        elif not array and given.name != declared.name:
            declared = given
    children = [child for child in node if isinstance(child.tag, str)]
    if declared.items is not None:
        announced = re.search(r"\[([0-9]+)\]$", node.get(f"{{{ENCODING}}}arrayType", ""))
        if announced is not None and int(announced.group(1)) != len(children):
            yield f"{where} announces {announced.group(1)} items and has {len(children)}"
        for number, child in enumerate(children):
            yield from wrong(child, declared.items, schemas, f"{where}.{number}")
    elif declared.simple:
        if children:
            yield f"{where} is text and has elements"
        form = _FORMS.get(declared.builtin)
        if form and not re.fullmatch(form, (node.text or "").strip()):
            yield f"{where} is no {declared.builtin}: {node.text!r}"
    elif not declared.free:
        members = {member.name: member for member in declared.members}
        seen: set[str] = set()
        for child in children:
            name = local(child)
            if name not in members:
                yield f"{where} has no {name}"
            elif name in seen and not members[name].repeats:
                yield f"{where}.{name} comes twice"
            else:
                yield from wrong(child, members[name].type, schemas, f"{where}.{name}")
            seen.add(name)


def _alike(given: Type, declared: Type) -> bool:
    """Whether text of the one may stand for text of the other, as lenient servers take it."""
    whole = {"int", "integer", "long", "short"}
    numbers = {"decimal", "float", "double", *whole}
    return given.builtin == declared.builtin or (
        given.builtin in numbers and declared.builtin in numbers - (set() if given.builtin in whole else whole)
    )
