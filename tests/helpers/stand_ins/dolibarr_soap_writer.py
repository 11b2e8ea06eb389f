"""Replies as NuSOAP writes them, measured on a Dolibarr 16.0.3.

Items of an array are called `item` where the schema types them; where it does not, the array has no item type
(`arrayType=":[2]"`) and its items say `xsi:type="xsd:"`. What a refused call has to tell beside its result is nil.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.helpers.stand_ins.base import Answer
from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSD, XSI

NAMESPACE = "http://www.dolibarr.org/ns/"
_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope SOAP-ENV:encodingStyle="{ENCODING}"'
    f' xmlns:SOAP-ENV="{ENVELOPE["1.1"]}" xmlns:xsd="{XSD}" xmlns:xsi="{XSI}" xmlns:SOAP-ENC="{ENCODING}"'
    f' xmlns:tns="{NAMESPACE}"><SOAP-ENV:Body>'
)


def text(name: str, value: object, kind: str = "xsd:string") -> str:
    """An element with text; nil where the value is None."""
    if value is None:
        return f'<{name} xsi:nil="true" xsi:type="{kind}"/>'
    return f'<{name} xsi:type="{kind}">{escaped(value)}</{name}>'


def untyped(name: str, value: object) -> str:
    """An element of an item without a type."""
    return f'<{name} xsi:nil="true"/>' if value is None else text(name, value)


def table(name: str, kind: str, members: Sequence[str]) -> str:
    """An element with elements."""
    return f'<{name} xsi:type="{kind}">{"".join(members)}</{name}>'


def array(name: str, kind: str, items: Sequence[str]) -> str:
    """An array of the SOAP encoding. `kind`: the type of its items, empty where the schema has none."""
    return (
        f'<{name} xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="{kind or ":"}[{len(items)}]">{"".join(items)}</{name}>'
    )


def no_array(name: str, kind: str) -> str:
    """The array of a call that was refused."""
    return f'<{name} xsi:nil="true" xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="{kind}[0]"/>'


def reply(operation: str, code: str, label: str, *parts: str) -> Answer:
    """What an operation answers, with whatever result: always with status 200."""
    result = table("result", "tns:result", [text("result_code", code), text("result_label", label)])
    wrapper = f"ns1:{operation}Response"
    inside = f'<{wrapper} xmlns:ns1="{NAMESPACE}">{result}{"".join(parts)}</{wrapper}>'
    body = f"{_HEAD}{inside}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    return Answer(200, body.encode(), content_type="text/xml; charset=UTF-8")


def fault(why: str) -> Answer:
    """What a request that NuSOAP does not understand is answered with."""
    said = "".join(
        f'<{name} xsi:type="xsd:string">{escaped(value)}</{name}>'
        for name, value in (
            ("faultcode", "SOAP-ENV:Client"),
            ("faultactor", ""),
            ("faultstring", why),
            ("detail", ""),
        )
    )
    body = f"{_HEAD}<SOAP-ENV:Fault>{said}</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    return Answer(500, body.encode(), content_type="text/xml; charset=UTF-8")


def escaped(value: object) -> str:
    """Text as it stands in XML."""
    return escape(str(value), {"'": "&apos;", '"': "&quot;"})
