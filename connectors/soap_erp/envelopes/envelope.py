"""A request as it goes over the wire: the SOAP envelope of one operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from lxml import etree

from connectors.soap_erp.envelopes.content import Content
from connectors.soap_erp.envelopes.generic import fill
from connectors.soap_erp.envelopes.lexical import text_of
from connectors.soap_erp.envelopes.names import ENVELOPES, Names
from connectors.soap_erp.namespaces import SOAP_ENCODING, XSD, XSI
from connectors.soap_erp.wsdl.service import Operation, Service
from core.errors import ConfigError

_IN_AN_ADDRESS = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True)
class Envelope:
    """What is posted, and where to. The body may hold secrets: it is not shown."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    url: str = field(repr=False)


def envelope(
    service: Service,
    operation: str,
    arguments: Mapping[str, Any],
    headers: Mapping[str, Any] | None = None,
    namespaces: Mapping[str, str] | None = None,
) -> Envelope:
    """The request of an operation: UTF-8, with the HTTP headers its SOAP version needs.

    `arguments` by the names of the schema: text, bool, int, Decimal, lists and tables; never a float. In a table
    `_type` names its type, `_value` is the text beside attributes, which are entries (as `@name` where an element is
    called so too), `{_nil = true}` sends nil, a table of nothing but `_json` or `_xml` becomes text. None is left out.

    `headers` by the names of their elements: one the binding declares, another of the schemas, or with a prefix or a
    namespace any: a table then, whose names are in the same namespace where they state none, or an lxml element.
    `namespaces` by prefix.

    Raises DataError (`bad_value`, `missing_value`) for values, ConfigError for names that are not there. Both say the
    place; neither quotes a value. Safe to call from threads.
    """
    found = service.operation(operation)
    names = Names(service, namespaces or {})
    soap = ENVELOPES[service.version]
    used = {"soap": soap, "xsi": XSI, "xsd": XSD} | ({"soapenc": SOAP_ENCODING} if found.encoded else {})
    root = etree.Element(f"{{{soap}}}Envelope", nsmap=used)
    if headers:
        _headers(etree.SubElement(root, f"{{{soap}}}Header"), service, found, names, headers)
    _body(etree.SubElement(root, f"{{{soap}}}Body"), service, found, names, arguments)
    return Envelope(
        body=etree.tostring(root, encoding="utf-8", xml_declaration=True),
        headers=_http(service, found),
        url=service.address,
    )


def _http(service: Service, operation: Operation) -> dict[str, str]:
    action = quote(operation.action, safe=_IN_AN_ADDRESS)  # letters of 1C's are Cyrillic, and headers are not
    if service.version == "1.2":
        return {"Content-Type": "application/soap+xml; charset=utf-8" + (f'; action="{action}"' if action else "")}
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}


def _body(
    body: etree._Element, service: Service, operation: Operation, names: Names, arguments: Mapping[str, Any]
) -> None:
    content = Content(service, names, encoded=operation.encoded)
    if operation.several:
        content.parts(body, [element for _, element in operation.input.type.elements], arguments, "arguments")
    elif operation.input is None:
        if arguments:
            raise ConfigError(f"arguments: operation {operation.name!r} takes none")
    else:
        node = content.element(body, operation.input, arguments, "arguments", None)
        if operation.encoded:
            node.set(f"{{{ENVELOPES[service.version]}}}encodingStyle", SOAP_ENCODING)


def _headers(
    header: etree._Element, service: Service, operation: Operation, names: Names, headers: Mapping[str, Any]
) -> None:
    content = Content(service, names, encoded=False)
    declared = {key: one for one in operation.headers for key in (one.attr_name, one.name)}
    for name, value in headers.items():
        place = f"soap_headers.{name}"
        if value is None:
            continue
        if isinstance(value, etree._Element):
            header.append(value)
            continue
        element = declared.get(name)
        if element is None:
            element = names.element(name, place)
        if element is None:
            fill(etree.SubElement(header, names.tag(name, place)), value, place, text_of, names.qualified)
        else:
            content.element(header, element, value, place, None)
