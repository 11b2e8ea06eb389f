"""What replies look like by the schema, compiled from the types zeep read, as far as they are used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeAlias

from lxml import etree
from zeep.wsdl.bindings.soap import SoapOperation
from zeep.xsd import ComplexType, Element, Schema
from zeep.xsd.elements import All, Attribute, Choice, Group, Sequence
from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.types import builtins
from zeep.xsd.types.collection import ListType, UnionType

from connectors.soap_erp.namespaces import SOAP_ENCODING, SOAP_ENCODING_12, XSD
from connectors.soap_erp.replies.kinds import BUILT_IN, Kind

ENCODINGS = (SOAP_ENCODING, SOAP_ENCODING_12)
_ARRAY_TYPE = f"{{{ENCODINGS[0]}}}arrayType"
_MANY = 2
PLACES: dict[Kind, int] = {"text": 0, "number": 1, "int": 2, "bool": 3, "table": 4, "array": 5, "any": 6}

Field: TypeAlias = "tuple[str, bool, int, Shape]"
"""An element of a table: under which name, whether it may come several times, and what it holds, with the place of its
kind. No more than a tuple: one is taken apart for every element of a reply."""


class Shape:
    """What an element holds. Safe to use from threads: what is compiled when first used is the same each time."""

    __slots__ = (
        "_fields",
        "_type",
        "attributes",
        "content",
        "filled",
        "kind",
        "many",
        "owner",
        "required",
        "required_many",
    )

    def __init__(self, owner: Shapes, kind: Kind, xsd_type: Any = None, content: Kind | None = None) -> None:
        """`content` is the kind of the text of a table that is no more than a text with attributes."""
        self.owner, self.kind, self.content, self._type = owner, kind, content, xsd_type
        self._fields: dict[str, Field] | None = None
        self.attributes = {} if xsd_type is None else dict(_attributes(xsd_type, owner))
        self.many: tuple[str, ...] = ()
        self.required: frozenset[str] = frozenset()
        self.filled: frozenset[str] = frozenset()
        """What is required and cannot be nil."""
        self.required_many: tuple[str, ...] = ()

    def __repr__(self) -> str:
        name = getattr(self._type, "qname", None)
        return f"Shape({self.kind}{f', {name.localname}' if name is not None else ''})"

    @property
    def fields(self) -> Mapping[str, Field]:
        """What a table holds: by names with their namespace, and by local names."""
        return self._fields if self._fields is not None else self._compiled()

    @property
    def is_open(self) -> bool:
        """Whether elements of any name may stand in a table."""
        return not self.fields or _has_any(self._type._element)

    @property
    def item(self) -> Shape:
        """What the items of an array are."""
        array_type = getattr(self._type, "_array_type", None)
        named = getattr(array_type, "array_type", None)
        if named is not None:
            return self.owner.of_type(named)
        fields = self.fields
        only = {name: shape for name, _, _, shape in fields.values()}
        return next(iter(only.values())) if len(only) == 1 else self.owner.free

    def _compiled(self) -> dict[str, Field]:
        if not isinstance(self._type, ComplexType):
            self._fields = {}
            return self._fields
        held = self._type._element
        fields: dict[str, Field] = {}
        many, needed, filled = [], set(), set()
        for name, element, least, most in () if isinstance(held, Element) else _elements(held):
            shape = self.owner.of_type(element.type)
            fields[name] = fields[element.qname.text] = (name, most >= _MANY, PLACES[shape.kind], shape)
            if most >= _MANY:
                many.append(name)
            members = self.owner.members(element)
            for tag, member, inner in members:
                fields[member] = fields[tag] = (member, most >= _MANY, PLACES[inner.kind], inner)
                if most >= _MANY:
                    many.append(member)
            if least and not members and not self.owner.may_lack(name):
                needed.add(name)
                if not element.nillable:
                    filled.add(name)
        self.many = tuple(many)
        self.required, self.filled = frozenset(needed.difference(many)), frozenset(filled.difference(many))
        self.required_many = tuple(name for name in many if name in needed)
        self._fields = fields  # last, so that no other thread sees half of it
        return fields


class Message(NamedTuple):
    """The reply to an operation: the name of its one element (any where empty), and what that holds.

    `parts`: the elements stand side by side in the body, and are what the shape holds.
    """

    name: str
    shape: Shape
    parts: bool = False


class Shapes:
    """What is known of the types of one service. Safe to use from threads."""

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        may_lack: Collection[str] = (),
        substitutes: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        """`schema` is zeep's (`client.wsdl.types`). `may_lack`: names of elements that may be absent though the schema
        requires them; `*` in one stands for any text. `substitutes`: the elements that may stand in place of one."""
        self._may_lack = tuple(may_lack)
        self.free = Shape(self, "any")
        self.text = Shape(self, "text")
        self._schema = schema
        self._substitutes = substitutes
        self._of_types: dict[int, tuple[Any, Shape]] = {}
        self._built_in = {kind: Shape(self, kind) for kind in set(BUILT_IN.values())}
        self._elements: dict[str, Any] | None = None
        self._types: dict[str, dict[str, Any]] | None = None

    def may_lack(self, name: str) -> bool:
        """Whether an element of that name may be absent though the schema requires it."""
        return any(fnmatchcase(name, pattern) for pattern in self._may_lack)

    def reply(self, operation: SoapOperation) -> Message:
        """What a reply to an operation of zeep's binding looks like."""
        body = getattr(operation.output, "body", None) if operation.output else None
        if body is None:
            return Message("", self.free)
        parts = bool(getattr(operation.output, "_is_body_wrapped", False))
        named = operation.style != "rpc" and not parts and body.is_global
        return Message(body.qname.localname if named else "", self.of_type(body.type), parts)

    def element(self, element: Element) -> Message:
        """What an element of the schema looks like."""
        return Message(element.qname.localname, self.of_type(element.type))

    def of_type(self, xsd_type: Any) -> Shape:
        """What a type of zeep's looks like."""
        known = self._of_types.get(id(xsd_type))
        if known is not None:
            return known[1]
        resolved = xsd_type.resolve() if xsd_type is not None else None
        if resolved is not xsd_type and resolved is not None:
            shape = self.of_type(resolved)
        else:
            shape = self._made(resolved)
        # kept with its type, so that the number is not given to another
        return self._of_types.setdefault(id(xsd_type), (xsd_type, shape))[1]

    def members(self, head: Element) -> list[tuple[str, str, Shape]]:
        """What may stand in place of an element: tag, local name and shape of each. zeep knows nothing of it."""
        if self._substitutes is None or not head.is_global:
            return []
        found = ((tag, self.named_element(tag)) for tag in self._substitutes(head.qname.text))
        return [(tag, tag.rpartition("}")[2], shape) for tag, shape in found if shape is not None]

    def named_element(self, tag: str) -> Shape | None:
        """What the element with this name and namespace, which the schema knows anywhere, looks like."""
        if self._schema is None:
            return None
        if self._elements is None:
            self._elements = {element.qname.text: element for element in self._schema.elements}
        element = self._elements.get(tag)
        return None if element is None else self.of_type(element.type)

    def named_type(self, name: str, node: etree._Element) -> Shape | None:
        """What a type named as `prefix:Name` on an element looks like; None where nobody knows it.

        Where only one type has that name its namespace does not matter.
        """
        prefix, _, known_as = name.strip().rpartition(":")
        if self._types is None:
            self._types = self._by_name()
        candidates = self._types.get(known_as, {})
        kind = BUILT_IN.get(known_as)
        if not candidates:
            return self._built_in[kind] if kind else None
        if len(candidates) == 1 and kind is None:
            return self.of_type(next(iter(candidates.values())))
        space = node.nsmap.get(prefix or None) or ""
        if space in candidates:
            return self.of_type(candidates[space])
        return self._built_in[kind] if kind else None

    def derived(self, shape: Shape, name: str) -> Shape | None:
        """What a table of a shape looks like that says it is of the type with this local name; None where that could
        be several."""
        if self._types is None:
            self._types = self._by_name()
        candidates = self._types.get(name, {})
        own = getattr(shape._type, "qname", None)
        if own is not None and own.localname == name:
            return shape
        return self.of_type(next(iter(candidates.values()))) if len(candidates) == 1 else None

    def _by_name(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        for xsd_type in self._schema.types if self._schema is not None else ():
            name = xsd_type.qname
            if name is not None and name.namespace not in (XSD, *ENCODINGS):
                found[name.localname].setdefault(name.namespace or "", xsd_type)
        return dict(found)

    def _made(self, xsd_type: Any) -> Shape:
        kind = _kind(xsd_type)
        if kind != "table":
            return Shape(self, kind, xsd_type) if kind == "array" else self._built_in.get(kind, self.free)
        content = self._content(xsd_type)
        table = Shape(self, "table", xsd_type, content)
        if content is None or (table.attributes and not _is_encoded(xsd_type)):
            return table
        return self._built_in.get(content, self.free)

    def _content(self, xsd_type: Any) -> Kind | None:
        """The kind of the text of an element that holds no others; None where it may."""
        element = xsd_type._element
        if not isinstance(element, Element):
            return None
        inner = self.of_type(element.type)
        return inner.content if inner.kind in ("table", "array") else inner.kind


def _kind(xsd_type: Any) -> Kind:
    if isinstance(xsd_type, ComplexType):
        return "array" if _is_array(xsd_type) else "table"
    if isinstance(xsd_type, (ListType, UnionType)):
        return "text"
    if isinstance(xsd_type, builtins.Boolean):
        return "bool"
    if isinstance(xsd_type, builtins.Integer):
        return "int"
    if isinstance(xsd_type, (builtins.Decimal, builtins.Float, builtins.Double)):
        return "number"
    return "text" if isinstance(xsd_type, builtins.BuiltinType) else "any"


def _is_array(xsd_type: Any) -> bool:
    return xsd_type._array_type is not None or (_is_encoded(xsd_type) and xsd_type.qname.localname == "Array")


def _is_encoded(xsd_type: Any) -> bool:
    return xsd_type.qname is not None and xsd_type.qname.namespace in ENCODINGS


def _attributes(xsd_type: Any, owner: Shapes) -> Iterator[tuple[str, Kind]]:
    for attribute in xsd_type._attributes_unwrapped:
        if isinstance(attribute, Attribute) and attribute.qname.namespace not in ENCODINGS:
            yield attribute.qname.localname, owner.of_type(attribute.type).kind


def _elements(part: Any) -> Iterator[tuple[str, Any, int, int]]:
    """The elements of a group, each name once, with how often it comes at least and at most."""
    if isinstance(part, Element):
        yield part.qname.localname, part, min(int(part.min_occurs), 1), _most(part)
        return
    if isinstance(part, Group):
        inner = [part.child]
    elif isinstance(part, (Sequence, All, Choice)):
        inner = list(part)
    else:
        return
    found: dict[str, tuple[Any, int, int]] = {}
    for one in inner:
        for name, element, least, most in _elements(one):
            _, had_least, had_most = found.get(name, (element, 0, 0))
            if isinstance(part, Choice):  # of a choice nothing is required
                found[name] = (element, 0, max(had_most, most))
            else:
                found[name] = (element, had_least + least, had_most + most)
    for name, (element, least, most) in found.items():
        yield name, element, least if int(part.min_occurs) else 0, min(most * _most(part), _MANY)


def _has_any(part: Any) -> bool:
    if isinstance(part, Group):
        return _has_any(part.child)
    return isinstance(part, AnyElement) or (isinstance(part, (Sequence, All, Choice)) and any(map(_has_any, part)))


def _most(part: Any) -> int:
    return _MANY if part.max_occurs == "unbounded" else min(int(part.max_occurs), _MANY)
