"""Values as XML-RPC, some times faster than the standard library writes them: pages of invoices are large."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

NONE = "cannot marshal None unless allow_none is enabled"
LARGEST = 2**31 - 1


def response(value: Any) -> str:
    """A method's response. Raises TypeError for None, OverflowError for an integer of more than 32 bits."""
    parts = ["<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"]
    _write(value, parts.append)
    parts.append("</param>\n</params>\n</methodResponse>\n")
    return "".join(parts)


def _write(value: Any, put: Any) -> None:
    kind = type(value)
    if kind is str:
        text = escape(value) if "&" in value or "<" in value or ">" in value else value
        put(f"<value><string>{text}</string></value>\n")
    elif kind is bool:
        put(f"<value><boolean>{value:d}</boolean></value>\n")
    elif kind is int:
        if not -LARGEST - 1 <= value <= LARGEST:
            raise OverflowError("int exceeds XML-RPC limits")
        put(f"<value><int>{value}</int></value>\n")
    elif kind is float:
        put(f"<value><double>{value!r}</double></value>\n")
    elif kind is dict:
        put("<value><struct>\n")
        for name, inner in value.items():
            put(f"<member>\n<name>{escape(str(name))}</name>\n")
            _write(inner, put)
            put("</member>\n")
        put("</struct></value>\n")
    elif kind in (list, tuple):
        put("<value><array><data>\n")
        for inner in value:
            _write(inner, put)
        put("</data></array></value>\n")
    elif value is None:
        raise TypeError(NONE)
    else:
        raise TypeError(f"cannot marshal {kind} objects")
