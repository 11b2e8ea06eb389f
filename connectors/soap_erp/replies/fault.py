"""What a SOAP service says where it did not do what was asked."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from connectors.soap_erp.namespaces import XML
from connectors.soap_erp.replies.markup import NotSoap, local
from connectors.soap_erp.replies.values import Values

_PREFIX = re.compile(r"(?:\{[^}]*\}|[^\W\d][\w.\-]*:(?!//))")
_LANGUAGE = f"{{{XML}}}lang"


def fault(element: etree._Element, values: Values) -> dict[str, Any]:
    """`code` and `subcode` without their prefixes, `text`, and `detail` as a table; `actor` where it is named.

    Of SOAP 1.1 and 1.2. Subcodes that stand in each other are joined with dots; of texts in several languages it is the
    English one, or the first.
    """
    children = {local(child.tag): child for child in element}
    if "Code" in children:
        code = children["Code"]
        told = {
            "code": _code(_child(code, "Value")),
            "subcode": ".".join(_subcodes(code)),
            "text": _reason(children.get("Reason")),
            "detail": _detail(children.get("Detail"), values),
        }
        actor = children.get("Role", children.get("Node"))
    else:
        told = {
            "code": _code(children.get("faultcode")),
            "subcode": "",
            "text": _text(children.get("faultstring")),
            "detail": _detail(children.get("detail"), values),
        }
        actor = children.get("faultactor")
    return told | ({"actor": _text(actor)} if _text(actor) else {})


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if local(child.tag) == name), None)


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(str(text) for text in element.itertext()).strip()


def _code(element: etree._Element | None) -> str:
    return _PREFIX.sub("", _text(element), count=1) if _PREFIX.match(_text(element)) else _text(element)


def _subcodes(code: etree._Element) -> list[str]:
    found, inner = [], _child(code, "Subcode")
    while inner is not None:
        found.append(_code(_child(inner, "Value")))
        inner = _child(inner, "Subcode")
    return found


def _reason(element: etree._Element | None) -> str:
    texts = [] if element is None else [child for child in element if local(child.tag) == "Text"]
    texts.sort(key=lambda child: not (child.get(_LANGUAGE) or "").lower().startswith("en"))
    return _text(texts[0]) if texts else ""


def _detail(element: etree._Element | None, values: Values) -> dict[str, Any]:
    if element is None:
        return {}
    try:
        detail = values.of(element)
    except NotSoap:  # code and text say enough
        return {}
    if isinstance(detail, dict):
        return detail
    return {"_value": detail} if detail else {}
