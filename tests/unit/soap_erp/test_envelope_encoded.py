"""Requests of rpc services: with types and arrays where they are encoded, by the schema where they are literal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from core.errors import ConfigError, DataError
from tests.helpers.requests_of import WSDL, built, plain, texts

ENCODED = WSDL / "encoded.wsdl"
XSD = "http://www.w3.org/2001/XMLSchema"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
ARRAY_TYPE = f"{{{ENCODING}}}arrayType"


def create(**arguments: Any) -> etree._Element:
    (body,) = built(ENCODED, "create", arguments).find("{*}Body")
    return body


def name_of(element: etree._Element, attribute: str = TYPE) -> str:
    """The qualified name an attribute holds, read by the prefixes that are bound there."""
    prefix, local = element.get(attribute).split(":")
    return f"{{{element.nsmap[prefix]}}}{local}"


def test_the_wrapper_is_the_operation_in_the_namespace_of_the_body():
    body = create(session="s")
    assert body.tag == "{urn:encoded}create"
    assert body.get("{http://schemas.xmlsoap.org/soap/envelope/}encodingStyle") == ENCODING
    assert [(child.tag, child.text, name_of(child)) for child in body] == [("session", "s", f"{{{XSD}}}string")]


def test_an_array_states_the_type_and_the_number_of_its_items():
    lines = create(document={"lines": [{"text": "x", "net": Decimal("1.50")}, {"count": 2}]}).find("document/lines")
    assert name_of(lines) == "{urn:encoded}Lines"
    assert name_of(lines, ARRAY_TYPE) == "{urn:encoded}Line[2]"
    assert [(child.tag, name_of(child)) for child in lines] == [("item", "{urn:encoded}Line")] * 2
    assert plain(lines) == [("item", [("text", "x"), ("net", "1.50")]), ("item", [("count", "2")])]
    assert name_of(lines[0][1]) == f"{{{XSD}}}decimal"


def test_items_are_called_as_the_schema_has_it():
    words = create(document={"words": ["a", ""]}).find("document/words")
    assert plain(words) == [("word", "a"), ("word", "")]
    assert name_of(words, ARRAY_TYPE) == f"{{{XSD}}}string[2]"


def test_an_array_may_be_empty():
    lines = create(document={"lines": []}).find("document/lines")
    assert (len(lines), name_of(lines, ARRAY_TYPE)) == (0, "{urn:encoded}Line[0]")


def test_an_open_array_says_of_each_item_what_it_is():
    things = create(document={"things": [1, "x", Decimal("1.0"), True, None]}).find("document/things")
    assert name_of(things) == f"{{{ENCODING}}}Array"
    assert name_of(things, ARRAY_TYPE) == f"{{{XSD}}}anyType[5]"
    kinds = [name_of(child).removeprefix(f"{{{XSD}}}") for child in things[:4]]
    assert kinds == ["int", "string", "decimal", "boolean"]
    assert things[4].get(TYPE.replace("type", "nil")) == "true"


def test_what_is_absent_is_skipped_though_the_schema_requires_it():
    assert plain(create(document={"number": None, "free": 5, "wrapped": "w"})) == [
        ("document", [("free", "5"), ("wrapped", "w")])
    ]
    assert plain(create()) == ""


def test_values_are_checked_all_the_same():
    with pytest.raises(DataError) as caught:
        create(document={"lines": [{}, {"net": "1,5"}]})
    assert caught.value.path == "arguments.document.lines.1.net"
    with pytest.raises(DataError, match="a list is wanted"):
        create(document={"lines": "x"})
    with pytest.raises(ConfigError, match="close to it: lines"):
        create(document={"line": []})
    assert texts(create(document={"lines": [{"net": ""}]}).find("document/lines/item")) == {"net": ""}


def test_restrictions_hold_in_parts_and_in_arrays():
    for arguments, path in (
        ({"code": "123456"}, "arguments.code"),
        ({"document": {"lines": [{"kind": "no"}]}}, "arguments.document.lines.0.kind"),
        ({"document": {"lines": [{"own": "no"}]}}, "arguments.document.lines.0.own"),
    ):
        with pytest.raises(DataError) as caught:
            create(**arguments)
        assert caught.value.path == path
    line = create(document={"lines": [{"kind": "yes", "own": "yes"}]}).find("document/lines/item")
    assert name_of(line.find("kind")) == "{urn:encoded}Kind"
    assert TYPE not in line.find("own").attrib  # its type has no name


def test_literal_has_neither_types_nor_leniency():
    words = {"number": "", "lines": {}, "words": {}, "things": {}, "free": "", "wrapped": ""}
    (body,) = built(ENCODED, "literal", {"session": "s", "document": words, "code": "c"}).find("{*}Body")
    assert body.tag == "{urn:encoded}literal"
    assert all(TYPE not in element.attrib for element in body.iter())
    with pytest.raises(DataError) as caught:
        built(ENCODED, "literal", {"session": "s", "code": "c"})
    assert (caught.value.reason, caught.value.path) == ("missing_value", "arguments.document")
