"""Payloads inside of a text of a reply are read by the same rules, and are as harmless."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest

from connectors.soap_erp.replies.decode import decode
from connectors.soap_erp.replies.reply import NotSoap, read
from tests.helpers.soap_replies import envelope

X3 = (
    '<?xml version="1.0" encoding="UTF-16"?>\n<RESULT DIM="2"><GRP ID="H"><FLD NAME="NUM" TYPE="Char">Цена</FLD>'
    '<FLD NAME="EMPTY" TYPE="Char"/></GRP><TAB><LIN NUM="1"><FLD NAME="AMT">1234567.89</FLD></LIN></TAB></RESULT>'
)


def decoded(text: Any, form: Any = "xml", *lists: str) -> Any:
    return decode({"return": {"payload": text}}, "return.payload", form, lists=lists, nesting=16)["return"]["payload"]


def test_xml_is_read_without_a_schema():
    header, line = {"NAME": "NUM", "TYPE": "Char", "_value": "Цена"}, {"NAME": "AMT", "_value": "1234567.89"}
    empty = {"NAME": "EMPTY", "TYPE": "Char"}
    assert decoded(X3, "xml", "FLD", "LIN") == {
        "DIM": "2",
        "GRP": {"ID": "H", "FLD": [header, empty]},
        "TAB": {"LIN": [{"NUM": "1", "FLD": [line]}]},
    }
    assert decoded(X3)["TAB"]["LIN"] == {"NUM": "1", "FLD": line}


def test_json_keeps_its_very_digits():
    assert decoded('{"total": 0.10, "lines": []}', "json") == {"total": Decimal("0.10"), "lines": []}


def test_from_the_bytes_of_a_reply():
    body = envelope(f"<r><payload>{escape(X3)}</payload><payload><![CDATA[<a>1</a>]]></payload></r>")
    found = decode(read(body, None, nesting=8), "payload", "xml", nesting=8)
    assert found["payload"][0]["DIM"] == "2" and found["payload"][1] == "1"


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_nothing_is_nothing(text):
    assert decoded(text) is None and decoded(text, "json") is None


def test_every_item_of_lists_on_the_way_is_meant():
    body = {"rows": [{"data": ["1", "2"]}, {"data": "[3]"}, {"other": 4}, "text"], "more": 5}
    assert decode(body, "rows.data", "json", nesting=8) == {
        "rows": [{"data": [1, 2]}, {"data": [3]}, {"other": 4}, "text"],
        "more": 5,
    }
    assert decode(None, "rows.data", "json", nesting=8) is None


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        ("<a>", "xml", "not well-formed"),
        ("{}", "xml", "not XML"),
        ("<a/>", "json", "not JSON"),
        ("{", "json", "do not end|not JSON"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "xml", "DOCTYPE"),
        ("<html><body/></html>", "xml", "web page"),
        ("<a>" * 30 + "</a>" * 30, "xml", "deeper than 16"),
        ({"a": "1"}, "xml", "holds no text"),
        (5, "json", "holds no text"),
        ("\x00<a/>", "xml", "not XML"),
    ],
)
def test_what_cannot_be_read_says_where(text, form, reason):
    with pytest.raises(NotSoap, match=reason) as caught:
        decoded(text, form)
    assert str(caught.value).startswith("return.payload") and "passwd" not in str(caught.value)
    assert caught.value.__context__ is None


def test_json_inside_of_json_is_read_in_turn():
    body = {"return": json.dumps({"inner": json.dumps([1])})}
    once = decode(body, "return", "json", nesting=8)
    assert decode(once, "return.inner", "json", nesting=8) == {"return": {"inner": [1]}}
