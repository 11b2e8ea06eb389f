"""Replies over XML-RPC: what the standard library writes is read as it was; what is no reply is refused."""

from __future__ import annotations

import xmlrpc.client
from decimal import Decimal
from xml.parsers.expat import ExpatError

import pytest
from defusedxml.common import DTDForbidden
from hypothesis import given
from hypothesis import strategies as st

from connectors.odoo.xmlvalues import read

TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"], exclude_characters="\r"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def reply(inside: str) -> bytes:
    return f"<?xml version='1.0'?><methodResponse>{inside}</methodResponse>".encode()


def value(inside: str) -> bytes:
    return reply(f"<params><param><value>{inside}</value></param></params>")


def told(given: object) -> object:
    """What is read of what is written: fractions are Decimals of the digits."""
    if isinstance(given, float):
        return Decimal(repr(given))
    if isinstance(given, list):
        return [told(one) for one in given]
    return {name: told(one) for name, one in given.items()} if isinstance(given, dict) else given


@given(VALUES)
def test_a_value_is_read_as_it_was_written(written):
    found = read(xmlrpc.client.dumps((written,), methodresponse=True, allow_none=True).encode())
    assert found == told(written)
    assert repr(found) == repr(told(written))  # True is not 1


@pytest.mark.parametrize(
    "inside, found",
    [
        ("text without a type", "text without a type"),
        ("", ""),
        (" \n ", " \n "),
        ("\n<string> a &lt;b&gt; </string>\n", " a <b> "),
        ("<string/>", ""),
        ("<string>ö\nü</string>", "ö\nü"),
        ("<i4>-7</i4>", -7),
        ("<i8>99999999999</i8>", 99_999_999_999),
        ("<double> 1.10 </double>", Decimal("1.10")),
        ("<float>-0.005</float>", Decimal("-0.005")),
        ("<double>12345678901234567.89</double>", Decimal("12345678901234567.89")),
        ("<array><data>\n</data></array>", []),
        ("<array><data><value>a</value><value><array><data/></array></value></data></array>", ["a", []]),
        ("<struct>\n</struct>", {}),
        ("<struct><member><name>a</name><value>b</value></member></struct>", {"a": "b"}),
    ],
)
def test_what_others_write_is_read_too(inside, found):
    assert read(value(inside)) == found


def test_digits_are_kept():
    assert str(read(value("<double>1.10</double>"))) == "1.10"


def test_a_text_that_comes_in_many_pieces_is_one():
    assert read(value("<string>" + "line &amp; more\n" * 50_000 + "</string>")) == "line & more\n" * 50_000


def test_a_fault_is_raised():
    with pytest.raises(xmlrpc.client.Fault) as raised:
        read(xmlrpc.client.dumps(xmlrpc.client.Fault(2, "no & no")).encode())
    assert (raised.value.faultCode, raised.value.faultString) == (2, "no & no")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><p>Sign in</p></body></html>",
        b"<string>no reply</string>",
        reply(""),
        reply("<params></params>"),
        reply("<params><param><value>a</value></param><param><value>b</value></param></params>"),
        reply("<value>around it is nothing</value>"),
        reply("<fault><value>no code</value></fault>"),
        reply("<fault><value><struct/></value></fault>"),
        value("<int>1.5</int>"),
        value("<int></int>"),
        value("<double>nan</double>"),
        value("<double>Infinity</double>"),
        value("<double>-inf</double>"),
        value("<double>1,5</double>"),
        value("<boolean>2</boolean>"),
        value("<boolean/>"),
        value("<unknown>1</unknown>"),
        value("<struct><member><name>a</name></member></struct>"),
        value("<struct><member><value>a</value></member></struct>"),
        value("<string>cut off</string>")[:-20],
    ],
)
def test_what_is_no_reply_is_refused(body):
    with pytest.raises((ExpatError, ArithmeticError, ValueError, TypeError, LookupError)):
        read(body)


@pytest.mark.parametrize("inside", ["", "<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>"])
def test_a_document_type_is_refused(inside):
    head = f"<?xml version='1.0'?><!DOCTYPE methodResponse [{inside}]>".encode()
    with pytest.raises(DTDForbidden):
        read(head + value("a").partition(b"?>")[2])
