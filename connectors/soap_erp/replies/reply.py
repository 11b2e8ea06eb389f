"""Replies of SOAP services: from the bytes to what expressions see, exactly, and without anything that hurts.

The content of the one element in the body is the value, by the local names of elements. By the schema an element that
may come several times is always a list, and xs:boolean, integers and numbers are bool, int and Decimal; what cannot be
read as such stays text. A table of the schema that lacks a required element has the entry `_missing`, a list of names.
What the schema does not tell of is kept as text or as a table, and as a list where it comes several times. Order does
not matter. Text between the elements of a table is passed over.

Attributes are entries beside the elements. Where the schema gives a text attributes it is always a table, with the text
as `_value`; elsewhere it is one where attributes came. `xsi:type` of a table is its entry `_type`.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from connectors.soap_erp.replies.fault import fault
from connectors.soap_erp.replies.markup import NotSoap, local, parsed
from connectors.soap_erp.replies.multipart import unpacked
from connectors.soap_erp.replies.shape import ENCODINGS, Message, Shapes
from connectors.soap_erp.replies.values import ENVELOPES, Values, is_referred_to

__all__ = ["NotSoap", "is_fault", "read"]

_FAULT = frozenset({"code", "subcode", "text", "detail"})
_FAULTS = frozenset(f"{{{space}}}Fault" for space in ENVELOPES)
_ENCODED = tuple(space.encode() for space in ENCODINGS)


def read(body: bytes, message: Message | None, *, nesting: int, kind: str = "") -> Any:
    """The content of a reply, or `{"fault": {"code", "subcode", "text", "detail"}}`; None where it is empty.

    `message` is what the schema says of it (`Shapes.reply`), and then it is empty only where that says so; without one
    all is text, tables and lists. `nesting` is how deep tables and lists may stand in each other; `kind` the content
    type the reply states. Raises NotSoap.
    """
    if not body.strip():
        if message is not None and message.shape is not message.shape.owner.free:
            raise NotSoap("it is empty")
        return None
    content = unpacked(body, kind)
    root = parsed(content, "" if content is not body else kind)
    space, _, name = root.tag.rpartition("}")
    if name != "Envelope" or space[1:] not in ENVELOPES:
        raise NotSoap("it is XML, but no SOAP envelope")
    bodies = [child for child in root if local(child.tag) == "Body"]
    if len(bodies) != 1:
        raise NotSoap("its envelope has several Bodies" if bodies else "its envelope has no Body")
    (inside,) = bodies
    encoded = any(space in content for space in _ENCODED)
    parts = message is not None and message.parts
    found = _fault(inside) if parts else _first(inside, encoded)
    if found is not None and found.tag in _FAULTS:
        return {"fault": fault(found, Values(root, nesting=nesting, encoded=encoded))}
    shapes = message.shape.owner if message is not None else Shapes()
    values = Values(root, shapes, nesting=nesting, encoded=encoded)
    if message is not None and parts:
        return values.table(inside, message.shape)
    if found is None and (message is None or message.shape is shapes.free):
        return None
    name = message.name if message is not None else ""
    if found is None or (name and local(found.tag) != name):
        raise NotSoap(f"its Body does not hold the {name or 'reply'} that the WSDL announces")
    return values.of(found, message.shape if message is not None else None)


def is_fault(body: Any) -> bool:
    """Whether what was read is a fault."""
    if not isinstance(body, dict) or body.keys() != {"fault"}:
        return False
    return isinstance(body["fault"], dict) and body["fault"].keys() >= _FAULT


def _fault(inside: etree._Element) -> etree._Element | None:
    """A fault among several elements, wherever it stands; else the first of them."""
    return next((child for child in inside if child.tag in _FAULTS), next(iter(inside), None))


def _first(inside: etree._Element, encoded: bool) -> etree._Element | None:
    """The one element that is the reply; those that it refers to may stand beside it."""
    found = [child for child in inside if not (encoded and is_referred_to(child))] or list(inside)[:1]
    if len(found) > 1 and local(found[0].tag) != "Fault":
        raise NotSoap("its Body holds several elements where one is expected")
    return found[0] if found else None
