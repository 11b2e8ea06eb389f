"""What schemas say and zeep drops: what is abstract, what stands for what, what is derived, and how values are
restricted.

Measured on zeep 4.3.3: of `xs:restriction` nothing but the base is left (a text of any length, any word for an
enumeration is sent), `substitutionGroup` and `abstract` are not read, and a type does not know what is derived from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree
from zeep.xsd import AnyType

from connectors.http.redaction import plain
from connectors.soap_erp import namespaces
from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.facets import Facets, facets_of
from core.errors import ConfigError

XSD = f"{{{namespaces.XSD}}}"
_WELL_KNOWN = frozenset({namespaces.XSD, namespaces.SOAP_ENCODING})
_CONTENT = frozenset(
    XSD + name for name in "sequence choice all complexContent simpleContent extension restriction redefine".split()
)
_GLOBAL = frozenset(XSD + name for name in "element complexType simpleType group attribute attributeGroup".split())


_GROUPS = ("group", "attributeGroup")
_COUNTED = tuple(XSD + name for name in ("element", "attribute", "any", *_GROUPS))
_DEEPEST = 100
_HEAVIEST = 20_000
"""Declarations in a group. NetSuite's largest type has some hundreds."""


class Declared(NamedTuple):
    """An element of a schema that declares something, with the namespace its unprefixed names are in."""

    node: etree._Element
    namespace: str

    def qname(self, written: str) -> str:
        """A name as it is written there, as `{namespace}local`."""
        prefix, _, local = written.strip().rpartition(":")
        uri = self.node.nsmap.get(prefix or None)
        if uri is None:
            uri = "" if prefix else self.namespace
        return f"{{{uri}}}{local}" if uri else local


class Declarations:
    """The global declarations of all schemas of a description. Read-only, and safe to use from threads."""

    def __init__(self, documents: Documents) -> None:
        self._found: dict[tuple[str, str], Declared] = {}
        self._members: dict[str, list[str]] = {}
        self._derived: dict[str, list[str]] = {}
        for root, namespace in _schemas(documents):
            for holder in (root, *root.iterchildren(f"{XSD}redefine")):
                for node in holder.iterchildren(*_GLOBAL):
                    self._register(Declared(node, namespace))
        for kind in _GROUPS:
            known: dict[str, int] = {}
            for qname in self.names(kind):
                if self._weight(kind, qname, known, 0) > _HEAVIEST:
                    raise ConfigError(f"{documents.name}: group {plain(qname, longest=200)} grows beyond all measure")

    def _weight(self, kind: str, qname: str, known: dict[str, int], depth: int) -> int:
        """How many declarations a group has with those it refers to: ten of ten of ten become more than fit."""
        declared = self._found.get((kind, qname))
        if qname in known or declared is None or depth > _DEEPEST:
            return known.get(qname, 1 if depth <= _DEEPEST else _HEAVIEST + 1)
        known[qname] = 0  # of one that refers to itself, which a schema must not
        total = 1
        for node in declared.node.iter(*_COUNTED):
            ref = node.get("ref") if node.tag == f"{XSD}{kind}" else None
            total += self._weight(kind, declared._replace(node=node).qname(ref), known, depth + 1) if ref else 1
        known[qname] = total
        return total

    def _register(self, declared: Declared) -> None:
        node = declared.node
        name = node.get("name")
        if not name:
            return
        kind = etree.QName(node).localname.replace("simpleType", "type").replace("complexType", "type")
        qname = f"{{{declared.namespace}}}{name}" if declared.namespace else name
        self._found.setdefault((kind, qname), declared)
        if kind == "element" and (head := node.get("substitutionGroup")):
            for one in head.split():
                self._members.setdefault(declared.qname(one), []).append(qname)
        if kind == "type":
            for step in node.iterfind(f"{XSD}complexContent/*"):
                if base := step.get("base"):
                    self._derived.setdefault(declared.qname(base), []).append(qname)

    # ------------------------------------------------------------ what is there

    def element(self, qname: str) -> Declared | None:
        """The global element of that name."""
        return self._found.get(("element", qname))

    def type(self, qname: str) -> Declared | None:
        """The global type of that name."""
        return self._found.get(("type", qname))

    def names(self, kind: str, local: str = "") -> list[str]:
        """The global `element`s or `type`s, of one local name or all."""
        return [qname for one, qname in self._found if one == kind and (not local or qname.rpartition("}")[2] == local)]

    def is_abstract(self, declared: Declared | None) -> bool:
        """Whether it must not stand itself."""
        return declared is not None and declared.node.get("abstract") in ("true", "1")

    def substitutes(self, qname: str) -> list[str]:
        """The global elements that may stand where that one is asked for, itself excluded."""
        return _closure(self._members, qname)

    def derived(self, qname: str) -> list[str]:
        """The global types that are derived from that one, itself excluded."""
        return _closure(self._derived, qname)

    # ------------------------------------------------------------ inside of a type

    def type_of(self, declared: Declared | None) -> Declared | None:
        """The type of a declared element or attribute, global or its own; None for one of XML Schema itself."""
        if declared is None:
            return None
        ref = declared.node.get("ref")
        if ref:
            kind = etree.QName(declared.node).localname
            return self.type_of(self._found.get((kind, declared.qname(ref))))
        named = declared.node.get("type")
        if named:
            return self.type(declared.qname(named))
        own = next(declared.node.iterchildren(f"{XSD}simpleType", f"{XSD}complexType"), None)
        return None if own is None else Declared(own, declared.namespace)

    def type_for(self, type_: Any, declared: Declared | None) -> Declared | None:
        """The type of what is declared, or, where that is not known, the global one of a zeep type's name."""
        if declared is not None or type_.qname is None:
            return self.type_of(declared)
        return self.type(type_.qname.text)

    def is_named(self, type_: Any, declared: Declared | None) -> bool:
        """Whether a zeep type, declared so, can be referred to by its name. zeep says so of any simple type."""
        if type_.qname is None or type(type_) is AnyType:
            return False
        return type_.qname.namespace in _WELL_KNOWN or (declared is not None and bool(declared.node.get("name")))

    def child(self, type_: Declared | None, local: str) -> Declared | None:
        """The element of that local name in a complex type, as it is declared there or in a base or a group."""
        return next(self._inside(type_, "element", local, frozenset()), None)

    def attribute(self, type_: Declared | None, local: str) -> Declared | None:
        """The attribute of that local name of a complex type."""
        return next(self._inside(type_, "attribute", local, frozenset()), None)

    def facets(self, type_: Declared | None) -> Facets | None:
        """What a simple type, or the text of a complex one, is restricted to; None where it is not."""
        return facets_of(type_, self.type)

    def _inside(self, where: Declared | None, kind: str, local: str, seen: frozenset[int]) -> Iterator[Declared]:
        if where is None or id(where.node) in seen:
            return
        seen = seen | {id(where.node)}
        for node in where.node.iterchildren(f"{XSD}*"):
            here = Declared(node, where.namespace)
            name = etree.QName(node).localname
            ref = node.get("ref")
            if name == kind:
                if local in (node.get("name"), (ref or "").rpartition(":")[2]):
                    yield here
            elif name in ("group", "attributeGroup") and ref:
                yield from self._inside(self._found.get((name, here.qname(ref))), kind, local, seen)
            elif node.tag in _CONTENT:
                yield from self._inside(here, kind, local, seen)
                if base := node.get("base"):
                    yield from self._inside(self.type(here.qname(base)), kind, local, seen)


def _closure(direct: dict[str, list[str]], start: str) -> list[str]:
    found: dict[str, None] = {}
    waiting = list(direct.get(start, ()))
    while waiting:
        one = waiting.pop(0)
        if one not in found and one != start:
            found[one] = None
            waiting += direct.get(one, ())
    return list(found)


def _schemas(documents: Documents) -> Iterator[tuple[etree._Element, str]]:
    """Each schema with the namespace of what it declares; one without takes that of whoever includes it."""
    trees = dict(documents.trees())
    including: dict[str, set[str]] = {}
    for location in trees:
        for element, to in documents.references(location):
            schema = next(element.iterancestors(f"{XSD}schema"), None)
            if schema is not None and element.tag != f"{XSD}import":
                including.setdefault(to, set()).add(schema.get("targetNamespace", ""))
    for location, tree in trees.items():
        for schema in tree.iter(f"{XSD}schema"):
            own = schema.get("targetNamespace")
            for namespace in [own] if own else sorted(including.get(location, {""})):
                yield schema, namespace
