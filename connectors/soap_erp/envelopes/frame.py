"""One table on its way into one element: which entry goes where, by the particles of the type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree
from zeep.xsd import ComplexType, ListType
from zeep.xsd import Element as ZeepElement
from zeep.xsd.elements import Any as AnyElement

from connectors.http.redaction import plain
from connectors.soap_erp.envelopes import arrays
from connectors.soap_erp.envelopes.generic import fill
from connectors.soap_erp.envelopes.lexical import text_of
from connectors.soap_erp.envelopes.particles import Particles
from connectors.soap_erp.wsdl.declarations import Declared
from connectors.soap_erp.wsdl.service import unknown
from core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from connectors.soap_erp.envelopes.content import Content

SPECIAL = frozenset({"_type", "_value", "_nil"})
"""Entries of a table that are no elements."""


@dataclass
class Frame:
    """What of a table was used, and what the element could take.

    Raises DataError and ConfigError as Content does.
    """

    content: Content
    node: etree._Element
    table: Mapping[str, Any]
    place: str
    declared: Declared | None
    particles: Particles
    attributes: set[str]
    used: set[str] = field(default_factory=set)

    def write(self, particle: Any, table: Mapping[str, Any], *, required: bool, row: int | None = None) -> None:
        """Write what the particle takes of the table. `row`: which of the lists of a repeated group it is."""
        if isinstance(particle, ZeepElement):
            self._element(particle, table, required, row)
        elif isinstance(particle, AnyElement):
            self._any(particle, table)
        else:
            self._group(particle, table, required, row)

    def check(self) -> None:
        """Raise ConfigError for a name that is not in the schema: before anything is found to be missing."""
        if self.particles.is_open:
            return
        known = {*self.particles.names, *self.attributes}
        for key in self.table:
            if key not in known and key not in SPECIAL and not key.startswith("@"):
                unknown(f"{plain(key, longest=100)!r} in the schema", f"{self.place}.{key}", key, known)

    def finish(self) -> None:
        """Raise ConfigError for what had no place."""
        for key, value in self.table.items():
            if key in self.used or key in SPECIAL or key.startswith("@") or key in self.attributes:
                continue
            if _is_nothing(value):
                continue
            raise ConfigError(f"{self.place}.{key}: the schema has no place for it beside what else is given")

    # ------------------------------------------------------------ particles

    def _element(
        self, element: Any, table: Mapping[str, Any], required: bool, row: int | None, *, many: bool = False
    ) -> None:
        """`many`: it stands in a choice that repeats, so that it may come as often as one likes."""
        choices = self.particles.choices(element)
        given = [(key, one) for key, one in choices.items() if self._is_given(one, table.get(key), key, row)]
        required = required and element.min_occurs != 0 and not self.content.encoded
        if not given:
            if required:
                self._absent(element, choices)
            return
        if len(given) > 1 and element.max_occurs == 1 and not many:
            raise ConfigError(f"{self.place}: of {', '.join(key for key, _ in given)} only one may be given")
        for key, one in given:
            self.used.add(key)
            self._several(key, one, element, table[key], required, "unbounded" if many else element.max_occurs)

    def _several(self, key: str, one: Any, particle: Any, value: Any, required: bool, most: int | str) -> None:
        here = f"{self.place}.{key}"
        declared = self.content.declarations.child(self.declared, one.name)
        is_list = isinstance(value, list | tuple)
        if is_list and most == 1 and self._takes_list(one):
            is_list = False
        items = [one for one in enumerate(value) if one[1] is not None] if is_list else [(None, value)]
        if most != "unbounded" and len(items) > int(most):
            raise DataError("bad_value", f"there are {len(items)}, and there may be {most} at most", path=here)
        if required and len(items) < particle.min_occurs:
            said = f"there are {len(items)}, and there must be {particle.min_occurs} at least"
            raise DataError("missing_value", said, path=here)
        for number, item in items:
            self.content.element(self.node, one, item, here if number is None else f"{here}.{number}", declared)

    def _takes_list(self, element: Any) -> bool:
        return isinstance(element.type, ListType) or (
            self.content.encoded
            and isinstance(element.type, ComplexType)
            and arrays.item_type(element.type) is not None
        )

    def _absent(self, element: Any, choices: Mapping[str, Any]) -> None:
        if element.default is not None:
            self.content.element(self.node, element, element.default, f"{self.place}.{element.name}", self.declared)
            return
        here = f"{self.place}.{next(iter(choices), element.name)}"
        hint = "write { _nil = true } to send it as nil" if element.nillable else None
        what = "the schema requires it, and nothing is given"
        if len(choices) > 1:
            what = f"the schema requires one of {', '.join(choices)}, and none is given"
        raise DataError("missing_value", what, path=here, hint=hint)

    def _any(self, particle: Any, table: Mapping[str, Any]) -> None:
        names = self.content.names
        for key, value in table.items():
            if key in self.used or key in self.particles.names or key in SPECIAL or key in self.attributes:
                continue
            if key.startswith("@") or value is None:
                continue
            here = f"{self.place}.{key}"
            element = names.element(key, here)
            self.used.add(key)
            for one in value if isinstance(value, list | tuple) else [value]:
                if element is not None:
                    self.content.element(self.node, element, one, here, None)
                else:
                    fill(etree.SubElement(self.node, names.tag(key, here)), one, here, text_of, names.qualified)

    def _group(self, group: Any, table: Mapping[str, Any], required: bool, row: int | None) -> None:
        inside = self.particles.inside(group)
        given = [key for key, one in inside.items() if self._is_given(one, table.get(key), key, row)]
        required = required and group.min_occurs != 0 and not self.particles.is_all(group)
        if not given and not required and not self.particles.has_any(group):
            return
        if self.particles.is_choice(group):
            self._choice(group, table, given, required, row)
        elif group.max_occurs == 1 or row is not None:
            for particle in self.particles.children(group):
                self.write(particle, table, required=required, row=row)
        else:
            self._rows(group, table, given)

    def _rows(self, group: Any, table: Mapping[str, Any], given: list[str]) -> None:
        """A group that repeats: the first of each list, then the second of each."""
        lists = {key: table[key] if isinstance(table[key], list | tuple) else [table[key]] for key in given}
        for number in range(max((len(one) for one in lists.values()), default=1)):
            part = {key: one[number] for key, one in lists.items() if number < len(one)}
            for particle in self.particles.children(group):
                self.write(particle, part, required=True, row=number)
        self.used.update(given)

    def _choice(self, group: Any, table: Mapping[str, Any], given: list[str], required: bool, row: int | None) -> None:
        branches = self.particles.children(group)
        free = next((one for one in branches if self.particles.has_any(one)), None)
        if not given:
            if free is not None:
                self.write(free, table, required=False, row=row)
            elif required and not any(map(self._may_be_empty, branches)):
                names = ", ".join(self.particles.inside(group))
                raise DataError(
                    "missing_value", f"the schema requires one of {names}, and none is given", path=self.place
                )
        elif group.max_occurs != 1:
            self._choices(branches, table, given)
        else:
            best = max(branches, key=lambda one: len(self.particles.inside(one).keys() & set(given)))
            taken = [key for key in given if key in self.particles.inside(best)]
            if also := [key for key in given if key not in taken]:
                raise ConfigError(f"{self.place}: beside {', '.join(taken)} the schema allows no {', '.join(also)}")
            self.write(best, table, required=True, row=row)

    def _choices(self, branches: list[Any], table: Mapping[str, Any], given: list[str]) -> None:
        """A choice that repeats: in the order of the table."""
        for key in (key for key in table if key in given):
            branch = next(one for one in branches if key in self.particles.inside(one))
            if isinstance(branch, ZeepElement):
                self._element(branch, {key: table[key]}, True, 0, many=True)
            elif key not in self.used:
                self._rows(branch, table, [one for one in given if one in self.particles.inside(branch)])

    def _may_be_empty(self, particle: Any) -> bool:
        """Whether nothing at all fulfils it. zeep makes every element of a choice optional: the schema is asked."""
        if self.content.encoded or not isinstance(particle, ZeepElement):
            return self.content.encoded or self.particles.may_be_empty(particle)
        own = self.content.declarations.child(self.declared, str(particle.name))
        return particle.min_occurs == 0 if own is None else own.node.get("minOccurs") == "0"

    def _is_given(self, element: Any, value: Any, key: str, row: int | None) -> bool:
        """Whether there is something to send for an element: of a list that is none in itself, one of its items."""
        if row is None and key in self.used:
            return False
        return not _is_nothing(value) or (value is not None and self._takes_list(element))


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and all(one is None for one in value))
