"""What zeep loses or lets through on its own when it builds a request, so that it is noticed should that change.

Each is the reason for something we do ourselves; the same request as we send it stands in test_envelope.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from zeep.xsd import SkipValue

from tests.helpers.requests_of import WSDL, plain, service


def by_zeep(operation: str = "Send", path: str = "requests.wsdl", **arguments: Any) -> Any:
    """The body of a request that zeep builds."""
    bound = service(WSDL / path).operation(operation).bound
    (body,) = bound.create(**arguments).content.find("{*}Body")
    return body


def test_a_branch_of_a_choice_is_lost_where_nothing_in_it_is_true():
    assert plain(by_zeep(Open=True)) == [("Open", "true")]
    assert plain(by_zeep(Open=False)) == ""
    assert plain(by_zeep(Open=False, Rank=0)) == ""


def test_restrictions_are_not_held():
    assert plain(by_zeep(Code="far too long", Part={"Size": "XXL"})) == [
        ("Code", "far too long"), ("Part", [("Size", "XXL")])
    ]  # fmt: skip


def test_any_text_is_a_number_and_almost_any_is_true():
    assert plain(by_zeep(Total="12,50", Flag="no")) == [("Flag", "true"), ("Total", "12,50")]
    with pytest.raises(ValueError, match="unpack"):
        by_zeep(Year="2026")


def test_an_element_is_never_replaced_by_another_of_its_group():
    with pytest.raises(TypeError):
        by_zeep(ByCard={"Amount": 1, "Card": "4"})


def test_encoded_requests_carry_no_types_and_arrays_no_size():
    skipped = dict.fromkeys(("number", "things", "free", "wrapped"), SkipValue)
    document = {**skipped, "lines": [{"text": "x", "net": 1, "count": 1}], "words": ["a"]}
    body = by_zeep("create", "encoded.wsdl", session="s", document=document, code="c")
    named = {etree.QName(name).localname for element in body.iter() for name in element.attrib}
    assert "arrayType" not in named
    assert "type" not in body.find("document").attrib
    assert [child.tag for child in body.find("document/lines")] == ["Line"]
