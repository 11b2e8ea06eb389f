"""What the stand-in for 1C has of its own: JSON in a text, statuses, faults in two languages, names in Cyrillic."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from lxml import etree

from tests.helpers.stand_ins.exchange import written
from tests.helpers.stand_ins.onec import LOCKED, OneC, busy

NAMESPACE = "urn:rebated:1c"
SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}


@pytest.fixture
def onec() -> Iterator[OneC]:
    with OneC() as onec:
        yield onec


def send(onec: OneC, operation: str, version: str = "1.1", **arguments: Any) -> requests.Response:
    soap = SOAP[version]
    envelope = etree.Element(f"{{{soap}}}Envelope")
    node = etree.SubElement(etree.SubElement(envelope, f"{{{soap}}}Body"), f"{{{NAMESPACE}}}{operation}")
    for name, value in arguments.items():
        etree.SubElement(node, f"{{{NAMESPACE}}}{name}").text = str(value)
    action = f"{NAMESPACE}#Rebated:{operation}"
    headers = {"Authorization": "Basic " + b64encode(f"{onec.user}:{onec.password}".encode()).decode()}
    if version == "1.1":
        headers |= {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    else:
        headers |= {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    return requests.post(onec.address("rebated"), data=etree.tostring(envelope), headers=headers, timeout=5)


def call(onec: OneC, operation: str, **arguments: Any) -> Any:
    root = etree.fromstring(send(onec, operation, **arguments).content)
    return json.loads(root.findtext(f".//{{{NAMESPACE}}}return") or "", parse_float=Decimal)


def document(onec: OneC, account: str, key: str = "RB-AAAAAAAAAAAA", **more: Any) -> str:
    line = {"text": "Rebate", "rate": 20, "category": "S", "net": Decimal("10.05"), "tax": Decimal("2.01")}
    head = {"key": key, "account": account, "entity": onec.organisation, "currency": "978", "issued": "20260203"}
    return written({**head, "lines": [line], **more})


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_both_ports_answer_and_cyrillic_names_are_utf_8(onec: OneC, version: str) -> None:
    reply = send(onec, "GetCustomers", version, After="", Count=10)
    assert (reply.status_code, SOAP[version] in reply.text, onec.invalid) == (200, True, [])
    reply = requests.get(f"{onec.address('rebated')}?wsdl", auth=("Rebate", "wrong"), timeout=5)
    assert reply.status_code == 401


def test_a_key_is_taken_once_and_free_again_with_its_draft(onec: OneC) -> None:
    account = onec.add_customer("ТОВ Ромашка").id
    made = call(onec, "CreateCreditNote", Document=document(onec, account))
    assert made["status"] == 0
    again = call(onec, "CreateCreditNote", Document=document(onec, account))
    assert (again["status"], again["id"]) == (4, made["id"])
    (found,) = call(onec, "FindByKey", Key="RB-AAAAAAAAAAAA")["items"]
    assert (found["state"], found["net"], found["tax"]) == ("draft", Decimal("10.05"), Decimal("2.01"))
    assert call(onec, "DeleteDraft", Id=made["id"])["status"] == 0
    assert call(onec, "FindByKey", Key="RB-AAAAAAAAAAAA")["items"] == []
    assert call(onec, "CreateCreditNote", Document=document(onec, account))["status"] == 0


def test_what_is_posted_stays_and_drafts_are_not_read(onec: OneC) -> None:
    account = onec.add_customer("ТОВ Ромашка").id
    made = call(onec, "CreateCreditNote", Document=document(onec, account))
    window = {"From": "20200101000000", "Till": "20990101000000", "After": "", "Count": 10}
    assert call(onec, "GetInvoices", **window)["items"] == []
    assert call(onec, "PostDocument", Id=made["id"])["item"]["state"] == "posted"
    assert [item["id"] for item in call(onec, "GetInvoices", **window)["items"]] == [made["id"]]
    assert call(onec, "DeleteDraft", Id=made["id"])["status"] == 1


def test_what_is_wrong_is_said_in_the_answer_or_as_a_fault(onec: OneC) -> None:
    account = onec.add_customer("ТОВ Ромашка").id
    assert call(onec, "GetDocument", Id="none")["status"] == 2
    assert call(onec, "CreateCreditNote", Document=document(onec, "nobody"))["status"] == 1
    for wrong in ("{", written({"unknown": 1})):
        assert send(onec, "CreateCreditNote", Document=wrong).status_code == 500
    onec.fail_with(busy(), operations=("SetTier",))
    assert LOCKED in send(onec, "SetTier", Tier=written({"account": account, "tier": "gold"})).content.decode()
    assert onec.invalid == []


def test_a_request_the_wsdl_does_not_allow_is_noticed(onec: OneC) -> None:
    assert send(onec, "GetCustomers", After="", Count="many").status_code == 500
    assert "Count" in onec.invalid[0]
