"""What the stand-in for SAP has of its own: refusals at HTTP 200, tables of items, keys that are taken once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from lxml import etree

from tests.helpers.stand_ins.sap_rfc import KEY_TAKEN, NO_CUSTOMER, PERIOD_CLOSED, Sap
from tests.helpers.stand_ins.soap.writer import schemaless

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
FUNCTIONS = "urn:sap-com:document:sap:rfc:functions"


@pytest.fixture
def sap() -> Iterator[Sap]:
    with Sap() as sap:
        yield sap


def call(sap: Sap, function: str, **arguments: Any) -> etree._Element:
    envelope = etree.Element(f"{{{SOAP}}}Envelope")
    node = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{FUNCTIONS}}}{function}")
    for name, value in sorted(arguments.items()):
        schemaless(node, name, value)
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f"{FUNCTIONS}:ZREBATED:{function}Request"}
    url, credentials = sap.address("zrebated"), (sap.user, sap.password)
    reply = requests.post(url, data=etree.tostring(envelope), headers=headers, auth=credentials, timeout=5)
    return etree.fromstring(reply.content)


def post(sap: Sap, customer: str, key: str = "RB-AAAAAAAAAAAA", company: str = "DE01") -> etree._Element:
    header = {"KIND": "credit_note", "BUKRS": company, "KUNNR": customer, "WAERS": "EUR", "BLDAT": "2026-02-03"}
    line = {"TEXT": "Rebate", "TAX_CODE": "A1", "NET": Decimal("10.00"), "TAX": Decimal("2.00")}
    return call(sap, "Z_REBATED_POST", IS_HEADER=header, IT_LINES={"item": [line]}, IV_KEY=key)


def message(reply: etree._Element) -> tuple[str, str, str]:
    item = reply.find(".//RETURN/item")
    return ("", "", "") if item is None else tuple(item.findtext(name) for name in ("TYPE", "ID", "NUMBER"))  # type: ignore[return-value]


def test_a_document_is_posted_once_under_its_key(sap: Sap) -> None:
    customer = sap.add_customer("Buyer").id
    posted = post(sap, customer)
    assert message(posted)[0] == "S" and len(posted.findtext(".//EV_ID") or "") == 18
    assert message(post(sap, customer)) == ("E", *KEY_TAKEN)
    found = call(sap, "Z_REBATED_FIND", IV_KEY="RB-AAAAAAAAAAAA")
    assert [node.text for node in found.iter("NET")] == ["10.0000", "10.0000"]
    assert list(call(sap, "Z_REBATED_FIND", IV_KEY="RB-BBBBBBBBBBBB").iter("item")) == []
    assert (len(sap.documents), sap.invalid) == (1, [])


def test_refusals_come_with_200_and_leave_nothing(sap: Sap) -> None:
    customer = sap.add_customer("Buyer").id
    assert message(post(sap, "0000000001")) == ("E", *NO_CUSTOMER)
    assert message(post(sap, customer, company="2000"))[:2] == ("E", "F5")
    sap.closed = True
    assert message(post(sap, customer)) == ("E", *PERIOD_CLOSED)
    assert {asked.answer.status for asked in sap.requests if asked.answer} == {200}
    assert (len(sap.documents), sap.invalid) == (0, [])


def test_invoices_come_in_pages_with_their_items(sap: Sap) -> None:
    customer = sap.add_customer("Buyer").id
    rows = [sap.add_invoice(customer, [{"NET": "100.05", "TAX_RATE": 20}]) for _ in range(3)]
    window = {"IV_SINCE": "19700101000000", "IV_UNTIL": "20990101000000", "IV_COUNT": 2}
    first = call(sap, "Z_REBATED_INVOICES", IV_AFTER="", **window)
    assert [node.text for node in first.iter("VBELN")] == [row.id for row in rows[:2]]
    second = call(sap, "Z_REBATED_INVOICES", IV_AFTER=rows[1].id, **window)
    assert [(node.text, node.getparent().findtext("DUE")) for node in second.iter("VBELN")] == [
        (rows[2].id, "0000-00-00")
    ]
    assert [node.findtext("TAX") for node in second.iter("item") if node.find("POSNR") is not None] == ["20.0100"]
    assert sap.invalid == []


def test_what_is_too_long_for_its_field_is_no_request(sap: Sap) -> None:
    call(sap, "Z_REBATED_FIND", IV_KEY="RB-AAAAAAAAAAAAA")
    assert "maximum length" in sap.invalid[0]
