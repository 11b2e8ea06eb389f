"""What a schema says of elements and types: members in order, what repeats, attributes, derived types, arrays.

Only what WSDLs are made of: sequences, choices, groups, extension, restriction, lists of the SOAP encoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from tests.helpers.stand_ins.soap.names import ENCODING, WSDL, XSD, full, local


@dataclass(frozen=True, slots=True)
class Member:
    """An element a type has. `namespace` is empty where the element is unqualified."""

    name: str
    namespace: str
    type: Type
    repeats: bool
    required: bool
    nillable: bool

    @property
    def tag(self) -> str:
        """The element's name as lxml writes it."""
        return f"{{{self.namespace}}}{self.name}" if self.namespace else self.name


class Type:
    """A type: of `name` (`{namespace}local`; empty where anonymous)."""

    def __init__(self, schemas: Schemas, name: str, node: etree._Element | None) -> None:
        self._schemas, self.name, self._node = schemas, name, node

    @property
    def simple(self) -> bool:
        """Whether it is text and nothing else."""
        return self._node is None or local(self._node) == "simpleType"

    @cached_property
    def base(self) -> Type | None:
        """What it extends or restricts."""
        derivation = self._derivation
        if derivation is None or derivation.get("base") is None:
            return None
        return self._schemas.type(full(derivation, derivation.get("base")))

    @cached_property
    def builtin(self) -> str:
        """The type of XML Schema its text is of, such as `decimal`; empty where it has none."""
        if self._node is None:
            return etree.QName(self.name).localname if self.name.startswith((f"{{{XSD}}}", f"{{{ENCODING}}}")) else ""
        if self.base is None:
            return "string" if self.simple else ""
        return self.base.builtin if self.simple or self._content == "simpleContent" else ""

    @cached_property
    def text(self) -> bool:
        """Whether its element holds text (beside attributes)."""
        return self.simple or self._content == "simpleContent"

    @cached_property
    def free(self) -> bool:
        """Whether anything may stand in it."""
        return self.name == f"{{{XSD}}}anyType" or (
            self._node is not None and any(True for _ in self._node.iter(f"{{{XSD}}}any"))
        )

    @cached_property
    def members(self) -> Sequence[Member]:
        """Its elements, those of its base first."""
        if self.simple or self._node is None:
            return ()
        inherited: Sequence[Member] = ()
        source = self._node
        if self._derivation is not None:
            source = self._derivation
            if local(source) == "extension" and self.base is not None:
                inherited = self.base.members
        return (*inherited, *self._schemas.members(source))

    @cached_property
    def attributes(self) -> dict[str, str]:
        """The names its attributes are written by, by local name."""
        if self._node is None:
            return {}
        found = dict(self.base.attributes) if self.base is not None else {}
        source = self._derivation if self._derivation is not None else self._node
        return found | self._schemas.attributes(source)

    @cached_property
    def items(self) -> Type | None:
        """What an array of the SOAP encoding holds; None where it is no such array."""
        if self._node is None or self.simple:
            return None
        if self.base is None or self.base.name != f"{{{ENCODING}}}Array":
            return None
        for node in self._node.iter(f"{{{XSD}}}attribute"):
            announced = node.get(f"{{{WSDL}}}arrayType")
            if announced:
                return self._schemas.type(full(node, announced.split("[")[0]))
        return self.members[0].type if self.members else self._schemas.type(f"{{{XSD}}}anyType")

    def is_a(self, other: Type) -> bool:
        """Whether it is the other or derived from it."""
        if other.name == f"{{{XSD}}}anyType" or self is other or (self.name and self.name == other.name):
            return True
        return self.base is not None and self.base.is_a(other)

    @property
    def _content(self) -> str:
        kinds = ("simpleContent", "complexContent")
        return next((local(node) for node in _nodes(self._node) if local(node) in kinds), "")

    @cached_property
    def _derivation(self) -> etree._Element | None:
        inside = [node for node in _nodes(self._node) if local(node) in ("simpleContent", "complexContent")]
        nodes = _nodes(inside[0]) if inside else _nodes(self._node)
        return next((node for node in nodes if local(node) in ("extension", "restriction")), None)


class Schemas:
    """The schemas of a WSDL, as documents with the target namespace each stands under."""

    def __init__(self, documents: Iterable[tuple[str, etree._Element]]) -> None:
        self._top: dict[tuple[str, str], etree._Element] = {}
        self._target: dict[etree._Element, str] = {}
        self._types: dict[str, Type] = {}
        self._anonymous: dict[etree._Element, Type] = {}
        self.namespaces: list[str] = []
        for target, root in documents:
            self._target[root] = target
            if target not in self.namespaces:
                self.namespaces.append(target)
            for node in _nodes(root):
                if node.get("name"):
                    name = f"{{{target}}}{node.get('name')}" if target else node.get("name")
                    kind = "type" if local(node) in ("simpleType", "complexType") else local(node)
                    self._top[kind, name] = node

    def type(self, name: str) -> Type:
        """The type of this name; one of XML Schema or of the SOAP encoding where it is not declared."""
        if name not in self._types:
            node = self._top.get(("type", name))
            if node is None and not name.startswith((f"{{{XSD}}}", f"{{{ENCODING}}}")):
                raise ValueError(f"there is no type {name}")
            self._types[name] = Type(self, name, node)
        return self._types[name]

    def derived(self, name: str) -> Type:
        """The type of this name, which may lack its namespace."""
        if name.startswith("{"):
            return self.type(name)
        found = [full for kind, full in self._top if kind == "type" and etree.QName(full).localname == name]
        if len(found) != 1:
            raise ValueError(f"{len(found)} types are named {name}")
        return self.type(found[0])

    def element(self, name: str) -> Member | None:
        """The element declared on top under this name."""
        node = self._top.get(("element", name))
        return None if node is None else self._member(node, repeats=False, needed=True)

    def members(self, source: etree._Element) -> Iterator[Member]:
        """The elements below a type, an extension, a group or a part of one."""
        yield from self._below(source, repeats=False, needed=True)

    def _below(self, source: etree._Element, repeats: bool, needed: bool) -> Iterator[Member]:
        for node in _nodes(source):
            kind = local(node)
            again = repeats or node.get("maxOccurs", "1") not in ("0", "1")
            must = needed and node.get("minOccurs", "1") != "0"
            if kind == "element":
                yield self._member(node, again, must)
            elif kind in ("sequence", "all"):
                yield from self._below(node, again, must)
            elif kind == "choice":
                yield from self._below(node, again, False)
            elif kind == "group" and node.get("ref"):
                yield from self._below(self._top["group", full(node, node.get("ref"))], again, must)

    def attributes(self, source: etree._Element) -> dict[str, str]:
        """The attributes below a type, an extension or a group of them."""
        found: dict[str, str] = {}
        for node in _nodes(source):
            if local(node) == "attributeGroup" and node.get("ref"):
                found |= self.attributes(self._top["attributeGroup", full(node, node.get("ref"))])
            elif local(node) == "attribute" and node.get("ref"):
                name = full(node, node.get("ref"))
                found[etree.QName(name).localname] = name
            elif local(node) == "attribute":
                found[node.get("name")] = self._tag(node, "attributeFormDefault")
        return found

    def _member(self, node: etree._Element, repeats: bool, needed: bool) -> Member:
        if node.get("ref"):
            name = full(node, node.get("ref"))
            top = self._top.get(("element", name))
            if top is None:
                raise ValueError(f"there is no element {name}")
            tag, declared = etree.QName(name), top
        else:
            on_top = local(node.getparent()) == "schema"
            target = self._target[_root(node)]
            tag = etree.QName(f"{{{target}}}{node.get('name')}" if on_top and target else self._tag(node))
            declared = node
        return Member(
            str(tag.localname),
            str(tag.namespace or ""),
            self._type_of(declared),
            repeats,
            (needed and not repeats) or (needed and node.get("minOccurs", "1") != "0"),
            declared.get("nillable") in ("true", "1"),
        )

    def _type_of(self, node: etree._Element) -> Type:
        if node.get("type"):
            return self.type(full(node, node.get("type")))
        inside = next((each for each in _nodes(node) if local(each) in ("simpleType", "complexType")), None)
        if inside is None:
            return self.type(f"{{{XSD}}}anyType")
        if inside not in self._anonymous:
            self._anonymous[inside] = Type(self, "", inside)
        return self._anonymous[inside]

    def _tag(self, node: etree._Element, default: str = "elementFormDefault") -> str:
        root = _root(node)
        target = self._target[root]
        qualified = node.get("form", root.get(default, "unqualified")) == "qualified"
        return f"{{{target}}}{node.get('name')}" if qualified and target else node.get("name")


def _nodes(node: etree._Element | None) -> Iterator[etree._Element]:
    return iter(()) if node is None else (each for each in node if isinstance(each.tag, str))


def _root(node: etree._Element) -> etree._Element:
    """The schema a node stands in, which may stand in a WSDL."""
    while local(node) != "schema":
        node = node.getparent()
    return node
