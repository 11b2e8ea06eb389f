"""The stand-in for Dolibarr's SOAP services, held to what a running one answers wherever one is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest
import requests
from lxml import etree

from tests.helpers.dolibarr_soap_real import RealDolibarrSoap
from tests.helpers.stand_ins.dolibarr_soap import DolibarrSoap
from tests.helpers.stand_ins.soap.names import ENCODING, ENVELOPE, XSI, parsed

DAY = date(2026, 1, 15)
LINE = {"subprice": Decimal("100.05"), "qty": Decimal(2), "tva_tx": Decimal(20), "desc": "line <b>1</b> é €"}
SCRIPTS = {"Invoice": "invoice", "Invoices": "invoice", "ThirdPart": "thirdparty", "Product": "productorservice"}


@pytest.fixture(params=["stand-in", "real"])
def dolibarr(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "real":
        server = RealDolibarrSoap.named()
        yield server
        server.close()
        return
    with DolibarrSoap("UTC") as stand_in:
        yield stand_in
        assert stand_in.invalid == []


def asked(name: str, value: Any, kind: str = "string") -> str:
    if isinstance(value, list):
        return f'<{name} xsi:type="ns:{kind}">{"".join(value)}</{name}>'
    return f'<{name} xsi:type="xsd:{kind}">{escape(str(value))}</{name}>'


def call(dolibarr: Any, operation: str, *parts: str, **other: str) -> etree._Element:
    """The wrapper of the reply."""
    given = {"dolibarrkey": dolibarr.soap_key, "login": dolibarr.login, "password": dolibarr.password, **other}
    proof = asked("authentication", [asked(name, value) for name, value in given.items()], "authentication")
    script = next((script for part, script in SCRIPTS.items() if part in operation), "other")
    body = (
        f'<s:Envelope xmlns:s="{ENVELOPE["1.1"]}" xmlns:xsi="{XSI}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        f' xmlns:ns="http://www.dolibarr.org/ns/"><s:Body s:encodingStyle="{ENCODING}">'
        f"<ns:{operation}>{proof}{''.join(parts)}</ns:{operation}></s:Body></s:Envelope>"
    )
    reply = requests.post(
        f"{dolibarr.url}/webservices/server_{script}.php",
        body.encode(),
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f"http://www.dolibarr.org/ns/#{operation}"},
        timeout=60,
    )
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/xml; charset=UTF-8"), reply.text
    (wrapper,) = parsed(reply.content).iterfind("{*}Body/*")
    return wrapper


def ids(id: Any = "", ref: str = "", ref_ext: str = "") -> tuple[str, str, str]:
    return asked("id", id), asked("ref", ref), asked("ref_ext", ref_ext)


def sent(key: str, party: str, price: str = "-10.05", status: int = 0, rate: str = "20") -> str:
    line = [
        asked("type", 1, "int"),
        asked("desc", "Rebate & more"),
        asked("vat_rate", rate, "double"),
        asked("qty", 1, "double"),
        asked("unitprice", price, "double"),
    ]
    return asked(
        "invoice",
        [
            asked("ref_ext", key),
            asked("thirdparty_id", party, "int"),
            asked("date", DAY, "date"),
            asked("type", 2, "int"),
            asked("note_public", "Bonus é €"),
            asked("status", status, "int"),
            asked("lines", [asked("line", line, "line")], "LinesArray2"),
        ],
        "invoice",
    )


def status(id: str, wanted: int) -> str:
    return asked("invoice", [asked("id", id), asked("status", wanted, "int")], "invoice")


def code(wrapper: etree._Element) -> str:
    return wrapper.findtext("result/result_code") or ""


def value(wrapper: etree._Element, path: str) -> str | None:
    return wrapper.findtext(path)


def shape(node: etree._Element) -> Any:
    """Its elements in order, each with its type and, where it is nil or an array, that."""
    meta = {etree.QName(name).localname: text for name, text in node.attrib.items()}
    return node.tag, meta, [shape(child) for child in node]


def invoice(dolibarr: Any) -> tuple[str, str]:
    buyer = dolibarr.add_customer("Buyer & Söhne", country_code="DE")
    return buyer.id, dolibarr.add_document(int(buyer.id), [LINE], DAY, note_public="n").id


def test_an_invoice_is_told_with_its_lines(dolibarr: Any) -> None:
    buyer, made = invoice(dolibarr)
    found = call(dolibarr, "getInvoice", *ids(made))
    told = {path: value(found, f"invoice/{path}") for path in ("thirdparty_id", "date", "total_net", "status", "type")}
    assert told == {
        "thirdparty_id": buyer,
        "date": "2026-01-15",
        "total_net": "200.10000000",
        "status": "1",
        "type": "0",
    }
    (line,) = found.iterfind("invoice/lines/item")
    assert (line.findtext("desc"), line.findtext("vat_rate"), line.findtext("total_vat")) == (
        "line <b>1</b> é €",
        "20.0000",
        "40.02000000",
    )
    (tag, meta, lines) = shape(found.find("invoice/lines"))
    assert (tag, meta, len(lines)) == ("lines", {"type": "SOAP-ENC:Array", "arrayType": "tns:line[1]"}, 1)
    assert found.find("invoice/project_id").get(f"{{{XSI}}}nil") == "true"
    assert line.find("product_id").get(f"{{{XSI}}}nil") == "true"


def test_the_list_has_neither_customer_nor_texts_of_lines(dolibarr: Any) -> None:
    invoice(dolibarr)
    found = call(dolibarr, "getInvoicesForThirdParty", asked("idthirdparty", "all"))
    (item,) = found.iterfind("invoices/item")
    assert {"thirdparty_id", "project_id"}.isdisjoint(child.tag for child in item)
    (line,) = item.iterfind("lines/item")
    assert {"desc", "product_id"}.isdisjoint(child.tag for child in line)
    assert shape(found.find("invoices"))[1]["arrayType"] == "tns:invoice[1]"
    empty = call(dolibarr, "getInvoicesForThirdParty", asked("idthirdparty", "99999999"))
    assert shape(empty.find("invoices")) == ("invoices", {"type": "SOAP-ENC:Array", "arrayType": "tns:invoice[0]"}, [])


def test_as_it_is_delivered_invoices_are_not_listed(dolibarr: Any) -> None:
    dolibarr.mended = False
    found = call(dolibarr, "getInvoicesForThirdParty", asked("idthirdparty", "all"))
    assert (code(found), value(found, "result/result_label")) == (
        "DB_ERROR_NOSUCHFIELD",
        "Unknown column 'total' in 'SELECT'",
    )
    assert found.find("invoices").get(f"{{{XSI}}}nil") == "true"


def test_items_without_a_type_come_as_an_array_that_announces_them(dolibarr: Any) -> None:
    dolibarr.add_customer("Buyer & Söhne", country_code="DE", zip="50667")
    dolibarr.add_product("SAW-3", "Saw")
    parties = call(
        dolibarr, "getListOfThirdParties", asked("filterthirdparty", [asked("client", 0)], "filterthirdparty")
    )
    assert shape(parties.find("thirdparties"))[1] == {"type": "SOAP-ENC:Array", "arrayType": ":[1]"}
    (party,) = parties.iterfind("thirdparties/thirdparty")
    assert party.get(f"{{{XSI}}}type") == "xsd:"
    assert [child.tag for child in party][:6] == ["id", "ref", "ref_ext", "adress", "zip", "town"]
    assert (party.findtext("ref"), party.findtext("zip")) == ("Buyer & Söhne", "50667")
    assert party.find("adress").get(f"{{{XSI}}}nil") == "true"
    products = call(
        dolibarr, "getListOfProductsOrServices", asked("filterproduct", [asked("type", -1)], "filterproduct")
    )
    assert shape(products.find("products"))[1] == {"type": "SOAP-ENC:Array", "arrayType": ":[1]"}
    (product,) = products.iterfind("products/product")
    assert [child.tag for child in product] == ["id", "ref", "ref_ext"]


def test_a_customer_is_told_without_what_is_empty(dolibarr: Any) -> None:
    buyer = dolibarr.add_customer("Buyer", country_code="DE", tva_intra="DE1")
    found = call(dolibarr, "getThirdParty", *ids(buyer.id), *(asked(n, "") for n in ("barcode", "profid1", "profid2")))
    told = {child.tag: child.text for child in found.find("thirdparty")}
    assert (told["ref"], told["client"], told["country_code"], told["vat_number"]) == ("Buyer", "1", "DE", "DE1")
    assert {"zip", "town", "email", "ref_ext"}.isdisjoint(told)


def test_a_product_is_found_by_reference(dolibarr: Any) -> None:
    dolibarr.add_product("SAW-3", "Saw")
    found = call(dolibarr, "getProductOrService", *ids(ref="SAW-3"), asked("lang", ""))
    assert (value(found, "product/label"), value(found, "product/type")) == ("Saw", "0")
    assert code(call(dolibarr, "getProductOrService", *ids(ref="NONE"), asked("lang", ""))) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"dolibarrkey": "no"}, "BAD_VALUE_FOR_SECURITY_KEY"),
        ({"password": "no"}, "BAD_CREDENTIALS"),
        ({"login": "nobody"}, "BAD_CREDENTIALS"),
    ],
)
def test_who_is_not_known_is_told_so_with_status_200(dolibarr: Any, wrong: dict[str, str], expected: str) -> None:
    found = call(dolibarr, "getVersions", **wrong)
    assert code(found) == expected
    assert found.find("dolibarr").get(f"{{{XSI}}}nil") == "true"
    refused = call(
        dolibarr, "getListOfThirdParties", asked("filterthirdparty", [asked("client", 0)], "filterthirdparty"), **wrong
    )
    assert (code(refused), len(refused.find("thirdparties"))) == (expected, 0)


def test_a_credit_note_is_a_draft_and_then_validated(dolibarr: Any) -> None:
    buyer = dolibarr.add_customer("Buyer").id
    made = call(dolibarr, "createInvoice", sent("RB-1", buyer))
    id = value(made, "id") or ""
    assert (code(made), value(made, "ref"), value(made, "ref_ext")) == ("OK", f"(PROV{id})", "RB-1")
    found = call(dolibarr, "getInvoice", *ids(ref_ext="RB-1"))
    told = [value(found, f"invoice/{path}") for path in ("id", "type", "status", "date", "note_public", "total_vat")]
    assert told == [id, "2", "0", "2026-01-15", "Bonus é €", "-2.01000000"]
    assert value(found, "invoice/lines/item/unitprice") == "-10.05000000"
    for _ in range(2):
        validated = call(dolibarr, "updateInvoice", status(id, 1))
        assert code(validated) == "OK"
        assert (value(validated, "ref") or "").startswith("AV2601-")


def test_of_several_with_one_reference_the_first_is_found(dolibarr: Any) -> None:
    buyer = dolibarr.add_customer("Buyer").id
    first, second = (value(call(dolibarr, "createInvoice", sent("RB-1", buyer)), "id") for _ in range(2))
    assert first != second
    for _ in range(3):
        assert value(call(dolibarr, "getInvoice", *ids(ref_ext="RB-1")), "invoice/id") == first


def test_one_can_be_made_and_validated_at_once(dolibarr: Any) -> None:
    buyer = dolibarr.add_customer("Buyer").id
    made = call(dolibarr, "createInvoice", sent("RB-1", buyer, status=1))
    assert (value(made, "ref") or "").startswith("AV2601-")


def test_what_cannot_be_made_leaves_nothing(dolibarr: Any) -> None:
    made = call(dolibarr, "createInvoice", sent("RB-1", "99999999"))
    assert code(made) == "KO"
    assert "foreign key" in (value(made, "result/result_label") or "")
    assert code(call(dolibarr, "getInvoice", *ids(ref_ext="RB-1"))) == "NOT_FOUND"


def test_without_the_right_a_draft_is_made_and_an_update_says_ok(dolibarr: Any) -> None:
    buyer = dolibarr.add_customer("Buyer").id
    dolibarr.revoke("facture.creer")
    refused = call(dolibarr, "createInvoice", sent("RB-1", buyer, status=1))
    assert (code(refused), value(refused, "result/result_label")) == ("KO", "Permission denied")
    made = value(call(dolibarr, "createInvoice", sent("RB-2", buyer)), "id") or ""
    validated = call(dolibarr, "updateInvoice", status(made, 1))
    assert (code(validated), value(validated, "ref")) == ("OK", f"(PROV{made})")
    dolibarr.revoke("facture.lire")
    assert code(call(dolibarr, "getInvoice", *ids(made))) == "PERMISSION_DENIED"
    assert (
        len(list(call(dolibarr, "getInvoicesForThirdParty", asked("idthirdparty", buyer)).iterfind("invoices/item")))
        == 1
    )


def test_one_that_is_not_there(dolibarr: Any) -> None:
    found = call(dolibarr, "getInvoice", *ids("99999999"))
    assert code(found) == "NOT_FOUND"
    assert found.find("invoice").get(f"{{{XSI}}}nil") == "true"
    assert code(call(dolibarr, "updateInvoice", status("99999999", 1))) == "NOT_FOUND"
    assert code(call(dolibarr, "getInvoice", *ids("1", "x"))) == "BAD_PARAMETERS"


def test_changes_are_stamped_by_local_clocks_that_say_utc() -> None:
    with DolibarrSoap("Europe/Berlin") as dolibarr:
        _, made = invoice(dolibarr)
        stamp = value(call(dolibarr, "getInvoice", *ids(made)), "invoice/date_modification")
        row = dolibarr.invoices.get(made)
        assert row is not None
        assert stamp == f"{dolibarr.shapes.local(row.changed).isoformat()}Z"
