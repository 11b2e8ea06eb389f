"""The XML that a Sage X3 takes and gives inside of text: groups of fields, and tables of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from tests.helpers.stand_ins.base import Answer
from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSD, XSI, parsed

NAMESPACE = "http://www.adonix.com/WSS"


def result(parts: Sequence[etree._Element]) -> str:
    """What a call gives, as text."""
    root = etree.Element("RESULT")
    root.extend(parts)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()


def group(id: str, fields: Mapping[str, Any]) -> etree._Element:
    """Fields under their names."""
    node = etree.Element("GRP", ID=id)
    _fill(node, fields)
    return node


def table(id: str, lines: Sequence[Mapping[str, Any]]) -> etree._Element:
    """Lines of fields, and how many they are."""
    node = etree.Element("TAB", DIM="300", ID=id, SIZE=str(len(lines)))
    node.extend(rows(lines))
    return node


def rows(lines: Sequence[Mapping[str, Any]]) -> list[etree._Element]:
    """Lines of fields."""
    found = []
    for number, line in enumerate(lines, 1):
        node = etree.Element("LIN", NUM=str(number))
        _fill(node, line)
        found.append(node)
    return found


def fields_of(payload: str) -> dict[str, str]:
    """The fields of all groups that were sent."""
    return _fields(each for grp in _root(payload).iter("GRP") for each in grp.iter("FLD"))


def lines_of(payload: str) -> list[dict[str, str]]:
    """The lines that were sent. Raises ValueError where fewer came than are announced."""
    root = _root(payload)
    for tab in root.iter("TAB"):
        if tab.get("SIZE") not in (None, str(len(tab.findall("LIN")))):
            raise ValueError(f"{tab.get('ID')} announces {tab.get('SIZE')} lines")
    return [_fields(line.iter("FLD")) for line in root.iter("LIN")]


def tables_of(payload: str) -> list[str]:
    """The ids of groups and tables that were sent."""
    return [node.get("ID", "") for node in _root(payload)]


def axis_reply(operation: str, told: str | None, messages: Sequence[Mapping[str, str]], status: int) -> Answer:
    """A reply whose parts stand beside its wrapper and are referred to, as Apache Axis writes it."""
    soap = ENVELOPE["1.1"]
    names = {"soapenv": soap, "xsd": XSD, "xsi": XSI, "soapenc": ENCODING, "ns1": NAMESPACE}
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap=names)
    body = etree.SubElement(envelope, f"{{{soap}}}Body")
    wrapper = etree.SubElement(body, f"{{{NAMESPACE}}}{operation}Response")
    etree.SubElement(wrapper, f"{operation}Return", href="#id0")
    content = _multi(body, "id0", "ns1:CAdxResultXml")
    array = etree.SubElement(content, "messages")
    array.set(f"{{{XSI}}}type", "soapenc:Array")
    array.set(f"{{{ENCODING}}}arrayType", f"ns1:CAdxMessage[{len(messages)}]")
    for number, message in enumerate(messages, 2):
        etree.SubElement(array, "messages", href=f"#id{number}")
        item = _multi(body, f"id{number}", "ns1:CAdxMessage")
        for name, text in message.items():
            etree.SubElement(item, name).text = text
    text = etree.SubElement(content, "resultXml")
    text.text = told
    if told is None:
        text.set(f"{{{XSI}}}nil", "true")
    etree.SubElement(content, "status", href="#id1")
    etree.SubElement(content, "technicalInfos").set(f"{{{XSI}}}nil", "true")
    _multi(body, "id1", "xsd:int").text = str(status)
    raw = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    return Answer(200, raw, content_type="text/xml; charset=utf-8")


def _multi(body: etree._Element, id: str, kind: str) -> etree._Element:
    node = etree.SubElement(body, "multiRef", id=id)
    node.set(f"{{{ENCODING}}}root", "0")
    node.set(f"{{{XSI}}}type", kind)
    return node


def _root(payload: str) -> etree._Element:
    root = parsed(payload.encode())
    if root.tag != "PARAM":
        raise ValueError(f"the payload is {root.tag}")
    return root


def _fields(nodes: Any) -> dict[str, str]:
    return {node.get("NAME"): node.text or "" for node in nodes}


def _fill(node: etree._Element, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        kind = {int: "Integer", Decimal: "Decimal", date: "Date"}.get(type(value), "Char")
        text = (
            f"{value:%Y%m%d}" if isinstance(value, date) else f"{value:f}" if isinstance(value, Decimal) else str(value)
        )
        etree.SubElement(node, "FLD", NAME=name, TYPE=kind).text = text or None
