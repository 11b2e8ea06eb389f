"""How the text of a simple type is restricted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from connectors.soap_erp.namespaces import XSD

if TYPE_CHECKING:
    from connectors.soap_erp.wsdl.declarations import Declared

_XSD = f"{{{XSD}}}"
_DEEPEST = 40
_COUNTS = {
    "length": "length",
    "minLength": "shortest",
    "maxLength": "longest",
    "totalDigits": "digits",
    "fractionDigits": "fraction",
}
_BOUNDS = {
    "minInclusive": "lowest",
    "maxInclusive": "highest",
    "minExclusive": "above",
    "maxExclusive": "below",
}


@dataclass(frozen=True)
class Facets:
    """Lengths in characters, bounds of numbers; empty or None where nothing is said."""

    values: tuple[str, ...] = ()
    """Enumeration, in the order of the schema."""
    patterns: tuple[tuple[str, ...], ...] = ()
    """Regular expressions of XML Schema: of each row one must fit."""
    length: int | None = None
    shortest: int | None = None
    longest: int | None = None
    digits: int | None = None
    fraction: int | None = None
    lowest: Decimal | None = None
    highest: Decimal | None = None
    above: Decimal | None = None
    below: Decimal | None = None

    def complaint(self, text: str) -> str:
        """What is wrong with a text, without quoting it; empty if nothing is."""
        size = len(text)
        if self.values and text not in self.values:
            every = ", ".join(self.values[:12]) + (f" and {len(self.values) - 12} more" if self.values[12:] else "")
            return f"it is none of the values the schema allows: {every}"
        if self.length is not None and size != self.length:
            return f"it has {size} characters, and must have {self.length}"
        if self.longest is not None and size > self.longest:
            return f"it has {size} characters, and may have {self.longest}"
        if self.shortest is not None and size < self.shortest:
            return f"it has {size} characters, and must have at least {self.shortest}"
        if not all(fits(text, "string", row) for row in self.patterns):
            return f"it has not the form the schema wants: {' or '.join(self.patterns[-1])}"
        return self._of_number(text)

    def _of_number(self, text: str) -> str:
        if (self.lowest, self.highest, self.above, self.below, self.digits, self.fraction) == (None,) * 6:
            return ""
        try:
            number = Decimal(text)
        except InvalidOperation:
            return ""  # a date has bounds as well
        if not number.is_finite():
            return ""
        if self.lowest is not None and number < self.lowest:
            return f"it is less than {self.lowest}"
        if self.highest is not None and number > self.highest:
            return f"it is more than {self.highest}"
        if (self.above is not None and number <= self.above) or (self.below is not None and number >= self.below):
            return f"it is not between {self.above} and {self.below}"
        _, figures, exponent = number.normalize().as_tuple()
        fraction = max(0, -int(exponent))
        if self.fraction is not None and fraction > self.fraction:
            return f"it has {fraction} decimal places, and may have {self.fraction}"
        if self.digits is not None and max(len(figures) + max(0, int(exponent)), fraction) > self.digits:
            return f"it has more than {self.digits} digits"
        return ""


def fits(text: str, builtin: str, patterns: tuple[str, ...] = ()) -> bool:
    """Whether libxml2 takes a text for one of a type of XML Schema that has one of the patterns, if there are any."""
    schema = _schema(builtin, patterns)
    if schema is None:
        return True
    node = etree.Element("value")
    node.text = text
    return bool(schema.validate(node))


@lru_cache(maxsize=512)
def _schema(builtin: str, patterns: tuple[str, ...]) -> etree.XMLSchema | None:
    """None where a pattern is one that libxml2 cannot read."""
    root = etree.Element(f"{_XSD}schema", nsmap={"xsd": XSD})
    type_ = etree.SubElement(etree.SubElement(root, f"{_XSD}element", name="value"), f"{_XSD}simpleType")
    restriction = etree.SubElement(type_, f"{_XSD}restriction", base=f"xsd:{builtin}")
    for pattern in patterns:
        etree.SubElement(restriction, f"{_XSD}pattern", value=pattern)
    try:
        return etree.XMLSchema(root)
    except etree.XMLSchemaParseError:
        return None


def facets_of(declared: Declared | None, type_named: Callable[[str], Declared | None], depth: int = 0) -> Facets | None:
    """The restrictions of a simple type, or of the text of a complex type with simple content, with those of its bases.

    None where there are none, and for lists. `type_named` finds a global type.
    """
    if declared is None or depth > _DEEPEST:
        return None
    for node in declared.node.iterchildren():
        here = declared._replace(node=node)
        if node.tag == f"{_XSD}simpleContent":
            return facets_of(here, type_named, depth + 1)
        if node.tag == f"{_XSD}union":
            return _of_union(here, type_named, depth)
        if node.tag in (f"{_XSD}restriction", f"{_XSD}extension"):
            return _of_step(here, type_named, depth)
    return None


def _of_step(here: Declared, type_named: Callable[[str], Declared | None], depth: int) -> Facets | None:
    base = here.node.get("base")
    own = next(here.node.iterchildren(f"{_XSD}simpleType"), None)
    under = type_named(here.qname(base)) if base else None if own is None else here._replace(node=own)
    if under is not None and next(under.node.iterchildren(f"{_XSD}list"), None) is not None:
        return None
    before = facets_of(under, type_named, depth + 1) or Facets()
    stated: dict[str, Any] = {}
    values, patterns = [], []
    for node in here.node.iterchildren(f"{_XSD}*"):
        name, value = node.tag.removeprefix(_XSD), node.get("value", "")
        if name == "enumeration":
            values.append(value)
        elif name == "pattern":
            patterns.append(value)
        elif name in _COUNTS and value.strip().isdecimal():
            stated[_COUNTS[name]] = int(value)
        elif name in _BOUNDS:
            try:
                stated[_BOUNDS[name]] = Decimal(value.strip())
            except InvalidOperation:
                continue  # of a date
    if values:
        stated["values"] = tuple(values)
    if patterns:
        stated["patterns"] = (*before.patterns, tuple(patterns))
    found = replace(before, **stated)
    return None if found == Facets() else found


def _of_union(here: Declared, type_named: Callable[[str], Declared | None], depth: int) -> Facets | None:
    """Of enumerations all their values; of anything else nothing is known."""
    members = [type_named(here.qname(name)) for name in here.node.get("memberTypes", "").split()]
    members += [here._replace(node=node) for node in here.node.iterchildren(f"{_XSD}simpleType")]
    each = [facets_of(member, type_named, depth + 1) for member in members]
    if not each or any(one is None or not one.values for one in each):
        return None
    return Facets(values=tuple(dict.fromkeys(value for one in each if one for value in one.values)))
