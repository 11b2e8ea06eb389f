"""Tables as the content of elements, by the schema: order, names and types are the schema's, values are exact.

The types are zeep's; what is written from them is ours. Measured on zeep 4.3.3, which is why:

- an element that is false, 0 or empty inside of a sequence of an `xs:choice` is not there for it: the branch is left
  out without a word where nothing else in it is set;
- a member of a substitution group is written under the name of its head;
- rpc/encoded: `xsi:type`, `arrayType` and `encodingStyle` are left to the caller, and a member of an array is written
  under the name of its type;
- a required element that is absent is told of without its place, one that has a default is sent with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree
from zeep.xsd import AnyType, ComplexType, ListType
from zeep.xsd import Element as ZeepElement
from zeep.xsd.types import AnySimpleType

from connectors.http.redaction import plain
from connectors.soap_erp.envelopes import arrays
from connectors.soap_erp.envelopes.frame import SPECIAL, Frame
from connectors.soap_erp.envelopes.generic import fill
from connectors.soap_erp.envelopes.lexical import checked, text_of
from connectors.soap_erp.envelopes.names import Names
from connectors.soap_erp.envelopes.particles import Particles
from connectors.soap_erp.namespaces import XSD, XSI
from connectors.soap_erp.wsdl.declarations import Declared
from connectors.soap_erp.wsdl.service import Service, unknown
from core.errors import ConfigError, DataError

_TYPE, _NIL = f"{{{XSI}}}type", f"{{{XSI}}}nil"


class Content:
    """Writes values into elements, for one service. `encoded`: by the rules of the SOAP encoding, with types."""

    def __init__(self, service: Service, names: Names, *, encoded: bool) -> None:
        self.names = names
        self.encoded = encoded
        self._service = service
        self.declarations = service.declarations

    def element(
        self, parent: etree._Element, element: Any, value: Any, place: str, declared: Declared | None
    ) -> etree._Element:
        """Write one element. `declared` is what the schema says of it, if it is not a global one.

        Raises DataError (`bad_value`, `missing_value`) for what comes of data, ConfigError for names that are not
        there; both with the place.
        """
        if element.is_global:
            declared = self.declarations.element(element.qname.text) or declared
        node = etree.SubElement(parent, element.qname)
        table = value if isinstance(value, Mapping) else None
        if table is not None and self._is_nil(table, place):
            if not element.nillable and not self.encoded:
                raise ConfigError(f"{place}: the schema does not let it be nil; leave it out, or give a value")
            node.set(_NIL, "true")
            return node
        type_, declared_type = element.type, self.declarations.type_for(element.type, declared)
        if table is not None and "_type" in table:
            type_, declared_type = self._chosen(type_, table["_type"], f"{place}._type")
        if type_ is not element.type or (self.encoded and self.declarations.is_named(type_, declared_type)):
            arrays.set_name(node, _TYPE, type_.qname)
        elif self.declarations.is_abstract(declared_type):
            among = (name for name in self.declarations.derived(type_.qname.text) if not self._is_abstract(name))
            local = ", ".join(sorted({name.rpartition("}")[2] for name in among})[:20])
            raise ConfigError(f"{place}: its type is abstract: state as `_type` one of {local}")
        self.fill(node, type_, value, place, declared_type)
        return node

    def fill(self, node: etree._Element, type_: Any, value: Any, place: str, declared: Declared | None) -> None:
        """Write the content of an element of that type; `declared` is what the schema says of the type."""
        if isinstance(type_, ComplexType):
            item = arrays.item_type(type_)
            if item is not None and self.encoded:
                self._array(node, type_, item, value, place)
            elif _has_text(type_):
                self._text_with_attributes(node, type_, value, place, declared)
            else:
                self._structure(node, type_, value, place, declared)
        elif isinstance(type_, AnySimpleType):
            self._text(node, type_, value, place, declared)
        elif isinstance(value, list | tuple):
            raise DataError("bad_value", "one value is wanted here, and this is a list", path=place)
        else:
            untyped = {k: v for k, v in value.items() if k != "_type"} if isinstance(value, Mapping) else value
            fill(node, untyped, place, text_of, self.names.qualified)
            if self.encoded and not len(node) and _TYPE not in node.attrib:
                arrays.set_name(node, _TYPE, etree.QName(XSD, arrays.kind_of(value)))

    def _is_nil(self, table: Mapping[str, Any], place: str) -> bool:
        stated = table.get("_nil")
        if stated not in (None, True, False):
            raise ConfigError(f"{place}._nil: true or false is wanted")
        if stated and any(value is not None for key, value in table.items() if key != "_nil"):
            raise ConfigError(f"{place}: beside `_nil = true` nothing can be given")
        return bool(stated)

    # ------------------------------------------------------------ types

    def _chosen(self, type_: Any, name: Any, place: str) -> tuple[Any, Declared | None]:
        if not isinstance(name, str):
            raise ConfigError(f"{place}: the name of a type is wanted")
        declared = type_.qname.text if type_.qname is not None else ""
        free = type(type_) is AnyType or self.encoded
        fitting = [one for one in (declared, *self.declarations.derived(declared)) if not self._is_abstract(one)]
        chosen = self.names.type(name, place, None if free else fitting)
        return (type_ if chosen.qname == type_.qname else chosen), self.declarations.type(chosen.qname.text)

    def _is_abstract(self, name: str) -> bool:
        return self.declarations.is_abstract(self.declarations.type(name))

    # ------------------------------------------------------------ simple

    def _text(self, node: etree._Element, type_: Any, value: Any, place: str, declared: Declared | None) -> None:
        if isinstance(value, Mapping) and not value.keys() & {"_json", "_xml"}:
            others = value.keys() - SPECIAL
            if others or "_value" not in value:
                raise DataError("bad_value", "a text is wanted here, and this is a table", path=place)
            value, place = value["_value"], f"{place}._value"
        facets = self.declarations.facets(declared)
        if isinstance(type_, ListType):
            each = value if isinstance(value, list | tuple) else text_of(value, place).split()
            texts = (text_of(one, f"{place}.{number}") for number, one in enumerate(each))
            node.text = " ".join(checked(text, type_.item_type, None, f"{place}.{n}") for n, text in enumerate(texts))
            return
        node.text = checked(text_of("" if value is None else value, place), type_, facets, place, lenient=self.encoded)

    def _text_with_attributes(
        self, node: etree._Element, type_: Any, value: Any, place: str, declared: Declared | None
    ) -> None:
        table = value if isinstance(value, Mapping) and not value.keys() & {"_json", "_xml"} else {"_value": value}
        Frame(self, node, table, place, declared, Particles(None, self._service), _attribute_names(type_)).check()
        self._attributes(node, type_, table, place, declared, frozenset())
        if "_value" in table:
            self._text(node, type_._element.type, table["_value"], place, declared)

    # ------------------------------------------------------------ complex

    def _structure(self, node: etree._Element, type_: Any, value: Any, place: str, declared: Declared | None) -> None:
        if value is None or value == "":
            value = {}
        if not isinstance(value, Mapping):
            kind = "a list" if isinstance(value, list | tuple) else "one value"
            raise DataError("bad_value", f"a table is wanted here, and this is {kind}", path=place)
        if value.get("_value") is not None:
            if declared is None or declared.node.get("mixed") not in ("true", "1"):
                raise ConfigError(f"{place}._value: the schema has no text here")
            node.text = text_of(value["_value"], f"{place}._value")
        particles = Particles(type_._element, self._service)
        frame = Frame(self, node, value, place, declared, particles, _attribute_names(type_))
        frame.check()
        self._attributes(node, type_, value, place, declared, frozenset(particles.names))
        if not particles.is_empty:
            frame.write(type_._element, value, required=True)
        frame.finish()

    def parts(self, node: etree._Element, elements: list[Any], table: Mapping[str, Any], place: str) -> None:
        """Write the elements of a body that holds several, each required."""
        particles = Particles(elements, self._service)
        frame = Frame(self, node, table, place, None, particles, set())
        frame.check()
        for element in elements:
            frame.write(element, table, required=True)
        frame.finish()

    def _attributes(
        self,
        node: etree._Element,
        type_: Any,
        table: Mapping[str, Any],
        place: str,
        declared: Declared | None,
        elements: frozenset[str],
    ) -> None:
        taken, free = set(), False
        for _, attribute in type_.attributes:
            if attribute.qname is None:
                free = True
                continue
            local = attribute.qname.localname
            key = f"@{local}" if f"@{local}" in table or local in elements else local
            taken.add(key)
            value, here = table.get(key), f"{place}.{key}"
            if value is None:
                if attribute.required and not self.encoded:
                    raise DataError("missing_value", "the schema requires this attribute", path=here)
                continue
            own = self.declarations.type_of(self.declarations.attribute(declared, local))
            text = checked(text_of(value, here), attribute.type, self.declarations.facets(own), here)
            node.set(attribute.qname, text)
        for key, value in table.items():
            if not key.startswith("@") or key in taken or value is None:
                continue
            name = self.names.qualified(key[1:], f"{place}.{key}")
            if name is None and not free:
                known = {f"@{attribute.name}" for _, attribute in type_.attributes if attribute.name}
                unknown(f"attribute {plain(key, longest=100)!r}", place, key, known)
            node.set(name or self.names.tag(key[1:], f"{place}.{key}"), text_of(value, f"{place}.{key}"))

    # ------------------------------------------------------------ the SOAP encoding

    def _array(self, node: etree._Element, type_: Any, item: Any, value: Any, place: str) -> None:
        if isinstance(value, Mapping) and len(value) == 1 and isinstance(next(iter(value.values())), list | tuple):
            (value,) = value.values()
        if value is None or value == "":
            value = []
        if not isinstance(value, list | tuple):
            raise DataError("bad_value", "a list is wanted here", path=place)
        arrays.mark(node, type_, item, len(value))
        element = ZeepElement(arrays.item_name(type_), item, nillable=True)  # type: ignore[no-untyped-call]
        for number, one in enumerate(value):
            self.element(node, element, {"_nil": True} if one is None else one, f"{place}.{number}", None)


def _attribute_names(type_: Any) -> set[str]:
    return {attribute.name for _, attribute in type_.attributes if attribute.name}


def _has_text(type_: Any) -> bool:
    inner = type_._element
    return isinstance(inner, ZeepElement) and isinstance(inner.type, AnySimpleType)
