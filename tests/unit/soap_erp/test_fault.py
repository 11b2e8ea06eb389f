"""What a SOAP service says where it did not do what was asked, in both versions of SOAP."""

from __future__ import annotations

import pytest

from connectors.soap_erp.replies.reply import is_fault, read
from tests.helpers.soap_replies import WSDL, envelope, message


def told(inside: str, version: str = "1.1", **options: bool) -> dict[str, object]:
    body = envelope(f"<s:Fault>{inside}</s:Fault>", version, **options)
    found = read(body, message(WSDL / "reading.wsdl", "GetOrders"), nesting=16)
    assert is_fault(found) and read(body, None, nesting=16) == found
    return found["fault"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("soap11env:Client.Refused", "Client.Refused"),
        ("a:Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException", None),
        ("s:Server", "Server"),
        ("  Client\n", "Client"),
        ("{http://schemas.xmlsoap.org/soap/envelope/}Client", "Client"),
        ("http://vendor/codes#1", "http://vendor/codes#1"),
        ("1C:5", "1C:5"),
        ("", ""),
    ],
)
def test_the_code_is_told_without_its_prefix(written, code):
    fault = told(f"<faultcode>{written}</faultcode><faultstring>why</faultstring>")
    assert fault == {
        "code": code if code is not None else written[2:],
        "subcode": "",
        "text": "why",
        "detail": {},
    }


def test_the_detail_is_a_table():
    fault = told(
        '<detail><e:refusal xmlns:e="urn:e" line="3"><code>DUP</code><code>REF</code></e:refusal><more/></detail>'
        "<faultstring xml:lang='de'>Nein</faultstring><faultcode>s:Client</faultcode><faultactor>urn:erp</faultactor>"
    )
    assert fault == {
        "code": "Client",
        "subcode": "",
        "text": "Nein",
        "actor": "urn:erp",
        "detail": {"refusal": {"line": "3", "code": ["DUP", "REF"]}, "more": ""},
    }
    assert told("<detail>just words</detail>")["detail"] == {"_value": "just words"}
    assert told("<detail/>")["detail"] == {}


def test_version_12():
    fault = told(
        "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>e:Stock</s:Value><s:Subcode><s:Value>e:Empty</s:Value>"
        "</s:Subcode></s:Subcode></s:Code><s:Reason><s:Text xml:lang='de'>Nein</s:Text><s:Text xml:lang='en-GB'>No"
        "</s:Text></s:Reason><s:Role>urn:erp</s:Role><s:Detail><left>0</left></s:Detail>",
        "1.2",
    )
    assert fault == {
        "code": "Sender",
        "subcode": "Stock.Empty",
        "text": "No",
        "actor": "urn:erp",
        "detail": {"left": "0"},
    }
    german = told("<s:Code/><s:Reason><s:Text xml:lang='de'>Nein</s:Text></s:Reason>", "1.2")
    assert (german["code"], german["text"]) == ("", "Nein")


def test_a_fault_of_nusoap_is_read_though_it_is_encoded():
    fault = told(
        '<faultcode xsi:type="xsd:string">SOAP-ENV:Client</faultcode><faultactor xsi:type="xsd:string"></faultactor>'
        '<faultstring xsi:type="xsd:string">no</faultstring><detail xsi:type="xsd:string"></detail>',
        encoded=True,
    )
    assert fault == {"code": "Client", "subcode": "", "text": "no", "detail": {}}


def test_a_detail_that_cannot_be_read_costs_not_the_code():
    deep = "<a>" * 40 + "</a>" * 40
    fault = told(f"<faultcode>s:Client</faultcode><faultstring>no</faultstring><detail>{deep}</detail>")
    assert fault == {"code": "Client", "subcode": "", "text": "no", "detail": {}}
