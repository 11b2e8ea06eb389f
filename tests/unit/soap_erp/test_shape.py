"""What the schema says of a reply decides what its elements become, also where the real WSDLs are large."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.soap_erp.replies.reply import read
from tests.helpers.soap_replies import WSDL, client, envelope, message, operation, orders, shared

READING = WSDL / "reading.wsdl"
ENOUGH = "<No>7</No><Total>5</Total>"


def order(inside: str, *may_lack: str, attributes: str = "") -> Any:
    found = read(
        orders(f"<Order{attributes}>{ENOUGH}{inside}</Order>"),
        message(READING, "GetOrders", may_lack),
        nesting=64,
    )
    return found["Order"][0]


def test_kinds_are_those_of_the_schema():
    found = order(
        "<Date>2026-01-31</Date><Status>Open</Status><Posted>1</Posted><Count> 12 </Count><Codes>1 2</Codes>"
        "<Person>0001</Person><Tax>1.10</Tax>"
    )
    assert found == {
        "No": "7",
        "Total": Decimal(5),
        "Date": "2026-01-31",
        "Status": "Open",
        "Posted": True,
        "Count": 12,
        "Codes": "1 2",
        "Person": "0001",
        "Tax": [Decimal("1.10")],
        "Note": [],
    }
    assert type(found["Count"]) is int and str(found["Tax"][0]) == "1.10"


def test_what_may_come_several_times_is_always_a_list():
    assert order("")["Note"] == [] == order("")["Tax"]
    assert order("<Note>a</Note>")["Note"] == ["a"]
    assert order("<Note>a</Note><Other/><Note>b</Note>")["Note"] == ["a", "b"]
    assert read(orders(""), message(READING, "GetOrders"), nesting=64) == {"Order": []}


def test_nothing_of_a_choice_is_required():
    assert "_missing" not in order("") and "_missing" not in order("<Company>c</Company>")


def test_what_is_required_is_missed_also_where_it_could_be_nil():
    body = orders("<Order/>")
    assert read(body, message(READING, "GetOrders"), nesting=64)["Order"][0]["_missing"] == ["No", "Total"]
    assert read(body, message(READING, "GetOrders", ("No",)), nesting=64)["Order"][0]["_missing"] == ["Total"]
    both = read(body, message(READING, "GetOrders", ("No", "Total")), nesting=64)["Order"][0]
    assert both == {"Note": [], "Tax": []}


def test_nil_is_there_and_empty():
    found = read(orders('<Order><No>7</No><Total xsi:nil="true"/></Order>'), message(READING, "GetOrders"), nesting=64)
    assert found["Order"][0]["Total"] is None and "_missing" not in found["Order"][0]


def test_nil_is_missing_where_the_schema_does_not_allow_it():
    found = read(
        orders('<Order><No xsi:nil="true"/><Total>1</Total></Order>'), message(READING, "GetOrders"), nesting=64
    )
    assert found["Order"][0]["_missing"] == ["No"] and "No" not in found["Order"][0]


def test_a_text_with_attributes_is_a_table_also_without_them():
    assert order('<Paid currency="EUR">1.50</Paid>')["Paid"] == {"currency": "EUR", "_value": Decimal("1.50")}
    assert order("<Paid>1.50</Paid>")["Paid"] == {"_value": Decimal("1.50")}


def test_an_attribute_the_schema_does_not_know_leaves_a_number_a_number():
    assert order('<Tax new="1">1.50</Tax>')["Tax"] == [Decimal("1.50")]


def test_attributes_are_entries_of_their_kind():
    found = order("", attributes=' id="a" frozen="true" new="x"')
    assert (found["id"], found["frozen"], found["new"]) == ("a", True, "x")


def test_types_may_hold_themselves():
    found = order(f"<Parent>{ENOUGH}<Parent>{ENOUGH}<Count>3</Count></Parent></Parent>")
    assert found["Parent"]["Parent"]["Count"] == 3


def test_a_derived_type_is_read_as_what_it_says_it_is():
    body = orders('<Found xsi:type="t:Order"><No>1</No><Total>2.50</Total></Found>')
    found = read(body, message(READING, "GetOrders"), nesting=64)["Found"]
    assert found == {"No": "1", "Total": Decimal("2.50"), "Note": [], "Tax": [], "_type": "Order"}
    unknown = read(orders('<Found xsi:type="t:New"><No>1</No></Found>'), message(READING, "GetOrders"), nesting=64)
    assert unknown["Found"] == {"No": "1", "_type": "New"}


def test_what_the_schema_leaves_open_says_itself_what_it_is():
    assert order('<Loose xsi:type="xsd:decimal">1.10</Loose>')["Loose"] == Decimal("1.10")
    assert order('<Loose xsi:type="xsd:int">7</Loose>')["Loose"] == 7
    assert order("<Loose>7</Loose>")["Loose"] == "7"
    assert order("<Loose><a>1</a><a>2</a></Loose>")["Loose"] == {"a": ["1", "2"]}
    assert order('<Extra currency="EUR">1.50</Extra>')["Extra"] == {"currency": "EUR", "_value": Decimal("1.50")}


def test_namespaces_do_not_matter():
    found = read(
        envelope(
            '<GetOrdersResponse xmlns=""><Order><No>1</No><o:Total xmlns:o="urn:other">2</o:Total></Order>'
            "</GetOrdersResponse>"
        ),
        message(READING, "GetOrders"),
        nesting=64,
    )
    assert found["Order"][0]["Total"] == Decimal(2)


def test_an_operation_that_tells_nothing_may_answer_anything():
    assert read(envelope(""), message(READING, "Tell"), nesting=64) is None
    assert read(envelope("<Any><a>1</a></Any>"), message(READING, "Tell"), nesting=64) == {"a": "1"}


def test_a_page_of_dynamics_nav():
    path = shared("nav/derived-page-PostedSalesInvoices.wsdl")
    space = operation(path, "ReadMultiple").output.body.qname.namespace
    lines = "<SalesInvLines><X><No>1</No><Line_Amount>1.10</Line_Amount></X></SalesInvLines>"
    record = f"<PostedSalesInvoices><Key>k</Key><New>x</New><No>7</No>{lines}</PostedSalesInvoices>"
    body = envelope(
        f'<ReadMultiple_Result xmlns="{space}"><ReadMultiple_Result>{record}</ReadMultiple_Result>'
        "</ReadMultiple_Result>"
    )
    (found,) = read(body, message(path, "ReadMultiple"), nesting=64)["ReadMultiple_Result"]["PostedSalesInvoices"]
    assert (found["Key"], found["New"], found["No"]) == ("k", "x", "7")
    empty = envelope(f'<ReadMultiple_Result xmlns="{space}"><ReadMultiple_Result/></ReadMultiple_Result>')
    page = read(empty, message(path, "ReadMultiple"), nesting=64)["ReadMultiple_Result"]
    assert page == {"PostedSalesInvoices": [], "_missing": ["PostedSalesInvoices"]}
    allowed = read(empty, message(path, "ReadMultiple", ("PostedSalesInvoices",)), nesting=64)
    assert allowed == {"ReadMultiple_Result": {"PostedSalesInvoices": []}}


def test_a_search_of_netsuite():
    path = shared("netsuite-2023_2/netsuite.wsdl")
    record = (
        '<record internalId="7" xsi:type="c:CreditMemo"'
        ' xmlns:c="urn:customers_2023_2.transactions.webservices.netsuite.com">'
        '<c:total>1234567.89</c:total><c:entity internalId="3"/><c:itemList><c:item><c:amount>0.1</c:amount></c:item>'
        "</c:itemList></record>"
    )
    body = envelope(
        '<searchResponse xmlns="urn:messages_2023_2.platform.webservices.netsuite.com">'
        '<searchResult xmlns="urn:core_2023_2.platform.webservices.netsuite.com"><status isSuccess="true"/>'
        f"<totalRecords>1</totalRecords><recordList>{record}</recordList></searchResult></searchResponse>"
    )
    assert read(body, message(path, "search"), nesting=64) == {
        "searchResult": {
            "status": {"isSuccess": True, "statusDetail": []},
            "totalRecords": 1,
            "recordList": {
                "record": [
                    {
                        "_type": "CreditMemo",
                        "internalId": "7",
                        "total": Decimal("1234567.89"),
                        "entity": {"internalId": "3"},
                        "itemList": {"item": [{"amount": Decimal("0.1")}]},
                    }
                ]
            },
        }
    }


def test_every_operation_of_the_real_ones_can_be_read():
    for name in ("netsuite-2023_2/netsuite.wsdl", "nav/codeunit-B2BManagement.wsdl", "nav/page-SalesOrder.wsdl"):
        path = shared(name)
        for service in client(path).wsdl.services.values():
            for port in service.ports.values():
                for each in port.binding._operations:
                    assert message(path, each).shape.fields is not None
