"""What may stand in an element, as zeep has it of a complex type: sequences, choices and groups of elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeep.xsd import Element
from zeep.xsd.elements import All, Choice, Group
from zeep.xsd.elements import Any as AnyElement

from connectors.soap_erp.wsdl.service import Service


class Particles:
    """The particles of one type, with the names by which tables give them."""

    def __init__(self, root: Any, service: Service) -> None:
        """`root`: a particle, a list of them, or None."""
        self._service = service
        self._inside: dict[int, Mapping[str, Any]] = {}
        roots = root if type(root) is list else [] if root is None else [root]
        self.is_empty = not roots
        self.is_open = any(map(self.has_any, roots))
        """Whether an element of any name may stand among them."""
        self.names: Mapping[str, Any] = {name: one for particle in roots for name, one in self.inside(particle).items()}

    def inside(self, particle: Any) -> Mapping[str, Any]:
        """The elements a particle may take, by the names they are given by."""
        found = self._inside.get(id(particle))
        if found is None:
            if isinstance(particle, Element):
                found = self.choices(particle)
            elif isinstance(particle, AnyElement):
                found = {}
            else:
                found = {name: one for child in self.children(particle) for name, one in self.inside(child).items()}
            self._inside[id(particle)] = found
        return found

    def choices(self, element: Any) -> dict[str, Any]:
        """The element and what may stand in its place, by local name; without it where it is abstract."""
        if not element.is_global:
            return {element.name: element}
        declarations, qname = self._service.declarations, element.qname.text
        found = {} if declarations.is_abstract(declarations.element(qname)) else {element.name: element}
        for member in declarations.substitutes(qname):
            if not declarations.is_abstract(declarations.element(member)):
                one = self._service.element_of(member)
                if one is not None:
                    found.setdefault(one.name, one)
        return found

    def children(self, group: Any) -> list[Any]:
        """The particles of a sequence, a choice or a group."""
        return [group.child] if isinstance(group, Group) else list(group)

    def is_choice(self, group: Any) -> bool:
        """Whether one of its children is taken."""
        return isinstance(group, Choice)

    def is_all(self, group: Any) -> bool:
        """Whether order does not matter. Services that use it let members be absent, whatever they declare."""
        return isinstance(group, All)

    def has_any(self, particle: Any) -> bool:
        """Whether an element of any name may stand in it."""
        if isinstance(particle, Element):
            return False
        return isinstance(particle, AnyElement) or any(map(self.has_any, self.children(particle)))

    def may_be_empty(self, particle: Any) -> bool:
        """Whether nothing at all fulfils it."""
        if particle.min_occurs == 0:
            return True
        if isinstance(particle, Element | AnyElement):
            return False
        children = self.children(particle)
        each = map(self.may_be_empty, children)
        return any(each) or not children if isinstance(particle, Choice) else all(each)
