"""Arrays of the SOAP encoding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lxml import etree
from zeep.xsd import AnyType, Element
from zeep.xsd.elements.indicators import OrderIndicator

from connectors.soap_erp.namespaces import SOAP_ENCODING, XSD, XSI

_ARRAY_TYPE = f"{{{SOAP_ENCODING}}}arrayType"
_TYPE = f"{{{XSI}}}type"
_DEFAULT_NAME = "item"


def item_type(type_: Any) -> Any:
    """The zeep type of the items of an array; xs:anyType where it is open; None for what is no array."""
    named = (one for one in type_._attributes_unwrapped if one.qname is not None and one.qname.text == _ARRAY_TYPE)
    attribute = next(named, None)
    if attribute is None:
        return None
    found = attribute.array_type
    return found if found is not None else AnyType()  # type: ignore[no-untyped-call]


def item_name(type_: Any) -> str:
    """What an item is called: nothing depends on it, but the schema may have a name."""
    inner = type_._element
    if isinstance(inner, OrderIndicator) and len(inner) == 1 and isinstance(inner[0], Element):
        return str(inner[0].name)
    return _DEFAULT_NAME


def mark(node: etree._Element, type_: Any, item: Any, count: int) -> None:
    """State the type and the number of the items on the element of an array."""
    if _TYPE not in node.attrib:
        set_name(node, _TYPE, etree.QName(SOAP_ENCODING, "Array"))
    set_name(node, _ARRAY_TYPE, item.qname if item.qname is not None else etree.QName(XSD, "anyType"))
    node.set(_ARRAY_TYPE, f"{node.get(_ARRAY_TYPE)}[{count}]")


def kind_of(value: Any) -> str:
    """The type of XML Schema that says what a value is where no schema does."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "int"
        case Decimal():
            return "decimal"
        case _:
            return "string"


def set_name(node: etree._Element, attribute: str, value: etree.QName) -> None:
    """Set an attribute to a qualified name, with a prefix that is bound there."""
    node.set(attribute, value)  # type: ignore[arg-type]  # lxml takes a QName, its stubs do not say so
