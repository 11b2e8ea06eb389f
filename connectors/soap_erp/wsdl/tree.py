"""A description of services as a tree for people: services, ports, operations, and what their messages hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from zeep.xsd import ComplexType, Element
from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.types import AnySimpleType

from connectors.soap_erp.envelopes import arrays
from connectors.soap_erp.envelopes.names import Names
from connectors.soap_erp.envelopes.particles import Particles
from connectors.soap_erp.wsdl.declarations import Declared
from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import Operation, Service, ports_of, service_of

CUT = "…"
"""Name of a node that stands for what is not shown: a type inside of itself, or what lies too deep."""
_MOST_NODES = 20_000


@dataclass(frozen=True)
class Node:
    """An element or attribute of a message, by the names that settings use."""

    name: str
    """Local name; `@name` of an attribute, `*` where any element may stand, CUT for what is not shown."""
    type: str
    """Local name of the type; empty where it has none of its own."""
    minimum: int = 1
    """How often at least. 0 for a member of a choice as well."""
    maximum: int | None = 1
    """How often at most; None: as often as one likes."""
    nillable: bool = False
    values: tuple[str, ...] = ()
    """What its text may be, where the schema counts that up."""
    longest: int | None = None
    """Characters its text may have."""
    abstract: bool = False
    """Whether `_type` must name one of `derived`."""
    derived: tuple[str, ...] = ()
    """Local names of the types that may stand in its place, by `_type`."""
    array: bool = False
    """Whether it is an array of the SOAP encoding, which settings and expressions see as a list of its one child."""
    attributes: tuple[Node, ...] = ()
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class OperationTree:
    """An operation with its messages. `input` and `output` are what stands in the body; None: nothing does."""

    name: str
    style: Literal["document", "rpc"]
    encoded: bool
    action: str
    input: tuple[Node, ...]
    output: tuple[Node, ...]
    headers: tuple[Node, ...]
    faults: tuple[Node, ...]

    @property
    def arguments(self) -> tuple[Node, ...]:
        """What `arguments` of a request may name: what stands in the one element of the body, if it is one."""
        return self.input[0].children if len(self.input) == 1 else self.input


@dataclass(frozen=True)
class PortTree:
    """A port."""

    name: str
    version: Literal["1.1", "1.2"]
    address: str
    operations: tuple[OperationTree, ...]


@dataclass(frozen=True)
class ServiceTree:
    """A service with its SOAP ports."""

    name: str
    ports: tuple[PortTree, ...]


def tree(documents: Documents, *, depth: int = 6, only: str = "") -> tuple[ServiceTree, ...]:
    """Every service of a description with its SOAP ports. `depth`: how many elements deep messages are shown; 0: their
    root alone. `only`: the name of the one operation to show.

    Raises ConfigError where the description cannot be used.
    """
    services: dict[str, list[PortTree]] = {}
    for name, port in ports_of(documents):
        service = service_of(documents, name, port, addressed=False)
        grower = _Grower(service, depth)
        shown = tuple(grower.operation(one) for one in service.operations.values() if not only or one.name == only)
        services.setdefault(name, []).append(PortTree(port, service.version, service.address, shown))
    return tuple(ServiceTree(name, tuple(ports)) for name, ports in services.items())


def type_tree(service: Service, name: str, *, depth: int = 6) -> Node:
    """One global type of a service, such as one of `Node.derived`, by its local name or `{namespace}local`.

    Raises ConfigError where there is none of that name, or several.
    """
    return _Grower(service, depth).type(Names(service, {}).type(name, name, None))


class _Grower:
    def __init__(self, service: Service, depth: int) -> None:
        self._service = service
        self._declarations = service.declarations
        self._depth = depth
        self._left = _MOST_NODES

    def operation(self, one: Operation) -> OperationTree:
        body = [element for _, element in one.input.type.elements] if one.several else [one.input]
        return OperationTree(
            name=one.name,
            style=one.style,
            encoded=one.encoded,
            action=one.action,
            input=self._messages(body),
            output=self._messages([one.output]),
            headers=self._messages(one.headers),
            faults=self._messages(one.faults.values()),
        )

    def type(self, type_: Any) -> Node:
        return self._typed(type_, (), self._declarations.type_for(type_, None))

    def _messages(self, elements: Any) -> tuple[Node, ...]:
        self._left = _MOST_NODES
        return tuple(self.element(one, None, (), None) for one in elements if one is not None)

    def element(self, element: Any, least: int | None, above: tuple[int, ...], declared: Declared | None) -> Node:
        """`least` takes the place of how often it must stand; `above` are the types it stands in."""
        self._left -= 1
        if element.is_global:
            declared = self._declarations.element(element.qname.text) or declared
        node = self._typed(element.type, above, self._declarations.type_for(element.type, declared))
        return replace(
            node,
            name=element.name,
            minimum=element.min_occurs if least is None else least,
            maximum=None if element.max_occurs == "unbounded" else int(element.max_occurs),
            nillable=bool(element.nillable),
        )

    def _typed(self, type_: Any, above: tuple[int, ...], declared: Declared | None) -> Node:
        """A node of a type, without a name yet."""
        facets = self._declarations.facets(declared)
        named = self._declarations.is_named(type_, declared)
        node = Node(
            name="",
            type=type_.qname.localname if named else "",
            values=facets.values if facets else (),
            longest=facets.longest if facets else None,
            abstract=self._declarations.is_abstract(declared),
            derived=tuple(self._concrete(type_.qname.text)) if named else (),
        )
        if not isinstance(type_, ComplexType):
            return node
        if id(type_) in above or len(above) >= self._depth or self._left <= 0:
            more = type_.elements or type_.attributes
            return replace(node, children=(Node(CUT, ""),) if more else ())
        attributes = tuple(self._attributes(type_, declared))
        inner = type_._element
        if isinstance(inner, Element) and isinstance(inner.type, AnySimpleType):
            return replace(node, attributes=attributes, type=node.type or inner.type.qname.localname)
        item = arrays.item_type(type_)
        if item is not None:
            one = self._typed(item, (*above, id(type_)), self._declarations.type_for(item, None))
            child = replace(one, name=arrays.item_name(type_), minimum=0, maximum=None)
            return replace(node, array=True, children=(child,))
        children = tuple(self._children(type_, inner, (*above, id(type_)), declared))
        return replace(node, attributes=attributes, children=children)

    def _concrete(self, qname: str) -> Iterator[str]:
        for name in self._declarations.derived(qname):
            if not self._declarations.is_abstract(self._declarations.type(name)):
                yield name.rpartition("}")[2]

    def _attributes(self, type_: Any, declared: Declared | None) -> Iterator[Node]:
        for _, attribute in type_.attributes:
            if attribute.qname is not None and attribute.qname.namespace is None:
                own = self._declarations.type_of(self._declarations.attribute(declared, attribute.name))
                node = self._typed(attribute.type, (), own)
                yield replace(node, name=f"@{attribute.name}", minimum=int(attribute.required))

    def _children(self, type_: Any, inner: Any, above: tuple[int, ...], declared: Declared | None) -> Iterator[Node]:
        particles = Particles(inner, self._service)
        if not particles.is_empty:
            yield from self._particle(particles, inner, above, declared, optional=False, many=False)

    def _particle(
        self,
        particles: Particles,
        particle: Any,
        above: tuple[int, ...],
        declared: Declared | None,
        *,
        optional: bool,
        many: bool,
    ) -> Iterator[Node]:
        if isinstance(particle, AnyElement):
            maximum = None if many or particle.max_occurs == "unbounded" else int(particle.max_occurs)
            yield Node("*", "", 0 if optional else particle.min_occurs, maximum)
        elif isinstance(particle, Element):
            choices = particles.choices(particle)
            for name, one in choices.items():
                least = 0 if optional or len(choices) > 1 else particle.min_occurs
                own = self._declarations.child(declared, one.name)
                maximum = None if many or particle.max_occurs == "unbounded" else int(particle.max_occurs)
                yield replace(self.element(one, least, above, own), name=name, maximum=maximum)
        else:
            optional = optional or particle.min_occurs == 0 or particles.is_choice(particle)
            many = many or particle.max_occurs != 1
            for child in particles.children(particle):
                yield from self._particle(particles, child, above, declared, optional=optional, many=many)
