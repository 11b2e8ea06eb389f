"""The stand-in for Sage X3, asked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest
import requests
from lxml import etree

from tests.helpers.stand_ins.sage_x3 import SageX3
from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSI, parsed

LINE = {"ITMREF": "SAW", "ITMDES": "Saw & blade", "QTY": "2", "GROPRI": "100.05", "VACITM1": "NOR"}


@pytest.fixture
def x3() -> Iterator[SageX3]:
    with SageX3() as stand_in:
        yield stand_in


def asked(x3: SageX3, operation: str, name: str, *parts: str, **context: str) -> requests.Response:
    given = {"codeLang": "ENG", "poolAlias": x3.pool, "poolId": "", "requestConfig": "", **context}
    inside = "".join(f'<{key} xsi:type="xsd:string">{value}</{key}>' for key, value in given.items())
    body = (
        f'<s:Envelope xmlns:s="{ENVELOPE["1.1"]}" xmlns:xsi="{XSI}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        f' xmlns:enc="{ENCODING}" xmlns:w="http://www.adonix.com/WSS"><s:Body s:encodingStyle="{ENCODING}">'
        f'<w:{operation}><callContext xsi:type="w:CAdxCallContext">{inside}</callContext>'
        f"<publicName>{name}</publicName>{''.join(parts)}</w:{operation}></s:Body></s:Envelope>"
    )
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    return requests.post(x3.address("x3"), body.encode(), headers=headers, auth=(x3.user, x3.password), timeout=30)


def call(x3: SageX3, operation: str, name: str, *parts: str, **context: str) -> tuple[int, str, Any]:
    """Status, message, and the payload of a reply."""
    reply = asked(x3, operation, name, *parts, **context)
    assert reply.status_code == 200, reply.text
    (told,) = parsed(reply.content).iterfind("{*}Body/*/*")
    payload = told.findtext("resultXml")
    message = " ".join(each.findtext("message") or "" for each in told.find("messages"))  # type: ignore[union-attr]
    return int(told.findtext("status") or 0), message, parsed(payload.encode()) if payload else None


def keys(**values: str) -> str:
    items = "".join(f"<item><key>{name}</key><value>{value}</value></item>" for name, value in values.items())
    return f'<objectKeys enc:arrayType="w:CAdxParamKeyValue[{len(values)}]" xsi:type="enc:Array">{items}</objectKeys>'


def payload(part: str, groups: dict[str, dict[str, str]], **tables: list[dict[str, str]]) -> str:
    root = etree.Element("PARAM")
    for id, fields in groups.items():
        _fill(etree.SubElement(root, "GRP", ID=id), fields)
    for id, lines in tables.items():
        tab = etree.SubElement(root, "TAB", ID=id)
        for line in lines:
            _fill(etree.SubElement(tab, "LIN"), line)
    return f"<{part}>{escape(etree.tostring(root, encoding='unicode'))}</{part}>"


def _fill(node: etree._Element, fields: dict[str, str]) -> None:
    for name, text in fields.items():
        etree.SubElement(node, "FLD", NAME=name).text = text


def field(told: Any, name: str) -> str | None:
    found = told.find(f".//FLD[@NAME='{name}']")
    return None if found is None else found.text


def test_an_invoice_is_read_as_groups_and_lines(x3: SageX3) -> None:
    buyer = x3.add_customer("Buyer & Söhne")
    row = x3.add_invoice(buyer.id, [LINE], date(2026, 1, 15))
    status, _, told = call(x3, "read", "YREBSIH", keys(NUM=row.id))
    assert status == 1
    found = [field(told, name) for name in ("NUM", "INVDAT", "BPCINV", "AMTNOT", "AMTATI", "STA", "ITMDES")]
    assert found == [row.id, "20260115", buyer.id, "200.10", "240.12", "3", "Saw & blade"]
    assert told.find("TAB").get("SIZE") == "1"
    assert x3.invalid == []


def test_what_is_not_there_is_told_in_the_language_of_the_call(x3: SageX3) -> None:
    assert call(x3, "read", "YREBSIH", keys(NUM="NONE")) == (0, "Record does not exist", None)
    assert call(x3, "read", "YREBSIH", keys(NUM="NONE"), codeLang="FRA")[1] == "Fiche inexistante"
    status, message, _ = call(x3, "read", "YREBSIH", keys(NUM="NONE"), poolAlias="rebated")
    assert (status, message) == (0, "No classic web service pool match to 'rebated'")


def test_a_stranger_is_sent_away(x3: SageX3) -> None:
    x3.password = "another"
    reply = requests.post(x3.address("x3"), b"<a/>", auth=(x3.user, "wrong"), timeout=30)
    assert reply.status_code == 401


def test_a_credit_note_is_saved_found_posted_and_then_stays(x3: SageX3) -> None:
    buyer = x3.add_customer("Buyer")
    head = {
        "SALFCY": "FR011",
        "SIVTYP": "CRM",
        "INVREF": "RB-1",
        "INVDAT": "20260203",
        "BPCINV": buyer.id,
        "CUR": "EUR",
    }
    line = {"ITMREF": "REBATE", "ITMDES": "Rebate", "QTY": "1", "GROPRI": "10.00", "VACITM1": "NOR"}
    status, _, told = call(x3, "save", "YREBSIH", payload("objectXml", {"SIH0_1": head}, SIH4_1=[line]))
    number = field(told, "NUM")
    assert (status, field(told, "STA"), field(told, "AMTATI")) == (1, "1", "12.00")
    _, _, found = call(x3, "run", "YREBFIND", payload("inputXml", {"GRP1": {"I_REF": "RB-1"}}))
    assert [each.text for each in found.iter("FLD")] == ["1", number]
    _, _, posted = call(x3, "run", "YREBPOST", payload("inputXml", {"GRP1": {"I_NUM": number or ""}}))
    assert field(posted, "O_OK") == "1"
    assert call(x3, "delete", "YREBSIH", keys(NUM=number or ""))[:2] == (0, "Invoice already posted")
    (row,) = x3.invoices.where(INVREF="RB-1")
    assert (row.values["STA"], row.values["AMTNOT"]) == (3, Decimal("10.00"))


def test_keys_are_listed_in_order_by_their_changes(x3: SageX3) -> None:
    buyer = x3.add_customer("Buyer")
    before = x3.boundary()
    numbers = [x3.add_invoice(buyer.id, [LINE], date(2026, 1, 15)).id for _ in range(3)]
    given = {"I_OBJ": "SIH", "I_SINCE": f"{before:%Y%m%d%H%M%S}", "I_UNTIL": "", "I_AFTER": numbers[0], "I_COUNT": "1"}
    _, _, told = call(x3, "run", "YREBLIST", payload("inputXml", {"GRP1": given}))
    assert field(told, "O_COUNT") == "1"
    assert [each.text for each in told.iter("FLD") if each.get("NAME") == "O_KEY"] == [numbers[1]]
    later = {**given, "I_SINCE": f"{x3.boundary():%Y%m%d%H%M%S}", "I_AFTER": ""}
    _, _, none = call(x3, "run", "YREBLIST", payload("inputXml", {"GRP1": later}))
    assert field(none, "O_COUNT") == "0"


def test_a_tier_is_written_to_the_group_it_is_in(x3: SageX3) -> None:
    buyer = x3.add_customer("Buyer")
    sent = payload("objectXml", {"YREB_1": {"YREBTIER": "gold"}})
    assert call(x3, "modify", "YREBBPC", keys(BPCNUM=buyer.id), sent)[0] == 1
    assert buyer.values["YREBTIER"] == "gold"
    assert call(x3, "modify", "YREBBPC", keys(BPCNUM=buyer.id), payload("objectXml", {"YREB_1": {"X": "1"}}))[0] == 0


def test_the_java_server_refers_to_the_parts_of_a_reply(x3: SageX3) -> None:
    x3.axis = True
    row = x3.add_invoice(x3.add_customer("Buyer").id, [LINE], date(2026, 1, 15))
    root = parsed(asked(x3, "read", "YREBSIH", keys(NUM=row.id)).content)
    assert [each.get("id") for each in root.iterfind("{*}Body/multiRef")] == ["id0", "id1"]
    assert root.find("{*}Body/*/readReturn").get("href") == "#id0"  # type: ignore[union-attr]


def test_what_the_description_does_not_allow_is_noted(x3: SageX3) -> None:
    reply = asked(x3, "read", "YREBSIH", "<keys/>")
    assert reply.status_code == 500
    assert len(x3.invalid) == 1
