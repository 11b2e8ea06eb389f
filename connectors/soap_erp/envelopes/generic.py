"""Elements that no schema describes, from tables: headers, what may be any element, and XML inside of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from connectors.http.redaction import plain
from core.errors import ConfigError, DataError

TextOf = Callable[[Any, str], str]
NameOf = Callable[[str, str], etree.QName | None]
"""A name as settings write it, and its place, as a qualified one; None where it has neither prefix nor namespace."""


def fill(node: etree._Element, value: Any, place: str, text_of: TextOf, name_of: NameOf) -> None:
    """The content of an element: of a table the entries in their order, `@name` as attributes, `_value` as its text; a
    list repeats the element of its name; what is None is left out; names without a namespace are in that of `node`.

    Raises DataError, and ConfigError for a name that is none.
    """
    if not isinstance(value, Mapping) or value.keys() in ({"_json"}, {"_xml"}):
        node.text = text_of(value, place)
        return
    namespace = etree.QName(node).namespace
    for key, content in value.items():
        here = f"{place}.{key}"
        if content is None:
            continue
        if key == "_value":
            node.text = text_of(content, here)
        elif key.startswith("@"):
            node.set(name_of(key[1:], here) or qualified(None, key[1:], here), text_of(content, here))
        else:
            name = name_of(key, here) or qualified(namespace, key, here)
            for number, one in enumerate(content) if isinstance(content, list | tuple) else ((None, content),):
                if one is not None:
                    child = etree.SubElement(node, name)
                    fill(child, one, here if number is None else f"{here}.{number}", text_of, name_of)


def qualified(namespace: str | None, local: str, place: str) -> etree.QName:
    """Raises ConfigError where it is no name of XML."""
    try:
        return etree.QName(namespace, local) if namespace else etree.QName(local)
    except ValueError as error:
        raise ConfigError(f"{place}: {plain(local, longest=100)!r} is no name of an XML element") from error


def xml_text(content: Any, place: str, text_of: TextOf) -> str:
    """A table with one entry, the root, as XML in a text, without a declaration."""
    if not isinstance(content, Mapping) or len(content) != 1:
        raise ConfigError(f"{place}: a table with one entry is wanted, the root element")
    ((name, value),) = content.items()
    if isinstance(value, list | tuple):
        raise DataError("bad_value", "XML has one root element, and this is a list", path=f"{place}.{name}")
    root = etree.Element(qualified(None, name, place))
    fill(root, "" if value is None else value, f"{place}.{name}", text_of, lambda _name, _place: None)
    return etree.tostring(root, encoding="unicode")
