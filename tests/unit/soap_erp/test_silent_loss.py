"""What gets lost without a word where a reply is read by zeep alone, and is kept, or told of, here.

Each test first shows what makes the trap, so that it is noticed should zeep change.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zeep.exceptions import XMLParseError

from connectors.soap_erp.replies.reply import NotSoap, is_fault, read
from tests.helpers.soap_replies import WSDL, envelope, invoices, message, zeep_reads

READING, SHOP, DOLIBARR = WSDL / "reading.wsdl", WSDL / "small_shop.wsdl", WSDL / "dolibarr_invoices.wsdl"
AMOUNTS = "<Quantity>2</Quantity><Amount>1234567.89</Amount><Rate>0.1</Rate>"
EXTRA = f"<Lines><Line><Key>k</Key><New>added by the ERP team</New><No>1</No>{AMOUNTS}</Line></Lines>"
OTHER_ORDER = (
    "<Lines><Line><Rate>0.1</Rate><Amount>1234567.89</Amount><No>1</No><Quantity>2</Quantity><Key>k</Key></Line>"
    "</Lines>"
)
LINE = {"Key": "k", "No": "1", "Quantity": Decimal(2), "Amount": Decimal("1234567.89"), "Rate": Decimal("0.1")}


def invoice(inside: str) -> bytes:
    return invoices(f"<Invoice><No>7</No><Total>5</Total>{inside}</Invoice>")


def by_zeep(body: bytes, **settings: Any) -> Any:
    return zeep_reads(body, READING, "GetInvoices", **settings)


def first_line(body: bytes) -> Any:
    (found,) = read(body, message(READING, "GetInvoices"), nesting=64)["Invoice"]
    (line,) = found["Lines"]["Line"]
    return line


def test_an_extra_element_costs_no_amounts():
    with pytest.raises(XMLParseError):
        by_zeep(invoice(EXTRA))
    lost = by_zeep(invoice(EXTRA), strict=False)[0].Lines.Line[0]
    assert (lost.Key, lost.No, lost.Amount) == ("k", None, None)
    assert first_line(invoice(EXTRA)) == {**LINE, "New": "added by the ERP team"}


def test_the_order_of_elements_does_not_matter():
    with pytest.raises(XMLParseError):
        by_zeep(invoice(OTHER_ORDER))
    lost = by_zeep(invoice(OTHER_ORDER), strict=False)[0].Lines.Line[0]
    assert (lost.Amount, lost.Quantity) == (None, None)
    assert first_line(invoice(OTHER_ORDER)) == LINE


def test_a_missing_element_is_told_of():
    body = invoice("<Lines><Line><Key>k</Key></Line></Lines>")
    lost = by_zeep(body, strict=False, xsd_ignore_sequence_order=True)[0].Lines.Line[0]
    assert lost.No is None
    assert first_line(body) == {"Key": "k", "_missing": ["No"]}


def test_a_missing_amount_of_a_record_is_told_of():
    body = invoices("<Invoice><No>7</No></Invoice>")
    (found,) = read(body, message(READING, "GetInvoices"), nesting=64)["Invoice"]
    assert found["_missing"] == ["Total"] and "Total" not in found


def dolibarr(array: str) -> bytes:
    result = "<result><result_code>OK</result_code><result_label></result_label></result>"
    return envelope(f'<r xmlns="">{result}{array}</r>', encoded=True)


def test_an_empty_array_with_an_announced_count_is_not_read_as_empty():
    body = dolibarr('<invoices xsi:type="xsd:" c:arrayType=":[12]"/>')
    lost = zeep_reads(body, DOLIBARR, "getInvoicesForThirdParty", strict=False)
    assert lost.result.result_code == "OK" and lost.invoices is None
    with pytest.raises(NotSoap, match="a list of 12 items is announced, and 0 came"):
        read(body, message(DOLIBARR, "getInvoicesForThirdParty"), nesting=64)


def test_an_array_whose_items_have_another_name_is_not_read_as_empty():
    item = "<item><id>1</id><total>0.10000000</total></item>"
    body = dolibarr(f'<invoices xsi:type="c:Array" c:arrayType="t:invoice[1]">{item}</invoices>')
    lost = zeep_reads(body, DOLIBARR, "getInvoicesForThirdParty", strict=False)
    assert not hasattr(lost.invoices, "invoice")
    found = read(body, message(DOLIBARR, "getInvoicesForThirdParty"), nesting=64)
    assert found["result"]["result_code"] == "OK"
    (read_one,) = found["invoices"]
    assert (read_one["id"], read_one["total"]) == ("1", Decimal("0.10000000")) and "ref" in read_one["_missing"]


@pytest.mark.parametrize("text", ["1234567.89", "0.1", "1.23456789E6", "123456789012345678.91"])
def test_totals_as_double_never_pass_through_a_float(text):
    body = invoices(f"<Invoice><No>7</No><Total>{text}</Total></Invoice>")
    assert type(by_zeep(body)[0].Total) is float
    (found,) = read(body, message(READING, "GetInvoices"), nesting=64)["Invoice"]
    assert type(found["Total"]) is Decimal and found["Total"] == Decimal(text)


def test_a_fault_with_status_200_is_a_fault():
    body = envelope("<s:Fault><faultcode>s:Client.Refused</faultcode><faultstring>no</faultstring></s:Fault>")
    found = read(body, message(READING, "GetInvoices"), nesting=64)
    assert is_fault(found)
    assert found == {"fault": {"code": "Client.Refused", "subcode": "", "text": "no", "detail": {}}}


HTML = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><p>Session over<br></body></html>"


@pytest.mark.parametrize("body", [HTML, HTML[15:], b"\r\n" + HTML, HTML.replace(b"<br>", b"")])
def test_a_web_page_with_status_200_is_told_of(body):
    with pytest.raises(NotSoap, match="a web page"):
        read(body, message(READING, "GetInvoices"), nesting=64, kind="text/html; charset=utf-8")


def test_another_wrapper_is_not_an_empty_page():
    with pytest.raises(NotSoap, match="does not hold the GetInvoicesResponse"):
        read(envelope("<Other/>"), message(READING, "GetInvoices"), nesting=64)
    with pytest.raises(NotSoap, match="does not hold the GetInvoicesResponse"):
        read(envelope(""), message(READING, "GetInvoices"), nesting=64)
