"""Envelopes that answer, and faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from tests.helpers.stand_ins.exchange import Answer
from tests.helpers.stand_ins.soap.description import Description
from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSI
from tests.helpers.stand_ins.soap.writer import Writer, prefixes_of, schemaless

_ROLES_12 = {"Client": "Sender", "Server": "Receiver"}


@dataclass(eq=False)
class SoapFault(Exception):
    """Raised by an operation: the fault is the answer.

    code: `Client`, `Server.Busy`; or `{namespace}Some.Exception`. detail: an element, or tables by name; a name
    `{namespace}Local` that the schemas know is written by them.
    """

    code: str
    text: str
    detail: etree._Element | Mapping[str, Any] | None = None
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def begun(version: str, prefixes: Mapping[str, str]) -> tuple[etree._Element, etree._Element]:
    """An envelope that declares these prefixes, and its body."""
    soap = ENVELOPE[version]
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap={"soap": soap, **prefixes})
    return envelope, etree.SubElement(envelope, f"{{{soap}}}Body")


def as_xml(envelope: etree._Element, version: str, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """The envelope as an answer."""
    raw = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    kind = "text/xml" if version == "1.1" else "application/soap+xml"
    return Answer(status, raw, headers or {}, f"{kind}; charset=utf-8")


def fault_answer(fault: SoapFault, version: str, described: Description | None) -> Answer:
    """The fault as an answer in a version of SOAP; `described` knows the elements of its detail."""
    prefixes = prefixes_of(described.schemas) if described is not None else {"xsi": XSI, "enc": ENCODING}
    own = etree.QName(fault.code)
    if own.namespace:
        prefixes = {**prefixes, "a": str(own.namespace)}
    envelope, body = begun(version, prefixes)
    soap = ENVELOPE[version]
    node = etree.SubElement(body, f"{{{soap}}}Fault")
    if version == "1.1":
        etree.SubElement(node, "faultcode").text = f"{'a' if own.namespace else 'soap'}:{own.localname}"
        etree.SubElement(node, "faultstring").text = fault.text
        detail = "detail"
    else:
        role, _, rest = fault.code.partition(".") if not own.namespace else ("Server", "", f"a:{own.localname}")
        code = etree.SubElement(node, f"{{{soap}}}Code")
        etree.SubElement(code, f"{{{soap}}}Value").text = f"soap:{_ROLES_12.get(role, role)}"
        if rest:
            below = etree.SubElement(code, f"{{{soap}}}Subcode")
            etree.SubElement(below, f"{{{soap}}}Value").text = rest
        reason = etree.SubElement(etree.SubElement(node, f"{{{soap}}}Reason"), f"{{{soap}}}Text")
        reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        reason.text = fault.text
        detail = f"{{{soap}}}Detail"
    if fault.detail is not None:
        below = etree.SubElement(node, detail)
        if isinstance(fault.detail, Mapping):
            for name, value in fault.detail.items():
                known = described.schemas.element(name) if described is not None else None
                if known is not None and described is not None:
                    Writer(described.schemas, prefixes).write(below, known, value)
                else:
                    schemaless(below, name, value)
        else:
            below.append(fault.detail)
    return as_xml(envelope, version, fault.status, fault.headers)
