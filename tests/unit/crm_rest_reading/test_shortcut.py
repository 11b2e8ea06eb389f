"""The plain way of the plainest expressions finds what JMESPath finds."""

from __future__ import annotations

from decimal import Decimal

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.crm_rest.expression import expression
from connectors.crm_rest.shortcut import shortcut

PLAIN = (
    "a",
    "a.b",
    "a.b.a",
    '"a".b',
    "a == 'x'",
    "a.b != 'x'",
    "!a",
    "!(a == 'x')",
    "a && b",
    "a || b.a",
    "(a || b) && !b",
    "a.b == 'x' || a == 'x' && b",
)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, "", "x", "y", [], {}, Decimal("0.5")]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("text", PLAIN)
@settings(deadline=None)
@given(data=VALUES)
def test_it_finds_the_same(text: str, data: object) -> None:
    found = expression(text).of(data)
    wanted = jmespath.search(text, data)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize("text", PLAIN)
def test_it_is_taken(text: str) -> None:
    assert shortcut(jmespath.compile(text).parsed) is not None


@pytest.mark.parametrize("text", ["a[0]", "a[].b", "a == `1`", "a < `1`", "length(a)", "{a: b}", "a | b", "a == b"])
def test_what_is_not_so_plain_is_left_to_the_library(text: str) -> None:
    assert shortcut(jmespath.compile(text).parsed) is None
