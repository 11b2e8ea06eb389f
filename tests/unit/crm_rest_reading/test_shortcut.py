"""Expressions made into calls find what JMESPath finds."""

from __future__ import annotations

from decimal import Decimal

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from connectors.declarative.expression import expression
from core.errors import DataError

TEXTS = (
    "a",
    "a.b",
    "a.b.a",
    '"a".b',
    "@",
    '`{"a": 1}`',
    "a == 'x'",
    "'x' == a",
    "a.b != 'x'",
    "a == `1`",
    "a != `0`",
    "a == `true`",
    "a == b",
    "!a",
    "!(a == 'x')",
    "a && b",
    "a || b.a",
    "(a || b) && !b",
    "a.b == 'x' || a == 'x' && b",
    "{a: b, b: a.b}",
    "a.{a: b}",
    "a | b",
    "type(a)",
    "not_null(a, b)",
    "to_string(a) == '1'",
    "b.type(@)",
    "a[0]",
    "a[].b",
    "a[?b].a",
    "a[*].{a: a}",
    "a.* | [0]",
    "[a, b]",
    "[a, b] | [1]",
)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, "", "x", "y", [], {}, Decimal("0.5")]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("text", TEXTS)
@settings(deadline=None)
@given(data=VALUES)
def test_it_finds_the_same(text: str, data: object) -> None:
    found = expression(text).of(data)
    wanted = jmespath.search(text, data)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize("text", ["a < `1`", "length(a)", "starts_with(a, 'x')", "b || a.length(@)", "{a: abs(a)}"])
@pytest.mark.parametrize("data", [{"a": None}, {"a": 1}, {"a": "x"}, {"a": []}, {"a": {"a": "x"}}])
def test_what_cannot_be_used_is_an_error_of_ours(text: str, data: object) -> None:
    try:
        wanted = jmespath.search(text, data)
    except (JMESPathError, TypeError):
        with pytest.raises(DataError):
            expression(text).of(data)
    else:
        assert expression(text).of(data) == wanted


@pytest.mark.parametrize("text", ["no_such_function(a)", "length(a, a)", "text(a, a)", "text()"])
def test_a_function_that_cannot_be_called_so_is_told(text: str) -> None:
    with pytest.raises(DataError):
        expression(text).of({"a": "x"})
