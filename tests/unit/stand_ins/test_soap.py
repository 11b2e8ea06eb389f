"""The base of the SOAP stand-ins, asked by zeep: another writer and another reader than its own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
import zeep
from lxml import etree
from zeep.transports import Transport

from tests.helpers.stand_ins.base import Received, Refused, same
from tests.helpers.stand_ins.soap import Call, Served, SoapFault, SoapStandIn, operation, operation_in
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER
from tests.helpers.stand_ins.soap.names import ENCODING


class Local(Transport):
    """Loads from the stand-in only."""

    def load(self, url: str) -> Any:
        assert url.startswith(("http://127.0.0.1", "/")), url
        return super().load(url)


class Shop(SoapStandIn):
    services: ClassVar[dict[str, Served]] = {
        "orders": Served(WSDL_FOLDER / "small_orders.wsdl", "/ws/Orders%20AG"),
        "shop": Served(WSDL_FOLDER / "small_shop.wsdl", "/soap"),
    }
    token = "open"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Call] = []

    def authenticate(self, asked: Received) -> None:
        if not same(asked.basic()[1], "pass"):
            raise Refused(401, None, {"WWW-Authenticate": "Basic"})

    def description_open(self, asked: Received) -> bool:
        return asked.path == "/soap"

    @operation("GetOrders", wsdl="orders")
    def get_orders(self, asked: Call) -> dict[str, Any]:
        self.asked.append(asked)
        if asked.headers.get("Session", {}).get("Token") == "gone":
            raise SoapFault("Client.Session", "log in again", {"{urn:orders}Refusal": {"Reason": "too old"}})
        return {
            "Record": [
                {"_type": "Order", "No": "7", "Line": ["a", "b"], "Total": Decimal("12.50"), "externalId": "X-7"},
                {"_type": "Order", "No": "8", "Total": {"_nil": True}, "Price": {"_value": "1.5", "currency": "EUR"}},
            ]
        }

    @operation("book", wsdl="shop")
    def book(self, asked: Call) -> dict[str, Any]:
        self.asked.append(asked)
        return {"number": 5, "lines": asked.arguments["lines"]}


def client(shop: Shop, service: str, **options: Any) -> zeep.Client:
    session = requests.Session()
    session.auth = ("me", "pass")
    return zeep.Client(f"{shop.address(service)}?wsdl", transport=Local(session=session, cache=None), **options)


@pytest.mark.parametrize("port", ["Orders11", "Orders12"])
def test_documents_go_both_ways_in_both_versions(port: str) -> None:
    with Shop() as shop:
        service = client(shop, "orders", port_name=port, service_name="Orders").service
        records = service.GetOrders(
            Since="2026-03-01", Filter=[{"Field": "No", "Value": "7"}], _soapheaders={"session": {"Token": "open"}}
        )
        (asked,) = shop.asked
        assert asked.arguments == {"Since": "2026-03-01", "Filter": [{"Field": "No", "Value": "7"}]}
        assert asked.headers == {"Session": {"Token": "open"}}
        assert asked.headers_element is not None
        assert [(each.No, each.Total, list(each.Line), each.externalId) for each in records] == [
            ("7", Decimal("12.50"), ["a", "b"], "X-7"),
            ("8", None, [], None),
        ]
        assert (records[1].Price._value_1, records[1].Price.currency) == (Decimal("1.5"), "EUR")
        assert shop.invalid == []


@pytest.mark.parametrize(("port", "code"), [("Orders11", "soap:Client.Session"), ("Orders12", "soap:Sender")])
def test_a_fault_names_its_code_and_has_its_detail(port: str, code: str) -> None:
    with Shop() as shop:
        service = client(shop, "orders", port_name=port, service_name="Orders").service
        with pytest.raises(zeep.exceptions.Fault) as raised:
            service.GetOrders(_soapheaders={"session": {"Token": "gone"}})
        assert (raised.value.code, raised.value.message) == (code, "log in again")
        assert raised.value.detail.findtext("{urn:orders}Refusal/{urn:orders}Reason") == "too old"


ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">{head}<e:Body>{body}</e:Body></e:Envelope>'


ENCODED = """<s:book xmlns:s="urn:shop" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:n="{encoding}"
    xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><session i:type="x:string">s</session>
  <lines n:arrayType="s:Line[2]" i:type="s:LineArray"><item i:type="s:Line"><sku i:type="x:string">a</sku>
    <amount i:type="x:double">1.5</amount></item><item i:type="s:Line"><sku i:type="x:string">b</sku></item></lines>
</s:book>"""


def test_encoded_arrays_go_both_ways() -> None:
    with Shop() as shop:
        answer = requests.post(
            shop.address("shop"),
            ENVELOPE.format(head="", body=ENCODED.format(encoding=ENCODING)).encode(),
            auth=("me", "pass"),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:shop#book"'},
            timeout=5,
        )
        assert shop.invalid == []
        lines = [{"sku": "a", "amount": "1.5", "_type": "Line"}, {"sku": "b", "_type": "Line"}]
        assert shop.asked[0].arguments == {"session": "s", "lines": lines}
        (back,) = etree.fromstring(answer.content).iter("{urn:shop}bookResponse")
        assert (back.findtext("number"), [each.text for each in back.iter("sku")]) == ("5", ["a", "b"])
        prefix = {namespace: name for name, namespace in back.nsmap.items()}["urn:shop"]
        assert back.find("lines").get(f"{{{ENCODING}}}arrayType") == f"{prefix}:Line[2]"
        assert back.find("lines/item").get("{http://www.w3.org/2001/XMLSchema-instance}type") == f"{prefix}:Line"


@pytest.mark.parametrize(
    ("service", "body", "head", "why"),
    [
        ("orders", '<GetOrders xmlns="urn:orders"><Until>x</Until></GetOrders>', "", "Until"),
        ("orders", '<GetOrders xmlns="urn:orders"><Since>01.03.2026</Since></GetOrders>', "", "01.03.2026"),
        ("orders", '<PutOrders xmlns="urn:orders"/>', "", "no operation"),
        ("orders", '<GetOrders xmlns="urn:orders"/>', '<e:Header><t xmlns="urn:orders"/></e:Header>', "no header"),
        ("orders", '<GetOrders xmlns="urn:orders"/>', '<e:Header><Session xmlns="urn:orders"/></e:Header>', "Session"),
        ("shop", '<s:book xmlns:s="urn:shop"><session>1</session></s:book>', "", "parts"),
        ("shop", '<s:book xmlns:s="urn:shop"><session>1</session><lines><i><x/></i></lines></s:book>', "", "no x"),
        (
            "shop",
            '<s:book xmlns:s="urn:shop"><session>1</session><lines><i><count>x</count></i></lines></s:book>',
            "",
            "no int",
        ),
        (
            "shop",
            '<s:book xmlns:s="urn:shop"><session>1</session><lines xmlns:n="http://schemas.xmlsoap.org/soap/encoding/"'
            ' n:arrayType="s:Line[3]"><i/></lines></s:book>',
            "",
            "announces 3",
        ),
    ],
)
def test_what_the_description_does_not_allow_is_told_and_refused(service: str, body: str, head: str, why: str) -> None:
    with Shop() as shop:
        action = {"orders": "urn:orders/GetOrders", "shop": "urn:shop#book"}[service]
        answer = requests.post(
            shop.address(service),
            ENVELOPE.format(head=head, body=body).encode(),
            auth=("me", "pass"),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'},
            timeout=5,
        )
        assert (answer.status_code, b"Client" in answer.content) == (500, True)
        assert why in shop.invalid[0]
        assert shop.asked == []


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Content-Type": "text/xml", "SOAPAction": '"other"'}, "SOAPAction"),
        ({"Content-Type": "text/xml"}, "SOAPAction"),
        ({"Content-Type": "application/soap+xml", "SOAPAction": '"urn:orders/GetOrders"'}, "content type"),
    ],
)
def test_the_transport_is_held_to_the_description(headers: dict[str, str], why: str) -> None:
    with Shop() as shop:
        body = ENVELOPE.format(head="", body='<GetOrders xmlns="urn:orders"/>').encode()
        answer = requests.post(shop.address("orders"), body, auth=("me", "pass"), headers=headers, timeout=5)
        assert answer.status_code == 500
        assert why in shop.invalid[0]


def test_a_document_type_is_refused() -> None:
    with Shop() as shop:
        hostile = b'<!DOCTYPE e [<!ENTITY a SYSTEM "file:///etc/passwd">]><e>&a;</e>'
        requests.post(shop.address("orders"), hostile, auth=("me", "pass"), timeout=5)
        assert "document type" in shop.invalid[0]


def test_it_shares_failures_requests_and_authentication_with_the_others() -> None:
    with Shop() as shop:
        assert requests.get(f"{shop.address('orders')}?wsdl", timeout=5).status_code == 401
        assert requests.get(f"{shop.address('shop')}?wsdl", timeout=5).status_code == 200
        service = client(shop, "orders", port_name="Orders11", service_name="Orders").service
        shop.fail_with(SoapFault("Server.Busy", "later"), operations=("GetOrders",), after=True)
        with pytest.raises(zeep.exceptions.Fault, match="later"):
            service.GetOrders()
        assert len(shop.asked) == 1  # carried out all the same
        assert len(service.GetOrders()) == 2
        assert [operation_in(each.body) for each in shop.requests if each.method == "POST"] == ["GetOrders"] * 2
        assert shop.requests[-1].answer is not None


def test_an_answer_the_schema_does_not_allow_is_a_fault_of_the_stand_in() -> None:
    class Wrong(Shop):
        @operation("GetOrders", wsdl="orders")
        def get_orders(self, asked: Call) -> dict[str, Any]:
            return {"Order": []}

    with Wrong() as shop:
        service = client(shop, "orders", port_name="Orders11", service_name="Orders").service
        with pytest.raises(zeep.exceptions.TransportError, match="has no Order"):
            service.GetOrders()


def test_schemas_beside_the_description_are_served_and_checked_against(tmp_path: Path) -> None:
    text = (WSDL_FOLDER / "small_orders.wsdl").read_text()
    begin, end = text.index("<xsd:schema"), text.index("</xsd:schema>") + len("</xsd:schema>")
    namespaces = ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:orders" '
    (tmp_path / "xsd").mkdir()
    (tmp_path / "xsd" / "o.xsd").write_text(text[begin:end].replace("<xsd:schema ", f"<xsd:schema{namespaces}", 1))
    imports = '<xsd:schema><xsd:import namespace="urn:orders" schemaLocation="./xsd/o.xsd"/></xsd:schema>'
    (tmp_path / "o.wsdl").write_text(text[:begin] + imports + text[end:])

    class Split(Shop):
        services: ClassVar[dict[str, Served]] = {"orders": Served(tmp_path / "o.wsdl", "/ws/o")}

        def description_open(self, asked: Received) -> bool:
            return True

    with Split() as shop:
        service = client(shop, "orders", port_name="Orders11", service_name="Orders").service
        assert len(service.GetOrders(Since="2026-03-01")) == 2
        assert shop.invalid == []
