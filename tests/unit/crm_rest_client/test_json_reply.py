"""Replies are read exactly, and nothing in them hurts."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.declarative.json_reply import NotJson, read, written


def test_numbers_keep_their_very_digits():
    body = read(b'{"a": 1.10, "b": 0.1e1, "c": 12345678901234567890, "d": 0.00}', nesting=8)
    assert body == {"a": Decimal("1.10"), "b": Decimal("1"), "c": 12345678901234567890, "d": Decimal(0)}
    assert [str(body[name]) for name in "abd"] == ["1.10", "1", "0.00"] and type(body["c"]) is int


def test_what_is_sent_is_exact_too():
    assert written({"a": Decimal("1234567890123456789.10"), "b": [None, True, "ü"]}) == (
        '{"a":1234567890123456789.10,"b":[null,true,"ü"]}'.encode()
    )


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_nothing_is_nothing(body):
    assert read(body, nesting=8) is None


def test_a_byte_order_mark_is_passed_over():
    assert read("\ufeff{}".encode(), nesting=8) == {}


def test_the_last_of_two_keys_counts():
    assert read(b'{"a": 1, "a": 2}', nesting=8) == {"a": 2}


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"<html></html>", "application/json", "web page"),
        (b"  <!doctype html>", "", "web page"),
        (b"{}", "text/html; charset=utf-8", "web page"),
        (b"\xff\xfe{}", "", "UTF-8"),
        (b'{"a": NaN}', "", "NaN"),
        (b"[-Infinity]", "", "Infinity"),
        (b'{"a": 1', "", "not JSON"),
        (b"plain words", "", "not JSON"),
        (b"{} {}", "", "not JSON"),
        (b"[1e999999]", "", "too large"),
        (b"[1e99999999999999999999]", "", "too large"),
        (b"[1e-999999]", "", "too small"),
        (b"[0e999999999]", "", "too large"),
        (b"[0." + b"1" * 300 + b"]", "", "too many digits"),
        (b"[" + b"9" * 10_000 + b"]", "", "not JSON"),
    ],
)
def test_what_cannot_be_used_says_why(body, kind, reason):
    with pytest.raises(NotJson, match=reason) as caught:
        read(body, nesting=8, kind=kind)
    assert len(str(caught.value)) < 80


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_is_bounded_before_it_is_read(opening):
    closing = opening.replace(b'"a":', b"").translate(bytes.maketrans(b"[{", b"]}"))[::-1]
    levels = len(closing)

    def nested(depth: int) -> bytes:
        return opening * (depth // levels) + b"1" + closing * (depth // levels)

    assert read(nested(8), nesting=8) is not None
    with pytest.raises(NotJson, match="deeper than 8"):
        read(nested(8 + levels), nesting=8)
    with pytest.raises(NotJson, match="deeper"):
        read(nested(200_000), nesting=500)
    with pytest.raises(NotJson, match="do not end"):
        read(opening * 100_000, nesting=500)


def test_brackets_inside_of_text_do_not_count():
    value = {"a": '[[[[{{{{"\\', "b": ["\\", '"[{', "]"], "c": "\\\\["}
    assert read(simplejson.dumps([value] * 3).encode(), nesting=4) == [value] * 3


def test_half_a_surrogate_pair_becomes_a_sign_that_can_be_kept():
    body = rb'["\ud83d\ude00", "a\ud800b", "\udc00", "\\ud800", "\u00e9"]'
    assert read(body, nesting=4) == ["😀", "a�b", "�", "\\ud800", "é"]


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=30,
)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@settings(deadline=None)
@given(_VALUES)
def test_what_is_written_is_read_again_at_exactly_its_depth(value):
    text = written(value)
    assert read(text, nesting=max(_depth(value), 1)) == value
    if _depth(value) > 1:
        with pytest.raises(NotJson):
            read(text, nesting=_depth(value) - 1)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body):
    with contextlib.suppress(NotJson):
        read(body, nesting=4)


def test_millions_of_tiny_records_are_refused_before_they_are_made() -> None:
    body = b"[" + b"{}," * 2_500_000 + b"{}]"
    with pytest.raises(NotJson, match="more than 5,000,000 values"):
        read(body, nesting=8)
    assert read(b'["' + b"," * 4_999_000 + b'"]', nesting=8) == ["," * 4_999_000]
