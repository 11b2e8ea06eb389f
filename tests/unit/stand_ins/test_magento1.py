"""What the stand-in for Magento 1 has of its own: sessions, filters, lists that are short of columns, comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from lxml import etree

from tests.helpers.stand_ins.magento1 import Magento

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"


@pytest.fixture
def shop() -> Iterator[Magento]:
    with Magento() as shop:
        yield shop


def send(shop: Magento, operation: str, **parts: Any) -> etree._Element:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"enc": ENCODING, "t": "urn:Magento"})
    node = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{urn:Magento}}{operation}")
    for name, value in parts.items():
        write(etree.SubElement(node, name), value)
    headers = {"Content-Type": "text/xml", "SOAPAction": "urn:Mage_Api_Model_Server_V2_HandlerAction"}
    reply = requests.post(shop.address("api"), data=etree.tostring(envelope), headers=headers, timeout=5)
    return etree.fromstring(reply.content)


def write(node: etree._Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            write(etree.SubElement(node, name), inner)
    elif isinstance(value, list):
        node.set(f"{{{ENCODING}}}arrayType", f"t:complexFilter[{len(value)}]")
        for inner in value:
            write(etree.SubElement(node, "item"), inner)
    else:
        node.text = str(value)


def where(*conditions: tuple[str, str, str]) -> dict[str, Any]:
    return {"complex_filter": [{"key": field, "value": {"key": how, "value": what}} for field, how, what in conditions]}


def session(shop: Magento) -> str:
    return str(send(shop, "login", username=shop.user, apiKey=shop.key).findtext(".//loginReturn"))


def test_a_session_comes_before_everything(shop: Magento) -> None:
    assert send(shop, "login", username=shop.user, apiKey="wrong").findtext(".//faultcode") == "2"
    assert send(shop, "customerGroupList", sessionId="stale").findtext(".//faultcode") == "5"
    begun = session(shop)
    codes = [node.text for node in send(shop, "customerGroupList", sessionId=begun).iter("customer_group_code")]
    assert "gold" in codes
    send(shop, "endSession", sessionId=begun)
    assert send(shop, "customerGroupList", sessionId=begun).findtext(".//faultcode") == "5"
    assert shop.invalid == []


def test_a_right_that_is_missing_is_a_fault(shop: Magento) -> None:
    shop.rights = {"sales/order/info"}
    begun = session(shop)
    assert send(shop, "salesOrderList", sessionId=begun, filters={}).find(".//result") is not None
    assert send(shop, "customerCustomerList", sessionId=begun, filters={}).findtext(".//faultcode") == "2"


def test_lists_tell_the_columns_the_source_selects_and_no_change_stamp(shop: Magento) -> None:
    customer = shop.add_customer("Buyer")
    order = shop.add_order(customer.id, [{"sku": "SAW", "price": "100.05", "qty": 2}])
    first, second = shop.add_invoice(order), shop.add_invoice(order)
    begun = session(shop)
    changed = second.changed.strftime("%Y-%m-%d %H:%M:%S")
    asked = where(("updated_at", "gteq", changed), ("invoice_id", "gt", first.id))
    listed = send(shop, "salesOrderInvoiceList", sessionId=begun, filters=asked)
    assert [node.text for node in listed.iter("invoice_id")] == [second.id]
    assert list(listed.iter("updated_at")) == []
    assert listed.find(".//result").get(f"{{{ENCODING}}}arrayType").endswith("[1]")
    whole = send(shop, "salesOrderInvoiceInfo", sessionId=begun, invoiceIncrementId=second.values["increment_id"])
    assert [whole.findtext(f".//{name}") for name in ("grand_total", "row_total", "tax_amount")] == [
        "240.1200",
        "200.1000",
        "40.0200",
    ]
    unknown = send(shop, "salesOrderList", sessionId=begun, filters=where(("nowhere", "eq", "1")))
    assert unknown.findtext(".//faultcode") == "101"


def test_a_comment_moves_the_order_and_an_update_leaves_the_rest(shop: Magento) -> None:
    customer = shop.add_customer("Buyer", taxvat="DE1")
    order = shop.add_order(customer.id, [{"sku": "SAW", "price": "100.05"}])
    shop.orders.touch(order, order.changed - timedelta(hours=1))
    before, begun = order.changed, session(shop)
    about = {"sessionId": begun, "orderIncrementId": order.values["increment_id"], "status": "processing"}
    send(shop, "salesOrderAddComment", **about, comment="Gold now [RB-1]", notify="0")
    assert order.changed > before
    told = send(shop, "salesOrderInfo", sessionId=begun, orderIncrementId=order.values["increment_id"])
    assert [node.text for node in told.iter("comment")] == ["Gold now [RB-1]"]
    given = {"sessionId": begun, "customerId": customer.id, "customerData": {"group_id": 5}}
    assert send(shop, "customerCustomerUpdate", **given).findtext(".//result") == "true"
    assert (customer.values["group_id"], customer.values["taxvat"]) == (5, "DE1")
    assert shop.invalid == []
