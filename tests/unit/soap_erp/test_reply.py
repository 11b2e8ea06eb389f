"""Replies are read from their bytes exactly, and nothing in them hurts."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest

from connectors.soap_erp.replies.reply import NotSoap, is_fault, read
from tests.helpers.soap_replies import WSDL, envelope, message, orders

READING, SHOP = WSDL / "reading.wsdl", WSDL / "small_shop.wsdl"


def free(inside: str, **options: Any) -> Any:
    return read(envelope(f"<r>{inside}</r>", **options), None, nesting=16)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_without_a_schema_all_is_text_and_tables(version):
    found = free('<a>1</a><b x="2"><c/>  <c>3</c></b><d y="4">5</d><e xsi:nil="1"/><f z="6"/>', version=version)
    assert found == {
        "a": "1",
        "b": {"x": "2", "c": ["", "3"]},
        "d": {"y": "4", "_value": "5"},
        "e": None,
        "f": {"z": "6"},
    }


def test_text_is_whole_whatever_it_is_made_of():
    assert free("<a>1<!-- no -->2<?no ?>3<![CDATA[<4>]]>&amp;5</a>") == {"a": "123<4>&5"}


def test_an_element_wins_over_an_attribute():
    assert free('<a x="1"><x>2</x></a>') == {"a": {"x": "2"}}


def test_what_should_come_once_is_kept_where_it_comes_again():
    body = orders("<Order><No>1</No><Total>5</Total><Total>6</Total><Total>7</Total></Order>")
    (found,) = read(body, message(READING, "GetOrders"), nesting=64)["Order"]
    assert found["Total"] == [Decimal(5), Decimal(6), Decimal(7)]


def test_what_is_no_number_stays_text():
    for text in ("NaN", "INF", "", "1,5", "1_000", "１", "0x1", "1e5e5"):
        body = orders(f"<Order><No>1</No><Total>{text}</Total><Count>{text}</Count><Posted>{text}</Posted></Order>")
        (found,) = read(body, message(READING, "GetOrders"), nesting=64)["Order"]
        assert (found["Total"], found["Count"], found["Posted"]) == (text, text, text)


@pytest.mark.parametrize("text", ["1e999999", "1e-999999", "0e999999999", "1E99999999999", "1" * 300, "0." + "1" * 300])
def test_numbers_are_bounded(text):
    with pytest.raises(NotSoap, match="number"):
        read(orders(f"<Order><Total>{text}</Total></Order>"), message(READING, "GetOrders"), nesting=64)


def test_elements_inside_of_what_should_be_text_are_kept():
    body = orders("<Order><No><a>1</a></No><Total>5</Total><Lines>words</Lines></Order>")
    (found,) = read(body, message(READING, "GetOrders"), nesting=64)["Order"]
    assert found["No"] == {"a": "1"} and found["Lines"] == {"Line": [], "_value": "words"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251", "utf-16-le", "utf-16-be"])
def test_encodings_that_are_declared(encoding):
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    body = (head + envelope("<r><a>Цена ё</a></r>").decode()).encode(encoding)
    assert read(body, None, nesting=8) == {"a": "Цена ё"}


def test_the_content_type_tells_the_encoding_where_the_document_does_not():
    body = envelope("<r><a>Цена</a></r>").decode().encode("windows-1251")
    assert read(body, None, nesting=8, kind='text/xml; charset="windows-1251"') == {"a": "Цена"}
    with pytest.raises(NotSoap, match=r"not well-formed|encoding"):
        read(body, None, nesting=8, kind="text/xml")
    with pytest.raises(NotSoap, match="encoding"):
        read(body, None, nesting=8, kind="text/xml; charset=nonsense")


def test_what_was_text_when_it_was_declared_is_read_as_it_came():
    head = b'\r\n<?xml version="1.0" encoding="utf-16"?>'
    assert read(head + envelope("<r><a>é</a></r>"), None, nesting=8) == {"a": "é"}


def test_nothing_is_nothing_where_nothing_is_expected():
    assert read(b"", None, nesting=8) is None and read(b" \r\n", message(READING, "Tell"), nesting=8) is None
    with pytest.raises(NotSoap, match="it is empty"):
        read(b" \r\n", message(READING, "GetOrders"), nesting=8)


ENTITY = '<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
BOMB = "<!DOCTYPE r [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "aaaaaaaaaa"}">' for n in range(9))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (ENTITY.encode() + envelope("<r>&a;&c;</r>"), "DOCTYPE"),
        (("<!-- x --> " + BOMB + "]>").encode() + envelope("<r>&a8;</r>"), "DOCTYPE"),
        ((ENTITY + envelope("<r>&a;&c;</r>").decode()).encode("utf-16"), "DOCTYPE"),
        (b"<!-- x -->" * 8_000 + ENTITY.encode() + envelope("<r>&a;&c;</r>"), "DOCTYPE"),
        (b"<a/>", "no SOAP envelope"),
        (b"{}", "not XML"),
        (b"Service unavailable", "not XML"),
        (b"<Envelope/>", "no SOAP envelope"),
        (envelope("<r/>").replace(b"<s:Body>", b"<s:B>").replace(b"</s:Body>", b"</s:B>"), "no Body"),
        (envelope("<r>") + b"x", "not well-formed"),
        (envelope("<r/><q/>"), "several elements"),
        (envelope("<r>\x01</r>"), "character that XML forbids|not well-formed"),
        (envelope("<r>&#1;</r>"), "character that XML forbids"),
        (envelope(f"<r>{'x' * 10_000_001}</r>"), "too large"),
        (envelope("<a>" * 300 + "</a>" * 300), "too deep"),
        (b'<?xml version="1.0" encoding="nonsense"?>' + envelope("<r/>"), "encoding"),
    ],
)
def test_what_cannot_be_used_says_why(body, reason):
    with pytest.raises(NotSoap, match=reason) as caught:
        read(body, None, nesting=200)
    assert len(str(caught.value)) < 90 and "passwd" not in str(caught.value)


def test_nesting_is_bounded():
    assert read(envelope("<a>" * 9 + "</a>" * 9), None, nesting=8)
    with pytest.raises(NotSoap, match="deeper than 8"):
        read(envelope("<a>" * 10 + "</a>" * 10), None, nesting=8)
    inside = "<Parent>" * 20 + "</Parent>" * 20
    with pytest.raises(NotSoap, match="deeper than 8"):
        read(orders(f"<Order>{inside}</Order>"), message(READING, "GetOrders"), nesting=8)


@pytest.mark.parametrize("value", ["<a/>", '<a b="" c="" d="" e=""/>'])
def test_millions_of_tiny_values_are_refused_before_they_are_made(value):
    with pytest.raises(NotSoap, match="more than 5,000,000 values"):
        read(envelope(value * (5_000_001 if value == "<a/>" else 1_250_000)), None, nesting=8)


# ---------------------------------------------------------------- packages of several parts


def package(*parts: bytes, end: bytes = b"--\r\n") -> bytes:
    head = b'Content-Type: application/xop+xml; charset="UTF-8"; type="text/xml"\r\nContent-ID: <0>\r\n\r\n'
    return b"".join(b"\r\n--b=_1\r\n" + head + part for part in parts) + b"\r\n--b=_1" + end


KIND = 'multipart/related; type="application/xop+xml"; boundary="b=_1"; start="<0>"; start-info="text/xml"'


def test_a_package_of_one_part_is_unpacked():
    body = envelope("<r><a>1</a></r>")
    assert read(package(body), None, nesting=8, kind=KIND) == {"a": "1"}
    assert read(package(body)[2:], None, nesting=8, kind=KIND) == {"a": "1"}


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (package(envelope("<r/>"), b"PDF"), KIND, "attachments"),
        (package(), KIND, "without any part"),
        (package(envelope("<r/>")), "multipart/related", "where they end"),
        (
            package(envelope("<r/>")).replace(
                b"\r\nContent-ID", b"\r\nContent-Transfer-Encoding: base64\r\nContent-ID"
            ),
            KIND,
            "encoded",
        ),
    ],
)
def test_other_packages_are_refused(body, kind, reason):
    with pytest.raises(NotSoap, match=reason):
        read(body, None, nesting=8, kind=kind)


# ---------------------------------------------------------------- rpc/encoded


def booked(inside: str, beside: str = "") -> Any:
    body = envelope(
        f'<t:bookOut xmlns=""><number xsi:type="xsd:int">5</number>{inside}</t:bookOut>{beside}', encoded=True
    )
    return read(body, message(SHOP, "book"), nesting=16)


ITEM = '<item xsi:type="t:Line"><amount xsi:type="xsd:double">0.10</amount><sku xsi:type="xsd:string">a</sku></item>'
LINE = {"sku": "a", "amount": Decimal("0.10")}


def test_an_array_is_the_list_of_its_items():
    found = booked(f'<lines xsi:type="c:Array" c:arrayType="t:Line[2]">{ITEM}{ITEM}</lines>')
    assert found["number"] == 5
    assert [{name: line[name] for name in LINE} for line in found["lines"]] == [LINE, LINE]
    assert booked('<lines xsi:type="c:Array" c:arrayType="t:Line[0]"/>')["lines"] == []
    assert booked("<lines/>")["lines"] == []
    assert booked(f'<lines c:arrayType="t:Line[]">{ITEM}</lines>')["lines"][0]["amount"] == Decimal("0.10")


def test_an_array_that_announces_another_number_cannot_be_read():
    for size in ("3", "1", "0", "2,2"):
        with pytest.raises(NotSoap, match="announced, and 2 came"):
            booked(f'<lines c:arrayType="t:Line[{size}]">{ITEM}{ITEM}</lines>')
    assert len(booked(f'<lines c:arrayType="t:Line[2,1]">{ITEM}{ITEM}</lines>')["lines"]) == 2
    with pytest.raises(NotSoap, match="a part of a list"):
        booked(f'<lines c:arrayType="t:Line[1]" c:offset="[4]">{ITEM}</lines>')


def test_items_that_refer_to_others_are_those():
    many = '<multiRef id="l1" xsi:type="t:Line"><sku href="#s"/><amount>0.10</amount></multiRef>'
    found = booked('<lines c:arrayType="t:Line[2]"><i href="#l1"/><i href="#l1"/></lines>', many + '<s id="s">a</s>')
    assert found["lines"] == [{**LINE, "_type": "Line"}] * 2


def test_references_are_bounded():
    with pytest.raises(NotSoap, match="not there"):
        booked('<lines c:arrayType="t:Line[1]"><i href="#x"/></lines>')
    with pytest.raises(NotSoap, match="circle"):
        booked('<a href="#x"/>', '<x id="x"><y href="#x"/></x>')
    doubled = "".join(f'<m id="m{n}"><a href="#m{n + 1}"/><b href="#m{n + 1}"/></m>' for n in range(40))
    with pytest.raises(NotSoap, match=r"nested deeper|too often"):
        booked('<a href="#m0"/>', doubled + '<m id="m40">x</m>')
    wide = "".join(f'<m id="m{n}">' + f'<a href="#m{n + 1}"/>' * 60 + "</m>" for n in range(5))
    with pytest.raises(NotSoap, match="too often"):
        booked('<a href="#m0"/>', wide + '<m id="m5">x</m>')
    with pytest.raises(NotSoap, match="same id"):
        booked('<a href="#x"/>', '<x id="x"/><x id="x"/>')


def test_without_the_encoding_an_href_is_an_attribute():
    assert free('<a href="#x"/><b id="x">1</b>') == {"a": {"href": "#x"}, "b": {"id": "x", "_value": "1"}}


def test_types_say_what_the_schema_does_not():
    found = booked(
        '<free xsi:type="t:New"><i xsi:type="xsd:int">7</i><n xsi:type="c:double">0.1</n>'
        '<b xsi:type="xsd:boolean">1</b>'
        '<s xsi:type="c:string">1</s><u xsi:type="xsd:">1</u>'
        '<a c:arrayType="xsd:decimal[2]"><x>1.0</x><x>2</x></a></free>'
    )
    assert found["free"] == {
        "_type": "New",
        "i": 7,
        "n": Decimal("0.1"),
        "b": True,
        "s": "1",
        "u": "1",
        "a": [Decimal("1.0"), Decimal(2)],
    }


def test_a_map_is_a_table():
    pair = '<item><key xsi:type="xsd:string">{}</key><value xsi:type="xsd:int">{}</value></item>'
    start = '<m xmlns:m="http://xml.apache.org/xml-soap" xsi:type="m:Map">'
    found = booked(f"{start}{pair.format('a', 1)}{pair.format('b', 2)}{pair.format('b', 3)}</m>")
    assert found["m"] == {"a": 1, "b": [2, 3]}
    with pytest.raises(NotSoap, match="no key"):
        booked(f"{start}<item><value>1</value></item></m>")


def test_a_table_called_fault_is_no_fault():
    assert not is_fault(free("<fault><code>1</code></fault>")) and not is_fault(None) and not is_fault({})


def test_no_bytes_raise_anything_else():
    whole = envelope('<r a="1"><b href="#x" c:arrayType="[2]"/><c xsi:type="m:Map"/></r>', encoded=True)
    for start in range(len(whole)):
        for change in (b"", b"\0", b"<", b'"', b"\xff", b"&a;"):
            with contextlib.suppress(NotSoap):
                read(whole[:start] + change + whole[start + 1 :], None, nesting=4)
